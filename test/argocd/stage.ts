import {readFile, stat} from 'node:fs/promises';
import {join} from 'node:path';
import type {ExecutionContext} from 'ava';
import {parse} from 'yaml';
import {createApplication, type Application, type OperationState} from './application.ts';
import {argoNamespace} from './argo-cd.ts';
import type {Bed} from './bed.ts';
import {inventory, objectsIn, type Inventory} from './inventory.ts';
import type {KubernetesObject} from './kubernetes-api.ts';
import type {Contents} from './repository.ts';
import type {Outcome, Refusal, Scenario} from './scenario.ts';

/** Where one scenario is played: a repository, a namespace and an Application of its own. */
export interface Stage {
	readonly t: ExecutionContext;
	readonly bed: Bed;
	/** Of the Application and of its namespace. */
	readonly name: string;
	readonly refusal: Refusal;
	readonly application: Application;
	readonly createNamespace: () => Promise<void>;
	/** Commits other content. @returns the hash. */
	readonly commit: (contents: Contents) => Promise<string>;
	/** Commits other content and lets Argo CD see it. What is live before is what must not change. @returns the hash. */
	readonly push: (contents: Contents) => Promise<string>;
	/** What is live now is what must not change. */
	readonly remember: () => Promise<void>;
	/** What was live when it was remembered. */
	readonly remembered: () => Inventory;
	readonly live: <T extends KubernetesObject>(apiVersion: string, kind: string, name: string) => Promise<T | undefined>;
	/** Of the Deployment `api`. */
	readonly liveImage: () => Promise<string | undefined>;
	/** The gate's Jobs in the namespace. */
	readonly gateJobs: () => Promise<readonly KubernetesObject[]>;
	/** Checks that a sync was refused, told why and left everything as it was. */
	readonly isRefused: (sync: OperationState) => Promise<void>;
	/** Checks that a sync went through and the image runs. */
	readonly isDeployed: (sync: OperationState, image?: string) => Promise<void>;
	/** Checks that nothing is new, gone or changed since it was remembered, but objects whose names begin so. */
	readonly isUntouched: (except?: readonly string[]) => Promise<void>;
}

/** What the denied image of content/denied has. */
export const finding = 'CVE-2021-44906';
export const deniedImage = 'registry.example/shop/api:1.4';
/** How the name of a gate Job begins. */
const gateJobs = 'Job/trivy-gate-denied-';
export const allowedImage = 'registry.example/shop/api:1.5';

const contentDirectory = join(import.meta.dirname, 'content');
const scenariosDirectory = join(import.meta.dirname, 'scenarios');

/** Plays a scenario with one way to refuse, checks its outcome and clears up. */
export async function play(
	t: ExecutionContext,
	bed: Bed,
	{
		scenario,
		scenarioName,
		refusal,
		keep,
	}: {
		readonly scenario: Scenario;
		readonly scenarioName: string;
		readonly refusal: Refusal;
		readonly keep: boolean;
	},
): Promise<void> {
	const stage = await build(t, bed, {scenario, scenarioName, refusal});
	try {
		const sync = await scenario.play(stage);
		await judge(stage, scenario.outcomes[refusal] as Outcome, sync);
	} finally {
		if (!keep) await clear(stage);
	}
}

async function judge(stage: Stage, outcome: Outcome, sync: OperationState | undefined): Promise<void> {
	if ('checked' in outcome) return;
	if (sync === undefined) throw new Error('the scenario returns no sync to check');
	if ('refused' in outcome) await stage.isRefused(sync);
	else await stage.isDeployed(sync, deniedImage);
}

