import {mkdir, mkdtemp, readdir, readFile} from 'node:fs/promises';
import {delimiter, dirname, join} from 'node:path';
import {parse} from 'yaml';
import {runProgram} from '../../src/exec.ts';
import type {Lab} from '../lab/lab.ts';
import {stopAll, type Cluster} from './cluster.ts';
import {answers, freePorts, startDaemon, type Daemon} from './daemon.ts';
import type {Programs} from './programs.ts';
import {waitFor} from './wait.ts';

/** Argo CD's repo-server and application-controller, and the redis between them. */
export interface ArgoCd {
	/** Where plugins put their sockets. */
	readonly sockets: string;
	/** A call of the repo-server as Argo CD's own parts make it. `error` is what its caller would show. */
	readonly ask: (
		method: 'GenerateManifest' | 'GetAppDetails',
		request: object,
		address?: string,
	) => Promise<{readonly answer: unknown} | {readonly error: string}>;
	/** Starts one more repo-server, with Argo CD's defaults or other settings, and the same plugins. @returns its address. */
	readonly startOtherRepoServer: (settings?: Readonly<Record<string, string>>) => Promise<string>;
	readonly stop: () => Promise<void>;
}

export interface ArgoCdOptions {
	readonly programs: Programs;
	readonly cluster: Cluster;
	/** Its helm and kustomize are what Argo CD renders natively with. */
	readonly tools: Lab['tools'];
	/** For files and logs. */
	readonly directory: string;
}

/** The namespace of Argo CD itself and of all Applications. */
export const argoNamespace = 'argocd';

/** Starts Argo CD against a cluster, with its definitions and settings in place. */
export async function startArgoCd({programs, cluster, tools, directory}: ArgoCdOptions): Promise<ArgoCd> {
	const sockets = join(directory, 'plugins');
	await mkdir(sockets, {recursive: true});
	await installObjects(programs, cluster);
	const [redisPort, repoPort, controllerMetricsPort] = (await freePorts(3)) as [number, number, number];
	const redis = `127.0.0.1:${redisPort}`;
	const repoServer = `127.0.0.1:${repoPort}`;
	const environment = {
		PATH: [dirname(tools.helm), dirname(tools.kustomize), programs.scripts, process.env['PATH'] ?? ''].join(delimiter),
		HOME: directory,
		TMPDIR: directory,
	};
	const daemons: Daemon[] = [];
	try {
		daemons.push(
			await startDaemon({
				name: 'redis',
				file: 'redis-server',
				args: ['--port', String(redisPort), '--bind', '127.0.0.1', '--save', '', '--dir', directory],
				environment,
				logFile: join(directory, 'redis.log'),
				ready: async () =>
					(await readFile(join(directory, 'redis.log'), 'utf8')).includes('Ready to accept connections'),
			}),
			// As plugin/ sets it.
			await startRepoServer('repo-server', repoPort, {ARGOCD_PAUSE_GEN_AFTER_FAILED_ATTEMPTS: '0'}),
			await startDaemon({
				name: 'application-controller',
				file: programs.argoCd,
				args: [
					`--redis=${redis}`,
					`--repo-server=${repoServer}`,
					'--repo-server-plaintext',
					`--namespace=${argoNamespace}`,
					`--kubeconfig=${cluster.kubeconfig}`,
					`--metrics-port=${controllerMetricsPort}`,
					// Refreshes are asked for by the scenarios; nothing depends on when a period ends.
					'--app-resync=3600',
					'--app-resync-jitter=0',
					'--self-heal-timeout-seconds=2',
					// As plugin/ sets it.
					'--repo-server-timeout-seconds=180',
				],
				environment: {
					...environment,
					ARGOCD_BINARY_NAME: 'argocd-application-controller',
					ARGOCD_FAKE_IN_CLUSTER: 'true',
					KUBECONFIG: cluster.kubeconfig,
					ARGOCD_CONTROLLER_SHARD: '0',
					HOSTNAME: 'argocd-application-controller-0',
				},
				logFile: join(directory, 'application-controller.log'),
				ready: () => answers(`http://127.0.0.1:${controllerMetricsPort}/healthz`),
			}),
		);
	} catch (error) {
		await stopAll(daemons);
		throw error;
	}
	return {
		sockets,
		async startOtherRepoServer(settings = {}) {
			const [port] = (await freePorts(1)) as [number];
			daemons.push(await startRepoServer(`repo-server-${port}`, port, settings));
			return `127.0.0.1:${port}`;
		},
		async ask(method, request, address = repoServer) {
			const result = await runProgram(programs.argoCd, [address, method], {
				environment: {...environment, ARGOCD_BINARY_NAME: 'ask-repo-server'},
				directory,
				timeoutMs: 120_000,
				input: JSON.stringify(request),
			});
			if (result.kind !== 'exited') throw new Error(`the repo-server was not asked: ${JSON.stringify(result)}`);
			if (result.exitCode !== 0) return {error: result.stderr};
			return {answer: JSON.parse(Buffer.from(result.stdout).toString('utf8')) as unknown};
		},
		stop: () => stopAll(daemons),
	};

	async function startRepoServer(name: string, port: number, settings: Readonly<Record<string, string>>) {
		const [metricsPort] = (await freePorts(1)) as [number];
		return startDaemon({
			name,
			file: programs.argoCd,
			args: [
				`--redis=${redis}`,
				'--disable-tls',
				'--address=127.0.0.1',
				`--port=${port}`,
				'--metrics-address=127.0.0.1',
				`--metrics-port=${metricsPort}`,
			],
			environment: {
				...environment,
				ARGOCD_BINARY_NAME: 'argocd-repo-server',
				ARGOCD_GPG_ENABLED: 'false',
				ARGOCD_ASK_PASS_SOCK: join(directory, `${name}.sock`),
				ARGOCD_PLUGINSOCKFILEPATH: sockets,
				TMPDIR: await mkdtemp(join(directory, 'tmp-')),
				...settings,
			},
			logFile: join(directory, `${name}.log`),
			ready: () => answers(`http://127.0.0.1:${metricsPort}/healthz`),
		});
	}
}

