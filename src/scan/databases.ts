import {setTimeout as wait} from 'node:timers/promises';
import type {EngineEvent} from '../types.ts';
import {advisorySources, downloadDatabase, keepFromRetirement, openDatabase, storedDatabase} from './database.ts';
import type {Database, DatabaseKind, DatabaseOptions} from './database.ts';

/** The databases of an engine: opened once, refreshed in the background. */
export interface Databases {
	/** The one in force; opened by whoever asks first. @throws GateError database-unavailable. */
	readonly vulnerability: () => Promise<Database>;
	/** Opened when the first image with JARs is met. @throws GateError database-unavailable. */
	readonly java: () => Promise<Database>;
	readonly opened: (kind: DatabaseKind) => Database | undefined;
	/** What a database has advisories for. */
	readonly sources: (database: Database) => Promise<ReadonlySet<string>>;
	/** Why the last refresh failed. */
	readonly problem: () => string | undefined;
	/** Looks for newer databases until the signal; asks the engine before it puts one in force. */
	readonly keepFresh: (accept: (database: Database) => Promise<string | undefined>) => Promise<void>;
}

export interface RefreshTimings {
	/** Between two looks at whether a newer database is to be had. */
	readonly checkEveryMs: number;
	/** After a failure; doubled each time. */
	readonly retryMs: number;
}

export const refreshTimings: RefreshTimings = {checkEveryMs: 5 * 60_000, retryMs: 5 * 60_000};
const longestRetryMs = 4 * 3_600_000;

interface Options extends Omit<DatabaseOptions, 'repositories' | 'onRefreshFailed'> {
	readonly repositories: Readonly<Record<DatabaseKind, readonly string[]>>;
	readonly timings: RefreshTimings;
	readonly onEvent: (event: EngineEvent) => void;
}

export function createDatabases({repositories, timings, onEvent, ...options}: Options): Databases {
	const {context, directory, now, update} = options;
	const pending = new Map<DatabaseKind, Promise<Database>>();
	const inForce = new Map<DatabaseKind, Database>();
	const problems = new Map<DatabaseKind, string>();
	const retries = new Map<DatabaseKind, {readonly at: number; readonly delayMs: number}>();
	const sources = new Map<string, Promise<ReadonlySet<string>>>();
	const retryLater = (kind: DatabaseKind) => {
		const delayMs = Math.min(longestRetryMs, (retries.get(kind)?.delayMs ?? timings.retryMs / 2) * 2);
		retries.set(kind, {at: now() + delayMs, delayMs});
	};
	const waits = (kind: DatabaseKind) => {
		const {at, delayMs} = retries.get(kind) ?? {at: 0, delayMs: 0};
		// When more is left than there was at first, the clock was set back.
		return now() < at && at - now() <= delayMs;
	};
	const failed = (kind: DatabaseKind, problem: string) => {
		problems.set(kind, problem);
		retryLater(kind);
		onEvent({kind: 'database-refresh-failed', database: kind, problem});
	};
	const putInForce = (kind: DatabaseKind, database: Database) => {
		inForce.set(kind, database);
		problems.delete(kind);
		retries.delete(kind);
		onEvent({kind: 'database-refreshed', database: kind, info: database.info});
	};
	const optionsOf = (kind: DatabaseKind): DatabaseOptions => ({
		...options,
		repositories: repositories[kind],
		onRefreshFailed: (problem) => failed(kind, problem),
	});
	const open = async (kind: DatabaseKind) => {
		const there = inForce.get(kind);
		if (there !== undefined) return there;
		const opening =
			pending.get(kind) ??
			openDatabase(kind, optionsOf(kind)).then((database) => {
				inForce.set(kind, database);
				return database;
			});
		pending.set(kind, opening);
		// Whoever asks after a failure starts anew.
		return opening.finally(() => pending.delete(kind));
	};
	const refresh = async (kind: DatabaseKind, accept: (database: Database) => Promise<string | undefined>) => {
		const old = inForce.get(kind);
		if (old === undefined || now() < old.nextUpdate || waits(kind)) return;
		const newer = await newerDatabase(kind, old, optionsOf(kind));
		if ('failures' in newer) {
			if (!context.signal.aborted) failed(kind, newer.failures.join('; '));
			return;
		}
		if (Date.parse(newer.info.updatedAt) <= Date.parse(old.info.updatedAt)) {
			// Its makers are late; how old it may become is the policy's business.
			problems.delete(kind);
			retryLater(kind);
			return;
		}
		const problem = kind === 'java' ? undefined : await accept(newer);
		if (problem === undefined) putInForce(kind, newer);
		else if (!context.signal.aborted) failed(kind, problem);
	};
	return {
		vulnerability: () => open('vulnerability'),
		java: () => open('java'),
		opened: (kind) => inForce.get(kind),
		sources: (database) => {
			const known = sources.get(database.directory) ?? advisorySources(database);
			// The one before may still be in use.
			for (const old of [...sources.keys()].slice(0, -1)) sources.delete(old);
			sources.set(database.directory, known);
			return known;
		},
		problem: () => [...problems.values()].join('; ') || undefined,
		keepFresh: async (accept) => {
			if (!update) return;
			while (!context.signal.aborted) {
				await wait(timings.checkEveryMs, undefined, {signal: context.signal, ref: false}).catch(() => {});
				for (const kind of ['vulnerability', 'java'] as const) {
					await keepFromRetirement(inForce.get(kind));
					if (!context.signal.aborted)
						await refresh(kind, accept).catch((error: unknown) => failed(kind, String(error)));
				}
			}
		},
	};

	/** One that another process has fetched meanwhile, or a new download. */
	async function newerDatabase(
		kind: DatabaseKind,
		old: Database,
		kindOptions: DatabaseOptions,
	): Promise<Database | {readonly failures: readonly string[]}> {
		const stored = await storedDatabase(kind, directory);
		if (typeof stored === 'object' && stored.directory !== old.directory && now() < stored.nextUpdate) return stored;
		return downloadDatabase(kind, kindOptions);
	}
}
