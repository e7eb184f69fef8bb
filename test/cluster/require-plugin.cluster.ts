// plugin/require-plugin on a real API server: every way in which an author could leave the gate, and what must go on
// working. Each row is tried by a dry run, which the policies check like any other request.
import test from 'ava';
import {waitFor} from '../argocd/wait.ts';
import type {KubernetesObject} from '../argocd/kubernetes-api.ts';
import {argoCdFiles, newestArgoCd, oldestArgoCd} from './argo-cd-files.ts';
import {applyDefinitions, argoNamespace, objectsOf, say, startBed, type Bed} from './bed.ts';

const apiVersion = 'argoproj.io/v1alpha1';
const repoURL = 'https://git.example/shop.git';
const gated = {repoURL, path: 'charts/shop', targetRevision: 'main', plugin: {name: 'trivy-gate'}};
const native = {repoURL, path: 'charts/shop', targetRevision: 'main'};
const helm = {...native, helm: {releaseName: 'shop'}};
const reference = {repoURL, ref: 'values'};
const otherPlugin = {...native, plugin: {name: 'other'}};
const unnamedPlugin = {...native, plugin: {env: [{name: 'A', value: 'b'}]}};
const destination = {server: 'https://kubernetes.default.svc', namespace: 'shop'};

const syncSource = {targetBranch: 'environments/production', path: 'shop'};
const hydrated = {repoURL, path: syncSource.path, targetRevision: syncSource.targetBranch};
const dryGated = {repoURL, targetRevision: 'main', path: 'charts/shop', plugin: {name: 'trivy-gate'}};
const dryNative = {repoURL, targetRevision: 'main', path: 'charts/shop'};

/** What a source without a repository looks like when Argo CD writes it. */
const none = {repoURL: ''};
const startedAt = '2026-11-01T00:00:00Z';

const sourceMessage = /project shop is gated by trivy-gate: spec\.source and every item of spec\.sources must name/;
const syncMessage = /project shop is gated by trivy-gate: the source of the sync does not name the plugin/;
const manifestsMessage = /project shop is gated by trivy-gate: a sync of local manifests leaves the gate/;
const stateMessage = /project shop is gated by trivy-gate: status\.operationState names sources or manifests/;

let bed: Bed;
test.before(async (t) => {
	t.timeout(10 * 60_000);
	bed = await startBed();
	const {api} = bed;
	await api.apply(project('shop', {labels: {'trivy-gate/gated': 'true'}}));
	await api.apply(project('default', {labels: {'trivy-gate/gated': 'true'}}));
	await api.apply(project('open', {}));
	await api.apply(
		project('hydrated', {labels: {'trivy-gate/gated': 'true'}, annotations: {'trivy-gate/hydrator': 'allowed'}}),
	);
	// What was there before the policies.
	await api.apply(application('shop', {source: native}, {name: 'before'}));
	await api.apply({
		...application('shop', {source: native}, {name: 'before-running'}),
		operation: {sync: {revision: 'abc'}},
		status: {operationState: {phase: 'Running', startedAt, operation: {sync: {revision: 'abc'}}}},
	});
	await api.apply(application('shop', {source: gated}, {name: 'gated'}));
	await api.apply({
		...application('shop', {source: gated}, {name: 'running'}),
		operation: {sync: {revision: 'abc'}},
		status: {operationState: running({source: gated})},
	});
	await api.apply(application('hydrated', {source: gated}, {name: 'hydrated'}));
	await api.apply(applicationSet('shop', {source: native}, {}, 'before'));
	// Without an operation nothing comes of it.
	await api.apply({
		...application('shop', {source: gated}, {name: 'prepared'}),
		status: {operationState: running({source: helm})},
	});
	for (const object of await objectsOf('plugin/require-plugin/applications.yaml')) await api.apply(object);
	for (const object of await objectsOf('plugin/require-plugin/application-sets.yaml')) await api.apply(object);
	await waitFor('the policies', async () => {
		const one = await refusal(() => api.apply(application('shop', {source: native}), {dryRun: true}));
		const other = await refusal(() => api.apply(applicationSet('shop', {source: native}), {dryRun: true}));
		return one !== undefined && other !== undefined;
	});
});
test.after.always('stop', () => bed?.stop());

/** What is written, and what the author is told; undefined: nothing, it goes through. */
type Rows = Readonly<Record<string, readonly [object: object, refused?: RegExp]>>;

