import {join} from 'node:path';
import {parseArgs} from 'node:util';

/** Flags that the benches of the scan engine share. */
export interface BenchSettings {
	/** How often each way is measured. */
	readonly runs: number;
	/** Calls of `generate` against one service. */
	readonly calls: number;
	/** Where JSON and plots go. */
	readonly output: string;
}

/** @throws when a flag is unknown or no whole number from 1 on. */
export function parseBenchSettings(args: readonly string[]): BenchSettings {
	const {values} = parseArgs({
		args: [...args],
		options: {
			runs: {type: 'string', default: '3'},
			calls: {type: 'string', default: '1000'},
			output: {type: 'string', default: join(import.meta.dirname, '..', '..', 'dist', 'bench')},
		},
	});
	const count = (name: 'runs' | 'calls') => {
		const value = Number(values[name]);
		if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} needs a number from 1 on`);
		return value;
	};
	return {runs: count('runs'), calls: count('calls'), output: values.output};
}
