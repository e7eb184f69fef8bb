import {randomUUID} from 'node:crypto';
import {mkdir, mkdtemp, open, readFile, readdir, readlink, rename, rm, stat, symlink, utimes} from 'node:fs/promises';
import {basename, join} from 'node:path';
import * as z from 'zod';
import {GateError} from '../errors.ts';
import type {DatabaseInfo, ToolContext} from '../types.ts';
import {readBolt, readMeta} from './bolt.ts';
import {checkCanary, findCanary} from './canary.ts';
import {explainFailure} from './failure.ts';
import type {TrivyRunner} from './trivy.ts';

/** A database in a directory of its own, ready for `--cache-dir`. It is never written again. */
export interface Database {
	readonly directory: string;
	readonly info: DatabaseInfo;
	/** After this moment (milliseconds) its makers offer a newer one. */
	readonly nextUpdate: number;
}

export interface DatabaseOptions {
	readonly context: ToolContext;
	readonly trivy: TrivyRunner;
	/** Where databases are kept between runs. */
	readonly directory: string;
	/** In order; empty: Trivy's own. */
	readonly repositories: readonly string[];
	readonly update: boolean;
	readonly timeoutMs: number;
	readonly now: () => number;
	/** Told when an old database is used because no newer one can be had. */
	readonly onRefreshFailed?: (problem: string) => void;
}

/** Trivy keeps two databases, each under a name of its own below its cache directory. */
export type DatabaseKind = 'vulnerability' | 'java';
const layouts = {
	vulnerability: {
		folder: 'db',
		file: 'trivy.db',
		download: '--download-db-only',
		repository: '--db-repository',
		flag: 'database-repository',
		title: 'vulnerability database',
	},
	java: {
		folder: 'java-db',
		file: 'trivy-java.db',
		download: '--download-java-db-only',
		repository: '--java-db-repository',
		flag: 'java-database-repository',
		title: 'Java database',
	},
} as const;

const metadata = z.object({
	Version: z.number(),
	UpdatedAt: z.iso.datetime({offset: true}),
	NextUpdate: z.iso.datetime({offset: true}),
});
/** Databases that are not current any more stay this long after their last use, for scans that still read them. */
const retiredForMs = 60 * 60 * 1000;

/**
 * The database to scan with: the one that is there while it is fresh; otherwise a new one, and when that cannot be had
 * the old one with a warning.
 * @throws GateError database-unavailable when there is none at all.
 */
export async function openDatabase(kind: DatabaseKind, options: DatabaseOptions): Promise<Database> {
	const {context, directory, update, now} = options;
	const current = await currentDatabase(kind, directory, context);
	if (current !== undefined && (now() < current.nextUpdate || !update)) return current;
	if (!update) {
		throw unavailable(
			kind,
			`there is none in the cache directory`,
			'Fill the cache directory, or allow updates (--database-update).',
		);
	}
	const downloaded = await downloadDatabase(kind, options);
	if ('directory' in downloaded) return downloaded;
	const {failures} = downloaded;
	if (current === undefined) {
		if (context.signal.reason === 'deadline') throw late(kind);
		const {flag} = layouts[kind];
		const hint = `Check --${flag}, the network and the credentials, then try again.`;
		throw unavailable(kind, 'it could not be downloaded', hint, failures);
	}
	const title = layouts[kind].title;
	context.log.warn(
		'scan',
		`the ${title} could not be refreshed; the one of ${current.info.updatedAt} is used — ${failures.join('; ')}.`,
	);
	options.onRefreshFailed?.(failures.join('; '));
	return current;
}

/** Tries the repositories in order and makes what it gets the current database. */
export async function downloadDatabase(
	kind: DatabaseKind,
	options: DatabaseOptions,
): Promise<Database | {readonly failures: readonly string[]}> {
	const failures: string[] = [];
	for (const repository of options.repositories.length === 0 ? [undefined] : options.repositories) {
		const result = await download(kind, repository, options);
		if (typeof result !== 'string') return result;
		failures.push(repository === undefined ? result : `${repository}: ${result}`);
		if (options.context.signal.aborted) break;
	}
	return {failures};
}

