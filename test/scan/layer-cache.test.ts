import {appendFile, mkdir, readFile, readdir, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import test from 'ava';
import type {Database} from '../../src/scan/database.ts';
import {openLayerCaches} from '../../src/scan/layer-cache.ts';
import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';

const base = {digest: 'sha256:base', diffId: 'sha256:base-unpacked'};
const top = {digest: 'sha256:top', diffId: 'sha256:top-unpacked'};

async function place() {
	const home = await mkdtemp(join(tmpdir(), 'layers-'));
	const said: string[] = [];
	const say = (_stage: string, message: string) => said.push(message);
	const database: Database = {
		directory: join(home, 'database'),
		info: {version: 2, updatedAt: '2026-06-01T00:00:00.000Z'},
		nextUpdate: 0,
	};
	return {
		home,
		said,
		database,
		open: (trivyVersion = '0.74.0', parent = join(home, 'cache')) =>
			openLayerCaches({
				parent,
				trivyVersion,
				makeDirectory: (label) => mkdtemp(join(home, `${label}-`)),
				log: {info: say, warn: say, detail: say},
			}),
		remove: () => rm(home, {recursive: true}),
	};
}

test('what is known is known to the next engine too', async (t) => {
	const {open, database, remove} = await place();
	const first = await open();
	const cache = await first.open(database);
	t.is(cache.diffIdOf(base.digest), undefined);
	await cache.remember([base, top]);
	await cache.remember([base]);
	await first.close();
	const next = await (await open()).open(database);
	t.is(next.directory, cache.directory);
	t.is(next.diffIdOf(base.digest), base.diffId);
	t.is(next.diffIdOf(top.digest), top.diffId);
	next.forget([top.digest]);
	t.is(next.diffIdOf(top.digest), undefined);
	await remove();
});

test('a second engine takes another place, and says so; who comes later has the first again', async (t) => {
	const {open, database, said, remove} = await place();
	const first = await open();
	const one = await first.open(database);
	await one.remember([base]);
	t.deepEqual(said, []);
	const second = await open();
	const other = await second.open(database);
	t.regex(said.join(), /another engine is at work in this cache directory/);
	t.not(other.directory, one.directory);
	t.is(other.diffIdOf(base.digest), undefined);
	await first.close();
	await second.close();
	t.is((await (await open()).open(database)).diffIdOf(base.digest), base.diffId);
	await remove();
});

test('when all places are taken, or the directory cannot be written, layers are kept for the run', async (t) => {
	const {open, database, home, said, remove} = await place();
	const engines = await Promise.all([1, 2, 3, 4].map(() => open()));
	const fifth = await (await open()).open(database);
	t.true(fifth.directory.startsWith(join(home, 'layers-')));
	await Promise.all(engines.map((engine) => engine.close()));
	await writeFile(join(home, 'a file'), '');
	const nowhere = await (await open('0.74.0', join(home, 'a file'))).open(database);
	t.true(nowhere.directory.startsWith(join(home, 'layers-')));
	t.regex(said.at(-1) ?? '', /for this run only/);
	await remove();
});

test('a record that was cut off costs no other', async (t) => {
	const {open, database, remove} = await place();
	const first = await open();
	const cache = await first.open(database);
	await cache.remember([base]);
	await appendFile(join(cache.directory, 'known'), '\n["sha256:cut');
	await cache.remember([top]);
	await first.close();
	const next = await (await open()).open(database);
	t.is(next.diffIdOf(base.digest), base.diffId);
	t.is(next.diffIdOf(top.digest), top.diffId);
	await remove();
});

test('what another version of Trivy knew does not count, and goes', async (t) => {
	const {open, database, remove} = await place();
	const first = await open('0.74.0');
	const cache = await first.open(database);
	await cache.remember([base]);
	await first.close();
	const next = await open('0.75.0');
	t.is((await next.open(database)).diffIdOf(base.digest), undefined);
	t.false((await readdir(join(cache.directory, '..'))).includes(cache.directory.split('/').at(-1) ?? ''));
	await remove();
});

test('a cache that Trivy has not written, or that is no database, is not copied: nothing is known then', async (t) => {
	const {open, database, remove} = await place();
	const caches = await open();
	const cache = await caches.open(database);
	await cache.remember([base]);
	t.is((await caches.copy(cache, database)).diffIdOf(base.digest), undefined);
	await mkdir(join(cache.directory, 'fanal'));
	await writeFile(join(cache.directory, 'fanal', 'fanal.db'), 'no database');
	const copy = await caches.copy(cache, database);
	t.is(copy.diffIdOf(base.digest), undefined);
	t.is(await copy.measure(), 0);
	await remove();
});

test('a copy knows what the cache knew, and has Trivy’s file and the other database', async (t) => {
	const {open, database, home, remove} = await place();
	const caches = await open();
	const cache = await caches.open(database);
	await cache.remember([base]);
	await mkdir(join(cache.directory, 'fanal'));
	// The head of a bbolt file (go.etcd.io/bbolt internal/common/meta.go), as far as it is read.
	const file = Buffer.alloc(8192);
	for (const [at, transaction] of [
		[0, 6n],
		[4096, 7n],
	] as const) {
		file.writeUInt32LE(0xed0cdaed, at + 16);
		file.writeUInt32LE(4096, at + 24);
		file.writeBigUInt64LE(transaction, at + 64);
	}
	await writeFile(join(cache.directory, 'fanal', 'fanal.db'), file);
	await mkdir(join(home, 'newer', 'db'), {recursive: true});
	await writeFile(join(home, 'newer', 'db', 'metadata.json'), 'newer');
	const copy = await caches.copy(cache, {...database, directory: join(home, 'newer')});
	t.is(copy.diffIdOf(base.digest), base.diffId);
	t.is(await copy.measure(), 8192);
	t.is(await readFile(join(copy.directory, 'db', 'metadata.json'), 'utf8'), 'newer');
	await remove();
});
