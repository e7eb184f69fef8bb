import {once} from 'node:events';
import {stat} from 'node:fs/promises';
import type {Policy} from './gate/policy.ts';
import {scanImages} from './scan/engine.ts';
import type {Settings} from './settings.ts';
import type {
	EngineEvent,
	EngineStatus,
	LocalScanEngine,
	ScanEvent,
	ScanRequest,
	ScanVerdict,
	ToolContext,
} from './types.ts';

export interface LocalEngineOptions {
	readonly settings: Settings;
	/** Of the operator: an author's parameters have no say in how registries are reached. */
	readonly policy: Policy;
	readonly context: ToolContext;
	readonly trivyVersion: string;
	/** For metrics and the log. */
	readonly observe: (event: EngineEvent) => void;
}

/** The scan engine of this process. */
export async function openLocalEngine({
	settings,
	policy,
	context,
	trivyVersion,
	observe,
}: LocalEngineOptions): Promise<LocalScanEngine> {
	const options = {
		concurrency: settings.concurrency,
		retries: settings.retries,
		scanTimeoutMs: settings.scanTimeoutMs,
		trivyVersion,
		cacheDirectory: settings.cacheDirectory,
		cacheBytes: settings.cacheBytes,
		dockerConfigFile: await dockerConfigFile(settings),
		mirrors: policy.registries.mirrors,
		permittedAddresses: policy.registries.permitAddresses,
		database: {
			repositories: settings.databaseRepositories,
			javaRepositories: settings.javaDatabaseRepositories,
			update: settings.databaseUpdate,
		},
		now: Date.now,
	};
	const stop = new AbortController();
	const pending = new Set<Promise<unknown>>();
	const counts = {waiting: 0, running: 0};
	let last: Pick<EngineStatus, 'problem' | 'database'> = {problem: 'no database was needed yet', database: undefined};
	const onEvent = (event: ScanEvent) => {
		if (event.kind === 'planned') counts.waiting += event.images;
		if (event.kind === 'started') Object.assign(counts, {waiting: counts.waiting - 1, running: counts.running + 1});
		if (event.kind !== 'finished') return;
		const {verdict, milliseconds} = event;
		counts.running -= 1;
		if (verdict.kind === 'unscanned') return;
		last = {problem: undefined, database: verdict.database};
		observe({kind: 'store-read', hit: verdict.cached});
		if (!verdict.cached) {
			const {image, digest, platform} = verdict;
			observe({
				kind: 'scan-finished',
				image,
				digest,
				platform,
				outcome: 'scanned',
				waitedMs: 0,
				scanMs: milliseconds,
			});
		}
	};
	return {
		scan: async (request) => {
			const known: ScanVerdict[] = [];
			const work = scanImages({
				...options,
				targets: request.targets,
				platforms: request.platforms,
				database: {...options.database, maxAgeHours: request.maxDatabaseAgeHours},
				context: {...context, signal: stop.signal},
				onTarget: (verdicts) => known.push(...verdicts),
				onEvent: (event) => {
					onEvent(event);
					request.onEvent(event);
				},
			});
			const settled = work
				.catch((error: unknown) => {
					last = {...last, problem: error instanceof Error ? error.message : String(error)};
				})
				.finally(() => pending.delete(settled));
			pending.add(settled);
			return Promise.race([work, aborted(request.signal).then(() => [...known, ...missing(request, known)])]);
		},
		close: async () => {
			stop.abort('canceled');
			await Promise.all(pending);
		},
		storedReport: async () => undefined,
		status: () => ({
			...last,
			waiting: Math.max(0, counts.waiting),
			running: Math.max(0, counts.running),
			javaDatabase: undefined,
			refreshProblem: undefined,
			trivyServer: 'stopped',
			concurrency: settings.concurrency,
			queueLimit: 0,
			storeBytes: 0,
			layerCacheBytes: 0,
		}),
	};
}

async function dockerConfigFile({dockerConfigFile: {path, required}}: Settings): Promise<string | undefined> {
	const there = await stat(path).then(
		() => true,
		() => false,
	);
	return there || required ? path : undefined;
}

async function aborted(signal: AbortSignal): Promise<void> {
	if (!signal.aborted) await once(signal, 'abort');
}

function missing({targets, platforms, signal}: ScanRequest, known: readonly ScanVerdict[]): readonly ScanVerdict[] {
	const late = signal.reason === 'deadline';
	return targets
		.flatMap(({image, platforms: own = platforms}) => own.map((platform) => ({image, platform})))
		.filter((scan) => !known.some(({image, platform}) => image === scan.image && platform === scan.platform))
		.map((scan) => ({
			...scan,
			kind: 'unscanned',
			reason: late ? 'deadline' : 'canceled',
			transient: true,
			detail: late ? 'the deadline came first' : 'the gate was stopped',
		}));
}
