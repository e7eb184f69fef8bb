import {constants} from 'node:fs';
import {
	appendFile,
	copyFile,
	mkdir,
	mkdtemp,
	open,
	readFile,
	readdir,
	rm,
	stat,
	symlink,
	writeFile,
} from 'node:fs/promises';
import {join} from 'node:path';
import * as z from 'zod';
import type {Log} from '../types.ts';
import {readMeta} from './bolt.ts';
import type {Database} from './database.ts';
import {readJson} from './json.ts';
import {endRecordedProcesses, lockDirectory} from './lock.ts';

/** A layer that was checked: the digest of what was fetched, and of what it unpacks to. */
export interface CheckedLayer {
	readonly digest: string;
	readonly diffId: string;
}

/**
 * A cache directory of Trivy's, and which layers in it can be trusted. Trivy finds a layer's analysis by the diff id that
 * an image's configuration names, and believes it; so a layer counts as known only when it was checked against both of
 * its digests and the scan that brought it ended well.
 */
export interface LayerCache {
	/** For `--cache-dir` of the one server that works in it. */
	readonly directory: string;
	/** What a known layer unpacks to. */
	readonly diffIdOf: (digest: string) => string | undefined;
	readonly remember: (layers: readonly CheckedLayer[]) => Promise<void>;
	/** Scans with these layers do not go on without fetching them: Trivy's cache has lost them. */
	readonly forget: (digests: readonly string[]) => void;
	/** Of Trivy's cache on disk; `measure` looks, `bytes` tells what was seen last. */
	readonly measure: () => Promise<number>;
	readonly bytes: () => number;
	readonly remove: () => Promise<void>;
}

/** A locked directory in which this engine keeps its layer caches, one at a time but for the moments of a switch. */
export interface LayerCaches {
	/** The cache that an earlier run left, or an empty one. */
	readonly open: (database: Database) => Promise<LayerCache>;
	/** A copy of a cache for another server, or an empty one when it cannot be copied. */
	readonly copy: (cache: LayerCache, database: Database) => Promise<LayerCache>;
	readonly empty: (database: Database) => Promise<LayerCache>;
	/** Unlocks the directory; the caches stay for the next run. */
	readonly close: () => Promise<void>;
}

interface Options {
	/** The gate's cache directory. */
	readonly parent: string;
	/** Caches of other versions of Trivy are not read. */
	readonly trivyVersion: string;
	readonly makeDirectory: (label: string) => Promise<string>;
	readonly log: Log;
}

/** So many engines can work on one cache directory and keep their layers; more have a temporary one. */
const places = 4;
const databaseFile = join('fanal', 'fanal.db');
const knownFile = 'known';
const checkedLayer = z.tuple([z.string(), z.string()]);

/** Locks a directory for layer caches below the gate's cache directory: the first that no other engine has. */
export async function openLayerCaches({parent, trivyVersion, makeDirectory, log}: Options): Promise<LayerCaches> {
	const {directory, unlock} = await takePlace(parent, makeDirectory, log);
	const fresh = async (database: Database) => {
		const cache = await mkdtemp(join(directory, 'trivy-'));
		await writeFile(join(cache, knownFile), trivyVersion, {mode: 0o600});
		return asLayerCache(cache, new Map(), database);
	};
	return {
		open: async (database) => (await openLeft(directory, trivyVersion, database)) ?? fresh(database),
		empty: fresh,
		copy: async (cache, database) => {
			const copy = await mkdtemp(join(directory, 'trivy-'));
			// Before the copy, so that it holds all that is known of it.
			const known = await readKnown(cache.directory);
			const copied = await copyDatabase(cache.directory, copy).catch(() => false);
			if (!copied) log.detail('scan', 'the layer cache could not be copied; an empty one is begun');
			const lines = copied ? [...known.layers].map((layer) => `\n${JSON.stringify(layer)}`).join('') : '';
			await writeFile(join(copy, knownFile), `${trivyVersion}${lines}`, {mode: 0o600});
			return asLayerCache(copy, copied ? known.layers : new Map(), database);
		},
		close: async () => {
			unlock();
		},
	};
}

