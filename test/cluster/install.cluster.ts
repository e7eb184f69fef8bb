// plugin/ with Argo CD's own manifests: rendered by kustomize, taken by a real API server, and every variable and path
// is one that the program or Argo CD knows.
import {readFile} from 'node:fs/promises';
import {join} from 'node:path';
import test from 'ava';
import {parse} from 'yaml';
import {options, parseSettings, variableOf} from '../../src/settings.ts';
import type {KubernetesObject} from '../argocd/kubernetes-api.ts';
import {waitFor} from '../argocd/wait.ts';
import {argoCdFiles, newestArgoCd, oldestArgoCd, operatorDefinition} from './argo-cd-files.ts';
import {argoNamespace, objectsOf, say, startBed, type Bed} from './bed.ts';
import {find, gateImage, renderDirectory, renderInstallation} from './installation.ts';

let bed: Bed;
test.before(async (t) => {
	t.timeout(10 * 60_000);
	bed = await startBed();
	await bed.api.apply(serviceMonitors);
	// Until it is served, the API server does not know the kind.
	await waitFor('ServiceMonitors', async () => {
		const name = {
			apiVersion: 'monitoring.coreos.com/v1',
			kind: 'ServiceMonitor',
			namespace: argoNamespace,
			name: 'none',
		};
		await bed.api.get(name);
		return true;
	});
});
test.after.always('stop', () => bed?.stop());

interface Container {
	readonly name: string;
	readonly image: string;
	readonly env?: ReadonlyArray<{
		readonly name: string;
		readonly value?: string;
		readonly valueFrom?: {readonly configMapKeyRef?: {readonly name: string; readonly key: string}};
	}>;
	readonly volumeMounts: ReadonlyArray<{readonly name: string; readonly mountPath: string}>;
}

interface Workload extends KubernetesObject {
	readonly spec: {
		readonly strategy?: object;
		readonly template: {
			readonly spec: {
				readonly containers: readonly Container[];
				readonly initContainers?: readonly Container[];
				readonly securityContext?: object;
				readonly volumes: ReadonlyArray<{readonly name: string} & Readonly<Record<string, unknown>>>;
			};
		};
	};
}

function podOf(objects: readonly KubernetesObject[], kind: string, name: string) {
	return (find(objects, kind, name) as Workload).spec.template.spec;
}

function gateOf(objects: readonly KubernetesObject[]): Container {
	const gate = podOf(objects, 'Deployment', 'argocd-repo-server').containers.find(({name}) => name === 'trivy-gate');
	if (gate === undefined) throw new Error('the repo-server has no sidecar');
	return gate;
}

async function dryRun(objects: readonly KubernetesObject[]): Promise<void> {
	for (const object of objects) await bed.api.apply(object, {dryRun: true});
}

for (const version of [oldestArgoCd, newestArgoCd]) {
	test(`the API server takes the component with the manifests of Argo CD ${version}`, async (t) => {
		const objects = await renderInstallation(await argoCdFiles(version, say));
		await dryRun(objects);
		t.is(gateOf(objects).image, gateImage);
		t.is(find(objects, 'NetworkPolicy', 'argocd-trivy-gate-egress').metadata.namespace, 'argocd');
		const {data} = find(objects, 'ConfigMap', 'argocd-cmd-params-cm') as KubernetesObject & {data: object};
		t.like(data, {
			'controller.repo.server.timeout.seconds': '180',
			'server.repo.server.timeout.seconds': '180',
		});
	});
}

const allComponents = ['plugin', 'plugin/persistent-cache', 'plugin/reports'];

test('the API server takes everything optional beside it', async (t) => {
	const objects = await renderInstallation(bed.argoCd, {
		components: allComponents,
		resources: ['plugin/require-plugin', 'plugin/service-monitor', 'plugin/doctor-role'],
	});
	await dryRun(objects);
	const {spec} = find(objects, 'Deployment', 'argocd-repo-server') as Workload;
	t.deepEqual(spec.strategy, {type: 'Recreate'});
	t.like(spec.template.spec.securityContext, {fsGroup: 999});
	t.deepEqual(
		spec.template.spec.volumes.find(({name}) => name === 'trivy-gate-cache'),
		{name: 'trivy-gate-cache', persistentVolumeClaim: {claimName: 'argocd-trivy-gate-cache'}},
	);
	t.is(find(objects, 'PersistentVolumeClaim', 'argocd-trivy-gate-cache').metadata.namespace, 'argocd');
});

for (const path of ['require-plugin', 'service-monitor', 'doctor-role']) {
	test(`kubectl apply -k plugin/${path} works by itself`, async (t) => {
		const objects = await renderDirectory(path);
		for (const object of objects) {
			const metadata = {...object.metadata, ...(object.kind === 'ServiceMonitor' ? {namespace: 'argocd'} : {})};
			await bed.api.apply({...object, metadata}, {dryRun: true});
		}
		t.true(objects.length > 0);
	});
}

test('every variable of the sidecar is a setting of the gate', async (t) => {
	const objects = await renderInstallation(bed.argoCd, {components: allComponents});
	const environment = Object.fromEntries((gateOf(objects).env ?? []).map(({name, value}) => [name, value]));
	const known = options.map(({name}) => variableOf(name));
	for (const name of Object.keys(environment)) t.true(known.includes(name), name);
	t.notThrows(() => parseSettings('generate', '.', {}, environment));
	const values = parse(
		await readFile(join(import.meta.dirname, '../../plugin/helm-values.yaml'), 'utf8'),
	) as HelmValues;
	for (const {name} of values.repoServer.extraContainers[0]?.env ?? []) t.true(known.includes(name), name);
});