function late(kind: DatabaseKind): GateError {
	return new GateError({
		stage: 'scan',
		code: 'deadline',
		what: `the deadline came while the ${layouts[kind].title} was being downloaded`,
		hint: 'Raise the deadline, or fill the cache directory before; then ask again with a hard refresh.',
	});
}

function unavailable(kind: DatabaseKind, why: string, hint: string, failures: readonly string[] = []): GateError {
	return new GateError({
		stage: 'scan',
		code: 'database-unavailable',
		what: `there is no ${layouts[kind].title} to scan with: ${why}`,
		hint,
		output: failures.join('\n'),
	});
}

/** Downloads into a fresh directory, looks whether it is whole, and only then makes it the current one. */
async function download(
	kind: DatabaseKind,
	repository: string | undefined,
	options: DatabaseOptions,
): Promise<Database | string> {
	const {context, directory, trivy, timeoutMs, now} = options;
	const layout = layouts[kind];
	const started = performance.now();
	context.log.info('scan', `downloading the ${layout.title}${repository === undefined ? '' : ` from ${repository}`}`);
	const fresh = await freshDirectory(directory, `${layout.folder}-`);
	if (fresh instanceof Error) return `the cache directory cannot be written (${fresh.message})`;
	const args = ['image', layout.download, ...(repository === undefined ? [] : [layout.repository, repository])];
	const result = await trivy.run(args, {cacheDirectory: fresh, timeoutMs, credentials: true});
	if (result.kind !== 'exited' || result.exitCode !== 0) {
		await rm(fresh, {recursive: true, force: true});
		return explainFailure(result, 'trivy', {timeoutMs}).detail;
	}
	const database = await readDatabase(kind, fresh);
	const distrust = typeof database === 'string' ? database : await whyDistrusted(kind, fresh, options);
	if (typeof database === 'string' || distrust !== undefined) {
		await rm(fresh, {recursive: true, force: true});
		return distrust ?? '';
	}
	await makeCurrent(kind, directory, fresh);
	await removeRetired(kind, directory, now());
	context.log.info(
		'scan',
		`downloaded the ${layout.title} of ${database.info.updatedAt} in ${((performance.now() - started) / 1000).toFixed(1)} s`,
	);
	return database;
}

async function freshDirectory(parent: string, prefix: string): Promise<string | Error> {
	try {
		await mkdir(parent, {recursive: true, mode: 0o700});
		return await mkdtemp(join(parent, prefix));
	} catch (error) {
		return error instanceof Error ? error : new Error(String(error));
	}
}

/** A database counts when Trivy finds in a package what the database says about it. */
async function whyDistrusted(
	kind: DatabaseKind,
	cacheDirectory: string,
	{context, trivy}: DatabaseOptions,
): Promise<string | undefined> {
	if (kind === 'java') return undefined;
	const canary = await findCanary(databaseFile(cacheDirectory));
	if (typeof canary === 'string') return canary;
	return checkCanary(canary, {context, trivy, cacheDirectory, arguments: ['--cache-backend', 'memory']});
}

/** Where a directory has the vulnerability database's file. */
export function databaseFile(directory: string): string {
	return join(directory, layouts.vulnerability.folder, layouts.vulnerability.file);
}

/**
 * What a vulnerability database has advisories for: trivy-db's buckets, such as `debian 12` and `npm::…`.
 * @returns an empty set when the file cannot be read.
 */
export async function advisorySources({directory}: Database): Promise<ReadonlySet<string>> {
	const names = new Set<string>();
	await readBolt(databaseFile(directory), async (buckets) => {
		for await (const {key} of buckets) names.add(key);
	}).catch(() => {});
	return names;
}

/** A database without an advisory calls everything clean. */
async function orEmpty(database: Database): Promise<Database | string> {
	const canary = await findCanary(databaseFile(database.directory));
	return typeof canary === 'string' ? canary : database;
}

/** The stored database, why it is not usable, or undefined when none is stored. */
export async function storedDatabase(kind: DatabaseKind, directory: string): Promise<Database | string | undefined> {
	const name = await readlink(currentLink(kind, directory)).catch(() => undefined);
	return name === undefined ? undefined : readDatabase(kind, join(directory, basename(name)));
}

