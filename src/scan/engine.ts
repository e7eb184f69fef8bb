import {join} from 'node:path';
import {GateError} from '../errors.ts';
import type {
	Caveat,
	EngineEvent,
	EngineStatus,
	LocalScanEngine,
	Platform,
	ScanRequest,
	ScanTarget,
	ScanVerdict,
	StartTool,
	ToolContext,
} from '../types.ts';
import {createLookup, refusedAddress} from './address.ts';
import type {Database} from './database.ts';
import {createDatabases, refreshTimings} from './databases.ts';
import type {Databases, RefreshTimings} from './databases.ts';
import {isCovered} from './distributions.ts';
import {createFairLimit} from './fair-limit.ts';
import type {FairLimit} from './fair-limit.ts';
import type {ScanFailure} from './failure.ts';
import {createGenerations} from './generations.ts';
import type {Generations} from './generations.ts';
import {openLayerCaches} from './layer-cache.ts';
import {scansAtOnce} from './limits.ts';
import {createReadings} from './readings.ts';
import type {Readings} from './readings.ts';
import {createRegistryClient} from './registry-client.ts';
import type {Registries} from './registry.ts';
import type {TrivyReport} from './report.ts';
import {resolveImage} from './resolve.ts';
import type {Resolution} from './resolve.ts';
import {retrying, stoppedBy} from './retrying.ts';
import {createScanQueue} from './scan-queue.ts';
import type {ScanQueue} from './scan-queue.ts';
import {createScans} from './scans.ts';
import type {Scans} from './scans.ts';
import {raceAbort, serverTimings} from './server.ts';
import type {ServerTimings} from './server.ts';
import {createSpace} from './space.ts';
import {openReportStore} from './store.ts';
import type {ReportStore} from './store.ts';
import {createTagMemory} from './tags.ts';
import type {TagMemory} from './tags.ts';
import {listTags} from './tag-list.ts';
import {createTrivyRunner, resultFlags} from './trivy.ts';

export interface EngineOptions {
	/** Its signal ends the engine as `close` does; `timeoutMs` is what a download of a database may take. */
	readonly context: ToolContext;
	readonly start: StartTool;
	/** Images that are scanned at once, over all callers; fewer when the memory does not hold so many. */
	readonly concurrency: number;
	/** Of the container, in bytes: `process.constrainedMemory()`. */
	readonly memoryBytes: number;
	/** Images that may wait at once. */
	readonly queueLimit: number;
	/** How often a transient failure is tried again. */
	readonly retries: number;
	/** For one image, in milliseconds: for fetching it, and again for scanning it. */
	readonly scanTimeoutMs: number;
	/** How long a tag's digest is remembered, in milliseconds. */
	readonly tagMemoryMs: number;
	readonly trivyVersion: string;
	readonly cacheDirectory: string;
	/** Of stored reports. */
	readonly cacheBytes: number;
	/** Of Trivy's layer cache; a bigger one is begun anew. */
	readonly layerCacheBytes: number;
	/** Of unpacked layers in temporary directories, of all images together. */
	readonly layerSpaceBytes: number;
	readonly dockerConfigFile: string | undefined;
	readonly mirrors: Readonly<Record<string, readonly string[]>>;
	readonly permittedAddresses: readonly string[];
	readonly database: {
		readonly repositories: readonly string[];
		readonly javaRepositories: readonly string[];
		readonly update: boolean;
	};
	/** Whether database and Trivy's server are made ready at once, for a service, or when the first image needs them. */
	readonly readyAtOnce: boolean;
	/** Milliseconds since 1970: the clock is an input. */
	readonly now: () => number;
	readonly onEvent?: (event: EngineEvent) => void;
	readonly timings?: Partial<ServerTimings & RefreshTimings>;
}

interface Engine extends EngineOptions {
	readonly databases: Databases;
	readonly readings: Readings;
	readonly registries: Registries;
	readonly questions: FairLimit;
	readonly tags: TagMemory;
	readonly scans: Scans;
	readonly onEvent: (event: EngineEvent) => void;
	/** Images that were asked for and of which it is not known yet whether they have to be scanned. */
	unresolved: number;
}

const questionsAtOnce = 4;

/**
 * Starts an engine: its layer cache is locked, and nothing else is done before there is something to scan, unless
 * `readyAtOnce`. Work goes on after a request was aborted, until `close`.
 */