const created: Rows = {
	'a source with the plugin': [application('shop', {source: gated})],
	'two sources with the plugin': [application('shop', {sources: [gated, gated]})],
	'a native source in a project that is not gated': [application('open', {source: native})],
	'a source without a type': [application('shop', {source: native}), sourceMessage],
	'a Helm source': [application('shop', {source: helm}), sourceMessage],
	'a Kustomize source': [application('shop', {source: {...native, kustomize: {namePrefix: 'a-'}}}), sourceMessage],
	'a directory': [application('shop', {source: {...native, directory: {recurse: true}}}), sourceMessage],
	'a chart of a Helm repository': [
		application('shop', {source: {repoURL, chart: 'shop', targetRevision: '1.0.0'}}),
		sourceMessage,
	],
	'another plugin': [application('shop', {source: otherPlugin}), sourceMessage],
	'a plugin without a name, which Argo CD discovers': [application('shop', {source: unnamedPlugin}), sourceMessage],
	'an empty plugin name': [application('shop', {source: {...native, plugin: {name: ''}}}), sourceMessage],
	'a native second source': [application('shop', {sources: [gated, native]}), sourceMessage],
	'a second source for values': [application('shop', {sources: [gated, reference]}), sourceMessage],
	'native sources beside a source with the plugin, which Argo CD then ignores': [
		application('shop', {source: gated, sources: [native]}),
		sourceMessage,
	],
	'an empty project, which is default': [application('', {source: native}), /project default is gated/],
	'another namespace': [application('shop', {source: native}, {namespace: 'default'}), sourceMessage],
	'a hydrator': [
		application('shop', {sourceHydrator: {drySource: dryGated, syncSource}}),
		/gated by trivy-gate: spec\.sourceHydrator is not allowed/,
	],
	'a hydrator beside a source with the plugin, which Argo CD then ignores': [
		application('shop', {source: gated, sourceHydrator: {drySource: dryNative, syncSource}}),
		/spec\.sourceHydrator is not allowed/,
	],
	'a hydrator with the plugin, where the project allows it': [
		application('hydrated', {sourceHydrator: {drySource: dryGated, syncSource}}),
	],
	'a hydrator without the plugin, where the project allows it': [
		application('hydrated', {sourceHydrator: {drySource: dryNative, syncSource}}),
		/drySource must name the plugin/,
	],
	'a hydrator that commits to another repository': [
		application('hydrated', {
			sourceHydrator: {drySource: dryGated, syncSource: {...syncSource, repoURL: 'https://git.example/other.git'}},
		}),
		/its syncSource must be in the same repository/,
	],
	'a sync at once': [{...application('shop', {source: gated}), operation: {sync: {revision: 'abc'}}}],
	'a sync of another source at once': [
		{...application('shop', {source: gated}), operation: {sync: {source: native}}},
		syncMessage,
	],
	'an operation that pretends to be running': [
		{
			...application('shop', {source: gated}),
			operation: {sync: {}},
			status: {operationState: {phase: 'Running', startedAt, operation: {sync: {manifests: ['{}']}}}},
		},
		stateMessage,
	],
	'an operation that pretends to be running with another source': [
		{
			...application('shop', {source: gated}),
			operation: {sync: {}},
			status: {operationState: running({source: native})},
		},
		stateMessage,
	],
	'an ApplicationSet with the plugin': [applicationSet('shop', {source: gated})],
	'an ApplicationSet for a project that is not gated': [applicationSet('open', {source: native})],
	// Its Applications are checked: "a source without a type".
	'an ApplicationSet with a templated project': [applicationSet('{{.project}}', {source: native})],
	'an ApplicationSet with a Helm source': [applicationSet('shop', {source: helm}), /every source of spec\.template/],
	'an ApplicationSet with a native second source': [
		applicationSet('shop', {sources: [gated, native]}),
		/every source of spec\.template/,
	],
	'an ApplicationSet with a templated plugin': [
		applicationSet('shop', {source: {...native, plugin: {name: '{{.plugin}}'}}}),
		/every source of spec\.template/,
	],
	'an ApplicationSet with a hydrator': [
		applicationSet('shop', {sourceHydrator: {drySource: dryGated, syncSource}}),
		/every source of spec\.template/,
	],
	'an ApplicationSet whose generator’s template changes the path': [
		applicationSet('shop', {source: gated}, {generators: [listGenerator({source: {repoURL, path: 'other'}})]}),
	],
	'an ApplicationSet whose generator’s template has another plugin': [
		applicationSet('shop', {source: gated}, {generators: [listGenerator({source: otherPlugin})]}),
		/the template of a generator leaves the plugin/,
	],
	'an ApplicationSet whose generator’s template has other sources': [
		applicationSet('shop', {source: gated}, {generators: [listGenerator({sources: [native]})]}),
		/the template of a generator leaves the plugin/,
	],
	'an ApplicationSet with a patch of the sync policy': [
		applicationSet(
			'shop',
			{source: gated},
			{templatePatch: 'spec:\n  syncPolicy: {automated: {}}\n  ignoreDifferences: [{kind: Secret, name: resource}]\n'},
		),
	],
	'an ApplicationSet with a patch of the source': [
		applicationSet('shop', {source: gated}, {templatePatch: 'spec:\n  source: {plugin: {name: "{{.plugin}}"}}\n'}),
		/spec\.templatePatch may not change sources/,
	],
};

