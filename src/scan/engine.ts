import {rm} from 'node:fs/promises';
import {setTimeout as wait} from 'node:timers/promises';
import pLimit from 'p-limit';
import type {Caveat, ImageName, Platform, ScanEvent, ScanTarget, ScanVerdict, ToolContext} from '../types.ts';
import {createLookup, refusedAddress} from './address.ts';
import {advisorySources, openDatabase} from './database.ts';
import type {Database, DatabaseKind} from './database.ts';
import type {ScanFailure} from './failure.ts';
import {isCovered} from './distributions.ts';
import {pullImage} from './pull.ts';
import {createRegistryTools} from './registry.ts';
import {parseReport} from './report.ts';
import type {TrivyReport} from './report.ts';
import {resolveImage} from './resolve.ts';
import type {Resolution} from './resolve.ts';
import {openReportStore} from './store.ts';
import {createTrivyRunner, resultFlags, scanLayout} from './trivy.ts';
import type {TrivyOutcome} from './trivy.ts';

export interface ScanOptions {
	readonly context: ToolContext;
	readonly targets: readonly ScanTarget[];
	readonly platforms: readonly Platform[];
	/** Images that are looked up or scanned at once. */
	readonly concurrency: number;
	/** How often a transient failure is tried again. */
	readonly retries: number;
	/** For one image, in milliseconds. */
	readonly scanTimeoutMs: number;
	readonly trivyVersion: string;
	readonly cacheDirectory: string;
	readonly cacheBytes: number;
	readonly dockerConfigFile: string | undefined;
	readonly mirrors: Readonly<Record<string, readonly string[]>>;
	readonly permittedAddresses: readonly string[];
	readonly database: {
		readonly repositories: readonly string[];
		readonly javaRepositories: readonly string[];
		readonly update: boolean;
		readonly maxAgeHours: number;
	};
	/** Milliseconds since 1970: the clock is an input. */
	readonly now: () => number;
	readonly onEvent: (event: ScanEvent) => void;
	/** Told all of a target's verdicts, as soon as there are no more to come. */
	readonly onTarget?: (verdicts: readonly ScanVerdict[]) => void;
}

/** What one image's manifest and one platform's scan need; built once a run. */
interface Engine extends ScanOptions {
	readonly databases: Databases;
	readonly store: ReturnType<typeof openReportStore>;
	readonly registry: ReturnType<typeof createRegistryTools>;
	readonly trivy: ReturnType<typeof createTrivyRunner>;
	/** What the database has advisories for. */
	readonly sources: ReadonlySet<string>;
	/** Distinct tags of one digest are one scan. */
	readonly scans: Map<string, {readonly repository: string; readonly verdict: Promise<DigestVerdict>}>;
}

type DigestVerdict =
	| {readonly kind: 'report'; readonly report: TrivyReport; readonly cached: boolean}
	| ({readonly kind: 'failed'} & ScanFailure);

/**
 * Scans every target for every platform, several at once, and answers for each: a verdict or why there is none.
 * What is learned is stored as each image finishes, so that a run after a deadline resumes.
 * @throws GateError database-unavailable; nothing else rejects.
 */
export async function scanImages(options: ScanOptions): Promise<readonly ScanVerdict[]> {
	const {context, targets, platforms, onEvent} = options;
	if (targets.length === 0) return [];
	const engine = await startEngine(options);
	onEvent({kind: 'planned', images: targets.flatMap((target) => platformsOf(target, options)).length});
	const limit = pLimit(options.concurrency);
	const verdicts = await Promise.all(
		targets.map(async (target) => {
			const resolution = await limit(() => resolveTarget(target, engine));
			const scans = platformsOf(target, options).flatMap((platform) =>
				digestsOf(resolution, platform).map((digest) => ({platform, digest})),
			);
			const verdictsOfTarget = await Promise.all(
				scans.map(({platform, digest}) => limit(() => scanTarget(target, platform, digest, resolution, engine))),
			);
			options.onTarget?.(verdictsOfTarget);
			return verdictsOfTarget;
		}),
	);
	await engine.store.prune();
	context.log.detail('scan', `${targets.length} images for ${platforms.join(', ')}: ${engine.scans.size} distinct`);
	return verdicts.flat();
}

function platformsOf(target: ScanTarget, {platforms}: Pick<ScanOptions, 'platforms'>): readonly Platform[] {
	return target.platforms ?? platforms;
}

async function startEngine(options: ScanOptions): Promise<Engine> {
	const {context, cacheDirectory, dockerConfigFile, mirrors} = options;
	const trivy = createTrivyRunner(context, dockerConfigFile);
	const databases = createDatabases(options, trivy);
	const database = await databases.open('vulnerability');
	return {
		...options,
		databases,
		trivy,
		store: openReportStore(`${cacheDirectory}/reports`, options.cacheBytes, context.log),
		registry: createRegistryTools(context, {
			dockerConfigFile,
			mirrors,
			timeoutMs: Math.min(options.scanTimeoutMs, 30_000),
		}),
		sources: await advisorySources(database),
		scans: new Map(),
	};
}