export async function startEngine(options: EngineOptions): Promise<LocalScanEngine> {
	const closing = new AbortController();
	const signal = AbortSignal.any([options.context.signal, closing.signal]);
	const context = {...options.context, signal};
	const {cacheDirectory, dockerConfigFile, mirrors, scanTimeoutMs, trivyVersion, onEvent = () => {}} = options;
	const concurrency = scansAtOnce(options.concurrency, options.memoryBytes);
	if (concurrency < options.concurrency)
		context.log.detail('scan', `the memory holds ${concurrency} scans at once, not ${options.concurrency}`);
	const trivy = createTrivyRunner(context, dockerConfigFile);
	const databases = createDatabases({
		context,
		trivy,
		directory: join(cacheDirectory, 'databases'),
		repositories: {vulnerability: options.database.repositories, java: options.database.javaRepositories},
		update: options.database.update,
		timeoutMs: context.timeoutMs,
		now: options.now,
		timings: {...refreshTimings, ...options.timings},
		onEvent,
	});
	const generations = createGenerations({
		context,
		start: options.start,
		trivy,
		database: databases.vulnerability,
		caches: await openLayerCaches({
			parent: cacheDirectory,
			trivyVersion: [trivyVersion, ...resultFlags].join(' '),
			makeDirectory: context.makeDirectory,
			log: context.log,
		}),
		timings: {...serverTimings, ...options.timings},
		onEvent,
	});
	const client = createRegistryClient(context, options);
	const registries = {client, mirrors, timeoutMs: Math.min(scanTimeoutMs, 30_000)};
	const store = openReportStore(join(cacheDirectory, 'reports'), options.cacheBytes, context.log);
	const readings = createReadings(store, trivyVersion);
	// One more than are scanned at once, so that the next is fetched meanwhile.
	const queue = createScanQueue(
		concurrency + 1,
		(digest) => generations.current()?.cache.diffIdOf(digest) !== undefined,
	);
	const questions = createFairLimit(Math.max(questionsAtOnce, concurrency));
	const scans = createScans({
		...options,
		context,
		databases,
		generations,
		queue,
		questions,
		readings,
		registries,
		space: createSpace(options.layerSpaceBytes),
		trivy,
		concurrency,
		onEvent,
	});
	const engine: Engine = {
		...options,
		context,
		databases,
		readings,
		registries,
		questions,
		tags: createTagMemory(options.tagMemoryMs, () => performance.now()),
		scans,
		onEvent,
		unresolved: 0,
	};
	const background = [databases.keepFresh(generations.switchDatabase)];
	const readiness = createReadiness(engine, generations);
	if (options.readyAtOnce) background.push(readiness.make(), store.prune());
	let closed: Promise<void> | undefined;
	const close = async () => {
		closing.abort('canceled');
		queue.close(new Error('the engine is being stopped'));
		await generations.close();
		await Promise.all(background);
		await client.close();
		await store.prune();
	};
	return {
		scan: async (request) => scanRequest(request, engine, queue),
		storedReport: async (digest, platform) => {
			const database = databases.opened('vulnerability');
			return database === undefined ? undefined : readings.text(digest, platform, database);
		},
		tags: async (repository) => {
			const tags = await listTags(repository, registries);
			if (!('reason' in tags)) return tags;
			context.log.detail('scan', `${repository.host}/${repository.repository}: no tags — ${tags.detail}`);
			return [];
		},
		status: () => statusOf(engine, {queue, generations, store, concurrency, problem: readiness.problem()}),
		close: async () => (closed ??= close()),
	};
}

/** Makes a service's database and server ready before anybody asks, and keeps trying while that fails. */
function createReadiness(
	{context, databases, readyAtOnce}: Engine,
	generations: Generations,
): {readonly make: () => Promise<void>; readonly problem: () => string | undefined} {
	let problem = readyAtOnce ? 'it is starting' : undefined;
	return {
		problem: () => problem,
		make: async () => {
			for (let delayMs = 1000; !context.signal.aborted; delayMs = Math.min(60_000, delayMs * 2)) {
				try {
					await databases.vulnerability();
					const {generation, release} = await generations.hold();
					const access = await generation.access(context.signal).finally(release);
					problem = 'problem' in access ? `trivy’s server does not work: ${access.problem}` : undefined;
				} catch (error) {
					problem = error instanceof Error ? error.message : String(error);
				}
				if (problem === undefined) return;
				await raceAbort(new Promise((resolve) => void setTimeout(resolve, delayMs).unref()), context.signal).catch(
					() => {},
				);
			}
		},
	};
}

