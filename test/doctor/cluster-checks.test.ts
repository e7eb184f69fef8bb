import test from 'ava';
import {clusterChecks} from '../../src/doctor/cluster-checks.ts';
import type {ClusterFacts, Container, Workload} from '../../src/doctor/cluster-facts.ts';
import {diagnose, exitCodeOf, type Finding} from '../../src/doctor/finding.ts';
import {
	allRead,
	application,
	applicationSet,
	binding,
	caller,
	gate,
	inOrder,
	project,
	repoServer,
	server,
	source,
	volumes,
} from './cluster-facts.ts';

function diagnosisOf(changes: Partial<ClusterFacts>) {
	return diagnose('a cluster', clusterChecks, allRead({...inOrder, ...changes}));
}

/** What is told, as `level check: what`, and where. */
function told(changes: Partial<ClusterFacts>): readonly string[] {
	return diagnosisOf(changes).findings.flatMap((finding) => (finding.kind === 'fine' ? [] : [describe(finding)]));
}

function describe({level, check, what, where = []}: Finding & {readonly kind: 'trouble'}): string {
	return [`${level} ${check}: ${what}`, ...where].join(' | ');
}

test('an installation in order has no findings but ok', (t) => {
	const {findings, unchecked} = diagnosisOf({});
	t.deepEqual(
		findings.map(({level}) => level),
		clusterChecks.map(() => 'ok'),
	);
	t.deepEqual(unchecked, []);
	t.is(exitCodeOf({subject: '', findings, unchecked}), 0);
});

test('every trouble has a reason and a remedy', (t) => {
	const {findings} = diagnosisOf({
		workloads: [],
		applications: [],
		bindings: [],
		mutators: [{name: 'MutatingWebhookConfiguration/kueue'}],
	});
	for (const finding of findings) {
		if (finding.kind === 'fine') continue;
		t.true(finding.why.length > 20 && finding.fix.length > 10, finding.check);
	}
});

test('what could not be read leaves the checks that need it undone, and no others', (t) => {
	const facts = {...allRead(inOrder), mutators: {kind: 'unread', why: 'no', fix: 'ask'} as const};
	const diagnosis = diagnose('a cluster', clusterChecks, facts);
	t.deepEqual(diagnosis.unchecked, [{check: 'job-mutators', why: 'no', fix: 'ask'}]);
	t.is(diagnosis.findings.length, clusterChecks.length - 1);
	t.is(exitCodeOf(diagnosis), 2);
	const {findings} = diagnosisOf({workloads: []});
	t.is(exitCodeOf({...diagnosis, findings}), 1, 'an error counts more');
});

const withRepoServer = (changes: Partial<Workload>): Partial<ClusterFacts> => ({
	workloads: [{...repoServer, ...changes}, caller('application-controller', '180'), caller('server', '180')],
});
const withGate = (changes: Partial<Container>, more: readonly Container[] = []) =>
	withRepoServer({containers: [server, {...gate, ...changes}, ...more]});
const withServer = (changes: Partial<Container>) => withRepoServer({containers: [{...server, ...changes}, gate]});
const withCallers = (controller: string | undefined, argoServer: string | undefined): Partial<ClusterFacts> => ({
	workloads: [repoServer, caller('application-controller', controller), caller('server', argoServer)],
});
const withSettings = (data: Readonly<Record<string, string>>, enforcement?: 'job'): Partial<ClusterFacts> => ({
	configMaps: {...inOrder.configMaps, 'argocd-cm': data},
	...(enforcement === undefined ? {} : {policy: {kind: 'read', where: 'policy', enforcement}}),
});
const jobPolicy = {policy: {kind: 'read', where: 'policy.yaml', enforcement: 'job'}} as const;
const jobWarning = 'warning policy: the policy refuses by a Job alone — ';

