import {mkdir, mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {Say} from '../lab/cache.ts';
import {createGateRunner, labPolicy} from '../lab/gate.ts';
import {startLab, type Lab} from '../lab/lab.ts';
import {startArgoCd, type ArgoCd} from './argo-cd.ts';
import {startCluster, type Cluster} from './cluster.ts';
import type {Daemon} from './daemon.ts';
import {buildPrograms} from './programs.ts';
import {createRepository, type Repository} from './repository.ts';
import {startSidecar} from './sidecar.ts';

/** A cluster, Argo CD, the gate as its plugin, a registry and the vulnerability database: all on loopback. */
export interface Bed {
	readonly lab: Lab;
	readonly cluster: Cluster;
	readonly argoCd: ArgoCd;
	readonly repository: (name: string) => Promise<Repository>;
	/** Starts one more plugin, with a policy of its own (REGISTRY stands for the lab's). */
	readonly startSidecar: (
		name: string,
		policy: string,
		options?: {
			readonly environment?: Readonly<Record<string, string>>;
			/** Another program instead of the gate. */
			readonly command?: readonly string[];
		},
	) => Promise<Sidecar>;
	/** Logs and everything else that was written. */
	readonly directory: string;
	readonly stop: () => Promise<void>;
}

export interface Sidecar extends Daemon {
	/** What the operator changes; it counts from the next render on. */
	readonly setPolicy: (policy: string) => Promise<void>;
}

/** The operator's policy of the plugin `trivy-gate`: a denial is a Job, unless an application asks for more. */
export const bedPolicy = `${labPolicy}  enforcement: job
`;

/** Starts everything, in some 20 seconds once prepare.ts has built and installed what is missing. */
export async function startBed(say: Say): Promise<Bed> {
	const programs = await buildPrograms(say);
	const started = performance.now();
	const directory = await mkdtemp(join(tmpdir(), 'argocd-bed-'));
	const stops: (() => Promise<unknown>)[] = [() => rm(directory, {recursive: true, force: true, maxRetries: 5})];
	const stop = async () => {
		for (const each of stops.splice(0).toReversed()) await each();
	};
	try {
		const lab = await startLab({say});
		stops.push(lab.stop);
		await publishImages(lab);
		const gate = await createGateRunner(lab);
		stops.push(gate.stop);
		const cluster = await startCluster(programs.kubernetes, join(directory, 'cluster'));
		stops.push(cluster.stop);
		await mkdir(join(directory, 'argo-cd'));
		const argoCd = await startArgoCd({programs, cluster, tools: lab.tools, directory: join(directory, 'argo-cd')});
		stops.push(argoCd.stop);
		const bed: Bed = {
			lab,
			cluster,
			argoCd,
			directory,
			repository: (name) => createRepository(join(directory, 'repositories', name)),
			async startSidecar(name, policy, {environment: more = {}, command} = {}) {
				const environment = await gate.environment({policy, environment: more});
				const sidecar = await startSidecar({
					name,
					argoCd: programs.argoCd,
					directory: join(directory, 'sidecars', name),
					sockets: argoCd.sockets,
					environment,
					...(command === undefined ? {} : {command}),
				});
				stops.push(sidecar.stop);
				const setPolicy = (next: string) =>
					writeFile(environment['TRIVY_GATE_POLICY'] as string, next.replaceAll('REGISTRY', lab.registry));
				return {...sidecar, setPolicy};
			},
			stop,
		};
		// As plugin/ sets it.
		await bed.startSidecar('trivy-gate', bedPolicy, {environment: {TRIVY_GATE_DEADLINE: '150'}});
		say(`a cluster with Argo CD and the gate in ${((performance.now() - started) / 1000).toFixed(1)} s`);
		return bed;
	} catch (error) {
		await stop();
		throw error;
	}
}

/** The names that the scenarios' manifests use, as registry.example/…. */
export async function publishImages(lab: Lab): Promise<void> {
	await lab.publish('api-vulnerable', 'shop/api:1.4');
	await lab.publish('api-fixed', 'shop/api:1.5');
	await lab.publish('alpine', 'shop/proxy:1.0');
	await lab.publish('debian', 'shop/migrate:1.0');
}
