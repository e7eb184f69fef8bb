import {randomUUID} from 'node:crypto';
import {argoNamespace} from './argo-cd.ts';
import type {KubernetesApi, KubernetesObject} from './kubernetes-api.ts';
import {waitFor} from './wait.ts';

/** What Argo CD says of an Application, as far as it is looked at here. */
export interface ApplicationStatus {
	readonly sync?: {readonly status?: 'Synced' | 'OutOfSync' | 'Unknown'; readonly revision?: string};
	readonly health?: {readonly status?: string};
	readonly conditions?: ReadonlyArray<{readonly type: string; readonly message: string}>;
	readonly operationState?: OperationState;
	readonly resources?: ReadonlyArray<{readonly kind: string; readonly name: string; readonly status?: string}>;
}

/** A sync as it went. */
export interface OperationState {
	readonly phase: 'Running' | 'Succeeded' | 'Failed' | 'Error' | 'Terminating';
	readonly message?: string;
	readonly startedAt: string;
	readonly finishedAt?: string;
	readonly retryCount?: number;
	readonly operation: {
		readonly info?: ReadonlyArray<{readonly name: string; readonly value: string}>;
		readonly initiatedBy?: {readonly automated?: boolean};
		readonly sync?: {
			readonly resources?: readonly unknown[];
			/** Only of syncs by self-heal. */
			readonly autoHealAttemptsCount?: number;
		};
	};
	readonly syncResult?: {readonly revision?: string; readonly resources?: readonly Row[]};
}

/** A line of the sync's result, as the user sees it. */
export interface Row {
	readonly group: string;
	readonly version: string;
	readonly kind: string;
	readonly namespace: string;
	readonly name: string;
	readonly status?: string;
	readonly message?: string;
	readonly hookType?: string;
	readonly hookPhase?: string;
}

/** The choices of a sync, as in the Application's `operation`. */
export interface SyncOptions {
	/** `apply` is what skips hooks: "Apply only" in the UI. Default `hook`. */
	readonly strategy?: 'hook' | 'apply';
	readonly force?: boolean;
	readonly prune?: boolean;
	readonly options?: readonly string[];
	/** Only these: a selective sync. */
	readonly resources?: ReadonlyArray<{readonly group: string; readonly kind: string; readonly name: string}>;
	readonly revision?: string;
	readonly retries?: number;
}

interface LiveApplication extends KubernetesObject {
	readonly operation?: object;
	readonly status?: ApplicationStatus;
}

/** An Application in the cluster, driven as the UI and the command line drive it: by its fields. */
export interface Application {
	readonly name: string;
	readonly status: () => Promise<ApplicationStatus>;
	/** Compares with Git again; `hard` renders again too. @returns the status after it. */
	readonly refresh: (kind: 'normal' | 'hard') => Promise<ApplicationStatus>;
	/** Starts a sync and waits for its end. */
	readonly sync: (options?: SyncOptions) => Promise<OperationState>;
	/** Starts a sync and does not wait. @returns its mark, for {@link finished}. */
	readonly startSync: (options?: SyncOptions) => Promise<string>;
	readonly finished: (mark: string) => Promise<OperationState>;
	/** Waits for a sync that Argo CD starts by itself and that has ended. */
	readonly automated: (what: string, fits: (state: OperationState) => boolean) => Promise<OperationState>;
	/** Waits until the status is as it should be. */
	readonly until: (what: string, fits: (status: ApplicationStatus) => boolean) => Promise<ApplicationStatus>;
	/** Changes the Application itself. */
	readonly patch: (change: object) => Promise<void>;
	/** Deletes the Application, when it is there, and with `cascade` what it deployed. Waits until it is gone. */
	readonly delete: (how?: 'cascade' | 'leave') => Promise<void>;
}

/**
 * The controller does not see a change that comes while it puts its own last one into its cache (writeBackToInformer in
 * controller/appcontroller.go), until the Application changes again.
 */
const wakeAfterMs = 15_000;
const patienceMs = 240_000;

