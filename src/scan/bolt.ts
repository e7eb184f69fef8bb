import {open} from 'node:fs/promises';
import type {FileHandle} from 'node:fs/promises';

/** An entry of a bucket: a value, or a bucket in it. */
export interface BoltEntry {
	readonly key: string;
	/** Undefined for a bucket. */
	readonly value: Buffer | undefined;
	/** The entries of the bucket; none for a value. */
	readonly entries: () => AsyncGenerator<BoltEntry>;
}

interface BoltFile {
	readonly handle: FileHandle;
	readonly pageSize: number;
}

/** The newest of the two meta pages with which a file begins. */
export interface BoltMeta {
	readonly pageSize: number;
	readonly pages: number;
	readonly root: number;
	/** The transaction that wrote it. */
	readonly transaction: bigint;
}

const magic = 0xed0cdaed;
const branch = 0x01;
const leaf = 0x02;
const bucketFlag = 0x01;
const maxPageBytes = 64 * 1024 * 1024;

/**
 * Reads the meta pages at the head of a bbolt file (go.etcd.io/bbolt internal/common/meta.go), or answers undefined
 * when it is none.
 */
export function readMeta(head: Buffer): BoltMeta | undefined {
	const pageSize = head.length >= 80 && head.readUInt32LE(16) === magic ? head.readUInt32LE(24) : 0;
	if (pageSize < 512 || pageSize > 64 * 1024) return undefined;
	const metas = [0, pageSize].filter((at) => at + 80 <= head.length && head.readUInt32LE(at + 16) === magic);
	const newest = metas.toSorted((a, b) => Number(head.readBigUInt64LE(b + 64) - head.readBigUInt64LE(a + 64)))[0] ?? 0;
	return {
		pageSize,
		pages: Number(head.readBigUInt64LE(newest + 56)),
		root: Number(head.readBigUInt64LE(newest + 32)),
		transaction: head.readBigUInt64LE(newest + 64),
	};
}

/**
 * Gives the buckets of a bbolt file to `read`, one page after the other as they are asked for; nothing is written.
 * @throws Error when the file is damaged where it is read.
 */
export async function readBolt<Result>(
	path: string,
	read: (buckets: AsyncGenerator<BoltEntry>) => Promise<Result>,
): Promise<Result> {
	const handle = await open(path);
	try {
		const head = Buffer.alloc(64 * 1024 + 80);
		const {bytesRead} = await handle.read(head, 0, head.length, 0);
		const meta = readMeta(head.subarray(0, bytesRead));
		if (meta === undefined) throw new Error('the file is not a database');
		return await read(entriesOf({handle, pageSize: meta.pageSize}, meta.root));
	} finally {
		await handle.close();
	}
}

async function* entriesOf(file: BoltFile, page: number, depth = 0): AsyncGenerator<BoltEntry> {
	if (depth > 32) throw new Error('the database’s pages go round in circles');
	yield* entriesIn(file, await readPage(file, page), depth);
}

/** A page is its header (id, flags, count, overflow) and elements that say where key and value are (internal/common/page.go). */
async function* entriesIn(file: BoltFile, page: Buffer, depth: number): AsyncGenerator<BoltEntry> {
	const flags = page.readUInt16LE(8);
	const count = page.readUInt16LE(10);
	for (let index = 0; index < count; index += 1) {
		const at = 16 + index * 16;
		if ((flags & branch) !== 0) yield* entriesOf(file, Number(page.readBigUInt64LE(at + 8)), depth + 1);
		else if ((flags & leaf) !== 0) yield leafEntry(file, page, at, depth);
		else throw new Error('the database has a page of an unknown kind');
	}
}

function leafEntry(file: BoltFile, page: Buffer, at: number, depth: number): BoltEntry {
	const keyAt = at + page.readUInt32LE(at + 4);
	const valueAt = keyAt + page.readUInt32LE(at + 8);
	const end = valueAt + page.readUInt32LE(at + 12);
	if (end > page.length) throw new Error('the database has an entry beyond its page');
	const key = page.toString('utf8', keyAt, valueAt);
	const value = page.subarray(valueAt, end);
	if ((page.readUInt32LE(at) & bucketFlag) === 0) return {key, value, entries: noEntries};
	// A small bucket's page stands in its value, behind its own header.
	const root = Number(value.readBigUInt64LE(0));
	return {
		key,
		value: undefined,
		entries: () => (root === 0 ? entriesIn(file, value.subarray(16), depth + 1) : entriesOf(file, root, depth + 1)),
	};
}

async function* noEntries(): AsyncGenerator<BoltEntry> {}

async function readPage({handle, pageSize}: BoltFile, page: number): Promise<Buffer> {
	const header = Buffer.alloc(16);
	await handle.read(header, 0, 16, page * pageSize);
	const bytes = (header.readUInt32LE(12) + 1) * pageSize;
	if (bytes > maxPageBytes) throw new Error('the database has a page that is too big');
	const content = Buffer.alloc(bytes);
	const {bytesRead} = await handle.read(content, 0, bytes, page * pageSize);
	if (bytesRead < bytes) throw new Error('the database was cut off');
	return content;
}