test('every path that the sidecar mounts is one of Argo CD’s, or of a setting', async (t) => {
	const objects = await renderInstallation(bed.argoCd, {components: allComponents});
	const {containers, initContainers = []} = podOf(objects, 'Deployment', 'argocd-repo-server');
	const gate = gateOf(objects);
	const argoCds = [...containers, ...initContainers]
		.filter(({name}) => name !== 'trivy-gate')
		.flatMap(({volumeMounts}) => volumeMounts.map(({mountPath}) => mountPath));
	const dockerfile = await readFile(join(import.meta.dirname, '../../Dockerfile'), 'utf8');
	const settings = [
		...(gate.env ?? []).map(({value = ''}) => value),
		...[...dockerfile.matchAll(/\bTRIVY_GATE_\w+=(\S+)/g)].map(([, value = '']) => value),
	];
	for (const {mountPath} of gate.volumeMounts) {
		t.true(
			argoCds.includes(mountPath) || settings.some((value) => value === mountPath || value.startsWith(`${mountPath}/`)),
			mountPath,
		);
	}
});

test('what is set in Argo CD is something that it reads', async (t) => {
	const objects = await renderInstallation(bed.argoCd);
	const upstream = await renderInstallation(bed.argoCd, {components: []});
	const variables = (all: readonly KubernetesObject[]) =>
		podOf(all, 'Deployment', 'argocd-repo-server')
			.containers.filter(({name}) => name !== 'trivy-gate')
			.flatMap(({env = []}) => env.map(({name}) => name));
	const added = variables(objects).filter((name) => !variables(upstream).includes(name));
	for (const name of added) t.true(bed.argoCd.variables.has(name), name);
	// Those that are there already: ours wins over the reference to a ConfigMap.
	const pause = podOf(objects, 'Deployment', 'argocd-repo-server')
		.containers.flatMap(({env = []}) => env)
		.filter(({name}) => name === 'ARGOCD_PAUSE_GEN_AFTER_FAILED_ATTEMPTS');
	t.deepEqual(pause, [{name: 'ARGOCD_PAUSE_GEN_AFTER_FAILED_ATTEMPTS', value: '0'}]);
	const read = upstream.flatMap((object) =>
		['Deployment', 'StatefulSet'].includes(object.kind)
			? (object as Workload).spec.template.spec.containers.flatMap(({env = []}) =>
					env.map(({valueFrom}) => valueFrom?.configMapKeyRef?.key),
				)
			: [],
	);
	const {data} = find(objects, 'ConfigMap', 'argocd-cmd-params-cm') as KubernetesObject & {data: object};
	for (const key of Object.keys(data)) t.true(read.includes(key), key);
});

test('the API server takes what the Argo CD operator is told, with every field', async (t) => {
	await bed.api.apply(parse(await readFile(await operatorDefinition(say), 'utf8')) as KubernetesObject);
	const [resource] = await objectsOf('plugin/argocd-operator.yaml');
	if (resource === undefined) return t.fail();
	await waitFor('the operator’s kind', async () => {
		await bed.api.get({...resource, namespace: argoNamespace, name: 'none'});
		return true;
	});
	await t.notThrowsAsync(bed.api.apply(resource, {dryRun: true}));
	const misspelt = {...resource, spec: {repo: {sideCarContainers: []}}};
	await t.throwsAsync(bed.api.apply(misspelt, {dryRun: true}), {message: /field not declared in schema/});
});

test('what the operator is told to set in Argo CD is something that it reads', async (t) => {
	const text = await readFile(join(import.meta.dirname, '../../plugin/argocd-operator.yaml'), 'utf8');
	const {spec} = parse(text) as OperatorResource;
	const names = [spec.controller, spec.server, spec.repo].flatMap(({env}) => env.map(({name}) => name));
	t.is(names.length, 3);
	for (const name of names) t.true(bed.argoCd.variables.has(name), name);
});

interface OperatorResource {
	readonly spec: Readonly<
		Record<'controller' | 'server' | 'repo', {readonly env: ReadonlyArray<{readonly name: string}>}>
	>;
}

interface HelmValues {
	readonly repoServer: {readonly extraContainers: readonly Container[]};
}

/** As much of the Prometheus operator's definition as a ServiceMonitor of ours needs. */
const serviceMonitors = {
	apiVersion: 'apiextensions.k8s.io/v1',
	kind: 'CustomResourceDefinition',
	metadata: {name: 'servicemonitors.monitoring.coreos.com'},
	spec: {
		group: 'monitoring.coreos.com',
		names: {kind: 'ServiceMonitor', plural: 'servicemonitors', singular: 'servicemonitor'},
		scope: 'Namespaced',
		versions: [
			{
				name: 'v1',
				served: true,
				storage: true,
				schema: {
					openAPIV3Schema: {
						type: 'object',
						properties: {
							spec: {
								type: 'object',
								required: ['endpoints', 'selector'],
								properties: {
									selector: {
										type: 'object',
										properties: {matchLabels: {type: 'object', additionalProperties: {type: 'string'}}},
									},
									endpoints: {
										type: 'array',
										items: {
											type: 'object',
											properties: {
												port: {type: 'string'},
												path: {type: 'string'},
												interval: {type: 'string', pattern: '^(0|([0-9]+[ywdhms])+)$'},
											},
										},
									},
								},
							},
						},
					},
				},
			},
		],
	},
};
