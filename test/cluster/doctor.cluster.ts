// `trivy-gate doctor` against a real API server: an installation as plugin/ makes it, and one with every defect.
import test from 'ava';
import {stringify} from 'yaml';
import {runProgram} from '../../src/exec.ts';
import {clusterChecks} from '../../src/doctor/cluster-checks.ts';
import type {KubernetesObject} from '../argocd/kubernetes-api.ts';
import {waitFor} from '../argocd/wait.ts';
import {program} from '../lab/gate.ts';
import {argoNamespace, objectsOf, startBed, type Bed} from './bed.ts';
import {find, renderInstallation} from './installation.ts';

const apiVersion = 'argoproj.io/v1alpha1';
const repoURL = 'https://git.example/shop.git';
const gated = {repoURL, path: 'charts/shop', plugin: {name: 'trivy-gate'}};
const native = {repoURL, path: 'charts/shop', helm: {releaseName: 'shop'}};
const destination = {server: 'https://kubernetes.default.svc', namespace: 'shop'};
const binding = {
	apiVersion: 'admissionregistration.k8s.io/v1',
	kind: 'ValidatingAdmissionPolicyBinding',
	name: 'trivy-gate-applications',
};

let bed: Bed;
test.before(async (t) => {
	t.timeout(10 * 60_000);
	bed = await startBed();
	for (const object of await renderInstallation(bed.argoCd, {
		components: ['plugin'],
		resources: ['plugin/require-plugin', 'plugin/doctor-role'],
	})) {
		await bed.api.apply(object);
	}
	await bed.api.apply(project('default', {destinations: []}));
	await bed.api.apply(project('shop', {}, {'trivy-gate/gated': 'true'}));
	await bed.api.apply(application('shop', {source: gated, syncPolicy: {automated: {selfHeal: true}}}));
});
test.after.always('stop', () => bed?.stop());

interface Result {
	readonly exitCode: number;
	readonly stdout: string;
	readonly stderr: string;
}

interface Told {
	readonly findings: ReadonlyArray<{
		readonly check: string;
		readonly level: string;
		readonly what: string;
		readonly where?: readonly string[];
	}>;
	readonly unchecked: ReadonlyArray<{readonly check: string; readonly why: string; readonly fix: string}>;
}

async function doctor(args: readonly string[], kubeconfig = bed.cluster.kubeconfig): Promise<Result> {
	const result = await runProgram(process.execPath, [program, 'doctor', '--kubeconfig', kubeconfig, ...args], {
		environment: {PATH: process.env['PATH'] ?? '', HOME: '/nonexistent', KUBECONFIG: '/nonexistent'},
		directory: import.meta.dirname,
		timeoutMs: 120_000,
	});
	if (result.kind !== 'exited') throw new Error(`the doctor did not end by itself: ${JSON.stringify(result)}`);
	return {...result, stdout: Buffer.from(result.stdout).toString('utf8')};
}

function tell({stdout, stderr}: Result): Told {
	try {
		return JSON.parse(stdout) as Told;
	} catch {
		throw new Error(`this is no JSON: ${stdout}${stderr}`);
	}
}

test.serial(
	'an installation as plugin/ makes it is in order, and somebody with the shipped role can see it',
	async (t) => {
		for (const kubeconfig of [bed.cluster.kubeconfig, bed.cluster.operatorKubeconfig]) {
			const result = await doctor(['--format', 'json'], kubeconfig);
			t.is(result.exitCode, 0, result.stdout + result.stderr);
			const {findings, unchecked} = tell(result);
			t.deepEqual(
				findings.filter(({level}) => level !== 'ok'),
				[],
			);
			t.deepEqual(findings.map(({check}) => check).toSorted(), clusterChecks.map(({name}) => name).toSorted());
			t.deepEqual(unchecked, []);
		}
	},
);

test.serial('for a person it says what is well', async (t) => {
	const {stdout, exitCode} = await doctor([]);
	t.is(exitCode, 0);
	t.regex(stdout, /^ok {2}timeouts: controller and server wait for the repo-server longer than the gate may take$/m);
	t.regex(stdout, /\ncluster lab, namespace argocd: 0 errors, 0 warnings, 0 to know of, 24 checks without trouble\n$/);
});

