// `npm run bench start-up`: what the bundled program costs before it does anything, over a Node that does nothing.
import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {makeBundle} from './bundled.ts';
import {measure, median, printTable, runToEnd, type Cost} from './measure.ts';
import {barPlot} from './plot.ts';
import {report} from './result.ts';
import type {BenchSettings} from './settings.ts';

const configMap = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n';
const rounds = 15;

/** Starts each by turns, `runs` times 15, and prints the medians. */
export async function benchStartUp({runs, output}: BenchSettings): Promise<boolean> {
	const home = await mkdtemp(join(tmpdir(), 'bench-'));
	try {
		const program = await makeBundle(home);
		const nothing = join(home, 'nothing.mjs');
		await writeFile(nothing, '');
		const starts: Readonly<Record<string, readonly string[]>> = {
			'node, an empty file': [nothing],
			'the gate, --help': [program, '--help'],
			'the gate, render -': [program, 'render', '-'],
			'the gate, images -': [program, 'images', '-'],
		};
		const environment = {PATH: process.env['PATH'] ?? '', HOME: home, TMPDIR: home};
		const costs = new Map<string, Cost[]>(Object.keys(starts).map((name) => [name, []]));
		for (let round = 0; round < runs * rounds; round += 1) {
			for (const [name, args] of Object.entries(starts)) {
				const cost = await measure(async () => {
					await runToEnd(process.execPath, args, {environment, input: configMap});
				});
				costs.get(name)?.push(cost);
			}
		}
		const rows = [...costs].map(([name, all]) => ({
			name,
			wall: median(all.map(({wall}) => wall)) * 1000,
			cpu: median(all.map(({cpu}) => cpu)) * 1000,
		}));
		const bare = rows[0]?.wall ?? 0;
		printTable([
			['start', 'wall ms', 'over node', 'CPU ms'],
			...rows.map(({name, wall, cpu}) => [name, wall.toFixed(0), (wall - bare).toFixed(0), cpu.toFixed(0)]),
		]);
		return await report(
			{
				name: 'start-up',
				targets: rows
					.slice(1)
					.map(({name, wall}) => ({what: `${name}: wall over bare node`, value: wall - bare, most: 80, unit: 'ms'})),
				counts: [],
				details: {rounds: runs * rounds, rows},
				plots: {
					'start-up': barPlot(
						rows.map(({name, wall}) => ({group: 'start-up', name, value: wall})),
						{title: 'Wall time of one start', unit: 'milliseconds'},
					),
				},
			},
			output,
		);
	} finally {
		await rm(home, {recursive: true, force: true});
	}
}
