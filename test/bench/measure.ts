import {readFile} from 'node:fs/promises';
import {availableParallelism, loadavg} from 'node:os';
import {runProgram} from '../../src/exec.ts';

/** What some work cost. */
export interface Cost {
	/** Seconds. */
	readonly wall: number;
	/** Seconds of user and system, of all processes that the work started and that have ended. */
	readonly cpu: number;
}

/** Measures work whose programs have all ended when it is done. */
export async function measure(work: () => Promise<void>): Promise<Cost> {
	const cpu = await childrenSeconds();
	const started = performance.now();
	await work();
	const wall = (performance.now() - started) / 1000;
	return {wall, cpu: (await childrenSeconds()) - cpu};
}

/** Runs a program to its end. @returns its stdout. @throws when it fails or its exit code is another than 0. */
export async function runToEnd(
	program: string,
	args: readonly string[],
	{
		environment,
		directory = '/',
		input,
	}: {
		readonly environment: Readonly<Record<string, string>>;
		readonly directory?: string;
		readonly input?: string;
	},
): Promise<string> {
	const result = await runProgram(program, args, {
		environment,
		directory,
		timeoutMs: 600_000,
		...(input === undefined ? {} : {input}),
	});
	if (result.kind === 'exited' && result.exitCode === 0) return Buffer.from(result.stdout).toString('utf8');
	const stderr = result.kind === 'exited' ? `exit code ${result.exitCode}: ${result.stderr}` : JSON.stringify(result);
	throw new Error(`${program} ${args.join(' ')}: ${stderr}`);
}

/** The middle one, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
	const sorted = values.toSorted((one, other) => one - other);
	const middle = sorted.slice(Math.ceil(sorted.length / 2) - 1, Math.floor(sorted.length / 2) + 1);
	return middle.reduce((sum, value) => sum + value, 0) / middle.length;
}

/** What the numbers of a run depend on besides the program. */
export function surroundings(): Readonly<Record<string, unknown>> {
	return {
		node: process.version,
		platform: `${process.platform}/${process.arch}`,
		cpus: availableParallelism(),
		loadAverage: loadavg().map((load) => Math.round(load * 100) / 100),
		date: new Date().toISOString().slice(0, 10),
	};
}

/** Lines of cells, the first column to the left and the others to the right. */
export function printTable(rows: readonly (readonly string[])[]): void {
	const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
	for (const [first = '', ...others] of rows) {
		const cells = others.map((cell, index) => cell.padStart(widths[index + 1] ?? 0));
		console.log([first.padEnd(widths[0] ?? 0), ...cells].join('  '));
	}
	console.log('');
}

/** proc(5): cutime and cstime, in hundredths. Not a number elsewhere than on Linux. */
async function childrenSeconds(): Promise<number> {
	const stat = await readFile('/proc/self/stat', 'utf8').catch(() => '');
	const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
	return (Number(fields[13]) + Number(fields[14])) / 100;
}