function statusOf(
	{databases, queueLimit, unresolved, readyAtOnce}: Engine,
	{
		queue,
		generations,
		store,
		concurrency,
		problem,
	}: {
		readonly queue: ScanQueue;
		readonly generations: Generations;
		readonly store: ReportStore;
		readonly concurrency: number;
		readonly problem: string | undefined;
	},
): EngineStatus {
	const server = generations.current()?.server.state() ?? 'stopped';
	return {
		problem: problem ?? (server === 'running' || !readyAtOnce ? undefined : `trivy’s server is ${server}`),
		database: databases.opened('vulnerability')?.info,
		javaDatabase: databases.opened('java')?.info,
		refreshProblem: databases.problem(),
		trivyServer: server,
		concurrency,
		running: queue.running(),
		waiting: queue.waiting() + unresolved,
		queueLimit,
		storeBytes: store.bytes(),
		layerCacheBytes: generations.current()?.cache.bytes() ?? 0,
	};
}

/** Answers for every target, platform and digest, however the request ends. */
async function scanRequest(request: ScanRequest, engine: Engine, queue: ScanQueue): Promise<readonly ScanVerdict[]> {
	const {targets, signal, onEvent} = request;
	if (targets.length === 0) return [];
	const images = targets.reduce((sum, target) => sum + platformsOf(target, request).length, 0);
	const load = queue.waiting() + engine.unresolved;
	if (load > 0 && load + images > engine.queueLimit) throw busy(load, engine.queueLimit);
	const unresolved = unresolvedOf(engine, images);
	try {
		onEvent({kind: 'planned', images});
		const ready = await raceAbort(engine.databases.vulnerability(), signal).catch((error: unknown) => {
			if (signal.aborted) return undefined;
			throw error;
		});
		if (ready === undefined) return targets.flatMap((target) => late(target, request));
		const verdicts = await Promise.all(targets.map((target) => scanTarget(target, request, engine, unresolved)));
		return verdicts.flat();
	} finally {
		unresolved.all();
	}
}

function busy(load: number, limit: number): GateError {
	return new GateError({
		stage: 'scan',
		code: 'service-busy',
		what: `${load} images wait to be scanned already, and no more than ${limit} may`,
		hint: 'Ask again a little later.',
	});
}

interface Unresolved {
	/** @returns what takes one image out of the count, once. */
	readonly one: () => () => void;
	readonly all: () => void;
}

/** Counts a request's images that are not resolved yet, whatever becomes of the request. */
function unresolvedOf(engine: Engine, images: number): Unresolved {
	let left = images;
	// The engine's count changes in place: it is the one number that all requests share.
	const counter = engine;
	counter.unresolved += images;
	const leave = (count: number) => {
		left -= count;
		counter.unresolved -= count;
	};
	const one = () => {
		let counted = 1;
		return () => {
			leave(Math.min(counted, left));
			counted = 0;
		};
	};
	return {one, all: () => leave(left)};
}

function platformsOf(target: ScanTarget, {platforms}: ScanRequest): readonly Platform[] {
	return target.platforms ?? platforms;
}

function late(target: ScanTarget, request: ScanRequest): readonly ScanVerdict[] {
	const detail = 'the vulnerability database was still being downloaded';
	const failure = {...stoppedBy(request.signal), detail};
	return platformsOf(target, request).map((platform) => unscanned(target, platform, failure));
}

async function scanTarget(
	target: ScanTarget,
	request: ScanRequest,
	engine: Engine,
	unresolved: Unresolved,
): Promise<readonly ScanVerdict[]> {
	const {signal} = request;
	const platforms = platformsOf(target, request);
	const resolution = await raceAbort(resolveTarget(target, request, engine), signal).catch(
		(error: unknown): Resolution => (signal.aborted ? stoppedBy(signal) : {kind: 'failed', ...unexpected(error)}),
	);
	return Promise.all(
		platforms.flatMap((platform) =>
			digestsOf(resolution, platform).map((digest) =>
				scanPlatform(target, platform, digest, resolution, {request, engine, unresolved}),
			),
		),
	);
}

async function resolveTarget(target: ScanTarget, request: ScanRequest, engine: Engine): Promise<Resolution> {
	const {context, permittedAddresses, questions, registries, retries, tags} = engine;
	const {signal} = context;
	const platforms = platformsOf(target, request);
	const refused = await refusedAddress(target.host, permittedAddresses, createLookup(signal));
	if (refused !== undefined) return {kind: 'failed', reason: 'address-refused', transient: false, detail: refused};
	const onRetry = (attempt: number, detail: string) => {
		for (const platform of platforms)
			request.onEvent({kind: 'retried', image: target.image, platform, attempt, detail});
	};
	return tags.resolve(target, platforms, () =>
		retrying({signal, retries, onRetry}, () =>
			questions(request.application, () => resolveImage(target, platforms, registries)),
		),
	);
}

/** Every image that a runtime might choose for a platform has to pass; undefined stands for none. */
function digestsOf(resolution: Resolution, platform: Platform): readonly (string | undefined)[] {
	return (resolution.kind === 'resolved' ? resolution.digests.get(platform) : undefined) ?? [undefined];
}

