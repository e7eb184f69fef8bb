import {join} from 'node:path';
import type {EngineEvent, StartTool, ToolContext} from '../types.ts';
import {checkCanary, findCanary} from './canary.ts';
import {databaseFile} from './database.ts';
import type {Database} from './database.ts';
import type {LayerCache, LayerCaches} from './layer-cache.ts';
import {raceAbort, superviseServer} from './server.ts';
import type {ServerAccess, ServerTimings, TrivyServer} from './server.ts';
import type {TrivyRunner} from './trivy.ts';

/**
 * One database, one layer cache and one Trivy server that joins them. Trivy's server keeps its cache locked and changes
 * its database in place; so a new database, or a new cache, gets a server of its own, and scans that have begun end with
 * the server that they began with.
 */
export interface Generation {
	readonly database: Database;
	readonly cache: LayerCache;
	readonly server: TrivyServer;
	/** Waits until its server answers and has found the canary in the database; or says why it does not. */
	readonly access: (signal: AbortSignal) => Promise<ServerAccess | {readonly problem: string}>;
}

export interface Generations {
	/** The current generation, started when there is none, for as long as it is held. @throws as the database's opening. */
	readonly hold: () => Promise<{readonly generation: Generation; readonly release: () => void}>;
	readonly current: () => Generation | undefined;
	/** Goes on with another database and the layers that are known. @returns why that is not possible. */
	readonly switchDatabase: (database: Database) => Promise<string | undefined>;
	/** Goes on with an empty layer cache, unless that has been done already. Does not reject. */
	readonly renew: (instead: Generation, why: string) => Promise<void>;
	readonly close: () => Promise<void>;
}

interface Options {
	readonly context: ToolContext;
	readonly start: StartTool;
	readonly trivy: TrivyRunner;
	readonly database: () => Promise<Database>;
	readonly caches: LayerCaches;
	readonly timings: ServerTimings;
	readonly onEvent: (event: EngineEvent) => void;
}

interface Held {
	readonly generation: Generation;
	holders: number;
	retired: boolean;
}

export function createGenerations(options: Options): Generations {
	const {context, database, caches} = options;
	let first: Promise<Held> | undefined;
	let current: Held | undefined;
	const all = new Set<Held>();
	let changes: Promise<unknown> = Promise.resolve();

	const create = (of: Database, cache: LayerCache): Held => {
		const held = {generation: createGeneration(of, cache, options), holders: 0, retired: false};
		all.add(held);
		return held;
	};
	const endings = new Set<Promise<void>>();
	const end = (held: Held): Promise<void> => {
		all.delete(held);
		const {server, cache} = held.generation;
		// What cannot be removed now is removed by the next engine.
		const ending = server.stop().then(() => cache.remove().catch(() => {}));
		endings.add(ending);
		return ending.finally(() => endings.delete(ending));
	};
	const retire = async (held: Held) => {
		held.retired = true;
		if (held.holders === 0) await end(held);
	};
	const startFirst = async () => {
		const of = await database();
		current ??= create(of, await caches.open(of));
		return current;
	};
	/** Changes follow each other. A new generation counts once it answers. */
	const change = async (work: (old: Held) => Promise<Held | string>) => {
		const changed = changes.then(async () => {
			const old = current ?? (await first?.catch(() => undefined));
			if (old === undefined) return undefined;
			const next = await work(old);
			if (typeof next === 'string') return next;
			if (next === old) return undefined;
			current = next;
			await retire(old);
			return undefined;
		});
		changes = changed.catch(() => undefined);
		return changed;
	};
	const started = async (of: Database, cache: LayerCache): Promise<Held | string> => {
		const held = create(of, cache);
		const access = await held.generation.access(context.signal);
		if (!('problem' in access)) return held;
		await end(held);
		return access.problem;
	};
	return {
		hold: async () => {
			first ??= startFirst().catch((error: unknown) => {
				first = undefined;
				throw error;
			});
			await first;
			const held = current ?? (await first);
			held.holders += 1;
			return {
				generation: held.generation,
				release: () => {
					held.holders -= 1;
					if (held.retired && held.holders === 0) void end(held);
				},
			};
		},
		current: () => current?.generation,
		switchDatabase: (of) =>
			change(async (old) => {
				const {cache, server} = old.generation;
				const copied = await started(of, await server.pause(() => caches.copy(cache, of)));
				return typeof copied === 'string' && !context.signal.aborted ? started(of, await caches.empty(of)) : copied;
			}),
		renew: async (instead, why) => {
			const renewed = change(async (old) => {
				if (old.generation !== instead) return old;
				context.log.detail('scan', `a new layer cache is begun: ${why}`);
				const {database: of} = old.generation;
				return started(of, await caches.empty(of));
			});
			const problem = await renewed.catch(String);
			if (problem !== undefined) context.log.detail('scan', `no new layer cache could be begun: ${problem}`);
		},
		close: async () => {
			await changes;
			await Promise.all([...all].map((held) => (held === current ? held.generation.server.stop() : end(held))));
			await Promise.all(endings);
			await caches.close();
		},
	};
}

function createGeneration(database: Database, cache: LayerCache, options: Options): Generation {
	const {context, start, timings, trivy, onEvent} = options;
	const server = superviseServer({
		context,
		start,
		cacheDirectory: cache.directory,
		recordsDirectory: join(cache.directory, '..'),
		databaseUpdatedAt: database.info.updatedAt,
		timings,
		onState: (state, detail) => onEvent({kind: 'trivy-server', state, detail}),
	});
	let checked: Promise<string | undefined> | undefined;
	const check = async (access: ServerAccess) => {
		const canary = await findCanary(databaseFile(database.directory));
		if (typeof canary === 'string') return canary;
		const directory = await context.makeDirectory('canary');
		const {url, environment} = access;
		return checkCanary(canary, {context, trivy, cacheDirectory: directory, arguments: ['--server', url], environment});
	};
	return {
		database,
		cache,
		server,
		access: async (signal) => {
			const access = await server.access(signal);
			if ('problem' in access) return access;
			checked ??= check(access);
			const problem = await raceAbort(checked, signal);
			// It may have been the server's end.
			if (problem !== undefined) checked = undefined;
			return problem === undefined ? access : {problem};
		},
	};
}
