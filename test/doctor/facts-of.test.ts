import test from 'ava';
import {
	applicationSetsOf,
	applicationsOf,
	bindingsOf,
	configMapsOf,
	mutatorsOf,
	projectsOf,
	workloadsFrom,
} from '../../src/doctor/facts-of.ts';

const named = (name: string, more: object = {}) => ({metadata: {name, namespace: 'argocd', ...more}});

test('an object that is not as it should be is no fact', (t) => {
	const read = applicationsOf([named('ok'), {metadata: {name: 'shop'}, spec: {project: 7}}]);
	t.like(read, {kind: 'unread'});
	t.regex(
		read.kind === 'unread' ? read.why : '',
		/^the cluster has an Application that the gate cannot read \(0\.spec: /,
	);
});

test('variables come from where they are written and from ConfigMaps', (t) => {
	const read = workloadsFrom(
		[
			{
				...named('argocd-repo-server'),
				spec: {
					template: {
						spec: {
							containers: [
								{
									name: 'gate',
									image: 'gate:1',
									command: ['tini'],
									args: ['--', 'gate'],
									env: [
										{name: 'A', value: '1'},
										{name: 'B', valueFrom: {configMapKeyRef: {name: 'settings', key: 'b'}}},
										{name: 'C', valueFrom: {configMapKeyRef: {name: 'settings', key: 'none', optional: true}}},
										{name: 'D', valueFrom: {secretKeyRef: {name: 'secret', key: 'd'}}},
										{name: 'f', value: 'wins'},
									],
									envFrom: [{configMapRef: {name: 'all'}}, {secretRef: {name: 'secret'}}],
									resources: {limits: {memory: '1536Mi', cpu: 2}},
									volumeMounts: [{name: 'config', mountPath: '/c', subPath: 'x', readOnly: true}],
								},
							],
							volumes: [
								{name: 'config', configMap: {name: 'settings'}},
								{name: 'fast', emptyDir: {medium: 'Memory'}},
							],
						},
					},
				},
			},
		],
		'Deployment',
		{settings: {b: '2'}, all: {e: '5', f: '6'}},
	);
	t.deepEqual(read, {
		kind: 'read',
		value: [
			{
				name: 'Deployment/argocd-repo-server',
				component: 'repo-server',
				containers: [
					{
						name: 'gate',
						image: 'gate:1',
						words: ['tini', '--', 'gate'],
						environment: {e: '5', f: 'wins', A: '1', B: '2'},
						mounts: [{path: '/c', volume: 'config', subPath: 'x'}],
						memoryLimit: 1536 * 1024 ** 2,
					},
				],
				volumes: [
					{name: 'config', configMap: 'settings', inMemory: false},
					{name: 'fast', configMap: undefined, inMemory: true},
				],
			},
		],
	});
});

const component = (name: string, label?: string) => {
	const labels = label === undefined ? {} : {'app.kubernetes.io/component': label};
	const read = workloadsFrom(
		[{...named(name, {labels}), spec: {template: {spec: {containers: []}}}}],
		'Deployment',
		{},
	);
	return read.kind === 'read' ? read.value[0]?.component : undefined;
};

test('parts of Argo CD are known by their label, or by their name', (t) => {
	t.is(component('a', 'repo-server'), 'repo-server');
	t.is(component('a', 'application-controller'), 'application-controller');
	t.is(component('argocd-server', 'redis'), 'other');
	t.is(component('my-repo-server'), 'repo-server');
	t.is(component('my-server'), 'server');
	t.is(component('argocd-dex-server'), 'other');
	t.is(component('argocd-redis'), 'other');
});

test('an Application is told by what Argo CD renders of it', (t) => {
	const plugin = {
		name: 'trivy-gate',
		parameters: [
			{name: 'enforcement', string: 'seal'},
			{name: 'value-files', array: ['a']},
		],
	};
	const read = applicationsOf([
		{
			...named('many'),
			spec: {
				project: '',
				source: {repoURL: 'r', plugin},
				sources: [
					{repoURL: 'r', plugin},
					{repoURL: 'r', chart: 'c'},
					{repoURL: 'r', ref: 'values'},
				],
				syncPolicy: {automated: {selfHeal: true}, syncOptions: ['A=true']},
			},
			status: {operationState: {operation: {sync: {manifests: ['{}']}}}},
		},
		{
			...named('hydrated'),
			spec: {
				project: 'shop',
				sourceHydrator: {drySource: {repoURL: 'r', path: 'p', targetRevision: 'm', plugin: {}}},
				syncPolicy: {automated: {selfHeal: true, enabled: false}},
			},
		},
	]);
	const common = {enforcement: undefined};
	t.deepEqual(read, {
		kind: 'read',
		value: [
			{
				name: 'argocd/many',
				project: 'default',
				sources: [
					{field: 'spec.sources[0]', plugin: 'trivy-gate', type: undefined, enforcement: 'seal'},
					{field: 'spec.sources[1]', plugin: undefined, type: 'Helm', ...common},
					{field: 'spec.sources[2]', plugin: undefined, type: 'values of other sources', ...common},
				],
				drySource: undefined,
				syncOptions: ['A=true'],
				selfHeal: true,
				annotations: {},
				ignoredDifferences: [],
				syncedLocally: true,
			},
			{
				name: 'argocd/hydrated',
				project: 'shop',
				sources: [],
				drySource: {field: 'spec.sourceHydrator.drySource', plugin: '', type: undefined, ...common},
				syncOptions: [],
				selfHeal: false,
				annotations: {},
				ignoredDifferences: [],
				syncedLocally: false,
			},
		],
	});
});

const told = (field: string, plugin: string | undefined, type?: string) => ({
	field,
	plugin,
	type,
	enforcement: undefined,
});

test('an ApplicationSet is told by its template, and by what generators put in its place', (t) => {
	const plugin = {name: 'trivy-gate'};
	const read = applicationSetsOf([
		{
			...named('shops'),
			spec: {
				generators: [
					{list: {elements: [], template: {metadata: {}, spec: {project: '', source: {repoURL: 'r', path: 'other'}}}}},
					{git: {repoURL: 'r', template: {spec: {source: {repoURL: 'r', plugin: {name: 'vault'}}}}}},
					{merge: {generators: [], template: {spec: {sources: [{repoURL: 'r', chart: 'c'}]}}}},
					{clusters: {}, selector: {matchLabels: {}}},
				],
				template: {metadata: {}, spec: {project: '', source: {repoURL: 'r', plugin}}},
				templatePatch: 'spec: {}',
			},
		},
		{
			...named('hydrated'),
			spec: {
				generators: [],
				template: {spec: {project: '{{.project}}', source: {}, sourceHydrator: {drySource: {repoURL: 'r', plugin}}}},
			},
		},
	]);
	t.deepEqual(read, {
		kind: 'read',
		value: [
			{
				name: 'argocd/shops',
				project: 'default',
				sources: [
					told('spec.template.spec.source', 'trivy-gate'),
					told('the template of a generator.source', 'vault'),
					told('the template of a generator.sources[0]', undefined, 'Helm'),
				],
				patch: 'spec: {}',
			},
			{
				name: 'argocd/hydrated',
				project: '{{.project}}',
				sources: [told('spec.template.spec.sourceHydrator.drySource', 'trivy-gate')],
				patch: undefined,
			},
		],
	});
});

const permits = (spec: object) => {
	const read = projectsOf([{...named('p'), spec}]);
	return read.kind === 'read' ? read.value[0]?.permitsJobs : undefined;
};

test('a project permits Jobs by its lists', (t) => {
	t.true(permits({}));
	t.false(permits({namespaceResourceWhitelist: []}));
	t.false(permits({namespaceResourceWhitelist: [{group: 'apps', kind: 'Deployment'}]}));
	t.true(permits({namespaceResourceWhitelist: [{group: '*', kind: '*'}]}));
	t.false(permits({namespaceResourceBlacklist: [{group: 'batch', kind: '*'}]}));
});

test('destinations that are exceptions do not count', (t) => {
	const read = projectsOf([
		{
			...named('p'),
			spec: {
				destinations: [
					{server: '!https://a', namespace: '*'},
					{name: 'b', namespace: 'c'},
				],
			},
		},
	]);
	t.deepEqual(read.kind === 'read' ? read.value[0]?.destinations : undefined, [
		{server: undefined, name: 'b', namespace: 'c'},
	]);
});

test('of all bindings those of the shipped policy count', (t) => {
	const binding = (name: string, policyName: string, paramRef?: object) => ({
		...named(name),
		spec: {policyName, validationActions: ['Deny'], ...(paramRef === undefined ? {} : {paramRef})},
	});
	const read = bindingsOf(
		[
			binding('mine', 'trivy-gate-applications', {selector: {matchLabels: {a: 'b'}}}),
			binding('one', 'trivy-gate-applications', {name: 'shop'}),
			binding('other', 'somebody-elses'),
		],
		[named('trivy-gate-applications')],
	);
	t.like(read, {
		kind: 'read',
		value: [
			{name: 'mine', policyExists: true, projects: {labelled: {matchLabels: {a: 'b'}, matchExpressions: []}}},
			{name: 'one', projects: {named: 'shop'}},
		],
	});
});

const rules = (apiGroups: readonly string[], resources: readonly string[], operations: readonly string[]) => [
	{apiGroups, resources, operations},
];

test('mutators of Jobs are webhooks and policies whose rules cover them', (t) => {
	const read = mutatorsOf(
		[
			{...named('jobs'), webhooks: [{rules: rules(['batch'], ['jobs'], ['CREATE'])}]},
			{...named('all'), webhooks: [{rules: rules(['*'], ['*/*'], ['*'])}]},
			{...named('pods'), webhooks: [{rules: rules([''], ['pods'], ['CREATE'])}, {}]},
			{...named('later'), webhooks: [{rules: rules(['batch'], ['jobs'], ['UPDATE'])}]},
		],
		[{...named('policy'), spec: {matchConstraints: {resourceRules: rules(['batch'], ['*'], ['CREATE'])}}}],
	);
	t.deepEqual(read, {
		kind: 'read',
		value: [
			{name: 'MutatingWebhookConfiguration/jobs'},
			{name: 'MutatingWebhookConfiguration/all'},
			{name: 'MutatingAdmissionPolicy/policy'},
		],
	});
});

test('ConfigMaps by name', (t) => {
	t.deepEqual(configMapsOf([{...named('a'), data: {b: 'c'}}, named('empty')]), {
		kind: 'read',
		value: {a: {b: 'c'}, empty: {}},
	});
});