/** Does something while argocd-cm has these entries. */
export async function withSettings(
	{cluster: {api}}: {readonly cluster: Cluster},
	entries: Readonly<Record<string, string>>,
	act: () => Promise<unknown>,
): Promise<void> {
	const settings = {apiVersion: 'v1', kind: 'ConfigMap', namespace: argoNamespace, name: 'argocd-cm'};
	const nothing = Object.fromEntries(Object.keys(entries).map((name) => [name, null]));
	await api.patch(settings, {data: entries});
	try {
		await act();
	} finally {
		await api.patch(settings, {data: nothing});
	}
}

async function installObjects({definitions}: Programs, {api}: Cluster): Promise<void> {
	const names = (await readdir(definitions)).filter((name) => name.endsWith('-crd.yaml'));
	for (const name of names) await api.apply(parse(await readFile(join(definitions, name), 'utf8')) as object);
	await api.apply({apiVersion: 'v1', kind: 'Namespace', metadata: {name: argoNamespace}});
	const settings = (kind: string, name: string, more: object = {}) =>
		api.apply({
			apiVersion: 'v1',
			kind,
			metadata: {name, namespace: argoNamespace, labels: {'app.kubernetes.io/part-of': 'argocd'}},
			...more,
		});
	for (const name of ['argocd-cm', 'argocd-rbac-cm', 'argocd-gpg-keys-cm']) await settings('ConfigMap', name);
	await settings('Secret', 'argocd-secret', {stringData: {'server.secretkey': 'lab'}});
	await waitFor('the definition of AppProject', async () => {
		await api.apply({
			apiVersion: 'argoproj.io/v1alpha1',
			kind: 'AppProject',
			metadata: {name: 'default', namespace: argoNamespace},
			spec: {
				sourceRepos: ['*'],
				destinations: [{server: '*', namespace: '*'}],
				clusterResourceWhitelist: [{group: '*', kind: '*'}],
			},
		});
		return true;
	});
}
