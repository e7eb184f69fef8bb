import {createHash} from 'node:crypto';
import {readdir, readFile, stat} from 'node:fs/promises';
import {dirname, join, relative} from 'node:path';
import {exists, installDirectory, toolCache} from '../../plugin/build-tools.mjs';

/** Tells a person what is happening, one line at a time. */
export type Say = (line: string) => void;

// Paths count from here, so that all checkouts have the same.
const testDirectory = join(import.meta.dirname, '..');

interface Step {
	/** What is made, as the directory's name begins. */
	readonly what: string;
	/** Files, or directories with everything below them, that decide about the result. */
	readonly inputs: readonly string[];
	/** Whatever else decides about it. */
	readonly settings?: readonly string[];
	/** Roughly how long it takes, when that is long enough to wonder. */
	readonly takes?: string;
	readonly fill: (directory: string) => Promise<void>;
	readonly say: Say;
}

/**
 * Makes something once for each state of its inputs, beside the tool cache, which all checkouts of a user share.
 * @returns its directory: whole, whoever else is making the same at the same time.
 */
export async function cached({what, inputs, settings = [], takes, fill, say}: Step): Promise<string> {
	const directory = join(dirname(toolCache(process.env)), 'lab', `${what}-${await fingerprint(inputs, settings)}`);
	if (await exists(directory)) return directory;
	if (takes !== undefined) say(`making ${what} (about ${takes}, once)`);
	const started = performance.now();
	await installDirectory(directory, fill);
	say(`made ${what} in ${((performance.now() - started) / 1000).toFixed(1)} s`);
	return directory;
}

/** The files below a directory, sorted, as paths relative to it. */
export async function filesBelow(directory: string): Promise<readonly string[]> {
	const entries = await readdir(directory, {recursive: true, withFileTypes: true});
	return entries
		.filter((entry) => entry.isFile())
		.map((entry) => relative(directory, join(entry.parentPath, entry.name)))
		.toSorted();
}

/** Tells one state of inputs from another: files, directories with everything below them, and settings. */
export async function fingerprint(inputs: readonly string[], settings: readonly string[]): Promise<string> {
	const hash = createHash('sha256').update(JSON.stringify(settings));
	for (const input of inputs) {
		for (const file of await filesOf(input)) {
			hash.update(`\0${relative(testDirectory, file)}\0`).update(await readFile(file));
		}
	}
	return hash.digest('hex').slice(0, 16);
}

async function filesOf(input: string): Promise<readonly string[]> {
	if ((await stat(input)).isFile()) return [input];
	return (await filesBelow(input)).map((file) => join(input, file));
}