async function takePlace(
	parent: string,
	makeDirectory: Options['makeDirectory'],
	log: Log,
): Promise<{readonly directory: string; readonly unlock: () => void}> {
	for (let place = 1; place <= places; place += 1) {
		const directory = join(parent, 'layers', String(place));
		try {
			await mkdir(directory, {recursive: true, mode: 0o700});
			const unlock = lockDirectory(directory);
			if (unlock === undefined) continue;
			if (place > 1)
				log.info('scan', `another engine is at work in this cache directory; layers are kept in place ${place}`);
			await endRecordedProcesses(directory);
			return {directory, unlock};
		} catch (error) {
			log.detail('scan', `layers cannot be kept in the cache directory: ${String(error)}`);
			break;
		}
	}
	log.detail('scan', 'layers are kept for this run only');
	return {directory: await makeDirectory('layers'), unlock: () => {}};
}

/** The newest cache that is there; older ones and those of another version go. */
async function openLeft(directory: string, trivyVersion: string, database: Database): Promise<LayerCache | undefined> {
	const names = (await readdir(directory)).filter((name) => name.startsWith('trivy-'));
	const caches = await Promise.all(
		names.map(async (name) => {
			const cache = join(directory, name);
			const [known, info] = [await readKnown(cache), await stat(join(cache, knownFile)).catch(() => undefined)];
			return {cache, known, usedAt: info?.mtimeMs ?? 0};
		}),
	);
	const [newest] = caches
		.filter(({known}) => known.trivyVersion === trivyVersion)
		.toSorted((a, b) => b.usedAt - a.usedAt);
	for (const {cache} of caches) if (cache !== newest?.cache) await rm(cache, {recursive: true, force: true});
	return newest === undefined ? undefined : asLayerCache(newest.cache, newest.known.layers, database);
}

async function asLayerCache(
	directory: string,
	layers: ReadonlyMap<string, string>,
	database: Database,
): Promise<LayerCache> {
	const known = new Map(layers);
	const link = join(directory, 'db');
	await rm(link, {force: true});
	await symlink(join(database.directory, 'db'), link);
	let bytes = 0;
	const measure = async () => {
		bytes = (await stat(join(directory, databaseFile)).catch(() => undefined))?.size ?? 0;
		return bytes;
	};
	await measure();
	return {
		directory,
		diffIdOf: (digest) => known.get(digest),
		remember: async (checked) => {
			const added = checked.filter(({digest}) => !known.has(digest));
			for (const {digest, diffId} of added) known.set(digest, diffId);
			// Each record begins a line, so that one that was cut off spoils no other.
			const lines = added.map(({digest, diffId}) => `\n${JSON.stringify([digest, diffId])}`).join('');
			// A full disk costs the next run a download.
			if (lines !== '') await appendFile(join(directory, knownFile), lines).catch(() => {});
		},
		forget: (digests) => {
			for (const digest of digests) known.delete(digest);
		},
		measure,
		bytes: () => bytes,
		remove: () => rm(directory, {recursive: true, force: true}),
	};
}

async function readKnown(
	directory: string,
): Promise<{readonly trivyVersion: string | undefined; readonly layers: Map<string, string>}> {
	const text = await readFile(join(directory, knownFile), 'utf8').catch(() => undefined);
	const [trivyVersion, ...lines] = text?.split('\n') ?? [];
	const layers = new Map<string, string>();
	for (const line of lines) {
		// A record that was cut off costs another download.
		const parsed = checkedLayer.safeParse(readJson(line));
		if (parsed.success) layers.set(...parsed.data);
	}
	return {trivyVersion, layers};
}

/**
 * Copies Trivy's cache, while its server holds still. bbolt writes a transaction's pages where no page of the state before
 * is, and its meta page last (go.etcd.io/bbolt tx.go); so a copy is whole when no transaction has ended meanwhile, which
 * one that was just being written when the server was stopped may do.
 */
async function copyDatabase(from: string, to: string): Promise<boolean> {
	const [source, target] = [join(from, databaseFile), join(to, databaseFile)];
	await mkdir(join(to, 'fanal'), {mode: 0o700});
	for (let tries = 0; tries < 5; tries += 1) {
		const before = await lastTransaction(source);
		await copyFile(source, target, constants.COPYFILE_FICLONE);
		if (before !== undefined && before === (await lastTransaction(source))) return true;
	}
	await rm(target, {force: true});
	return false;
}

async function lastTransaction(file: string): Promise<bigint | undefined> {
	const handle = await open(file);
	try {
		const head = Buffer.alloc(64 * 1024 + 80);
		const {bytesRead} = await handle.read(head, 0, head.length, 0);
		return readMeta(head.subarray(0, bytesRead))?.transaction;
	} finally {
		await handle.close();
	}
}