test.serial('what may not be read is told, and is no good news', async (t) => {
	const role = {apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRoleBinding', name: 'trivy-gate-doctor'};
	await bed.api.delete(role);
	try {
		const result = await waitFor('the right to be gone', async () => {
			const tried = await doctor(['--format', 'json'], bed.cluster.operatorKubeconfig);
			return tried.exitCode === 0 ? undefined : tried;
		});
		t.is(result.exitCode, 2);
		const {unchecked} = tell(result);
		t.true(unchecked.some(({check, why}) => check === 'escapes' && why === 'applications may not be read (HTTP 403)'));
		t.true(unchecked.every(({fix}) => fix.includes('plugin/doctor-role')));
		const {stdout} = await doctor([], bed.cluster.operatorKubeconfig);
		t.regex(stdout, /^not checked {2}require-plugin: validatingadmissionpolicybindings may not be read \(HTTP 403\)$/m);
	} finally {
		for (const object of await objectsOf('plugin/doctor-role/bindings.yaml')) await bed.api.apply(object);
	}
});

test.serial('a cluster that does not answer, and credentials that are none', async (t) => {
	const {exitCode, stderr} = await doctor(['--context', 'nowhere']);
	t.is(exitCode, 2);
	t.regex(stderr, /^settings: the kubeconfig cannot be used: it has no context nowhere — /);
	const missing = await doctor([], '/nonexistent/kubeconfig');
	t.is(missing.exitCode, 2);
	t.regex(missing.stderr, /it cannot be read/);
	const elsewhere = await doctor(['--argocd-namespace', 'default']);
	t.is(elsewhere.exitCode, 1);
	t.regex(elsewhere.stdout, /^error {2}sidecar: there is no repo-server in this namespace$/m);
});

test.serial('every defect is found', async (t) => {
	await breakEverything();
	const result = await doctor(['--format', 'json']);
	t.is(result.exitCode, 1, result.stderr);
	const {findings, unchecked} = tell(result);
	t.deepEqual(unchecked, []);
	const told = findings.filter(({level}) => level !== 'ok').map(({check, level, what}) => `${level} ${check}: ${what}`);
	t.deepEqual(told, [
		'error timeouts: StatefulSet/argocd-application-controller gives up on the repo-server after 60 s, and the gate may take 150 s (TRIVY_GATE_DEADLINE)',
		'error timeouts: Deployment/argocd-server gives up on the repo-server after 100 s, and the gate may take 150 s (TRIVY_GATE_DEADLINE)',
		'error other-plugins: Deployment/argocd-repo-server has other plugins beside the gate',
		'error discovery: the plugin is discovered: ConfigMap plugin-configuration, which Deployment/argocd-repo-server mounts',
		'error volumes: the gate and the repo-server of Deployment/argocd-repo-server share the volume tmp at /tmp',
		'error escapes: 1 Application of gated projects has sources without the gate',
		'error self-heal: 1 Application with self-heal is refused by a Job alone',
		'error job-health: argocd-cm has a health check of its own for Jobs: resource.customizations.health.batch_Job',
		'error job-exclusions: resource.exclusions covers Jobs (argocd-cm)',
		'error ignored-differences: Applications with RespectIgnoreDifferences ignore differences of /apiVersion',
		'warning image: the image of the gate in Deployment/argocd-repo-server is a tag: registry.example/argocd-trivy-gate:latest',
		'warning policy: the policy refuses by a Job alone — policy.yaml of ConfigMap trivy-gate-policy',
		'warning error-pause: Deployment/argocd-repo-server replays an error after 3 failures',
		'warning discovery: the plugin has a version: ConfigMap plugin-configuration, which Deployment/argocd-repo-server mounts',
		'warning volumes: nothing is mounted at /var/cache/trivy-gate in the gate of Deployment/argocd-repo-server',
		'warning open-projects: projects that are not gated may deploy where gated ones do',
		'warning application-sets: 1 ApplicationSet makes Applications without the gate, in projects where others use it',
		'warning hydrators: 1 Application syncs what a hydrator committed after the gate let it through',
		'warning local-syncs: the last sync of 1 Application was one of local manifests',
		'warning job-mutators: MutatingWebhookConfiguration/kueue-mutating-webhook-configuration can suspend Jobs as they are created',
		'warning skipped-dry-runs: Applications skip the dry run of unknown kinds (SkipDryRunOnMissingResource)',
		'info version: Deployment/argocd-repo-server is Argo CD 2.13, which the gate was not tried with',
		'info memory: 16 scans at once need about 4880 MB, and the gate of Deployment/argocd-repo-server is limited to 1024 MB',
		'info projects-without-jobs: AppProjects do not permit Jobs',
		'info server-side-diff: ServerSideDiff is on',
	]);
	t.deepEqual(findings.find(({check}) => check === 'escapes')?.where, ['argocd/escaping: spec.sources[1] (Helm)']);
	const {stdout} = await doctor([]);
	t.true(stdout.startsWith('error  timeouts: '));
	t.false(`${stdout}${result.stdout}`.includes('operators-token'));
	t.log(stdout);
});

async function breakEverything(): Promise<void> {
	const {api} = bed;
	await api.delete(binding);
	await waitFor('the policy to be gone', async () => {
		await api.apply(application('escaping', {sources: [gated, native]}));
		return true;
	});
	await api.apply(application('healing', {source: gated, syncPolicy: {automated: {selfHeal: true}}}));
	await api.apply(
		application('ignoring', {
			source: gated,
			syncPolicy: {syncOptions: ['RespectIgnoreDifferences=true']},
			ignoreDifferences: [{group: '*', kind: '*', jsonPointers: ['/apiVersion']}],
		}),
	);
	await api.apply(
		application('skipping', {source: gated, syncPolicy: {syncOptions: ['SkipDryRunOnMissingResource=true']}}),
	);
	await api.apply(
		application('comparing', {source: gated}, {'argocd.argoproj.io/compare-options': 'ServerSideDiff=true'}),
	);
	await api.apply(
		application('hydrating', {
			project: 'hydrated',
			source: undefined,
			sourceHydrator: {
				drySource: {...gated, targetRevision: 'main'},
				syncSource: {targetBranch: 'production', path: 'shop'},
			},
		}),
	);
	await api.apply({
		apiVersion,
		kind: 'ApplicationSet',
		metadata: {name: 'making', namespace: argoNamespace},
		spec: {
			generators: [{list: {elements: [{project: 'shop'}]}}],
			template: {metadata: {name: 'made'}, spec: {project: '{{project}}', destination, source: native}},
		},
	});
	await api.apply({
		...application('local', {source: gated}),
		status: {
			operationState: {
				phase: 'Succeeded',
				startedAt: '2026-11-01T00:00:00Z',
				operation: {sync: {manifests: ['{}']}},
			},
		},
	});
	await api.delete({apiVersion, kind: 'Application', namespace: argoNamespace, name: 'shop'});
	await api.apply(project('default', {}));
	await api.apply(
		project('hydrated', {namespaceResourceBlacklist: [{group: 'batch', kind: 'Job'}]}, {'trivy-gate/gated': 'true'}),
	);
	const shipped = await objectsOf('plugin/require-plugin/applications.yaml');
	await api.apply(find(shipped, binding.kind, binding.name));
	await configMap('argocd-cm', {
		'resource.customizations.health.batch_Job': 'hs = {}\nhs.status = "Healthy"\nreturn hs\n',
		'resource.exclusions': stringify([{apiGroups: ['batch'], kinds: ['*']}]),
	});
	await configMap('argocd-rbac-cm', {'policy.csv': 'p, role:team, applications, *, shop/*, allow\n'});
	await configMap('argocd-cmd-params-cm', {
		'controller.repo.server.timeout.seconds': null,
		'server.repo.server.timeout.seconds': '100',
	});
	await configMap('trivy-gate-policy', {
		'policy.yaml': 'apiVersion: trivy-gate/v1alpha1\nkind: Policy\nspec:\n  enforcement: job\n',
	});
	await configMap('plugin-configuration', {
		'plugin.yaml': stringify({
			apiVersion,
			kind: 'ConfigManagementPlugin',
			metadata: {name: 'trivy-gate'},
			spec: {version: 'v1', discover: {fileName: 'Chart.yaml'}, generate: {command: ['trivy-gate', 'generate']}},
		}),
	});
	await api.apply(kueue);
	await breakRepoServer();
}

async function breakRepoServer(): Promise<void> {
	const name = {apiVersion: 'apps/v1', kind: 'Deployment', namespace: argoNamespace, name: 'argocd-repo-server'};
	await bed.api.delete(name);
	const volumeMounts = [
		{name: 'plugins', mountPath: '/home/argocd/cmp-server/plugins'},
		{name: 'tmp', mountPath: '/tmp'},
	];
	await bed.api.apply({
		apiVersion: name.apiVersion,
		kind: name.kind,
		metadata: {name: name.name, namespace: argoNamespace},
		spec: {
			selector: {matchLabels: {app: 'repo-server'}},
			template: {
				metadata: {labels: {app: 'repo-server'}},
				spec: {
					containers: [
						{
							name: 'argocd-repo-server',
							image: 'quay.example/argoproj/argocd:v2.13.0',
							args: ['/usr/local/bin/argocd-repo-server'],
							volumeMounts,
						},
						{
							name: 'trivy-gate',
							image: 'registry.example/argocd-trivy-gate:latest',
							env: [
								{name: 'TRIVY_GATE_POLICY', value: '/etc/trivy-gate/policy.yaml'},
								{name: 'TRIVY_GATE_DEADLINE', value: '150'},
								{name: 'TRIVY_GATE_CONCURRENCY', value: '16'},
							],
							resources: {limits: {memory: '1Gi'}},
							volumeMounts: [
								...volumeMounts,
								{name: 'policy', mountPath: '/etc/trivy-gate'},
								{
									name: 'configuration',
									mountPath: '/home/argocd/cmp-server/config/plugin.yaml',
									subPath: 'plugin.yaml',
								},
							],
						},
						{
							name: 'vault',
							image: 'registry.example/vault-plugin:1',
							command: ['/var/run/argocd/argocd-cmp-server'],
							volumeMounts,
						},
					],
					volumes: [
						{name: 'plugins', emptyDir: {}},
						{name: 'tmp', emptyDir: {}},
						{name: 'policy', configMap: {name: 'trivy-gate-policy'}},
						{name: 'configuration', configMap: {name: 'plugin-configuration'}},
					],
				},
			},
		},
	});
}

async function configMap(name: string, data: Readonly<Record<string, string | null>>): Promise<void> {
	const metadata = {name, namespace: argoNamespace};
	await bed.api.apply({apiVersion: 'v1', kind: 'ConfigMap', metadata});
	await bed.api.patch({apiVersion: 'v1', kind: 'ConfigMap', ...metadata}, {data});
}

function project(name: string, spec: object, labels: Readonly<Record<string, string>> = {}): KubernetesObject {
	return {
		apiVersion,
		kind: 'AppProject',
		metadata: {name, namespace: argoNamespace, labels},
		spec: {sourceRepos: ['*'], destinations: [{server: '*', namespace: '*'}], ...spec},
	};
}

function application(name: string, spec: object, annotations: Readonly<Record<string, string>> = {}): KubernetesObject {
	const metadata = {name, namespace: argoNamespace, annotations};
	return {apiVersion, kind: 'Application', metadata, spec: {project: 'shop', destination, ...spec}};
}

const kueue = {
	apiVersion: 'admissionregistration.k8s.io/v1',
	kind: 'MutatingWebhookConfiguration',
	metadata: {name: 'kueue-mutating-webhook-configuration'},
	webhooks: [
		{
			name: 'mjob.kb.io',
			admissionReviewVersions: ['v1'],
			sideEffects: 'None',
			failurePolicy: 'Ignore',
			clientConfig: {url: 'https://127.0.0.1:1/mutate'},
			rules: [{apiGroups: ['batch'], apiVersions: ['v1'], resources: ['jobs'], operations: ['CREATE']}],
		},
	],
};
