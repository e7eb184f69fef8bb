import {readFile, stat} from 'node:fs/promises';
import {join} from 'node:path';
import type {ExecutionContext} from 'ava';
import {createApplication, type Application, type OperationState} from './application.ts';
import {applicationObject, type ApplicationBasics} from './base-application.ts';
import type {Bed, Sidecar} from './bed.ts';
import {allowedImage, checkOutcome, checkRefusal, gateJob, tell} from './checks.ts';
import {inventory, objectsIn, type Inventory} from './inventory.ts';
import type {KubernetesApi, KubernetesObject} from './kubernetes-api.ts';
import type {Contents} from './repository.ts';
import type {Outcome, Refusal, Scenario} from './scenario.ts';

/** Where one scenario is played: a repository, a namespace and an Application of its own. */
export interface Stage {
	readonly t: ExecutionContext;
	readonly bed: Bed;
	readonly api: KubernetesApi;
	/** Of the Application and of its namespace. */
	readonly name: string;
	readonly repository: string;
	readonly refusal: Refusal;
	/** Once something is pushed. */
	readonly application: Application;
	/** One more Application of the same repository, `<name>-<suffix>`, with a namespace of that name. */
	readonly also: (suffix: string, changes?: object) => Promise<Application>;
	/** The scenario's own, when it asks for one. */
	readonly sidecar: Sidecar;
	readonly createNamespace: () => Promise<void>;
	/** Applies an object that goes when the scenario is over. */
	readonly apply: (object: KubernetesObject) => Promise<void>;
	/** Commits other content. @returns the hash. */
	readonly commit: (contents: Contents) => Promise<string>;
	/** Commits other content and lets Argo CD see it. What is live before is what must not change. @returns the hash. */
	readonly push: (contents: Contents) => Promise<string>;
	/** What is live now is what must not change. */
	readonly remember: () => Promise<void>;
	readonly live: <T extends KubernetesObject>(apiVersion: string, kind: string, name: string) => Promise<T | undefined>;
	/** Of the Deployment `api`. */
	readonly liveImage: () => Promise<string | undefined>;
	readonly gateJobs: () => Promise<readonly KubernetesObject[]>;
	/** Checks that a sync was refused, told why and left everything as it was. */
	readonly isRefused: (sync: OperationState) => Promise<void>;
	/** Checks that a sync went through and the image runs; by default the allowed one. */
	readonly isDeployed: (sync: OperationState, image?: string) => Promise<void>;
	/** Checks that nothing is new, gone or changed since it was remembered, but objects whose names begin so. */
	readonly isUntouched: (except?: readonly string[]) => Promise<void>;
}

export interface Part {
	readonly scenario: Scenario;
	/** Its directory. */
	readonly scenarioName: string;
	readonly refusal: Refusal;
	/** Leave everything as it is afterwards. */
	readonly keep: boolean;
}

interface Deployment extends KubernetesObject {
	readonly spec: {readonly template: {readonly spec: {readonly containers: ReadonlyArray<{readonly image: string}>}}};
}

const contentDirectory = join(import.meta.dirname, 'content');
const scenariosDirectory = join(import.meta.dirname, 'scenarios');

/** Plays a scenario with one way to refuse, checks its outcome and clears up. */
export async function play(t: ExecutionContext, bed: Bed, part: Part): Promise<void> {
	const {scenario, scenarioName, refusal, keep} = part;
	const clearing: (() => Promise<void>)[] = [];
	try {
		const stage = await setUp(t, bed, part, clearing);
		await deployFirst(stage, scenario);
		const sync = await scenario.play(stage);
		await checkOutcome(stage, scenario.outcomes[refusal] as Outcome, sync);
	} catch (error) {
		t.log(await controllerWords(bed, `${scenarioName}-${refusal}`));
		throw error;
	} finally {
		for (const clear of keep ? [] : clearing.toReversed()) await clear();
	}
}