async function currentDatabase(
	kind: DatabaseKind,
	directory: string,
	context: ToolContext,
): Promise<Database | undefined> {
	const stored = await storedDatabase(kind, directory);
	const database = typeof stored === 'object' && kind === 'vulnerability' ? await orEmpty(stored) : stored;
	if (typeof database !== 'string') return database;
	context.log.warn('scan', `the stored ${layouts[kind].title} is not used — ${database}. A new one is downloaded.`);
	return undefined;
}

function currentLink(kind: DatabaseKind, directory: string): string {
	return join(directory, `${layouts[kind].folder}.current`);
}

/** The switch is one rename, so that a reader sees the old database or the new one. */
async function makeCurrent(kind: DatabaseKind, directory: string, fresh: string): Promise<void> {
	const old = await readlink(currentLink(kind, directory)).catch(() => undefined);
	const now = new Date();
	// Its time for those that still read it begins now, not when it was made.
	if (old !== undefined) await utimes(join(directory, basename(old)), now, now).catch(() => {});
	const temporary = join(directory, `${randomUUID()}.link`);
	await symlink(basename(fresh), temporary);
	await rename(temporary, currentLink(kind, directory));
}

/** Says that a database is still in use, though it may not be the current one any more. */
export async function keepFromRetirement(database: Database | undefined): Promise<void> {
	const now = new Date();
	if (database !== undefined) await utimes(database.directory, now, now).catch(() => {});
}

async function removeRetired(kind: DatabaseKind, directory: string, now: number): Promise<void> {
	const current = basename(await readlink(currentLink(kind, directory)));
	const prefix = `${layouts[kind].folder}-`;
	for (const name of await readdir(directory)) {
		if (!name.startsWith(prefix) || name === current) continue;
		const info = await stat(join(directory, name)).catch(() => undefined);
		if (info !== undefined && now - info.mtimeMs > retiredForMs) {
			await rm(join(directory, name), {recursive: true, force: true});
		}
	}
}

/** Reads what a directory holds, or says why it is no whole database. */
async function readDatabase(kind: DatabaseKind, directory: string): Promise<Database | string> {
	const layout = layouts[kind];
	const text = await readFile(join(directory, layout.folder, 'metadata.json'), 'utf8').catch(() => undefined);
	if (text === undefined) return 'it has no metadata.json';
	let json: unknown;
	try {
		json = JSON.parse(text);
	} catch {
		return 'its metadata.json is not JSON';
	}
	const parsed = metadata.safeParse(json);
	if (!parsed.success) return 'its metadata.json does not say its version and dates';
	const damage = await findDamage(kind, join(directory, layout.folder, layout.file));
	if (damage !== undefined) return damage;
	const {Version, UpdatedAt, NextUpdate} = parsed.data;
	return {
		directory,
		info: {version: Version, updatedAt: new Date(UpdatedAt).toISOString()},
		nextUpdate: Date.parse(NextUpdate),
	};
}

async function findDamage(kind: DatabaseKind, path: string): Promise<string | undefined> {
	const file = await open(path).catch(() => undefined);
	if (file === undefined) return `it has no ${basename(path)}`;
	try {
		const {size} = await file.stat();
		const head = Buffer.alloc(64 * 1024 + 80);
		const {bytesRead} = await file.read(head, 0, head.length, 0);
		return kind === 'java'
			? sqliteDamage(head.subarray(0, bytesRead), size)
			: boltDamage(head.subarray(0, bytesRead), size);
	} finally {
		await file.close();
	}
}

/** A file that is shorter than its number of pages was cut off. */
function boltDamage(head: Buffer, size: number): string | undefined {
	const meta = readMeta(head);
	if (meta === undefined) return 'its file is not a database';
	const {pages, pageSize} = meta;
	return size < pages * pageSize ? `its file was cut off (${size} of ${pages * pageSize} bytes)` : undefined;
}

/** The header of a SQLite file (sqlite.org/fileformat2.html section 1.3) says its page size and number of pages. */
function sqliteDamage(head: Buffer, size: number): string | undefined {
	if (head.length < 100 || head.toString('latin1', 0, 15) !== 'SQLite format 3') return 'its file is not a database';
	const pageSize = head.readUInt16BE(16) === 1 ? 65536 : head.readUInt16BE(16);
	const pages = head.readUInt32BE(28);
	return size < pages * pageSize ? `its file was cut off (${size} of ${pages * pageSize} bytes)` : undefined;
}
