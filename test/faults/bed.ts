import {mkdir, mkdtemp, readFile, readdir, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {ExecutionContext} from 'ava';
import {createServiceClient} from '../../src/service/client.ts';
import type {ImageName, Platform, ScanEvent, ScanTarget, ScanVerdict} from '../../src/types.ts';
import {createGateRunner} from '../lab/gate.ts';
import type {GateRun, GateRunner} from '../lab/gate.ts';
import {startLab} from '../lab/lab.ts';
import type {Lab} from '../lab/lab.ts';
import {startGate} from '../lab/process.ts';
import type {RunningGate} from '../lab/process.ts';
import {targetOf} from '../scan/engine-lab.ts';

/** A lab, and scan services in front of it that are processes of their own. */
export interface FaultBed {
	readonly lab: Lab;
	readonly gate: GateRunner;
	/** Where a service keeps everything, so that another can come after it. */
	readonly makePlace: (t: ExecutionContext) => Promise<Place>;
	readonly serve: (t: ExecutionContext, options?: ServeOptions) => Promise<Served>;
	readonly stop: () => Promise<void>;
}

export interface Place {
	readonly home: string;
	readonly cache: string;
	readonly temporary: string;
	readonly socket: string;
}

export interface ServeOptions {
	readonly place?: Place;
	readonly args?: readonly string[];
	readonly environment?: Readonly<Record<string, string>>;
}

/** One run of Trivy, as it was started. */
export interface TrivyRun {
	readonly pid: number;
	readonly args: string;
}

export interface Served {
	readonly service: RunningGate;
	readonly place: Place;
	/** For its clients: no tool that scans, no cache, no registry. */
	readonly client: Readonly<Record<string, string>>;
	/** A process of `generate` that reads pods with these images. */
	readonly generate: (images: readonly string[], args?: readonly string[]) => Promise<GateRun>;
	/** The same question without a process. */
	readonly ask: (
		images: readonly string[],
		options?: {readonly application?: string; readonly onEvent?: (event: ScanEvent) => void},
	) => Promise<readonly ScanVerdict[]>;
	/** Every Trivy that the place has seen, oldest first. */
	readonly trivyRuns: () => Promise<readonly TrivyRun[]>;
	/** How many of them looked at an image. */
	readonly scans: () => Promise<number>;
	/** The service's lines about one kind of event. */
	readonly journal: (event: string) => ReadonlyArray<Readonly<Record<string, unknown>>>;
	/** Processes of the service and its tools, by what they have in their environment. */
	readonly processes: () => Promise<readonly number[]>;
	/** What is in the temporary directory, without the random ends of names. */
	readonly files: () => Promise<readonly string[]>;
}

/** Nobody waits so long; it ends a test that hangs. */
const watchdogMs = 300_000;

export async function startFaultBed(): Promise<FaultBed> {
	const lab = await startLab();
	const gate = await createGateRunner(lab);
	const makePlace = async (t: ExecutionContext): Promise<Place> => {
		const home = await mkdtemp(join(tmpdir(), 'faults-'));
		t.teardown(() => rm(home, {recursive: true, force: true, maxRetries: 3}));
		const temporary = join(home, 'tmp');
		await mkdir(temporary);
		// Counts the runs of the real one.
		const counting = `#!/bin/sh\necho "$$ $*" >>'${join(home, 'trivy.log')}'\nexec '${lab.tools.trivy}' "$@"\n`;
		await writeFile(join(home, 'trivy'), counting, {mode: 0o755});
		return {home, cache: await gate.warmCache(), temporary, socket: join(home, 'own', 'socket')};
	};
	return {
		lab,
		gate,
		makePlace,
		serve: async (t, {place: given, args = [], environment = {}} = {}) => {
			const place = given ?? (await makePlace(t));
			const variables = await gate.environment({
				cacheDirectory: place.cache,
				environment: {TMPDIR: place.temporary, TRIVY_GATE_TRIVY: join(place.home, 'trivy'), ...environment},
			});
			const service = startGate(['serve', '--listen', `unix:${place.socket}`, ...args], variables);
			t.teardown(() => service.stop());
			await service.says(/the scan service: listening/);
			return servedAt(place, service, gate);
		},
		stop: async () => {
			await gate.stop();
			await lab.stop();
		},
	};
}

function servedAt(place: Place, service: RunningGate, gate: GateRunner): Served {
	const nowhere = join(place.home, 'nowhere');
	const client = {
		TRIVY_GATE_SERVICE: `unix:${place.socket}`,
		TRIVY_GATE_TRIVY: nowhere,
		TRIVY_GATE_CACHE_DIR: nowhere,
		TRIVY_GATE_DEADLINE: String(watchdogMs / 1000),
	};
	const trivyRuns = async () => {
		const lines = (await readFile(join(place.home, 'trivy.log'), 'utf8')).trimEnd().split('\n');
		return lines.map((line) => ({pid: Number(line.split(' ', 1)[0]), args: line.slice(line.indexOf(' ') + 1)}));
	};
	return {
		service,
		place,
		client,
		generate: (images, args = []) =>
			gate.run(['generate', '-', ...args], {
				input: pods(images),
				environment: client,
				cacheDirectory: nowhere,
				timeoutMs: watchdogMs,
			}),
		ask: (images, {application = 'shop', onEvent = () => {}} = {}) =>
			createServiceClient({
				address: {kind: 'unix', path: place.socket},
				token: undefined,
				timeLeftMs: () => watchdogMs,
			}).scan({
				application,
				targets: images.map((image): ScanTarget => targetOf(image as ImageName)),
				platforms: ['linux/amd64' as Platform],
				maxDatabaseAgeHours: 1_000_000,
				signal: AbortSignal.timeout(watchdogMs),
				onEvent,
			}),
		trivyRuns,
		scans: async () => (await trivyRuns()).filter(({args}) => args.includes(' --input ')).length,
		journal: (event) =>
			service.output.stderr
				.split('\n')
				.filter((line) => line.includes(`"event":"${event}"`) && line.endsWith('}'))
				.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>),
		processes: () => processesOf(place.temporary),
		files: async () => {
			const names = await readdir(place.temporary, {recursive: true});
			return names.map((name) => name.replaceAll(/-[^-/]{6}(?=\/|$)/g, '')).toSorted();
		},
	};
}

/** Running processes in whose environment a directory is named. */
async function processesOf(directory: string): Promise<readonly number[]> {
	const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
	const found = await Promise.all(
		// One that has just ended, or ended and was not waited for, has no environment.
		pids.map(async (pid) => (await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '')).includes(directory)),
	);
	return pids.filter((_, index) => found[index]).map(Number);
}

/** A manifest with one pod an image. */
export function pods(images: readonly string[]): string {
	return images
		.map(
			(image, index) =>
				`---\napiVersion: v1\nkind: Pod\nmetadata: {name: p${index}, namespace: shop}\nspec:\n  containers: [{name: a, image: '${image}'}]\n`,
		)
		.join('');
}
