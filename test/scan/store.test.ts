import {randomBytes} from 'node:crypto';
import {mkdtemp, readFile, readdir, rm, stat, utimes, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import {openReportStore} from '../../src/scan/store.ts';
import type {ReportKey} from '../../src/scan/store.ts';
import type {Log, Platform} from '../../src/types.ts';

const key: ReportKey = {
	digest: 'sha256:1',
	platform: 'linux/amd64' as Platform,
	trivyVersion: '0.74.0',
	databaseUpdatedAt: '2026-01-01',
	flags: ['--scanners'],
};

async function openTemporary(maxBytes = 1_000_000) {
	const directory = await mkdtemp(join(tmpdir(), 'store-'));
	const warnings: string[] = [];
	const log: Log = {info: () => {}, detail: () => {}, warn: (_stage, message) => warnings.push(message)};
	return {directory, warnings, store: openReportStore(directory, maxBytes, log)};
}

async function files(directory: string): Promise<string[]> {
	const names = await readdir(directory, {recursive: true});
	return names.filter((name) => name.endsWith('.gz')).map((name) => join(directory, name));
}

test('what was put is got, for the same key only', async (t) => {
	const {store, directory} = await openTemporary();
	await store.put(key, '{"a":1}');
	t.is(await store.get(key), '{"a":1}');
	for (const other of [
		{digest: 'sha256:2'},
		{platform: 'linux/arm64' as Platform},
		{trivyVersion: '0.75.0'},
		{databaseUpdatedAt: '2026-01-02'},
		{flags: []},
	]) {
		t.is(await store.get({...key, ...other}), undefined);
	}
	await rm(directory, {recursive: true});
});

test('a damaged report is dropped with a warning, every byte of it', async (t) => {
	const {store, directory, warnings} = await openTemporary();
	await store.put(key, 'x'.repeat(1000));
	const [path = ''] = await files(directory);
	const whole = await readFile(path);
	for (const damaged of [
		whole.subarray(0, whole.length - 1),
		whole.subarray(0, 5),
		Buffer.alloc(0),
		Buffer.from('text'),
	]) {
		await writeFile(path, damaged);
		t.is(await store.get(key), undefined);
		t.deepEqual(await files(directory), []);
	}
	t.is(warnings.length, 4);
	t.regex(warnings[0] ?? '', /damaged/);
	await rm(directory, {recursive: true});
});

test('a store that cannot be written warns, and nothing fails', async (t) => {
	const {store, directory, warnings} = await openTemporary();
	await rm(directory, {recursive: true});
	await writeFile(directory, 'a file where the directory was');
	await store.put(key, '{}');
	t.is(warnings.length, 1);
	t.is(await store.get(key), undefined);
	await rm(directory);
});

test('beyond its size the least recently used reports go', async (t) => {
	const {store, directory} = await openTemporary(1000);
	const keys = ['sha256:1', 'sha256:2', 'sha256:3', 'sha256:4', 'sha256:5'].map((digest) => ({...key, digest}));
	for (const each of keys) await store.put(each, randomBytes(200).toString('hex'));
	for (const path of await files(directory)) await utimes(path, 0, 0);
	await store.get(keys[2] ?? key);
	await store.prune();
	const sizes = await Promise.all((await files(directory)).map(async (path) => (await stat(path)).size));
	t.true(sizes.length > 1 && sizes.length < 5);
	t.true(sizes.reduce((sum, size) => sum + size, 0) <= 1000);
	t.not(await store.get(keys[2] ?? key), undefined);
	await rm(directory, {recursive: true});
});