async function setUp(
	t: ExecutionContext,
	bed: Bed,
	{scenario, scenarioName, refusal}: Part,
	clearing: (() => Promise<void>)[],
): Promise<Stage> {
	const {api} = bed.cluster;
	const name = `${scenarioName}-${refusal}`;
	const {url, commit} = await bed.repository(name);
	const {policy, environment = {}} = scenario;
	const sidecar = policy === undefined ? undefined : await bed.startSidecar(name, policy, environment);
	if (sidecar !== undefined) clearing.push(sidecar.stop);
	const basics = {name, repository: url, plugin: sidecar === undefined ? 'trivy-gate' : name, enforcement: refusal};
	let application: Application | undefined;
	let before: Inventory = {};

	const stage: Stage = {
		t,
		bed,
		api,
		name,
		repository: url,
		refusal,
		get application() {
			if (application === undefined) throw new Error('nothing is pushed yet');
			return application;
		},
		get sidecar() {
			if (sidecar === undefined) throw new Error('the scenario has no policy, and so no sidecar of its own');
			return sidecar;
		},
		async also(suffix, changes = {}) {
			await createNamespace(`${name}-${suffix}`);
			return create({...basics, name: `${name}-${suffix}`}, changes);
		},
		createNamespace: () => createNamespace(name),
		async apply(applied) {
			const {apiVersion, kind, metadata} = applied;
			clearing.push(() => api.delete({apiVersion, kind, ...metadata}));
			await api.apply(applied);
		},
		async commit(contents) {
			const directories = [contents].flat().map((each) => contentOf(scenarioName, each));
			return commit(...(await Promise.all(directories)));
		},
		async push(contents) {
			await stage.remember();
			const hash = await stage.commit(contents);
			application ??= await create(basics, scenario.application?.({name, repository: url, refusal}) ?? {});
			await application.refresh('normal');
			return hash;
		},
		async remember() {
			before = await inventory(api, name);
		},
		live: (apiVersion, kind, named) => api.get({apiVersion, kind, namespace: name, name: named}),
		async liveImage() {
			const deployment = await stage.live<Deployment>('apps/v1', 'Deployment', 'api');
			return deployment?.spec.template.spec.containers[0]?.image;
		},
		gateJobs: async () =>
			(await objectsIn(api, name)).filter(({kind, metadata}) => `${kind}/${metadata.name}`.startsWith(gateJob)),
		isRefused: (sync) => checkRefusal(stage, sync, scenario.refusedObject ?? 'Deployment/api'),
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
	clearing.push(() => api.delete({apiVersion: 'v1', kind: 'Namespace', name}));
	return stage;

	async function create(of: ApplicationBasics, changes: object): Promise<Application> {
		const created = await createApplication(api, await applicationObject(of, changes));
		clearing.push(() => created.delete('leave'));
		return created;
	}

	async function createNamespace(namespace: string): Promise<void> {
		await api.apply({apiVersion: 'v1', kind: 'Namespace', metadata: {name: namespace}});
		if (namespace !== name) clearing.push(() => api.delete({apiVersion: 'v1', kind: 'Namespace', name: namespace}));
	}
}

/** What is live before the scenario begins. */
async function deployFirst(stage: Stage, {first = 'allowed', application}: Scenario): Promise<void> {
	if (first === 'nothing') return;
	await stage.createNamespace();
	await stage.push(first);
	const {spec} = await applicationObject(
		{name: '', repository: '', plugin: '', enforcement: ''},
		application?.(stage) ?? {},
	);
	const sync =
		spec.syncPolicy?.automated === undefined
			? await stage.application.sync()
			: await stage.application.automated('the first sync', () => true);
	stage.t.is(sync.phase, 'Succeeded', tell(sync));
	await stage.remember();
}

async function contentOf(scenario: string, name: string): Promise<string> {
	const own = join(scenariosDirectory, scenario, name);
	const isOwn = await stat(own).then(
		() => true,
		() => false,
	);
	return isOwn ? own : join(contentDirectory, name);
}

/** What the application-controller last wrote about an Application. */
async function controllerWords({directory}: Bed, name: string): Promise<string> {
	const log = await readFile(join(directory, 'argo-cd', 'application-controller.log'), 'utf8');
	const lines = log.split('\n').filter((line) => line.includes(name));
	return lines
		.slice(-20)
		.map((line) => line.slice(0, 300))
		.join('\n');
}