for (const [title, [object, refused]] of Object.entries(created)) {
	test(`${refused === undefined ? 'passes' : 'refused'}: ${title}`, async (t) => {
		t.regex((await refusal(() => bed.api.apply(object, {dryRun: true}))) ?? 'it went through', refused ?? wentThrough);
	});
}

/** Changes of what is there, each tried by itself. */
const changed: Readonly<Record<string, readonly [name: string, change: object, refused?: RegExp]>> = {
	'a sync': ['gated', {operation: {sync: {revision: 'abc'}}}],
	'a sync as argocd-server writes it': ['gated', {operation: {sync: {revision: 'abc', source: gated}}}],
	'a sync with several sources': ['gated', {operation: {sync: {source: none, sources: [gated, gated]}}}],
	'a rollback to a gated source': ['gated', {operation: {sync: {syncStrategy: {apply: {}}, source: gated}}}],
	'a rollback to before the gate': [
		'gated',
		{operation: {sync: {syncStrategy: {apply: {}}, source: helm}}},
		syncMessage,
	],
	'a sync with a native source among several': ['gated', {operation: {sync: {sources: [gated, native]}}}, syncMessage],
	'a sync with a source of the hydrator, where there is none': [
		'gated',
		{operation: {sync: {source: hydrated}}},
		syncMessage,
	],
	'a local sync': ['gated', {operation: {sync: {manifests: ['{}']}}}, manifestsMessage],
	'a native source instead of the plugin': [
		'gated',
		{spec: {source: {plugin: null, helm: {releaseName: 'shop'}}}},
		sourceMessage,
	],
	'another project, which is not gated': ['gated', {spec: {project: 'open'}}],
	'a label': ['gated', {metadata: {labels: {team: 'shop'}}}],
	'a finished operation with a source from before, in the status': [
		'gated',
		{
			status: {
				operationState: {...running({source: native}), phase: 'Succeeded', finishedAt: startedAt},
				history: [{id: 1, revision: 'abc', deployedAt: startedAt, source: native}],
			},
		},
	],
	'the state of a running operation': ['running', {status: {operationState: {message: 'waiting', retryCount: 1}}}],
	'the result of a running operation': ['running', {status: {operationState: running({sources: [gated]})}}],
	'other sources in the result of a running operation': [
		'running',
		{status: {operationState: {syncResult: {sources: [native]}}}},
		stateMessage,
	],
	'manifests in a running operation': [
		'running',
		{status: {operationState: {operation: {sync: {manifests: ['{}']}}}}},
		stateMessage,
	],
	'a running operation is terminated': ['running', {status: {operationState: {phase: 'Terminating'}}}],
	'a running operation ends': ['running', {operation: null, status: {operationState: {phase: 'Succeeded'}}}],
	'the status of what was there before': ['before', {status: {sync: {status: 'OutOfSync'}}}],
	'a refresh of what was there before': ['before', {metadata: {annotations: {'argocd.argoproj.io/refresh': 'hard'}}}],
	'the plugin for what was there before': ['before', {spec: {source: gated}}],
	'a change of what was there before': ['before', {spec: {source: {path: 'charts/other'}}}, sourceMessage],
	'a sync of what was there before': ['before', {operation: {sync: {revision: 'abc'}}}, sourceMessage],
	'the state of an operation that ran before': [
		'before-running',
		{status: {operationState: {syncResult: {revision: 'abc', source: native}}}},
	],
	'the end of an operation that ran before': [
		'before-running',
		{operation: null, status: {operationState: {phase: 'Failed', message: 'no'}}},
	],
	'an operation that ran before and gets manifests': [
		'before-running',
		{operation: {sync: {manifests: ['{}']}}},
		sourceMessage,
	],
	'an operation beside a state that pretends to be running': [
		'gated',
		{operation: {sync: {}}, status: {operationState: running({source: helm})}},
		stateMessage,
	],
	'an operation for a state that was prepared': ['prepared', {operation: {sync: {}}}, stateMessage],
};

