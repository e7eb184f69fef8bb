import {createHash, randomUUID} from 'node:crypto';
import {mkdir, readFile, readdir, rename, rm, stat, utimes, writeFile} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import {promisify} from 'node:util';
import {gunzip, gzip} from 'node:zlib';
import type {Log, Platform} from '../types.ts';

const compress = promisify(gzip);
const decompress = promisify(gunzip);
/** A report of the largest images is tens of megabytes; more than this is not one. */
const maxReportBytes = 256 * 1024 * 1024;

/** Everything that a report depends on. */
export interface ReportKey {
	/** Of the manifest. All that was scanned is checked against it, so it does not matter which registry served it. */
	readonly digest: string;
	readonly platform: Platform;
	readonly trivyVersion: string;
	readonly databaseUpdatedAt: string;
	/** The arguments that change what Trivy finds. */
	readonly flags: readonly string[];
}

/** Trivy's raw reports on disk; policy is applied when they are read, so that a changed policy needs no scan. */
export interface ReportStore {
	/** The report's text, or undefined when there is none; a damaged one is dropped with a warning. */
	readonly get: (key: ReportKey) => Promise<string | undefined>;
	/** Keeps a report; a full or read-only disk is a warning, because the scan still counts. */
	readonly put: (key: ReportKey, report: string) => Promise<void>;
	readonly drop: (key: ReportKey, why: string) => Promise<void>;
	/** Removes the least recently used reports beyond the store's size. */
	readonly prune: () => Promise<void>;
	/** Of all reports, as they were last counted. */
	readonly bytes: () => number;
}

/** @param maxBytes of all reports together, compressed. */
export function openReportStore(directory: string, maxBytes: number, log: Log): ReportStore {
	let kept = 0;
	const pruneStore = async () => {
		try {
			kept = await prune(directory, maxBytes);
		} catch (error) {
			log.warn('scan', `old reports could not be removed — ${reasonOf(error)}.`);
		}
	};
	const drop = async (key: ReportKey, why: string) => {
		log.warn('scan', `a stored report is dropped — ${key.digest}: ${why}. It is scanned again.`);
		await rm(pathOf(directory, key), {force: true}).catch(() => {});
	};
	return {
		drop,
		get: async (key) => {
			const path = pathOf(directory, key);
			const bytes = await readFile(path).catch(() => undefined);
			if (bytes === undefined) return undefined;
			try {
				// gzip's own checksum tells a damaged file.
				const text = await decompress(bytes, {maxOutputLength: maxReportBytes});
				const now = new Date();
				await utimes(path, now, now).catch(() => {});
				return text.toString('utf8');
			} catch {
				await drop(key, 'it is damaged');
				return undefined;
			}
		},
		put: async (key, report) => {
			try {
				const compressed = await compress(report);
				await writeAtomically(pathOf(directory, key), compressed);
				kept += compressed.length;
			} catch (error) {
				log.warn(
					'scan',
					`a report could not be stored — ${reasonOf(error)}. The scan counts; the next run repeats it.`,
				);
			}
		},
		prune: pruneStore,
		bytes: () => kept,
	};
}

function pathOf(directory: string, key: ReportKey): string {
	const name = createHash('sha256')
		.update(JSON.stringify([key.digest, key.platform, key.trivyVersion, key.databaseUpdatedAt, key.flags]))
		.digest('hex');
	return join(directory, name.slice(0, 2), `${name}.json.gz`);
}

async function writeAtomically(path: string, bytes: Uint8Array): Promise<void> {
	await mkdir(dirname(path), {recursive: true, mode: 0o700});
	const temporary = `${path}.${randomUUID()}.new`;
	try {
		await writeFile(temporary, bytes, {mode: 0o600});
		await rename(temporary, path);
	} finally {
		await rm(temporary, {force: true});
	}
}

function reasonOf(error: unknown): string {
	const code = error instanceof Error && 'code' in error ? String(error.code) : '';
	const words: Record<string, string> = {
		ENOSPC: 'the disk of the cache directory is full',
		EROFS: 'the cache directory is read-only',
		EACCES: 'the cache directory may not be written',
		EDQUOT: 'the quota of the cache directory is used up',
	};
	return words[code] ?? `the cache directory cannot be written (${code || String(error)})`;
}

/** @returns the bytes that are left. */
async function prune(directory: string, maxBytes: number): Promise<number> {
	const names = await readdir(directory, {recursive: true}).catch(() => []);
	const files = await Promise.all(
		names.map(async (name) => {
			const path = join(directory, name);
			const info = await stat(path).catch(() => undefined);
			return info?.isFile() ? {path, bytes: info.size, usedAt: info.mtimeMs} : undefined;
		}),
	);
	let kept = 0;
	for (const file of files.filter((entry) => entry !== undefined).toSorted((a, b) => b.usedAt - a.usedAt)) {
		if (kept + file.bytes > maxBytes) await rm(file.path, {force: true});
		else kept += file.bytes;
	}
	return kept;
}
