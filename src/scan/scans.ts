import {rm} from 'node:fs/promises';
import pLimit from 'p-limit';
import type {EngineEvent, Platform, ScanTarget, ToolContext} from '../types.ts';
import type {Database} from './database.ts';
import type {Databases} from './databases.ts';
import type {FairLimit} from './fair-limit.ts';
import {fetchImage} from './fetch.ts';
import type {FetchedImage} from './fetch.ts';
import type {Generation, Generations} from './generations.ts';
import {isFailure, readImageManifest} from './manifest.ts';
import type {ImageManifest} from './manifest.ts';
import type {Readings} from './readings.ts';
import type {Registries} from './registry.ts';
import type {TrivyReport} from './report.ts';
import {fetchManifest} from './resolve.ts';
import {retrying, stoppedBy} from './retrying.ts';
import type {Failed} from './retrying.ts';
import type {ScanQueue, Turn} from './scan-queue.ts';
import type {Space} from './space.ts';
import {scanLayout} from './trivy.ts';
import type {TrivyOutcome, TrivyRunner} from './trivy.ts';

/** What came of an image, and with which database. */
export type ScanResult = {readonly kind: 'report'; readonly report: TrivyReport; readonly database: Database} | Failed;

/** An image that somebody wants to know about. */
export interface Wanted {
	readonly application: string;
	readonly target: ScanTarget;
	readonly digest: string;
	readonly platform: Platform;
	/** When it is there already. */
	readonly manifest: Uint8Array | undefined;
	readonly onStarted: () => void;
	readonly onRetried: (attempt: number, detail: string) => void;
}

export interface Scans {
	/** Never rejects. Whoever wants the same image while it is being scanned gets the same result. */
	readonly want: (wanted: Wanted) => Promise<ScanResult>;
}

export interface ScansOptions {
	readonly context: ToolContext;
	readonly databases: Databases;
	readonly generations: Generations;
	readonly queue: ScanQueue;
	readonly questions: FairLimit;
	readonly readings: Readings;
	readonly registries: Registries;
	readonly space: Space;
	readonly trivy: TrivyRunner;
	readonly concurrency: number;
	readonly retries: number;
	readonly scanTimeoutMs: number;
	readonly layerCacheBytes: number;
	readonly onEvent: (event: EngineEvent) => void;
}

/** One scan, with everybody who waits for it. */
interface Flight {
	readonly repository: string;
	readonly applications: Set<string>;
	readonly waiting: Set<Wanted>;
	startedAt: number | undefined;
	readonly result: Promise<ScanResult>;
}

/** A server that ends again after so many starts gets an empty cache. */
const livesOfACache = 3;
/** Layers unpack to about so many times their size; only a guess, which is corrected as they come. */
const unpackedTimes = 3;

export function createScans(options: ScansOptions): Scans {
	const {context, queue, databases} = options;
	const flights = new Map<string, Flight>();
	const scanning = pLimit(options.concurrency);

	const fly = (key: string, wanted: Wanted): Flight => {
		const flight = {
			repository: repositoryOf(wanted.target),
			applications: new Set<string>(),
			waiting: new Set<Wanted>(),
			startedAt: undefined,
		};
		const result = scanImage(wanted, flight, options, scanning)
			.catch((error: unknown) => unexpected(error, context))
			.finally(() => flights.delete(key));
		const whole: Flight = Object.assign(flight, {result});
		flights.set(key, whole);
		return whole;
	};
	const board = (flight: Flight, wanted: Wanted) => {
		flight.applications.add(wanted.application);
		flight.waiting.add(wanted);
		queue.join(wanted.application);
		if (flight.startedAt !== undefined) wanted.onStarted();
		return flight.result;
	};
	return {
		want: async (wanted) => {
			const {digest, platform, target} = wanted;
			const key = JSON.stringify([digest, platform, databases.opened('vulnerability')?.info.updatedAt]);
			const shared = flights.get(key) ?? fly(key, wanted);
			const result = await board(shared, wanted);
			// What one repository's registry serves speaks for all others; that it fails does not.
			const repository = repositoryOf(target);
			if (result.kind === 'report' || shared.repository === repository || context.signal.aborted) return result;
			const ownKey = JSON.stringify([key, repository]);
			return board(flights.get(ownKey) ?? fly(ownKey, wanted), wanted);
		},
	};
}