interface Databases {
	readonly open: (kind: DatabaseKind) => Promise<Database>;
	/** The Java database is undefined unless an image asked for it and it could be had. */
	readonly opened: () => Promise<{readonly vulnerability: Database; readonly java: Database | undefined}>;
}

/** Opens each database once a run, whoever asks first. */
function createDatabases(options: ScanOptions, trivy: Engine['trivy']): Databases {
	const open = new Map<DatabaseKind, Promise<Database>>();
	const openOnce = (kind: DatabaseKind) => {
		const pending =
			open.get(kind) ??
			openDatabase(kind, {
				context: options.context,
				trivy,
				directory: `${options.cacheDirectory}/databases`,
				repositories: kind === 'java' ? options.database.javaRepositories : options.database.repositories,
				update: options.database.update,
				timeoutMs: options.context.timeoutMs,
				now: options.now,
			});
		open.set(kind, pending);
		return pending;
	};
	return {
		open: openOnce,
		opened: async () => ({
			vulnerability: await openOnce('vulnerability'),
			java: await open.get('java')?.catch(() => undefined),
		}),
	};
}

async function resolveTarget(target: ScanTarget, engine: Engine): Promise<Resolution> {
	const {signal} = engine.context;
	if (signal.aborted) return stoppedBy(signal);
	const refused = await refusedAddress(target.host, engine.permittedAddresses, createLookup(signal));
	if (refused !== undefined) return {kind: 'failed', reason: 'address-refused', transient: false, detail: refused};
	const platforms = platformsOf(target, engine);
	return retrying(engine, target.image, platforms, () => resolveImage(target, platforms, engine.registry));
}

/** Every image that a runtime might choose for a platform has to pass; undefined stands for none. */
function digestsOf(resolution: Resolution, platform: Platform): readonly (string | undefined)[] {
	return (resolution.kind === 'resolved' ? resolution.digests.get(platform) : undefined) ?? [undefined];
}

/** Never rejects: whatever goes wrong with one image is its verdict. */
async function scanTarget(
	target: ScanTarget,
	platform: Platform,
	digest: string | undefined,
	resolution: Resolution,
	engine: Engine,
): Promise<ScanVerdict> {
	const started = performance.now();
	engine.onEvent({kind: 'started', image: target.image, platform});
	const verdict = await verdictOf(target, platform, digest, resolution, engine).catch((error: unknown) =>
		unscanned(target.image, platform, {
			reason: 'scanner-failed',
			transient: false,
			detail: error instanceof Error ? error.message : String(error),
		}),
	);
	engine.onEvent({kind: 'finished', verdict, milliseconds: performance.now() - started});
	return verdict;
}

async function verdictOf(
	target: ScanTarget,
	platform: Platform,
	digest: string | undefined,
	resolution: Resolution,
	engine: Engine,
): Promise<ScanVerdict> {
	if (resolution.kind === 'failed') return unscanned(target.image, platform, resolution);
	if (digest === undefined) {
		const detail = `the image has no variant for ${platform}`;
		return unscanned(target.image, platform, {reason: 'platform-missing', transient: false, detail});
	}
	const outcome = await scanOnce(target, platform, digest, engine);
	if (outcome.kind === 'failed') return unscanned(target.image, platform, outcome);
	const {vulnerability} = await engine.databases.opened();
	return {
		image: target.image,
		platform,
		kind: 'scanned',
		digest,
		findings: outcome.report.findings,
		caveats: caveatsOf(outcome.report, vulnerability, engine),
		os: outcome.report.os?.name,
		packages: outcome.report.packages,
		database: vulnerability.info,
		cached: outcome.cached,
	};
}

/** What one repository's registry serves speaks for all others; that it fails does not. */
async function scanOnce(
	target: ScanTarget,
	platform: Platform,
	digest: string,
	engine: Engine,
): Promise<DigestVerdict> {
	const {scans} = engine;
	const scan = () => retrying(engine, target.image, [platform], () => scanDigest(target, digest, platform, engine));
	const repository = `${target.host}/${target.repository}`;
	const shared = `${digest} ${platform}`;
	const known = scans.get(shared) ?? {repository, verdict: scan()};
	scans.set(shared, known);
	const verdict = await known.verdict;
	if (verdict.kind !== 'failed' || known.repository === repository) return verdict;
	const own = scans.get(`${shared} ${repository}`) ?? {repository, verdict: scan()};
	scans.set(`${shared} ${repository}`, own);
	return own.verdict;
}

function unscanned(image: ImageName, platform: Platform, {reason, transient, detail}: ScanFailure): ScanVerdict {
	return {image, platform, kind: 'unscanned', reason, transient, detail};
}