interface Asked {
	readonly request: ScanRequest;
	readonly engine: Engine;
}

/** Never rejects: whatever goes wrong with one image is its verdict. */
async function scanPlatform(
	target: ScanTarget,
	platform: Platform,
	digest: string | undefined,
	resolution: Resolution,
	{request, engine, unresolved}: Asked & {readonly unresolved: Unresolved},
): Promise<ScanVerdict> {
	const {image} = target;
	const resolved = unresolved.one();
	let startedAt: number | undefined;
	const start = () => {
		if (startedAt !== undefined) return;
		startedAt = performance.now();
		request.onEvent({kind: 'started', image, platform});
	};
	const verdict = await raceAbort(
		verdictOf(target, platform, digest, resolution, {request, engine, start, resolved}),
		request.signal,
	).catch((error: unknown) =>
		unscanned(target, platform, request.signal.aborted ? stoppedBy(request.signal) : unexpected(error)),
	);
	resolved();
	start();
	request.onEvent({kind: 'finished', verdict, milliseconds: performance.now() - (startedAt ?? 0)});
	return verdict;
}

function unexpected(error: unknown): ScanFailure {
	const detail = error instanceof Error ? error.message.replace(/^scan: /, '') : String(error);
	const isAboutCredentials = error instanceof GateError && error.code === 'settings-invalid';
	return {reason: isAboutCredentials ? 'unauthorized' : 'scanner-failed', transient: false, detail};
}

async function verdictOf(
	target: ScanTarget,
	platform: Platform,
	digest: string | undefined,
	resolution: Resolution,
	{request, engine, start, resolved}: Asked & {readonly start: () => void; readonly resolved: () => void},
): Promise<ScanVerdict> {
	if (resolution.kind === 'failed') return unscanned(target, platform, resolution);
	if (digest === undefined) {
		const detail = `the image has no variant for ${platform}`;
		return unscanned(target, platform, {reason: 'platform-missing', transient: false, detail});
	}
	const database = await engine.databases.vulnerability();
	const stored = await engine.readings.get(digest, platform, database);
	engine.onEvent({kind: 'store-read', hit: stored !== undefined});
	const scanned = {target, platform, digest, request, engine};
	if (stored !== undefined) return verdictFrom(stored, database, true, scanned);
	resolved();
	const result = await engine.scans.want({
		application: request.application,
		target,
		digest,
		platform,
		manifest: resolution.manifest,
		onStarted: start,
		onRetried: (attempt, detail) => request.onEvent({kind: 'retried', image: target.image, platform, attempt, detail}),
	});
	return result.kind === 'failed'
		? unscanned(target, platform, result)
		: verdictFrom(result.report, result.database, false, scanned);
}

async function verdictFrom(
	report: TrivyReport,
	database: Database,
	cached: boolean,
	{
		target,
		platform,
		digest,
		request,
		engine,
	}: Asked & {readonly target: ScanTarget; readonly platform: Platform; readonly digest: string},
): Promise<ScanVerdict> {
	const sources = await engine.databases.sources(database);
	return {
		image: target.image,
		platform,
		kind: 'scanned',
		digest,
		findings: report.findings,
		caveats: caveatsOf(report, database, {sources, maxAgeHours: request.maxDatabaseAgeHours, now: engine.now()}),
		os: report.os?.name,
		packages: report.packages,
		database: database.info,
		cached,
	};
}

function unscanned({image}: ScanTarget, platform: Platform, {reason, transient, detail}: ScanFailure): ScanVerdict {
	return {image, platform, kind: 'unscanned', reason, transient, detail};
}

function caveatsOf(
	report: TrivyReport,
	database: Database,
	{
		sources,
		maxAgeHours,
		now,
	}: {readonly sources: ReadonlySet<string>; readonly maxAgeHours: number; readonly now: number},
): readonly Caveat[] {
	const caveats: Caveat[] = [];
	if (report.os === undefined && report.packages === 0) caveats.push({kind: 'no-os'});
	if (report.os !== undefined && report.osPackages === 0) caveats.push({kind: 'no-packages', os: report.os.name});
	if (report.os !== undefined && !isCovered(report.os, sources)) {
		caveats.push({kind: 'unsupported-os', os: report.os.name});
	}
	if (report.os?.endOfLife === true) caveats.push({kind: 'end-of-life', os: report.os.name});
	if (now - Date.parse(database.info.updatedAt) > maxAgeHours * 3_600_000) {
		caveats.push({kind: 'stale-database', updatedAt: database.info.updatedAt, maxAgeHours});
	}
	return caveats;
}
