import {cp, mkdtemp, readFile, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import test from 'ava';
import type {ExecutionContext} from 'ava';
import {parseAllDocuments, parseDocument} from 'yaml';
import {readPins, toolPath} from '../../plugin/build-tools.mjs';
import {policyReference} from '../../plugin/policy-reference.ts';
import {pluginYaml} from '../../plugin/plugin-yaml.ts';
import {runProgram} from '../../src/exec.ts';
import {parsePolicy} from '../../src/gate/policy.ts';
import {parseListenAddress} from '../../src/service/address.ts';
import {paths} from '../../src/service/protocol.ts';
import {parseSettings} from '../../src/settings.ts';

const root = join(import.meta.dirname, '..', '..');
const read = (path: string) => readFile(join(root, path), 'utf8');

interface Manifest {
	readonly kind: string;
	readonly metadata: {readonly name: string};
	readonly data: Readonly<Record<string, string>>;
	readonly spec: PodTemplate;
}

interface PodTemplate {
	readonly template: {readonly spec: {readonly containers: readonly Container[]; readonly volumes: readonly Volume[]}};
}

interface HelmValues {
	readonly repoServer: {
		readonly env: readonly object[];
		readonly extraContainers: readonly Container[];
		readonly volumes: readonly Volume[];
	};
}

interface OperatorResource {
	readonly spec: {
		readonly repo: {
			readonly env: readonly object[];
			readonly sidecarContainers: readonly Container[];
			readonly volumes: readonly Volume[];
		};
	};
}

interface Volume {
	readonly name: string;
	readonly configMap?: {readonly name: string};
}

interface Container {
	readonly name: string;
	readonly image: string;
	readonly env?: ReadonlyArray<{readonly name: string; readonly value: string}>;
	readonly ports?: ReadonlyArray<{readonly name: string; readonly containerPort: number}>;
	readonly livenessProbe: {readonly httpGet: {readonly path: string; readonly port: string}};
	readonly volumeMounts: ReadonlyArray<{readonly name: string; readonly mountPath: string}>;
}

test('plugin.yaml is made from the table of parameters', async (t) => {
	t.is(await read('plugin.yaml'), pluginYaml(), 'run "node plugin/write-plugin-yaml.ts"');
});

test('docs/policy.md is made from the schema, in which every field says what it means', async (t) => {
	const text = await read('docs/policy.md');
	t.is(text, policyReference(), 'run "node plugin/write-policy-reference.ts"');
	for (const line of text.split('\n')) t.notRegex(line, /\|\s*\|$/, line);
});

test('plugin.yaml has neither discovery nor a version', async (t) => {
	const {spec} = parseDocument(await read('plugin.yaml')).toJS() as {spec: Record<string, unknown>};
	t.deepEqual(Object.keys(spec), ['generate', 'parameters']);
	t.deepEqual(spec['generate'], {command: ['trivy-gate'], args: ['generate']});
});

test('the recommended policy is valid and seals', async (t) => {
	t.is(parsePolicy(await read('plugin/policy.yaml'), 'plugin/policy.yaml').enforcement, 'seal');
});

test('the Kustomize component adds the sidecar to the repo-server of the upstream manifests', async (t) => {
	const directory = await mkdtemp(join(tmpdir(), 'component-'));
	await writeFile(join(directory, 'install.yaml'), upstream);
	await writeFile(
		join(directory, 'kustomization.yaml'),
		'resources: [install.yaml]\ncomponents: [component]\nimages: [{name: trivy-gate, newName: registry.example/gate, newTag: "1"}]\n',
	);
	// A component must stand below the kustomization that uses it, as in a repository that vendors it.
	await cp(join(root, 'plugin'), join(directory, 'component'), {recursive: true});
	const pins = await readPins();
	const kustomize = toolPath(
		pins.tools.find(({name}) => name === 'kustomize') ?? {name: 'kustomize', version: ''},
		process.env,
	);
	const built = await runProgram(kustomize, ['build', directory], {
		environment: {HOME: directory},
		directory,
		timeoutMs: 30_000,
	});
	t.is(built.kind === 'exited' && built.exitCode, 0, built.kind === 'exited' ? built.stderr : built.kind);
	const objects = parseAllDocuments(built.kind === 'exited' ? Buffer.from(built.stdout).toString() : '').map(
		(document) => document.toJS() as Manifest,
	);
	const find = (kind: string, name: string) =>
		objects.find((object) => object.kind === kind && object.metadata.name.startsWith(name));
	const {containers, volumes} = find('Deployment', 'argocd-repo-server')?.spec.template.spec ?? {
		containers: [],
		volumes: [],
	};
	t.deepEqual(containers.map(({name}) => name).toSorted(), ['argocd-repo-server', 'trivy-gate']);
	const gate = containers.find(({name}) => name === 'trivy-gate');
	t.is(gate?.image, 'registry.example/gate:1');
	checkSidecar(t, gate, volumes);
	const server = containers.find(({name}) => name === 'argocd-repo-server');
	t.deepEqual(server?.env, [{name: 'ARGOCD_PAUSE_GEN_AFTER_FAILED_ATTEMPTS', value: '0'}]);
	const policy = find('ConfigMap', 'trivy-gate-policy-')?.metadata.name;
	t.is(volumes.find(({name}) => name === 'trivy-gate-policy')?.configMap?.name, policy ?? 'missing');
	t.like(find('Service', 'argocd-trivy-gate-metrics')?.spec, {
		ports: [{targetPort: gate?.ports?.[0]?.name}],
		selector: {'app.kubernetes.io/name': 'argocd-repo-server'},
	});
	t.like(find('NetworkPolicy', 'argocd-repo-server-network-policy')?.spec, {
		ingress: [{ports: [{port: 8084}]}, {ports: [{port: gate?.ports?.[0]?.containerPort}]}],
	});
	t.like(find('ConfigMap', 'argocd-cmd-params-cm')?.data, {
		'controller.repo.server.timeout.seconds': '180',
		kept: 'yes',
	});
});

test('the optional component for readers adds a port, a token and a Service', async (t) => {
	const patch = parseDocument(await read('plugin/reports/repo-server.yaml')).toJS() as Manifest;
	const service = parseDocument(await read('plugin/reports/service.yaml')).toJS() as object;
	const {containers, volumes} = patch.spec.template.spec;
	const [gate] = containers;
	const environment = Object.fromEntries((gate?.env ?? []).map(({name, value}) => [name, value]));
	const {keptReports} = parseSettings('sidecar', '.', {}, environment);
	const [port] = gate?.ports ?? [];
	t.like(keptReports, {access: 'token', listen: {kind: 'tcp', port: port?.containerPort}});
	t.like(service, {spec: {ports: [{targetPort: port?.name}]}});
	t.deepEqual(
		gate?.volumeMounts.map(({name}) => name),
		volumes.map(({name}) => name),
	);
	const [mount] = gate?.volumeMounts ?? [];
	t.is(keptReports.tokenFile?.kind === 'file' && dirname(keptReports.tokenFile.path), mount?.mountPath ?? 'missing');
});

test('the Helm values describe the same sidecar', async (t) => {
	const values = parseDocument(await read('plugin/helm-values.yaml')).toJS() as HelmValues;
	const patch = parseDocument(await read('plugin/repo-server.yaml')).toJS() as Manifest;
	const [fromValues] = values.repoServer.extraContainers;
	const fromPatch = patch.spec.template.spec.containers.find(({name}) => name === 'trivy-gate');
	t.deepEqual({...fromValues, image: ''}, {...fromPatch, image: ''});
	t.deepEqual(values.repoServer.volumes, patch.spec.template.spec.volumes);
});

test('the operator’s resource describes the same sidecar', async (t) => {
	const {spec} = parseDocument(await read('plugin/argocd-operator.yaml')).toJS() as OperatorResource;
	const values = parseDocument(await read('plugin/helm-values.yaml')).toJS() as HelmValues;
	t.deepEqual(spec.repo.sidecarContainers, values.repoServer.extraContainers);
	t.deepEqual(spec.repo.volumes, values.repoServer.volumes);
	t.deepEqual(spec.repo.env, values.repoServer.env);
});

/** Every variable is one that the program takes, and every mount has its volume (Argo CD's own among them). */
function checkSidecar(t: ExecutionContext, gate: Container | undefined, volumes: readonly Volume[]): void {
	const environment = Object.fromEntries((gate?.env ?? []).map(({name, value}) => [name, value]));
	for (const command of ['sidecar', 'generate'] as const) {
		t.notThrows(() => parseSettings(command, '.', {}, environment));
	}
	const metrics = parseListenAddress(environment['TRIVY_GATE_METRICS_LISTEN'] ?? '');
	const [port] = gate?.ports ?? [];
	t.like(metrics, {kind: 'tcp', port: port?.containerPort});
	t.deepEqual(gate?.livenessProbe.httpGet, {path: paths.health, port: port?.name});
	t.false('readinessProbe' in (gate ?? {}));
	for (const {name} of gate?.volumeMounts ?? [])
		t.true(
			volumes.some((volume) => volume.name === name),
			name,
		);
}

/** What the component relies on in Argo CD's manifests/install.yaml: names of the Deployment, container and volumes. */
const upstream = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: argocd-repo-server
spec:
  template:
    spec:
      containers:
        - name: argocd-repo-server
          image: registry.example/argocd:v3.5.1
      volumes:
        - {name: var-files, emptyDir: {}}
        - {name: plugins, emptyDir: {}}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: argocd-cmd-params-cm
data:
  kept: "yes"
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: argocd-repo-server-network-policy
spec:
  podSelector: {matchLabels: {app.kubernetes.io/name: argocd-repo-server}}
  policyTypes: [Ingress]
  ingress:
    - from: [{namespaceSelector: {}}]
      ports: [{port: 8084}]
`;
