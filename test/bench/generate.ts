// `npm run bench generate`: what `generate` adds to bare `helm template` when all verdicts are there, and many calls at
// once through one scan service.
import {mkdir, mkdtemp, readdir, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import pLimit from 'p-limit';
import {createGateRunner, type GateRunner} from '../lab/gate.ts';
import {startLab, type Lab} from '../lab/lab.ts';
import {startProgram} from '../lab/process.ts';
import {countTrivy, makeBundle, type CountedTrivy} from './bundled.ts';
import {measure, median, printTable, runToEnd, type Cost} from './measure.ts';
import {barPlot} from './plot.ts';
import {report, type ExactCount} from './result.ts';
import type {BenchSettings} from './settings.ts';
import {podOf} from './ways.ts';

const sharedImages = 200;
const applications = 50;
const imagesOfApplication = 12;
const imagesOfChart = 40;
const callsAtOnce = 8;
const rounds = 5;

interface Bench {
	readonly home: string;
	readonly lab: Lab;
	readonly gate: GateRunner;
	readonly program: string;
	readonly trivy: CountedTrivy;
	readonly images: readonly string[];
	/** Of clients: where the service is. */
	readonly client: Readonly<Record<string, string>>;
	/** Process number of the service. */
	readonly service: number;
}

/** Measures both against one service. @returns whether as many scans ran as there are digests, and none afterwards. */
export async function benchGenerate({runs, calls, output}: BenchSettings): Promise<boolean> {
	const home = await mkdtemp(join(tmpdir(), 'bench-'));
	const lab = await startLab();
	const gate = await createGateRunner(lab);
	const trivy = await countTrivy(home, lab.tools.trivy);
	const program = await makeBundle(home);
	const address = `unix:${join(home, 'service', 'socket')}`;
	const environment = await gate.environment({environment: {TRIVY_GATE_TRIVY: trivy.path}});
	const service = startProgram([program, 'serve', '--listen', address], environment);
	try {
		await service.says(/the scan service: listening/);
		const images = await Promise.all(
			Array.from(
				{length: sharedImages},
				async (_, index) => (await lab.publishVariant('api-fixed', `shared-${index}`)).image,
			),
		);
		const client = await gate.environment({environment: {TRIVY_GATE_SERVICE: address}});
		const bench = {home, lab, gate, program, trivy, images, client, service: service.child.pid ?? 0};
		const many = await callOften(calls, bench);
		const warm = await besideHelm(runs * rounds, bench);
		const expected = new Set(many.asked).size;
		const counts: readonly ExactCount[] = [
			{what: `scans of ${calls} calls`, value: many.scans, expected},
			{what: 'Trivy processes of the warm calls', value: warm.trivyProcesses, expected: 0},
		];
		const [helm, ours, again] = warm.rows;
		const limit = (helm?.wall ?? 0) * 1.3 + 150;
		return await report(
			{
				name: 'generate',
				targets: [
					{
						what: 'warm generate of 40 images through the service',
						value: ours?.wall ?? Infinity,
						most: limit,
						unit: 'ms',
					},
					{what: 'the same without a service', value: again?.wall ?? Infinity, most: limit, unit: 'ms'},
				],
				counts,
				details: {calls, applications, callsAtOnce, many: {...many, asked: expected}, warm},
				plots: {
					'generate-wall': barPlot(
						warm.rows.map(({name, wall}) => ({group: '40 images', name, value: wall})),
						{title: 'Wall time of one call for an application with 40 images', unit: 'milliseconds'},
					),
				},
			},
			output,
		);
	} finally {
		await service.stop();
		await gate.stop();
		await lab.stop();
		await rm(home, {recursive: true, force: true});
	}
}

/** Calls of applications in turn, some at once, as a repo-server makes them. */
async function callOften(calls: number, {program, trivy, images, client, service}: Bench) {
	const application = (number: number) =>
		Array.from({length: imagesOfApplication}, (_, index) => images[(number * 4 + index) % images.length] ?? '');
	await trivy.counts();
	const memory = watchMemory(service);
	const limit = pLimit(callsAtOnce);
	const asked: string[] = [];
	const walls: number[] = [];
	const cost = await measure(async () => {
		await Promise.all(
			Array.from({length: calls}, (_, call) =>
				limit(async () => {
					const own = application(call % applications);
					asked.push(...own);
					const started = performance.now();
					await runToEnd(process.execPath, [program, 'generate', '-'], {
						environment: {
							...client,
							ARGOCD_APP_NAME: `app-${call % applications}`,
							ARGOCD_APP_NAMESPACE: 'shop',
							KUBE_VERSION: '1.36.1',
						},
						input: own.map(podOf).join(''),
					});
					walls.push(performance.now() - started);
				}),
			),
		);
	});
	const peaks = await memory.stop();
	const {image: scans} = await trivy.counts();
	const result = {...cost, scans, medianMs: median(walls), slowestMs: Math.max(...walls), ...peaks, asked};
	console.log(`${calls} calls of generate over ${applications} applications, ${callsAtOnce} at once\n`);
	printTable([
		['wall s', 'CPU s of clients', 'scans', 'median ms', 'slowest ms', 'peak MB of the service', 'and all it started'],
		[
			cost.wall.toFixed(1),
			cost.cpu.toFixed(1),
			String(scans),
			result.medianMs.toFixed(0),
			result.slowestMs.toFixed(0),
			peaks.peakMegabytes.toFixed(0),
			peaks.treePeakMegabytes.toFixed(0),
		],
	]);
	return result;
}

/** One chart, by helm alone and through the gate, by turns. */
async function besideHelm(times: number, {home, lab, gate, program, trivy, images, client}: Bench) {
	const chart = join(home, 'chart');
	await mkdir(join(chart, 'templates'), {recursive: true});
	await writeFile(join(chart, 'Chart.yaml'), 'apiVersion: v2\nname: shop\nversion: 1.0.0\n');
	await writeFile(join(chart, 'values.yaml'), JSON.stringify({images: images.slice(0, imagesOfChart)}));
	await writeFile(join(chart, 'templates', 'pods.yaml'), template);
	const alone = await gate.environment({
		cacheDirectory: await gate.warmCache(),
		environment: {TRIVY_GATE_TRIVY: trivy.path},
	});
	const generate = [program, 'generate', '--root', home, chart];
	const ways: Readonly<Record<string, () => Promise<string>>> = {
		'helm template': () => runToEnd(lab.tools.helm, ['template', 'shop', chart], {environment: {HOME: home}}),
		'generate, with the service': () => runToEnd(process.execPath, generate, {environment: client}),
		'generate, alone': () => runToEnd(process.execPath, generate, {environment: alone}),
	};
	// The first round fills the stores.
	for (const way of Object.values(ways)) await way();
	await trivy.counts();
	const costs = new Map<string, Cost[]>(Object.keys(ways).map((name) => [name, []]));
	for (let round = 0; round < times; round += 1) {
		for (const [name, way] of Object.entries(ways)) {
			const cost = await measure(async () => void (await way()));
			costs.get(name)?.push(cost);
		}
	}
	const {image, server, other} = await trivy.counts();
	const rows = [...costs].map(([name, all]) => ({
		name,
		wall: median(all.map(({wall}) => wall)) * 1000,
		cpu: median(all.map(({cpu}) => cpu)) * 1000,
	}));
	console.log(`an application with ${imagesOfChart} images, all verdicts known\n`);
	printTable([
		['way', 'wall ms', 'CPU ms'],
		...rows.map(({name, wall, cpu}) => [name, wall.toFixed(0), cpu.toFixed(0)]),
	]);
	return {rounds: times, rows, trivyProcesses: image + server + other};
}

const template = `{{- range $index, $image := .Values.images }}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: "app-{{ $index }}"}
spec:
  replicas: 2
  selector: {matchLabels: {app: "app-{{ $index }}"}}
  template:
    metadata: {labels: {app: "app-{{ $index }}"}}
    spec:
      containers:
      - name: app
        image: {{ $image | quote }}
        resources: {requests: {cpu: 100m, memory: 64Mi}}
{{- end }}
`;

/** Watches a process and all that it started until it is stopped. */
function watchMemory(root: number) {
	let treePeakMegabytes = 0;
	let looking = Promise.resolve();
	const look = async (before: Promise<void>) => {
		await before;
		treePeakMegabytes = Math.max(treePeakMegabytes, await treeMegabytes(root));
	};
	const timer = setInterval(() => {
		looking = look(looking);
	}, 250);
	return {
		stop: async () => {
			clearInterval(timer);
			await looking;
			return {peakMegabytes: await field(root, 'VmHWM'), treePeakMegabytes};
		},
	};
}

async function treeMegabytes(root: number): Promise<number> {
	const numbers = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
	const parents = new Map<number, number>();
	for (const number of numbers) parents.set(number, await field(number, 'PPid'));
	const belongs = (number: number | undefined): boolean =>
		number !== undefined && number > 1 && (number === root || belongs(parents.get(number)));
	const sizes = await Promise.all(numbers.filter(belongs).map(async (number) => field(number, 'VmRSS')));
	return sizes.reduce((sum, size) => sum + size, 0);
}

/** A field of proc(5)'s status: a number, and kilobytes as megabytes. 0 when the process has ended. */
async function field(process: number, name: string): Promise<number> {
	const status = await readFile(`/proc/${process}/status`, 'utf8').catch(() => '');
	const [, value = '0', unit] = new RegExp(`^${name}:\\s+(\\d+)( kB)?`, 'm').exec(status) ?? [];
	return unit === undefined ? Number(value) : Number(value) / 1024;
}
