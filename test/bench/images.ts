// `npm run bench images`: what it costs to read manifests and find their images, beside what others need to read them
// alone. CPU of user and system, each in a fresh process, the median of several runs.
//
//   npm run bench images [--runs N] [FILE…]     files instead of the two inputs that are made here
import {mkdtemp, rm, stat, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {basename, join} from 'node:path';
import {runProgram} from '../../src/exec.ts';
import {buildOracle} from '../oracle/build.ts';
import {definitions} from './definitions.ts';
import {workloads} from './workloads.ts';

interface Row {
	readonly reader: string;
	/** CPU of reading alone, when modules are loaded. */
	readonly milliseconds: number;
	/** CPU of the whole process, without what an empty one takes; Go tells only the former. */
	readonly process: number | undefined;
	/** To what Argo CD's cmp-server needs. */
	readonly ratio: number;
	readonly objects: number | undefined;
	readonly images: number | undefined;
}

interface Measurement {
	readonly milliseconds: number;
	readonly process?: number;
	readonly objects?: number;
	readonly images?: number;
}

const nodeReaders = [
	['gate', 'the gate: readManifests and findImages'],
	['yaml', 'yaml, as it comes'],
	['js-yaml', 'js-yaml, as it comes'],
] as const;

/** Measures the files, or the two inputs that are made here, and prints tables and JSON. */
export async function benchImages(args: readonly string[]): Promise<void> {
	const {runs, files} = parse(args);
	const oracle = await buildOracle({say: (line) => console.error(`bench: ${line}`)});
	const home = await mkdtemp(join(tmpdir(), 'bench-'));
	try {
		const inputs = files.length > 0 ? files : await makeInputs(home);
		const results = [];
		for (const file of inputs) {
			const megabytes = (await stat(file)).size / 1_000_000;
			const rows = await measureAll(file, runs, oracle);
			print(`${basename(file)}, ${megabytes.toFixed(1)} MB`, rows);
			results.push({input: basename(file), megabytes, rows});
		}
		console.log(JSON.stringify({runs, node: process.version, inputs: results}));
	} finally {
		await rm(home, {recursive: true, force: true});
	}
}

function parse(args: readonly string[]): {readonly runs: number; readonly files: readonly string[]} {
	const at = args.indexOf('--runs');
	const runs = at === -1 ? 5 : Number(args[at + 1]);
	if (!Number.isInteger(runs) || runs < 1) throw new Error('--runs needs a number from 1 on');
	return {runs, files: at === -1 ? args : args.toSpliced(at, 2)};
}

/** 5 MB with many definitions, as operators are installed, and 2 MB without any. */
async function makeInputs(home: string): Promise<readonly string[]> {
	const heavy = join(home, 'definitions.yaml');
	const free = join(home, 'workloads.yaml');
	await writeFile(heavy, definitions(4_500_000) + workloads(450_000));
	await writeFile(free, workloads(2_000_000));
	return [heavy, free];
}

async function measureAll(file: string, runs: number, oracle: string): Promise<readonly Row[]> {
	const empty = await median(runs, () => runNode('nothing', file));
	const go = await median(runs, () => runOracle(oracle, file, 'firstPass'));
	const passes = await median(runs, () => runOracle(oracle, file, 'bothPasses'));
	const rows: Row[] = [];
	for (const [name, reader] of nodeReaders) {
		const {milliseconds, process: whole = 0, objects, images} = await median(runs, () => runNode(name, file));
		const own = whole - (empty.process ?? 0);
		rows.push({reader, milliseconds, process: own, ratio: milliseconds / go.milliseconds, objects, images});
	}
	const others = {process: undefined, objects: undefined, images: undefined};
	rows.push(
		{reader: 'Go: the cmp-server’s pass', ...go, ...others, ratio: 1},
		{reader: 'Go: all passes of Argo CD', ...passes, ...others, ratio: passes.milliseconds / go.milliseconds},
	);
	return rows;
}

async function median(runs: number, measure: () => Promise<Measurement>): Promise<Measurement> {
	const measurements: Measurement[] = [];
	for (let count = 0; count < runs; count += 1) measurements.push(await measure());
	const [middle] = measurements
		.toSorted((one, other) => one.milliseconds - other.milliseconds)
		.slice(Math.floor(runs / 2));
	if (middle === undefined) throw new Error('nothing was measured');
	return middle;
}

async function runNode(reader: string, file: string): Promise<Measurement> {
	return (await run(process.execPath, [join(import.meta.dirname, 'read-one.ts'), reader, file])) as Measurement;
}

/** User time alone: Go's collector works beside, and is counted. */
async function runOracle(oracle: string, file: string, pass: 'firstPass' | 'bothPasses'): Promise<Measurement> {
	const seconds = (await run(oracle, [file])) as Readonly<Record<typeof pass, number>>;
	return {milliseconds: seconds[pass] * 1000};
}

async function run(program: string, args: readonly string[]): Promise<unknown> {
	const result = await runProgram(program, args, {environment: {}, directory: '/', timeoutMs: 120_000});
	if (result.kind === 'exited' && result.exitCode === 0) return JSON.parse(new TextDecoder().decode(result.stdout));
	throw new Error(`${basename(program)} ${args.join(' ')}: ${JSON.stringify(result)}`);
}

function print(title: string, rows: readonly Row[]): void {
	console.log(`${title}\n`);
	const titles = ['reader', 'CPU ms', 'ratio', 'process ms', 'objects', 'images'];
	const cells = rows.map(({reader, milliseconds, ratio, process: whole, objects, images}) => [
		reader,
		milliseconds.toFixed(0),
		ratio.toFixed(2),
		whole?.toFixed(0) ?? '',
		String(objects ?? ''),
		String(images ?? ''),
	]);
	for (const [first = '', ...others] of [titles, ...cells]) {
		console.log(first.padEnd(40) + others.map((cell) => cell.padStart(11)).join(''));
	}
	console.log('');
}