async function build(
	t: ExecutionContext,
	bed: Bed,
	{
		scenario,
		scenarioName,
		refusal,
	}: {
		readonly scenario: Scenario;
		readonly scenarioName: string;
		readonly refusal: Refusal;
	},
): Promise<Stage> {
	const {api} = bed.cluster;
	const name = `${scenarioName}-${refusal}`;
	const repository = await bed.repository(name);
	const object = merged(await baseApplication(name, repository.url, refusal), scenario.application?.({name}) ?? {});
	let application: Application | undefined;
	let before: Inventory = {};

	const stage: Stage = {
		t,
		bed,
		name,
		refusal,
		get application() {
			if (application === undefined) throw new Error('nothing is pushed yet');
			return application;
		},
		createNamespace: () => api.apply({apiVersion: 'v1', kind: 'Namespace', metadata: {name}}),
		async commit(contents) {
			const directories = [contents].flat().map((each) => contentOf(scenarioName, each));
			return repository.commit(...(await Promise.all(directories)));
		},
		async push(contents) {
			await stage.remember();
			const hash = await stage.commit(contents);
			application ??= await createApplication(api, object);
			await application.refresh('normal');
			return hash;
		},
		async remember() {
			before = await inventory(api, name);
		},
		remembered: () => before,
		live: (apiVersion, kind, named) => api.get({apiVersion, kind, namespace: name, name: named}),
		async liveImage() {
			const deployment = await stage.live<Deployment>('apps/v1', 'Deployment', 'api');
			return deployment?.spec.template.spec.containers[0]?.image;
		},
		gateJobs: async () =>
			(await objectsIn(api, name)).filter(({kind, metadata}) => `${kind}/${metadata.name}`.startsWith(gateJobs)),
		isRefused: (sync) => isRefused(stage, sync, scenario.refusedObject ?? 'Deployment/api'),
		async isDeployed(sync, image = allowedImage) {
			t.is(sync.phase, 'Succeeded', tell(sync));
			t.is(await stage.liveImage(), image, tell(sync));
		},
		async isUntouched(except = []) {
			const rest = (all: Inventory) =>
				Object.fromEntries(Object.entries(all).filter(([each]) => !except.some((start) => each.startsWith(start))));
			t.deepEqual(rest(await inventory(api, name)), rest(before), 'something in the cluster is new, gone or changed');
		},
	};
	const {first = 'allowed'} = scenario;
	if (first !== 'nothing') {
		await stage.createNamespace();
		await stage.push(first);
		const automated = (object.spec as {syncPolicy?: {automated?: object}}).syncPolicy?.automated !== undefined;
		const sync = automated
			? await stage.application.automated('the first sync', () => true)
			: await stage.application.sync();
		t.is(sync.phase, 'Succeeded', tell(sync));
		await stage.remember();
	}
	return stage;
}

interface Deployment extends KubernetesObject {
	readonly spec: {readonly template: {readonly spec: {readonly containers: ReadonlyArray<{readonly image: string}>}}};
}

async function isRefused(stage: Stage, sync: OperationState, object: string): Promise<void> {
	const {t, refusal} = stage;
	const all = tell(sync);
	t.true(sync.phase === 'Failed' || sync.phase === 'Error', all);
	const rows = sync.syncResult?.resources ?? [];
	switch (refusal) {
		case 'job': {
			t.regex(sync.message ?? '', /one or more synchronization tasks completed unsuccessfully/, all);
			const hook = rows.find(({kind, name}) => `${kind}/${name}`.startsWith(gateJobs));
			t.is(hook?.hookPhase, 'Failed', all);
			t.is(hook?.message, 'Job was active longer than specified deadline', all);
			const [job] = (await stage.gateJobs()).slice(-1);
			t.true(job?.metadata.annotations?.['trivy-gate/summary']?.includes(finding), JSON.stringify(job));
			await stage.isUntouched([gateJobs]);
			return;
		}
		case 'seal': {
			t.regex(sync.message ?? '', /one or more synchronization tasks are not valid/, all);
			const row = rows.find(({kind, name}) => `${kind}/${name}` === object);
			t.true(row?.message?.includes(finding) === true, all);
			await stage.isUntouched();
			return;
		}
		case 'fail-render': {
			t.true(sync.message?.includes(finding) === true, all);
			await stage.isUntouched();
			return;
		}
	}
}

/** An operation as a person wants to read it when a check of it fails. */
function tell({phase, message, syncResult, retryCount}: OperationState): string {
	return JSON.stringify({phase, message, retryCount, rows: syncResult?.resources}, undefined, ' ');
}

async function clear(stage: Stage): Promise<void> {
	const {api} = stage.bed.cluster;
	const application = {
		apiVersion: 'argoproj.io/v1alpha1',
		kind: 'Application',
		namespace: argoNamespace,
		name: stage.name,
	};
	if ((await api.get(application)) !== undefined) await stage.application.delete('leave');
	await api.delete({apiVersion: 'v1', kind: 'Namespace', name: stage.name});
}

async function contentOf(scenario: string, name: string): Promise<string> {
	const own = join(scenariosDirectory, scenario, name);
	const isOwn = await stat(own).then(
		() => true,
		() => false,
	);
	return isOwn ? own : join(contentDirectory, name);
}

async function baseApplication(name: string, url: string, refusal: Refusal): Promise<KubernetesObject> {
	const text = await readFile(join(import.meta.dirname, 'application.yaml'), 'utf8');
	return parse(
		text.replaceAll('NAME', name).replaceAll('REPOSITORY', url).replaceAll('ENFORCEMENT', refusal),
	) as KubernetesObject;
}

/** Objects are merged, everything else is replaced. */
function merged<T extends object>(base: T, change: object): T {
	const result = {...base} as Record<string, unknown>;
	for (const [key, value] of Object.entries(change)) {
		const old = result[key];
		result[key] = isObject(old) && isObject(value) ? merged(old, value) : value;
	}
	return result as T;
}

function isObject(value: unknown): value is object {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}