/** What is changed, and everything that is told then. */
const cases: Readonly<Record<string, readonly [changes: Partial<ClusterFacts>, told: readonly string[]]>> = {
	'no repo-server': [{workloads: []}, ['error sidecar: there is no repo-server in this namespace']],
	'no sidecar': [
		withRepoServer({containers: [server]}),
		['error sidecar: Deployment/argocd-repo-server has no sidecar of the gate'],
	],
	'a sidecar of another name': [withGate({name: 'scanner'}), []],
	'an image without digest': [
		withGate({image: 'registry.example/gate:1'}),
		['warning image: the image of the gate in Deployment/argocd-repo-server is a tag: registry.example/gate:1'],
	],
	'an older Argo CD': [
		withServer({image: 'argocd:v2.14.3'}),
		['info version: Deployment/argocd-repo-server is Argo CD 2.14, which the gate was not tried with'],
	],
	'a newer Argo CD': [
		withServer({image: 'argocd:v3.6.0@sha256:abc'}),
		['info version: Deployment/argocd-repo-server is Argo CD 3.6, which the gate was not tried with'],
	],
	'an Argo CD of an unknown version': [withServer({image: 'argocd:latest'}), []],
	'no timeouts': [
		withCallers(undefined, undefined),
		[
			'error timeouts: Deployment/argocd-application-controller gives up on the repo-server after 60 s, and the gate may take 150 s (TRIVY_GATE_DEADLINE)',
			'error timeouts: Deployment/argocd-server gives up on the repo-server after 60 s, and the gate may take 150 s (TRIVY_GATE_DEADLINE)',
		],
	],
	'a timeout that leaves no room': [
		withCallers('160', '180'),
		[
			'warning timeouts: Deployment/argocd-application-controller gives up on the repo-server after 160 s, and the gate may take 150 s (TRIVY_GATE_DEADLINE)',
		],
	],
	'the usual timeouts with the usual deadline': [
		{
			workloads: [
				{...repoServer, containers: [server, {...gate, environment: {TRIVY_GATE_CONCURRENCY: '1'}}]},
				caller('application-controller', undefined),
				caller('server', undefined),
			],
		},
		[],
	],
	'a timeout as a flag': [
		{
			workloads: [
				repoServer,
				caller('application-controller', '180'),
				{
					...caller('server', undefined),
					containers: [{...server, name: 'argocd-server', words: ['--repo-server-timeout-seconds=200'], mounts: []}],
				},
			],
		},
		[],
	],
	'the error pause as it is by default': [
		withServer({environment: {}}),
		['warning error-pause: Deployment/argocd-repo-server replays an error after 3 failures'],
	],
	'another plugin': [
		withGate({}, [{...server, name: 'vault', words: ['/var/run/argocd/argocd-cmp-server']}]),
		['error other-plugins: Deployment/argocd-repo-server has other plugins beside the gate | container vault'],
	],
	'another plugin with a start script': [
		withGate({}, [{...server, name: 'lovely', words: ['/start.sh']}]),
		['error other-plugins: Deployment/argocd-repo-server has other plugins beside the gate | container lovely'],
	],
	'a second gate': [withGate({}, [{...gate, name: 'trivy-gate-strict'}]), []],
	'another sidecar that is no plugin': [withGate({}, [{...server, name: 'proxy', words: ['proxy'], mounts: []}]), []],
	'no volume for the cache': [
		withGate({mounts: gate.mounts.filter(({volume}) => volume !== 'cache')}),
		['warning volumes: nothing is mounted at /var/cache/trivy-gate in the gate of Deployment/argocd-repo-server'],
	],
	'a cache in memory': [
		withRepoServer({volumes: volumes.map((volume) => ({...volume, inMemory: volume.name === 'cache'}))}),
		['warning volumes: the volume cache of Deployment/argocd-repo-server is kept in memory'],
	],
	'a cache elsewhere': [
		withGate({
			environment: {...gate.environment, TRIVY_GATE_CACHE_DIR: '/data/gate/cache'},
			mounts: [...gate.mounts, {path: '/data', volume: 'cache', subPath: undefined}],
		}),
		[],
	],
	'temporary files with the repo-server’s': [
		withGate({mounts: [...gate.mounts.slice(0, 2), {path: '/tmp', volume: 'tmp', subPath: undefined}]}),
		['error volumes: the gate and the repo-server of Deployment/argocd-repo-server share the volume tmp at /tmp'],
	],
	'too little memory': [
		withGate({memoryLimit: 1024 ** 3}),
		[
			'info memory: 4 scans at once need about 1640 MB, and the gate of Deployment/argocd-repo-server is limited to 1024 MB',
		],
	],
	'no memory limit': [
		withGate({memoryLimit: undefined}),
		['info memory: the gate of Deployment/argocd-repo-server has no memory limit'],
	],
	'a broken policy': [
		{policy: {kind: 'broken', where: 'policy.yaml', problem: 'line 3, column 1: what is this'}},
		['error policy: the policy cannot be used — policy.yaml: line 3, column 1: what is this'],
	],
	'no policy': [
		{policy: {kind: 'built-in', enforcement: 'job'}},
		['warning policy: no policy file is set (TRIVY_GATE_POLICY): CRITICAL and HIGH are denied by a Job'],
	],
	'a policy in the image': [
		{policy: {kind: 'elsewhere', where: '/policy.yaml'}},
		['info policy: the policy /policy.yaml is not in a ConfigMap'],
	],
	'a policy that refuses by a Job': [jobPolicy, [`${jobWarning}policy.yaml`]],
	'a policy that warns': [
		{policy: {kind: 'read', where: 'policy.yaml', enforcement: 'warn'}},
		['warning policy: the policy only warns — policy.yaml'],
	],
	'a policy that fails the render': [{policy: {kind: 'read', where: 'policy.yaml', enforcement: 'fail-render'}}, []],
	'no policy for Applications': [
		{bindings: []},
		['warning require-plugin: nothing stops an Application from leaving the gate'],
	],
	'a binding without its policy': [
		{bindings: [{...binding, policyExists: false}]},
		['warning require-plugin: nothing stops an Application from leaving the gate'],
	],
	'a policy for Applications that only warns': [
		{bindings: [{...binding, actions: ['Warn']}]},
		['warning require-plugin: trivy-gate-applications only warns or records'],
	],
	'no gated project': [{projects: [project('shop', {labels: {}})]}, ['warning require-plugin: no AppProject is gated']],
	'all projects gated but some': [
		{
			bindings: [
				{
					...binding,
					projects: {
						labelled: {
							matchLabels: {},
							matchExpressions: [{key: 'trivy-gate/gated', operator: 'NotIn', values: ['false']}],
						},
					},
				},
			],
			projects: [project('shop', {labels: {}}), project('free', {labels: {'trivy-gate/gated': 'false'}})],
		},
		[],
	],
	'a project gated by its name': [
		{bindings: [{...binding, projects: {named: 'shop'}}], projects: [project('shop', {labels: {}})]},
		[],
	],
	'a project without the gate that may deploy everywhere': [
		{
			projects: [
				project('shop'),
				project('default', {labels: {}, destinations: [{server: '*', name: undefined, namespace: '*'}]}),
				project('other', {labels: {}}),
			],
		},
		['warning open-projects: projects that are not gated may deploy where gated ones do | default'],
	],
	'a project without the gate for the same cluster by name': [
		{
			projects: [
				project('shop'),
				project('tools', {labels: {}, destinations: [{server: undefined, name: 'in-cluster', namespace: 'shop-a'}]}),
			],
		},
		['warning open-projects: projects that are not gated may deploy where gated ones do | tools'],
	],
	'a native source in a gated project': [
		{
			applications: [
				application('one', {sources: [source({plugin: undefined, type: 'Helm'})]}),
				application('two', {
					sources: [source({field: 'spec.sources[0]'}), source({field: 'spec.sources[1]', plugin: 'vault'})],
				}),
				application('three', {sources: [source({plugin: ''})]}),
			],
		},
		[
			'error escapes: 3 Applications of gated projects have sources without the gate | argocd/one: spec.source (Helm) | argocd/two: spec.sources[1] (plugin vault) | argocd/three: spec.source (plugin without a name)',
		],
	],
	'a native source beside gated ones in a project without a label': [
		{
			bindings: [],
			applications: [application('one'), application('two', {sources: [source({plugin: undefined})]})],
		},
		[
			'warning require-plugin: nothing stops an Application from leaving the gate',
			'warning escapes: 1 Application has sources without the gate, beside others of the same project that use it | argocd/two: spec.source (found out by Argo CD)',
		],
	],
	'native sources in projects that nobody gates': [
		{
			applications: [
				application('shop'),
				application('tool', {project: 'tools', sources: [source({plugin: undefined})]}),
			],
		},
		[
			'info escapes: 1 Application of projects that nothing gates is rendered without the gate | argocd/tool: spec.source (found out by Argo CD)',
		],
	],
	'nobody uses the gate': [
		{
			bindings: [],
			applications: [application('tool', {sources: [source({plugin: undefined})]})],
		},
		[
			'warning require-plugin: nothing stops an Application from leaving the gate',
			'warning escapes: 1 Application of projects that nothing gates is rendered without the gate | argocd/tool: spec.source (found out by Argo CD)',
		],
	],
	'ApplicationSets of a gated project without the gate': [
		{
			applicationSets: [
				applicationSet('native', {
					sources: [source({field: 'spec.template.spec.source', plugin: undefined, type: 'Helm'})],
				}),
				applicationSet('generated', {
					sources: [
						source({field: 'spec.template.spec.source'}),
						source({field: 'the template of a generator.source', plugin: 'vault'}),
					],
				}),
				applicationSet('templated', {sources: [source({field: 'spec.template.spec.source', plugin: '{{.plugin}}'})]}),
			],
		},
		[
			'error application-sets: 3 ApplicationSets of gated projects make Applications without the gate | argocd/native: spec.template.spec.source (Helm) | argocd/generated: the template of a generator.source (plugin vault) | argocd/templated: spec.template.spec.source (plugin {{.plugin}})',
		],
	],
	'ApplicationSets without the gate, in projects that nothing gates': [
		{
			applicationSets: [
				applicationSet('shops'),
				applicationSet('mixed', {project: 'tools', sources: [source(), source({plugin: undefined})]}),
				applicationSet('anywhere', {project: '{{.project}}', sources: [source({plugin: undefined})]}),
				applicationSet('elsewhere', {project: 'games', sources: [source({plugin: undefined})]}),
			],
		},
		[
			'warning application-sets: 2 ApplicationSets make Applications without the gate, in projects where others use it | argocd/mixed: spec.source (found out by Argo CD) | argocd/anywhere: spec.source (found out by Argo CD)',
		],
	],
	'ApplicationSets with a patch': [
		{
			applicationSets: [
				applicationSet('patching', {patch: 'spec:\n  source: {plugin: {name: "{{.plugin}}"}}\n'}),
				applicationSet('syncing', {
					patch: 'spec:\n  syncPolicy: {automated: {}}\n  info: [{name: resource, value: a}]\n',
				}),
				applicationSet('elsewhere', {project: 'games', sources: [], patch: 'spec: {source: {}}'}),
			],
		},
		[
			'warning application-sets: 1 ApplicationSet may change sources, plugins or operations by a patch | argocd/patching',
		],
	],
	'another name of the plugin': [
		{plugins: ['trivy-gate', 'strict'], applications: [application('shop', {sources: [source({plugin: 'strict'})]})]},
		[],
	],
	'a hydrator with the gate': [
		{applications: [application('shop', {sources: [], drySource: source({field: 'spec.sourceHydrator.drySource'})})]},
		['warning hydrators: 1 Application syncs what a hydrator committed after the gate let it through | argocd/shop'],
	],
	'a hydrator without the gate': [
		{
			applications: [
				application('shop', {
					sources: [],
					drySource: source({field: 'spec.sourceHydrator.drySource', plugin: undefined, type: 'Kustomize'}),
				}),
			],
		},
		[
			'error escapes: 1 Application of gated projects has sources without the gate | argocd/shop: spec.sourceHydrator.drySource (Kustomize)',
		],
	],
	'rights to sync local manifests, and a policy that refuses that': [
		{configMaps: {...inOrder.configMaps, 'argocd-rbac-cm': {'policy.default': 'role:admin'}}},
		[],
	],
	'rights to sync local manifests': [
		{
			bindings: [],
			configMaps: {
				...inOrder.configMaps,
				'argocd-rbac-cm': {
					'policy.default': 'role:admin',
					'policy.csv':
						'# p, role:x, applications, override, */*, allow\np, role:team, applications, override, shop/*, allow\np, role:admin, applications, *, */*, allow\np, role:no, applications, *, */*, deny\ng, a, role:team\n',
					'policy.more.csv': 'p, role:ops, *, *, *, allow\np, role:view, applications, get, */*, allow\n',
				},
			},
		},
		[
			'warning require-plugin: nothing stops an Application from leaving the gate',
			'warning local-syncs: argocd-rbac-cm lets others than administrators sync local manifests: policy.default is role:admin',
			'warning local-syncs: argocd-rbac-cm lets others than administrators sync local manifests: p, role:team, applications, override, shop/*, allow',
			'warning local-syncs: argocd-rbac-cm lets others than administrators sync local manifests: p, role:ops, *, *, *, allow',
		],
	],
	'a local sync': [
		{applications: [application('shop', {syncedLocally: true})]},
		['warning local-syncs: the last sync of 1 Application was one of local manifests | argocd/shop'],
	],
	'self-heal with a Job alone': [
		{...jobPolicy, applications: [application('shop', {selfHeal: true})]},
		[
			'error self-heal: 1 Application with self-heal is refused by a Job alone | argocd/shop',
			`${jobWarning}policy.yaml`,
		],
	],
	'self-heal with a Job, where the Application asks for the seal': [
		{...jobPolicy, applications: [application('shop', {selfHeal: true, sources: [source({enforcement: 'seal'})]})]},
		[`${jobWarning}policy.yaml`],
	],
	'self-heal with the seal': [{applications: [application('shop', {selfHeal: true})]}, []],
	'a health check for Jobs, with the seal': [
		withSettings({'resource.customizations.health.batch_Job': 'return {}'}),
		['warning job-health: argocd-cm has a health check of its own for Jobs: resource.customizations.health.batch_Job'],
	],
	'a health check for Jobs': [
		withSettings({'resource.customizations.health.batch_Job': 'return {}'}, 'job'),
		[
			'error job-health: argocd-cm has a health check of its own for Jobs: resource.customizations.health.batch_Job',
			`${jobWarning}policy`,
		],
	],
	'health checks for everything, for a group, and for others': [
		withSettings({
			'resource.customizations.health.all': 'return {}',
			'resource.customizations': '"batch/*": {health.lua: "return {}"}\n"apps/Deployment": {health.lua: "x"}\n',
			'resource.customizations.health.apps_Deployment': 'x',
			'resource.customizations.actions.batch_Job': 'x',
		}),
		[
			'warning job-health: argocd-cm has a health check of its own for Jobs: resource.customizations, batch/*',
			'warning job-health: argocd-cm has a health check of its own for Jobs: resource.customizations.health.all',
		],
	],
	'Jobs excluded by a list of kinds': [
		withSettings({'resource.exclusions': '- apiGroups: ["*"]\n  kinds: [Job, Event]\n'}, 'job'),
		['error job-exclusions: resource.exclusions covers Jobs (argocd-cm)', `${jobWarning}policy`],
	],
	'Jobs not among the inclusions': [
		withSettings({'resource.inclusions': '- apiGroups: [apps]\n'}),
		['warning job-exclusions: resource.inclusions does not cover Jobs (argocd-cm)'],
	],
	'exclusions of others, and text that is no YAML': [
		withSettings({'resource.exclusions': '- apiGroups: [batch]\n  kinds: [CronJob]\n', 'resource.inclusions': '{'}),
		[],
	],
	'a queue for Jobs': [
		{mutators: [{name: 'MutatingWebhookConfiguration/kueue-mutating-webhook-configuration'}]},
		[
			'warning job-mutators: MutatingWebhookConfiguration/kueue-mutating-webhook-configuration can suspend Jobs as they are created',
		],
	],
	'a mutator of everything': [
		{mutators: [{name: 'MutatingWebhookConfiguration/kyverno'}]},
		['info job-mutators: MutatingWebhookConfiguration/kyverno may change Jobs as they are created'],
	],
	'a project without Jobs': [
		{projects: [project('shop', {permitsJobs: false})]},
		['info projects-without-jobs: AppProjects do not permit Jobs | shop'],
	],
	'ignored versions': [
		{
			applications: ['/apiVersion', '.apiVersion', '.["apiVersion"]'].map((path, index) =>
				application(`a${index}`, {
					syncOptions: ['RespectIgnoreDifferences=true'],
					ignoredDifferences: [{kind: 'Deployment', jsonPointers: [], jqPathExpressions: [path]}],
				}),
			),
		},
		[
			'error ignored-differences: Applications with RespectIgnoreDifferences ignore differences of /apiVersion | argocd/a0 | argocd/a1 | argocd/a2',
		],
	],
	'ignored labels': [
		{
			applications: [
				application('shop', {
					syncOptions: ['RespectIgnoreDifferences=true'],
					ignoredDifferences: [{kind: '*', jsonPointers: ['/metadata/labels'], jqPathExpressions: []}],
				}),
			],
		},
		[
			'info ignored-differences: Applications with RespectIgnoreDifferences ignore differences of metadata | argocd/shop',
		],
	],
	'versions that the operator lets ignore': [
		{
			...withSettings({'resource.customizations.ignoreDifferences.all': 'jsonPointers:\n- /apiVersion\n'}),
			applications: [application('shop', {syncOptions: ['RespectIgnoreDifferences=true']}), application('other')],
		},
		[
			'error ignored-differences: Applications with RespectIgnoreDifferences ignore differences of /apiVersion | argocd/shop',
		],
	],
	'ignored versions, by the older way to write it': [
		{
			...withSettings({
				'resource.customizations':
					'apps/Deployment:\n  health.lua: return {}\n  ignoreDifferences: |\n    jsonPointers: [/apiVersion]\n',
			}),
			applications: [application('shop', {syncOptions: ['RespectIgnoreDifferences=true']})],
		},
		[
			'error ignored-differences: Applications with RespectIgnoreDifferences ignore differences of /apiVersion | argocd/shop',
		],
	],
	'ignored fields that matter to nobody here': [
		{
			applications: [
				application('shop', {
					syncOptions: ['RespectIgnoreDifferences=true'],
					ignoredDifferences: [{kind: '*', jsonPointers: ['/spec/replicas'], jqPathExpressions: []}],
				}),
				application('other', {
					ignoredDifferences: [{kind: '*', jsonPointers: ['/apiVersion'], jqPathExpressions: []}],
				}),
			],
		},
		[],
	],
	'skipped dry runs': [
		{applications: [application('shop', {syncOptions: ['SkipDryRunOnMissingResource=true']})]},
		[
			'warning skipped-dry-runs: Applications skip the dry run of unknown kinds (SkipDryRunOnMissingResource) | argocd/shop',
		],
	],
	'ServerSideDiff for one': [
		{
			applications: [
				application('shop', {
					annotations: {'argocd.argoproj.io/compare-options': 'IgnoreExtraneous, ServerSideDiff=true'},
				}),
			],
		},
		['info server-side-diff: ServerSideDiff is on | argocd/shop'],
	],
	'ServerSideDiff for all': [
		{
			workloads: [
				repoServer,
				{
					...caller('application-controller', '180'),
					containers: [
						{
							...server,
							words: ['--repo-server-timeout-seconds', '180'],
							environment: {ARGOCD_APPLICATION_CONTROLLER_SERVER_SIDE_DIFF: 'true'},
						},
					],
				},
				caller('server', '180'),
			],
		},
		['info server-side-diff: ServerSideDiff is on | Deployment/argocd-application-controller'],
	],
};

