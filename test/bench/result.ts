import {mkdir, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {surroundings} from './measure.ts';

/** A ratio or a time that is hoped for: a miss is told and fails nothing. */
export interface Target {
	readonly what: string;
	readonly value: number;
	readonly most: number;
	readonly unit: '×' | 'ms';
}

/** A number that has to be exactly so. */
export interface ExactCount {
	readonly what: string;
	readonly value: number;
	readonly expected: number;
}

/** What one bench found out. */
export interface BenchResult {
	readonly name: string;
	readonly targets: readonly Target[];
	readonly counts: readonly ExactCount[];
	readonly details: unknown;
	/** SVG texts by name. */
	readonly plots: Readonly<Record<string, string>>;
}

/**
 * Prints what was hoped for and what had to be, and writes JSON and plots.
 * @returns whether each count is exact.
 */
export async function report(
	{name, targets, counts, details, plots}: BenchResult,
	directory: string,
): Promise<boolean> {
	for (const {what, value, most, unit} of targets) {
		console.log(
			`${value <= most ? 'met   ' : 'MISSED'} ${what}: ${format(value, unit)}, at most ${format(most, unit)}`,
		);
	}
	for (const {what, value, expected} of counts) {
		console.log(`${value === expected ? 'exact ' : 'WRONG '} ${what}: ${value}, expected ${expected}`);
	}
	await mkdir(directory, {recursive: true});
	const content = {...surroundings(), targets, counts, details};
	await writeFile(join(directory, `${name}.json`), `${JSON.stringify(content, undefined, '\t')}\n`);
	for (const [plot, svg] of Object.entries(plots)) await writeFile(join(directory, `${plot}.svg`), svg);
	console.log(
		`\nwritten to ${directory}: ${[`${name}.json`, ...Object.keys(plots).map((plot) => `${plot}.svg`)].join(', ')}\n`,
	);
	return counts.every(({value, expected}) => value === expected);
}

function format(value: number, unit: Target['unit']): string {
	return unit === '×' ? `${value.toFixed(2)} ×` : `${value.toFixed(0)} ms`;
}