export async function createApplication(api: KubernetesApi, object: KubernetesObject): Promise<Application> {
	const {name} = object.metadata;
	const self = {apiVersion: 'argoproj.io/v1alpha1', kind: 'Application', namespace: argoNamespace, name};
	const live = async () => {
		const found = await api.get<LiveApplication>(self);
		if (found === undefined) throw new Error(`the Application ${name} is gone`);
		return found;
	};
	let last: LiveApplication | undefined;
	const say = () => {
		const {operationState, sync, conditions} = last?.status ?? {};
		return JSON.stringify({operationState, sync, conditions}).slice(0, 6000);
	};
	const createAlarm = () => {
		let woken = performance.now();
		return async () => {
			if (performance.now() < woken + wakeAfterMs) return;
			woken = performance.now();
			await api.patch(self, {metadata: {annotations: {'lab.example/woken': new Date().toISOString()}}});
		};
	};
	const until = <T>(what: string, ask: (current: LiveApplication) => T | undefined | false | Promise<T | false>) => {
		const wake = createAlarm();
		return waitFor(
			`${name}: ${what}`,
			async () => {
				last = await live();
				const answer = await ask(last);
				if (answer === undefined || answer === false) await wake();
				return answer;
			},
			{say, patienceMs},
		);
	};
	await api.apply(object);

	const application: Application = {
		name,
		status: async () => (await live()).status ?? {},
		async refresh(kind) {
			await api.patch(self, {metadata: {annotations: {'argocd.argoproj.io/refresh': kind}}});
			return until(
				`the ${kind} refresh`,
				({metadata: {annotations}, status}) =>
					annotations?.['argocd.argoproj.io/refresh'] === undefined && (status ?? {}),
			);
		},
		async startSync({strategy = 'hook', force, prune, options, resources, revision, retries} = {}) {
			await until('the end of the sync before', ({operation}) => operation === undefined);
			const mark = randomUUID();
			const operation = {
				initiatedBy: {username: 'lab'},
				info: [{name: 'mark', value: mark}],
				...(retries === undefined
					? {}
					: {retry: {limit: retries, backoff: {duration: '1s', factor: 1, maxDuration: '1s'}}}),
				sync: {
					syncStrategy: {[strategy]: force === undefined ? {} : {force}},
					...(prune === undefined ? {} : {prune}),
					...(options === undefined ? {} : {syncOptions: options}),
					...(resources === undefined ? {} : {resources}),
					...(revision === undefined ? {} : {revision}),
				},
			};
			await api.patch(self, {operation});
			// The controller clears the field once more when it is still busy with the end of the sync before.
			let lastTry = performance.now();
			await until('the beginning of the sync', async (current) => {
				if (marksOf(current).includes(mark)) return true;
				if (current.operation === undefined && performance.now() > lastTry + 3000) {
					await api.patch(self, {operation});
					lastTry = performance.now();
				}
				return false;
			});
			return mark;
		},
		finished: (mark) =>
			until('the end of the sync', (current) => {
				const state = ended(current);
				return state !== undefined && marksOf(current).includes(mark) && state;
			}),
		automated: (what, fits) =>
			until(what, (current) => {
				const state = ended(current);
				return state?.operation.initiatedBy?.automated === true && fits(state) && state;
			}),
		until: (what, fits) => until(what, ({status = {}}) => fits(status) && status),
		sync: async (options) => application.finished(await application.startSync(options)),
		patch: (change) => api.patch(self, change),
		async delete(how = 'leave') {
			if ((await api.get(self)) === undefined) return;
			// Argo CD adds one of its own when there are hooks that run at deletion.
			const {finalizers = []} = (await live()).metadata;
			const cascade = [...finalizers, 'resources-finalizer.argocd.argoproj.io'];
			await api.patch(self, {metadata: {finalizers: how === 'cascade' ? cascade : null}});
			await api.delete(self);
			const wake = createAlarm();
			const isGone = async () => {
				if ((await api.get(self)) === undefined) return true;
				await wake();
				return false;
			};
			await waitFor(`${name}: its deletion`, isGone, {say, patienceMs});
		},
	};
	return application;
}

function ended({operation, status}: LiveApplication): OperationState | undefined {
	const state = status?.operationState;
	return operation === undefined && state?.finishedAt !== undefined ? state : undefined;
}

function marksOf({status}: LiveApplication): readonly string[] {
	return status?.operationState?.operation.info?.map(({value}) => value) ?? [];
}
