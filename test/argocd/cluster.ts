import {generateKeyPairSync} from 'node:crypto';
import {mkdir, readFile, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {answers, freePorts, startDaemon, type Daemon} from './daemon.ts';
import {createKubernetesApi, type KubernetesApi} from './kubernetes-api.ts';

/** A Kubernetes without nodes: it keeps and checks objects and runs its controllers; no container ever starts. */
export interface Cluster {
	readonly api: KubernetesApi;
	/** Path of a kubeconfig with all rights. */
	readonly kubeconfig: string;
	/** Path of one for the user `operator` of the group `trivy-gate-operators`, who has no rights to begin with. */
	readonly operatorKubeconfig: string;
	readonly stop: () => Promise<void>;
}

const token = 'lab';
const operatorToken = 'operators-token';
const controllerNames = [
	'job',
	'namespace',
	'garbage-collector',
	'ttl-after-finished',
	'deployment',
	'replicaset',
	'serviceaccount',
];

/**
 * Starts etcd, kube-apiserver and kube-controller-manager on loopback, with their files below `directory`.
 * @param options.controllers none: objects are kept and checked, and nothing happens to them.
 */
export async function startCluster(
	kubernetes: string,
	directory: string,
	{controllers}: {readonly controllers: 'all' | 'none'} = {controllers: 'all'},
): Promise<Cluster> {
	await mkdir(directory, {recursive: true});
	const [clientPort, peerPort, apiPort] = (await freePorts(3)) as [number, number, number];
	const daemons: Daemon[] = [];
	const environment = {PATH: process.env['PATH'] ?? '', HOME: directory};
	try {
		const client = `http://127.0.0.1:${clientPort}`;
		const peer = `http://127.0.0.1:${peerPort}`;
		daemons.push(
			await startDaemon({
				name: 'etcd',
				file: 'etcd',
				args: [
					`--data-dir=${join(directory, 'etcd')}`,
					`--listen-client-urls=${client}`,
					`--advertise-client-urls=${client}`,
					`--listen-peer-urls=${peer}`,
					`--initial-advertise-peer-urls=${peer}`,
					`--initial-cluster=default=${peer}`,
					// Nothing here outlives the machine.
					'--unsafe-no-fsync',
				],
				environment,
				logFile: join(directory, 'etcd.log'),
				ready: () => answers(`${client}/health`),
			}),
		);
		const server = `https://127.0.0.1:${apiPort}`;
		const {api, daemon} = await startApiServer({kubernetes, directory, etcd: client, server, environment});
		daemons.push(daemon);
		const kubeconfig = join(directory, 'kubeconfig');
		const operatorKubeconfig = join(directory, 'operator.kubeconfig');
		const authority = join(directory, 'certificates', 'apiserver.crt');
		await writeFile(kubeconfig, kubeconfigText(server, authority, token));
		await writeFile(operatorKubeconfig, kubeconfigText(server, authority, operatorToken));
		if (controllers === 'all') {
			daemons.push(await startControllers({kubernetes, directory, kubeconfig, environment, api}));
		}
		return {
			api,
			kubeconfig,
			operatorKubeconfig,
			async stop() {
				api.close();
				await stopAll(daemons);
			},
		};
	} catch (error) {
		await stopAll(daemons);
		throw error;
	}
}

interface ControllerOptions {
	readonly kubernetes: string;
	readonly directory: string;
	readonly kubeconfig: string;
	readonly environment: Readonly<Record<string, string>>;
	readonly api: KubernetesApi;
}

function startControllers({kubernetes, directory, kubeconfig, environment, api}: ControllerOptions): Promise<Daemon> {
	const names = controllerNames.map((name) => (name === 'ttl-after-finished' ? name : `${name}-controller`));
	return startDaemon({
		name: 'kube-controller-manager',
		file: kubernetes,
		args: [
			'kube-controller-manager',
			`--kubeconfig=${kubeconfig}`,
			'--leader-elect=false',
			`--controllers=${names.join(',')}`,
			`--service-account-private-key-file=${join(directory, 'service-accounts.key')}`,
			'--secure-port=0',
		],
		environment,
		logFile: join(directory, 'kube-controller-manager.log'),
		// It listens nowhere; the default ServiceAccount is the first thing that it makes.
		ready: async () =>
			(await api.get({apiVersion: 'v1', kind: 'ServiceAccount', namespace: 'default', name: 'default'})) !== undefined,
	});
}

/** Stops programs, the last first. */
export async function stopAll(daemons: readonly Daemon[]): Promise<void> {
	for (const daemon of daemons.toReversed()) await daemon.stop();
}

interface ApiServerOptions {
	readonly kubernetes: string;
	readonly directory: string;
	readonly etcd: string;
	readonly server: string;
	readonly environment: Readonly<Record<string, string>>;
}

async function startApiServer({kubernetes, directory, etcd, server, environment}: ApiServerOptions) {
	const key = join(directory, 'service-accounts.key');
	const tokens = join(directory, 'tokens.csv');
	const certificates = join(directory, 'certificates');
	const {privateKey} = generateKeyPairSync('rsa', {modulusLength: 2048});
	await writeFile(key, privateKey.export({type: 'pkcs1', format: 'pem'}));
	await writeFile(tokens, `${token},admin,1,"system:masters"\n${operatorToken},operator,2,"trivy-gate-operators"\n`);
	let api: KubernetesApi | undefined;
	const daemon = await startDaemon({
		name: 'kube-apiserver',
		file: kubernetes,
		args: [
			'kube-apiserver',
			`--etcd-servers=${etcd}`,
			`--service-account-key-file=${key}`,
			`--service-account-signing-key-file=${key}`,
			'--service-account-issuer=https://kubernetes.default.svc',
			'--service-cluster-ip-range=10.96.0.0/24',
			'--bind-address=127.0.0.1',
			'--advertise-address=127.0.0.1',
			`--secure-port=${new URL(server).port}`,
			`--cert-dir=${certificates}`,
			`--token-auth-file=${tokens}`,
			'--authorization-mode=RBAC',
			'--disable-admission-plugins=ServiceAccount',
			'--endpoint-reconciler-type=none',
		],
		environment,
		logFile: join(directory, 'kube-apiserver.log'),
		async ready() {
			// The server writes its own certificate.
			api ??= createKubernetesApi({
				server,
				token,
				authority: await readFile(join(certificates, 'apiserver.crt'), 'utf8'),
			});
			return api.isReady();
		},
	});
	return {api: api as KubernetesApi, daemon};
}

function kubeconfigText(server: string, authority: string, userToken: string): string {
	return JSON.stringify({
		apiVersion: 'v1',
		kind: 'Config',
		clusters: [{name: 'lab', cluster: {server, 'certificate-authority': authority}}],
		users: [{name: 'lab', user: {token: userToken}}],
		contexts: [{name: 'lab', context: {cluster: 'lab', user: 'lab'}}],
		'current-context': 'lab',
	});
}