async function scanDigest(
	target: ScanTarget,
	digest: string,
	platform: Platform,
	engine: Engine,
): Promise<DigestVerdict> {
	const {store, databases} = engine;
	const reference = `${target.host}/${target.repository}@${digest}`;
	const {vulnerability} = await databases.opened();
	const key = {
		digest,
		platform,
		trivyVersion: engine.trivyVersion,
		databaseUpdatedAt: vulnerability.info.updatedAt,
		flags: resultFlags,
	};
	const stored = await storedReport(key, reference, engine);
	if (stored !== undefined) return {kind: 'report', report: stored, cached: true};
	const outcome = await pullAndScan(target, digest, reference, engine);
	switch (outcome.kind) {
		case 'java-database-missing':
			return {
				kind: 'failed',
				reason: 'scanner-failed',
				transient: false,
				detail: 'trivy does not find its Java database',
			};
		case 'failed':
			return outcome;
		case 'report':
			await store.put(key, outcome.text);
			return {kind: 'report', report: outcome.report, cached: false};
	}
}

async function pullAndScan(
	target: ScanTarget,
	digest: string,
	reference: string,
	{context, trivy, registry, databases, scanTimeoutMs: timeoutMs}: Engine,
): Promise<TrivyOutcome> {
	const directory = await context.makeDirectory('image');
	try {
		const image = await pullImage(target, digest, {directory, registry, timeoutMs});
		if (image.kind === 'failed') return image;
		const scan = async () =>
			scanLayout(image.layout, reference, {context, trivy, databases: await databases.opened(), timeoutMs});
		const outcome = await scan();
		if (outcome.kind !== 'java-database-missing') return outcome;
		await databases.open('java');
		return await scan();
	} finally {
		await rm(directory, {recursive: true, force: true});
	}
}

/** The same digest may have been scanned under another repository's name, so the name is not compared here. */
async function storedReport(
	key: Parameters<Engine['store']['get']>[0],
	reference: string,
	{store}: Engine,
): Promise<TrivyReport | undefined> {
	const text = await store.get(key);
	if (text === undefined) return undefined;
	const artifact = /"ArtifactName":\s*"([^"]+)"/.exec(text)?.[1] ?? reference;
	const parsed = parseReport(text, {artifact});
	if (parsed.kind === 'report' && artifact.endsWith(`@${key.digest}`)) return parsed.report;
	await store.drop(key, parsed.kind === 'unusable' ? parsed.problems : 'it is about another digest');
	return undefined;
}

function caveatsOf(
	report: TrivyReport,
	database: Database,
	{database: {maxAgeHours}, now, sources}: Engine,
): readonly Caveat[] {
	const caveats: Caveat[] = [];
	if (report.os === undefined && report.packages === 0) caveats.push({kind: 'no-os'});
	if (report.os !== undefined && report.osPackages === 0) caveats.push({kind: 'no-packages', os: report.os.name});
	if (report.os !== undefined && !isCovered(report.os, sources)) {
		caveats.push({kind: 'unsupported-os', os: report.os.name});
	}
	if (report.os?.endOfLife === true) caveats.push({kind: 'end-of-life', os: report.os.name});
	if (now() - Date.parse(database.info.updatedAt) > maxAgeHours * 3_600_000) {
		caveats.push({kind: 'stale-database', updatedAt: database.info.updatedAt, maxAgeHours});
	}
	return caveats;
}

/** Tries again after transient failures, with exponential backoff and jitter, as long as there is time. */
async function retrying<Result extends {readonly kind: string}>(
	{context, retries, onEvent}: Engine,
	image: ImageName,
	platforms: readonly Platform[],
	attempt: () => Promise<Result | ({readonly kind: 'failed'} & ScanFailure)>,
): Promise<Result | ({readonly kind: 'failed'} & ScanFailure)> {
	for (let tries = 1; ; tries += 1) {
		if (context.signal.aborted) return stoppedBy(context.signal);
		const result = await attempt();
		if (!isFailure(result)) return result;
		if (context.signal.aborted) return stoppedBy(context.signal);
		if (!result.transient || tries > retries) return result;
		for (const platform of platforms) {
			onEvent({kind: 'retried', image, platform, attempt: tries, detail: result.detail});
		}
		const backoffMs = 500 * 2 ** (tries - 1) * (0.5 + Math.random());
		await wait(backoffMs, undefined, {signal: context.signal}).catch(() => {});
	}
}

function isFailure(result: {readonly kind: string}): result is {readonly kind: 'failed'} & ScanFailure {
	return result.kind === 'failed';
}

function stoppedBy(signal: AbortSignal): {readonly kind: 'failed'} & ScanFailure {
	return signal.reason === 'deadline'
		? {kind: 'failed', reason: 'deadline', transient: true, detail: 'the deadline came first'}
		: {kind: 'failed', reason: 'canceled', transient: true, detail: 'the gate was stopped'};
}
