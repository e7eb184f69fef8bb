import {createHash, randomUUID} from 'node:crypto';
import {mkdir, readFile, readdir, rename, rm, rmdir, stat, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {promisify} from 'node:util';
import {gunzip, gzip} from 'node:zlib';
import pLimit from 'p-limit';
import type {Decision, Log} from '../types.ts';
import {limits, reportEntry} from './protocol.ts';
import type {ReportEntry} from './protocol.ts';

const compress = promisify(gzip);
const decompress = promisify(gunzip);
/** Of all applications together; the newest are told. */
const mostListed = 500;

/** Whose report it is, and what it says in a word. */
export interface ReportAbout {
	readonly application: string;
	readonly project: string | undefined;
	readonly revision: string | undefined;
	readonly reportId: string;
	readonly decision: Decision;
}

/** The last reports of each application, which outlive the refusal, the container and, on a lasting disk, the pod. */
export interface ReportArchive {
	/** Keeps a report in place of the same one of the same revision. */
	readonly put: (about: ReportAbout, text: string) => Promise<void>;
	/** Newest first. */
	readonly list: (application: string | undefined) => Promise<readonly ReportEntry[]>;
	/** The text of a report, or of the newest; undefined when it is not kept. */
	readonly get: (application: string, reportId: string | undefined) => Promise<string | undefined>;
}

export interface ArchiveOptions {
	readonly directory: string;
	/** Reports of one application and revision. */
	readonly keep: number;
	/** Of all reports, compressed. The application that has most of them loses its oldest. */
	readonly maxBytes: number;
	/** Milliseconds since 1970. */
	readonly now: () => number;
	readonly log: Log;
}

/** A report on disk: `<time>-<id>.json` says whose it is, `<time>-<id>.gz` is the report itself. */
interface Kept {
	readonly directory: string;
	readonly name: string;
	readonly time: number;
	readonly reportId: string;
}

/**
 * Opens the archive of a directory, which is made when the first report comes. An application's directory is named by a hash,
 * because its name is its author's to choose.
 */
export function openArchive({directory, keep, maxBytes, now, log}: ArchiveOptions): ReportArchive {
	// One at a time: each looks at what is there and removes some of it.
	const inTurn = pLimit(1);
	const of = (application: string) => join(directory, hashOf(application));
	// Counted once: with thousands of applications it takes a while.
	let total: number | undefined;
	const put = async (about: ReportAbout, text: string) => {
		if (keep === 0) return;
		const place = of(about.application);
		const before = await entriesOf(await keptIn(place));
		const time = Math.max(now(), ...before.map(({kept}) => kept.time + 1));
		const name = `${String(time).padStart(15, '0')}-${about.reportId}`;
		const entry: ReportEntry = {...about, receivedAt: new Date(time).toISOString()};
		await mkdir(place, {recursive: true, mode: 0o700});
		await writeWhole(join(place, `${name}.gz`), await compress(text));
		// Last, because a report without it is not there.
		await writeWhole(join(place, `${name}.json`), JSON.stringify(entry));
		const ofRevision = before.filter(({entry: {revision}}) => revision === about.revision);
		const same = ofRevision.filter(({kept}) => kept.reportId === about.reportId);
		const others = ofRevision.filter(({kept}) => kept.reportId !== about.reportId);
		const gone = [...same, ...others.slice(keep - 1)].map(({kept}) => kept);
		const [added, removed] = [await sizeOf({directory: place, name}), await bytesOf(gone)];
		await Promise.all(gone.map(remove));
		total = total === undefined ? Infinity : total + added - removed;
		if (total > maxBytes) {
			await sweep(directory, now());
			total = await prune(directory, maxBytes);
		}
	};
	return {
		put: (about, text) => inTurn(put, about, text),
		list: async (application) => {
			const places = application === undefined ? await directoriesIn(directory) : [of(application)];
			const kept = (await Promise.all(places.map(keptIn))).flat().toSorted((one, other) => other.time - one.time);
			return (await entriesOf(kept.slice(0, mostListed))).map(({entry}) => entry);
		},
		get: async (application, reportId) => {
			const kept = await keptIn(of(application));
			for (const each of kept.filter((one) => reportId === undefined || one.reportId === reportId)) {
				const text = await textOf(each).catch((error: unknown) => {
					log.warn('report', `a kept report cannot be read — ${each.name}: ${String(error)}.`);
				});
				if (text !== undefined) return text;
			}
			return undefined;
		},
	};
}

/** The reports of one application, newest first. */
async function keptIn(directory: string): Promise<readonly Kept[]> {
	const names = await readdir(directory).catch(() => []);
	return names
		.flatMap((file) => {
			const [, name, time, reportId] = /^((\d{15})-([0-9a-f]{12}))\.json$/.exec(file) ?? [];
			return name === undefined || reportId === undefined ? [] : [{directory, name, time: Number(time), reportId}];
		})
		.toSorted((one, other) => other.time - one.time);
}

async function directoriesIn(directory: string): Promise<readonly string[]> {
	const names = await readdir(directory).catch(() => []);
	return names.filter((name) => /^[0-9a-f]{32}$/.test(name)).map((name) => join(directory, name));
}

/** Files that are open at once; an application with many revisions has more than a process may open. */
const reading = pLimit(32);

/** What cannot be read is left out: it was removed, or the disk lost it. */
async function entriesOf(list: readonly Kept[]) {
	const read = await Promise.all(
		list.map((kept) =>
			reading(async () => {
				const text = await readFile(join(kept.directory, `${kept.name}.json`), 'utf8').catch(() => '');
				const entry = reportEntry.safeParse(parsed(text));
				return entry.success ? [{kept, entry: entry.data}] : [];
			}),
		),
	);
	return read.flat();
}

async function textOf({directory, name}: Kept): Promise<string> {
	const packed = await readFile(join(directory, `${name}.gz`));
	return (await decompress(packed, {maxOutputLength: limits.keptReportBytes})).toString('utf8');
}

async function remove({directory, name}: Kept): Promise<void> {
	for (const ending of ['json', 'gz']) await rm(join(directory, `${name}.${ending}`), {force: true});
}

/** Nobody writes for so long. */
const draftMs = 60 * 60 * 1000;

/** Takes away what services left that were killed while they wrote or removed, and directories without a report. */
async function sweep(directory: string, now: number): Promise<void> {
	for (const place of await directoriesIn(directory)) {
		const kept = new Set((await keptIn(place)).flatMap(({name}) => [`${name}.json`, `${name}.gz`]));
		for (const name of await readdir(place).catch(() => [])) {
			const path = join(place, name);
			const since = await stat(path).then(
				({mtimeMs}) => mtimeMs,
				() => now,
			);
			if (!kept.has(name) && now - since > draftMs) await rm(path, {force: true, recursive: true}).catch(() => {});
		}
		// Only an empty one can be removed so.
		await rmdir(place).catch(() => {});
	}
}

/** Takes the oldest of whoever has most, so that one application cannot drive out the others. @returns what is left. */
async function prune(directory: string, maxBytes: number): Promise<number> {
	const places = await Promise.all(
		(await directoriesIn(directory)).map(async (place) => {
			const kept = await keptIn(place);
			const sized = await Promise.all(kept.map(async (each) => ({each, bytes: await sizeOf(each)})));
			return {sized, bytes: sized.reduce((sum, {bytes}) => sum + bytes, 0)};
		}),
	);
	let total = places.reduce((sum, {bytes}) => sum + bytes, 0);
	while (total > maxBytes) {
		const most = places.reduce((one, other) => (other.bytes > one.bytes ? other : one));
		const oldest = most.sized.pop();
		if (oldest === undefined) break;
		await remove(oldest.each);
		most.bytes -= oldest.bytes;
		total -= oldest.bytes;
	}
	return total;
}

async function bytesOf(list: readonly Kept[]): Promise<number> {
	return (await Promise.all(list.map(sizeOf))).reduce((sum, size) => sum + size, 0);
}

async function sizeOf({directory, name}: Pick<Kept, 'directory' | 'name'>): Promise<number> {
	const sizes = await Promise.all(
		['json', 'gz'].map((ending) =>
			stat(join(directory, `${name}.${ending}`)).then(
				({size}) => size,
				() => 0,
			),
		),
	);
	return sizes.reduce((sum, size) => sum + size, 0);
}

async function writeWhole(path: string, content: string | Uint8Array): Promise<void> {
	// Of its own, because services that share a directory may have the same process number.
	const draft = `${path}.${randomUUID()}.tmp`;
	try {
		await writeFile(draft, content, {mode: 0o600});
		await rename(draft, path);
	} catch (error) {
		await rm(draft, {force: true}).catch(() => {});
		throw error;
	}
}

function parsed(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}

function hashOf(text: string): string {
	return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
