import {mkdir, mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {JournalEntry} from '../../src/service/journal.ts';
import type {Say} from '../lab/cache.ts';
import {createGateRunner, labPolicy} from '../lab/gate.ts';
import {startLab, type Lab} from '../lab/lab.ts';
import {startArgoCd, type ArgoCd} from './argo-cd.ts';
import type {Clearing} from './clearing.ts';
import {startCluster, type Cluster} from './cluster.ts';
import type {Daemon} from './daemon.ts';
import {installGate} from './gate-program.ts';
import {buildPrograms} from './programs.ts';
import {createRepository, type Repository} from './repository.ts';
import {startSidecar, type SidecarOptions} from './sidecar.ts';

/** A cluster, Argo CD, the gate as its plugin, a registry and the vulnerability database: all on loopback. */
export interface Bed {
	readonly lab: Lab;
	readonly cluster: Cluster;
	readonly argoCd: ArgoCd;
	/** The plugin `trivy-gate`. */
	readonly sidecar: Sidecar;
	readonly repository: (name: string) => Promise<Repository>;
	/** Starts the gate as one more plugin, with a policy of its own (REGISTRY stands for the lab's) and more variables. */
	readonly startSidecar: (
		name: string,
		policy: string,
		environment?: Readonly<Record<string, string>>,
	) => Promise<Sidecar>;
	/** Starts a plugin that is not the gate. */
	readonly startOtherPlugin: (name: string, generate: readonly string[]) => Promise<Daemon>;
	/** Logs and everything else that was written. */
	readonly directory: string;
}

/** Argo CD's plugin server does not end when it is told to, so that stopping a sidecar lasts as long as it may. */
const bedSettings = {TRIVY_GATE_GRACE_PERIOD: '1'};

export interface Sidecar extends Daemon {
	/** What the operator changes; it counts from the next render on. */
	readonly setPolicy: (policy: string) => Promise<void>;
	/** The scan service's lines about one kind of event. */
	readonly journal: (event: JournalEntry['event']) => Promise<ReadonlyArray<Readonly<Record<string, unknown>>>>;
}

/** The operator's policy of the plugin `trivy-gate`: a denial is a Job, unless an application asks for more. */
export const bedPolicy = `${labPolicy}  enforcement: job
`;

/**
 * Starts everything, in some 20 seconds once prepare.ts has built and installed what is missing.
 * @param clearing stops everything, also in the middle of the start.
 */
export async function startBed(say: Say, clearing: Clearing): Promise<Bed> {
	const programs = await buildPrograms(say);
	const started = performance.now();
	const directory = await mkdtemp(join(tmpdir(), 'argocd-bed-'));
	clearing.add(() => rm(directory, {recursive: true, force: true, maxRetries: 5}));
	const startGateRunner = async () => {
		const lab = await startLab({say});
		clearing.add(lab.stop);
		await publishImages(lab);
		const gate = await createGateRunner(lab);
		clearing.add(gate.stop);
		return {lab, gate};
	};
	const startControlPlane = async () => {
		const controlPlane = await startCluster(programs.kubernetes, join(directory, 'cluster'));
		clearing.add(controlPlane.stop);
		return controlPlane;
	};
	const [{lab, gate}, gatePath, cluster] = await Promise.all([
		startGateRunner(),
		installGate(directory),
		startControlPlane(),
	]);
	await mkdir(join(directory, 'argo-cd'));
	const argoCd = await startArgoCd({programs, cluster, tools: lab.tools, directory: join(directory, 'argo-cd')});
	clearing.add(argoCd.stop);
	const startPlugin = async (name: string, more: Pick<SidecarOptions, 'entry' | 'generate' | 'environment'>) => {
		const home = join(directory, 'sidecars', name);
		const plugin = await startSidecar({
			...more,
			name,
			argoCd: programs.argoCd,
			directory: home,
			sockets: argoCd.sockets,
		});
		clearing.add(plugin.stop);
		return plugin;
	};
	const startGate: Bed['startSidecar'] = async (name, policy, more = {}) => {
		const environment = await gate.environment({policy, environment: {...bedSettings, ...more, PATH: gatePath}});
		const sidecar = await startPlugin(name, {entry: ['trivy-gate', 'sidecar', '--'], environment});
		const setPolicy = (next: string) =>
			writeFile(environment['TRIVY_GATE_POLICY'] as string, next.replaceAll('REGISTRY', lab.registry));
		return {...sidecar, setPolicy, journal: (event) => journalOf(sidecar.logFile, event)};
	};
	const bed: Bed = {
		lab,
		cluster,
		argoCd,
		// As plugin/ sets it.
		sidecar: await startGate('trivy-gate', bedPolicy, {TRIVY_GATE_DEADLINE: '150'}),
		directory,
		repository: (name) => createRepository(join(directory, 'repositories', name)),
		startSidecar: startGate,
		startOtherPlugin: (name, generate) =>
			startPlugin(name, {entry: [], generate, environment: {PATH: process.env['PATH'] ?? ''}}),
	};
	say(`a cluster with Argo CD and the gate in ${((performance.now() - started) / 1000).toFixed(1)} s`);
	return bed;
}

async function journalOf(logFile: string, event: string): Promise<ReadonlyArray<Readonly<Record<string, unknown>>>> {
	// Lines of argocd-cmp-server are between them.
	const lines = (await readFile(logFile, 'utf8')).split('\n').filter((line) => line.startsWith('{'));
	return lines
		.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>)
		.filter((entry) => entry['event'] === event);
}

/** The names that the scenarios' manifests use, as registry.example/…. */
export async function publishImages(lab: Lab): Promise<void> {
	await lab.publish('api-vulnerable', 'shop/api:1.4');
	await lab.publish('api-fixed', 'shop/api:1.5');
	await lab.publish('alpine', 'shop/proxy:1.0');
	await lab.publish('debian', 'shop/migrate:1.0');
}
