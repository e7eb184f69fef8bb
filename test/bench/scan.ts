// `npm run bench scan`: what the gate costs beside what a user would do instead, in one run, as ratios. CPU is that of the
// whole process tree; requests and bytes are counted at the registry.
import {cpus} from 'node:os';
import {mkdtemp, readFile, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {runProgram} from '../../src/exec.ts';
import {createGateRunner} from '../lab/gate.ts';
import {startLab} from '../lab/lab.ts';

interface Row {
	readonly way: string;
	readonly wall: number;
	readonly cpu: number;
	readonly blobs: number;
	readonly kilobytes: number;
}

const images = 12;

/** Runs the gate and serial Trivy on the same images, and prints a table. */
export async function benchScan(): Promise<void> {
	const home = await mkdtemp(join(tmpdir(), 'bench-'));
	const lab = await startLab();
	const gate = await createGateRunner(lab);
	const bench: Bench = {home, lab, gate};
	try {
		const references = await Promise.all(
			Array.from({length: images}, async (_, index) => (await lab.publishVariant('api-fixed', `bench-${index}`)).image),
		);
		const pods = references
			.map(
				(image, index) =>
					`---\napiVersion: v1\nkind: Pod\nmetadata: {name: p${index}}\nspec:\n  containers: [{name: a, image: '${image}'}]\n`,
			)
			.join('');
		const cacheDirectory = await gate.warmCache();
		const trivyCache = join(home, 'trivy');
		const rows = [
			await measure('serial trivy image, its own cache', () => serialTrivy(references, trivyCache, bench), bench),
			await measure('trivy-gate scan, cold', () => scan(pods, cacheDirectory, bench), bench),
			await measure('serial trivy image, warm', () => serialTrivy(references, trivyCache, bench), bench),
			await measure('trivy-gate scan, warm', () => scan(pods, cacheDirectory, bench), bench),
		];
		print(rows);
	} finally {
		await gate.stop();
		await lab.stop();
		await rm(home, {recursive: true, force: true});
	}
}

interface Bench {
	readonly home: string;
	readonly lab: Awaited<ReturnType<typeof startLab>>;
	readonly gate: Awaited<ReturnType<typeof createGateRunner>>;
}

async function measure(way: string, work: () => Promise<void>, {lab}: Bench): Promise<Row> {
	lab.proxy.reset();
	const cpu = await childrenSeconds();
	const started = performance.now();
	await work();
	return {
		way,
		wall: (performance.now() - started) / 1000,
		cpu: (await childrenSeconds()) - cpu,
		blobs: lab.proxy.count({kind: 'blob-get'}),
		kilobytes: Math.round(lab.proxy.bytes({kind: 'blob-get'}) / 1024),
	};
}

async function scan(input: string, cacheDirectory: string, {gate}: Bench): Promise<void> {
	const run = await gate.run(['scan', '-'], {input, cacheDirectory});
	if (run.exitCode !== 0) throw new Error(run.stderr);
}

/** What users run today: one image after the other. */
async function serialTrivy(references: readonly string[], cacheDirectory: string, {home, lab}: Bench): Promise<void> {
	const options = [
		'image',
		'--cache-dir',
		cacheDirectory,
		'--db-repository',
		lab.databaseRepository,
		'--scanners',
		'vuln',
		'--image-src',
		'remote',
	];
	for (const reference of references) {
		const quiet = [
			'--quiet',
			'--skip-version-check',
			'--disable-telemetry',
			'--format',
			'json',
			'--output',
			join(home, 'report.json'),
		];
		const result = await runProgram(lab.tools.trivy, [...options, ...quiet, '--', reference], {
			environment: {HOME: home},
			directory: home,
			timeoutMs: 120_000,
		});
		if (result.kind !== 'exited' || result.exitCode !== 0) throw new Error(JSON.stringify(result));
	}
}

/** CPU seconds of the children that have ended (proc(5): cutime and cstime, in hundredths); not a number elsewhere than on Linux. */
async function childrenSeconds(): Promise<number> {
	const stat = await readFile('/proc/self/stat', 'utf8').catch(() => '');
	const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
	return (Number(fields[13]) + Number(fields[14])) / 100;
}

function print(rows: readonly Row[]): void {
	const [baseline] = rows;
	console.log(`${images} images on one shared base layer, ${cpus().length} CPUs\n`);
	console.log(
		`${'way'.padEnd(36)}${'wall s'.padStart(9)}${'ratio'.padStart(8)}${'CPU s'.padStart(9)}${'ratio'.padStart(8)}${'layers'.padStart(9)}${'kB'.padStart(8)}`,
	);
	for (const {way, wall, cpu, blobs, kilobytes} of rows) {
		console.log(
			`${way.padEnd(36)}${wall.toFixed(2).padStart(9)}${ratio(wall, baseline?.wall)}${cpu.toFixed(2).padStart(9)}${ratio(cpu, baseline?.cpu)}${String(blobs).padStart(9)}${String(kilobytes).padStart(8)}`,
		);
	}
}

function ratio(value: number, to: number | undefined): string {
	return (value / (to ?? value)).toFixed(2).padStart(8);
}