for (const [title, [name, change, refused]] of Object.entries(changed)) {
	test(`${refused === undefined ? 'passes' : 'refused'}: ${title}`, async (t) => {
		t.regex((await refusal(() => patchApplication(name, change))) ?? 'it went through', refused ?? wentThrough);
	});
}

test('passes: the status of an ApplicationSet that was there before', async (t) => {
	const name = {apiVersion, kind: 'ApplicationSet', namespace: argoNamespace, name: 'before'};
	t.is(await refusal(() => bed.api.patch(name, {metadata: {labels: {team: 'shop'}}}, {dryRun: true})), undefined);
	t.regex((await refusal(() => bed.api.patch(name, {spec: {goTemplate: true}}, {dryRun: true}))) ?? '', /gated/);
});

test('passes: a sync of a hydrated Application as argocd-server writes it, and nothing else', async (t) => {
	const spec = {sourceHydrator: {drySource: dryGated, syncSource}};
	const sync = (source: object) => () =>
		bed.api.apply({...application('hydrated', spec), operation: {sync: {source}}}, {dryRun: true});
	t.is(await refusal(sync(hydrated)), undefined);
	t.regex((await refusal(sync({...hydrated, targetRevision: 'main'}))) ?? '', /the source of the sync/);
	t.regex((await refusal(sync({...hydrated, helm: {releaseName: 'a'}}))) ?? '', /the source of the sync/);
});

test.serial('the oldest Argo CD has no plugin for the hydrator, which is refused there', async (t) => {
	const spec = {source: null, sourceHydrator: {drySource: dryGated, syncSource}};
	const hydrate = () => refusal(() => patchApplication('hydrated', {spec}));
	t.is(await hydrate(), undefined);
	await applyDefinitions(bed.api, await argoCdFiles(oldestArgoCd, say));
	try {
		t.regex(await waitFor('the older definition', hydrate), /drySource must name the plugin/);
		t.is(await refusal(() => bed.api.apply(application('shop', {source: gated}), {dryRun: true})), undefined);
		const told = await refusal(() => bed.api.apply(application('shop', {source: helm}), {dryRun: true}));
		t.regex(told ?? '', sourceMessage);
	} finally {
		await applyDefinitions(bed.api, await argoCdFiles(newestArgoCd, say));
	}
});

const wentThrough = /^it went through$/;

/** What the API server says against it. */
async function refusal(write: () => Promise<void>): Promise<string | undefined> {
	try {
		await write();
		return undefined;
	} catch (error) {
		return error instanceof Error ? error.message : String(error);
	}
}

function patchApplication(name: string, change: object): Promise<void> {
	return bed.api.patch({apiVersion, kind: 'Application', namespace: argoNamespace, name}, change, {dryRun: true});
}

function project(name: string, metadata: object): KubernetesObject {
	const spec = {sourceRepos: ['*'], destinations: [{server: '*', namespace: '*'}]};
	return {apiVersion, kind: 'AppProject', metadata: {name, namespace: argoNamespace, ...metadata}, spec};
}

function application(
	inProject: string,
	spec: object,
	{name = 'new', namespace = argoNamespace}: {readonly name?: string; readonly namespace?: string} = {},
): KubernetesObject {
	const metadata = {name, namespace};
	return {apiVersion, kind: 'Application', metadata, spec: {project: inProject, destination, ...spec}};
}

function applicationSet(inProject: string, spec: object, more: object = {}, name = 'new'): KubernetesObject {
	return {
		apiVersion,
		kind: 'ApplicationSet',
		metadata: {name, namespace: argoNamespace},
		spec: {
			generators: [{list: {elements: [{name: 'a'}]}, selector: {matchLabels: {a: 'b'}}}],
			template: {metadata: {name: '{{.name}}'}, spec: {project: inProject, destination, ...spec}},
			...more,
		},
	};
}

function listGenerator(spec: object): object {
	return {
		list: {elements: [], template: {metadata: {}, spec: {project: '', destination: {}, ...spec}}},
	};
}

function running(result: object): object {
	return {phase: 'Running', startedAt, operation: {sync: {revision: 'abc'}}, syncResult: {revision: 'abc', ...result}};
}