function repositoryOf({host, repository}: ScanTarget): string {
	return `${host}/${repository}`;
}

function unexpected(error: unknown, {signal}: ToolContext): Failed {
	if (signal.aborted) return stoppedBy(signal);
	const detail = error instanceof Error ? error.message : String(error);
	return {kind: 'failed', reason: 'scanner-failed', transient: false, detail};
}

type Scanning = ReturnType<typeof pLimit>;
type Boarding = Omit<Flight, 'result'>;

async function scanImage(
	wanted: Wanted,
	flight: Boarding,
	options: ScansOptions,
	scanning: Scanning,
): Promise<ScanResult> {
	const wantedAt = performance.now();
	const {context, retries} = options;
	const manifest = await retrying({signal: context.signal, retries, onRetry: tellRetry(flight)}, async () =>
		manifestOf(wanted, options),
	);
	const result = isFailure(manifest)
		? manifest
		: await retrying({signal: context.signal, retries, onRetry: tellRetry(flight)}, () =>
				attempt(wanted, manifest.manifest, flight, options, scanning),
			);
	const {target, digest, platform} = wanted;
	const endedAt = performance.now();
	const startedAt = flight.startedAt ?? endedAt;
	options.onEvent({
		kind: 'scan-finished',
		image: target.image,
		digest,
		platform,
		outcome: result.kind === 'report' ? 'scanned' : result.reason,
		waitedMs: startedAt - wantedAt,
		scanMs: endedAt - startedAt,
	});
	return result;
}

function tellRetry({waiting}: Boarding): (attempt: number, detail: string) => void {
	return (number, detail) => {
		for (const wanted of waiting) wanted.onRetried(number, detail);
	};
}

async function manifestOf(
	{application, target, digest, manifest}: Wanted,
	{questions, registries}: ScansOptions,
): Promise<{readonly kind: 'manifest'; readonly manifest: ImageManifest} | Failed> {
	const read =
		manifest === undefined
			? await questions(application, () => fetchManifest(target, digest, registries))
			: readImageManifest(manifest, digest);
	return isFailure(read) ? {...read, kind: 'failed'} : {kind: 'manifest', manifest: read};
}

/** One time through the queue. */
async function attempt(
	wanted: Wanted,
	manifest: ImageManifest,
	flight: Boarding,
	options: ScansOptions,
	scanning: Scanning,
): Promise<ScanResult> {
	const {generations, queue} = options;
	const {applications} = flight;
	// Whose turn it is depends on the layers that are known, so there must be a cache.
	const early = await generations.hold();
	early.release();
	const turn = await queue.enter({key: `${wanted.digest} ${wanted.platform}`, applications, layers: manifest.layers});
	const {generation, release} = await generations.hold();
	try {
		if (flight.startedAt === undefined) for (const {onStarted} of flight.waiting) onStarted();
		Object.assign(flight, {startedAt: flight.startedAt ?? performance.now()});
		return await scanInGeneration(wanted, manifest, {generation, turn, scanning, options});
	} finally {
		release();
		turn.end();
	}
}

interface Round {
	readonly generation: Generation;
	readonly turn: Turn;
	readonly scanning: Scanning;
	readonly options: ScansOptions;
}

