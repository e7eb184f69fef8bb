import {join} from 'node:path';
import {readPins} from '../../plugin/build-tools.mjs';
import {cached, type Say} from '../lab/cache.ts';
import {compile} from '../lab/images.ts';

const source = join(import.meta.dirname, 'program');

/** Compiles the oracle, once for each state of its source. @returns the program's path. */
export async function buildOracle({say = () => {}}: {readonly say?: Say} = {}): Promise<string> {
	const {go} = await readPins();
	const directory = await cached({
		what: 'oracle',
		inputs: [source],
		settings: [go],
		takes: '30 s',
		say,
		fill: (target) => compile(source, join(target, 'oracle'), go),
	});
	return join(directory, 'oracle');
}