for (const [title, [changes, expected]] of Object.entries(cases)) {
	test(title, (t) => {
		t.deepEqual(told(changes), expected);
	});
}

const mounted = (text: string): Partial<ClusterFacts> => ({
	...withRepoServer({
		containers: [
			server,
			{
				...gate,
				mounts: [
					...gate.mounts,
					{path: '/home/argocd/cmp-server/config/plugin.yaml', volume: 'configuration', subPath: 'gate.yaml'},
				],
			},
		],
		volumes: [...volumes, {name: 'configuration', configMap: 'argocd-cmp-cm', inMemory: false}],
	}),
	configMaps: {...inOrder.configMaps, 'argocd-cmp-cm': {'gate.yaml': text}},
});

test('a plugin.yaml from a ConfigMap is looked at', (t) => {
	t.deepEqual(told(mounted('spec: {generate: {command: [trivy-gate]}}')), []);
	t.deepEqual(told(mounted('spec: {discover: {fileName: Chart.yaml}, version: v1}')), [
		'error discovery: the plugin is discovered: ConfigMap argocd-cmp-cm, which Deployment/argocd-repo-server mounts',
		'warning discovery: the plugin has a version: ConfigMap argocd-cmp-cm, which Deployment/argocd-repo-server mounts',
	]);
});