async function scanInGeneration(wanted: Wanted, manifest: ImageManifest, round: Round): Promise<ScanResult> {
	const {generation, options} = round;
	const {readings, generations, layerCacheBytes} = options;
	const {cache, database} = generation;
	let outcome = await fetchAndScan(wanted, manifest, round);
	if (outcome.kind === 'layers-lost') {
		// Whatever has become of Trivy's cache: what is not there is fetched once more.
		cache.forget(manifest.layers.map(({digest}) => digest));
		outcome = await fetchAndScan(wanted, manifest, round);
	}
	switch (outcome.kind) {
		case 'java-database-missing':
			return scannerFailed('trivy does not find its Java database', false);
		case 'layers-lost':
			return scannerFailed('trivy’s server has lost a layer', true);
		case 'cache-spoilt':
			void generations.renew(generation, outcome.detail);
			return {...outcome, kind: 'failed'};
		case 'failed':
			return outcome;
		case 'report':
			await readings.put(wanted.digest, wanted.platform, database, outcome.text, outcome.report);
			if ((await cache.measure()) > layerCacheBytes) void generations.renew(generation, 'it is too big');
			return {kind: 'report', report: outcome.report, database};
	}
}

function scannerFailed(detail: string, transient: boolean): Failed {
	return {kind: 'failed', reason: 'scanner-failed', transient, detail};
}

async function fetchAndScan(wanted: Wanted, manifest: ImageManifest, round: Round): Promise<TrivyOutcome> {
	const {generation, turn, scanning, options} = round;
	const {context, registries, space, scanTimeoutMs, onEvent} = options;
	const {diffIdOf} = generation.cache;
	const unknown = manifest.layers.filter(({digest}) => diffIdOf(digest) === undefined);
	const expected = unknown.reduce((sum, {bytes}) => sum + bytes * unpackedTimes, 0);
	const lease = await space.lease(expected, context.signal);
	const directory = await context.makeDirectory('image');
	try {
		const fetchOptions = {directory, registries, lease, diffIdOf, timeoutMs: scanTimeoutMs};
		const image = await fetchImage(wanted.target, manifest, fetchOptions);
		if (isFailure(image)) return {...image, kind: 'failed'};
		for (const layer of new Map(manifest.layers.map((each) => [each.digest, each])).values()) {
			const fetched = image.fetched.some(({digest}) => digest === layer.digest);
			onEvent({kind: 'layer', outcome: fetched ? 'fetched' : 'saved', bytes: layer.bytes});
		}
		const outcome = await scanning(() => {
			turn.freeSlot();
			return scanFetched(wanted, image, generation, options);
		});
		if (outcome.kind === 'report') await generation.cache.remember(image.layers);
		return outcome;
	} finally {
		lease.release();
		await rm(directory, {recursive: true, force: true});
	}
}

async function scanFetched(
	{target, digest}: Wanted,
	image: FetchedImage,
	generation: Generation,
	{context, databases, generations, trivy, scanTimeoutMs: timeoutMs}: ScansOptions,
): Promise<TrivyOutcome> {
	const {database, cache, server} = generation;
	const patience = AbortSignal.any([context.signal, AbortSignal.timeout(timeoutMs)]);
	const access = await generation.access(patience).catch(() => ({problem: 'it did not answer in time'}));
	if ('problem' in access) {
		// A cache that was damaged would keep it from coming up for ever.
		if ((await cache.measure()) > 0) void generations.renew(generation, access.problem);
		return scannerFailed(`trivy’s server does not work: ${access.problem}`, true);
	}
	const reference = `${target.host}/${target.repository}@${digest}`;
	const scan = async (java: Database | undefined) =>
		scanLayout(image.layout, reference, {
			context,
			trivy,
			server: access,
			databases: {vulnerability: database, java},
			timeoutMs,
		});
	const first = await scan(databases.opened('java'));
	const outcome = first.kind === 'java-database-missing' ? await scan(await databases.java()) : first;
	// Whatever it said at the end of its server's life may be the life's end speaking.
	const cutOff = outcome.kind === 'failed' && outcome.reason !== 'scanner-timeout' && server.life() !== access.life;
	// It may be what it reads in its cache that ends it.
	if (cutOff && access.life >= livesOfACache) void generations.renew(generation, 'its server has ended time and again');
	return cutOff ? {...outcome, transient: true} : outcome;
}
