import {execFile} from 'node:child_process';
import {mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {promisify} from 'node:util';
import test from 'ava';
import type {ExecutionContext} from 'ava';
import * as fc from 'fast-check';
import {openArchive} from '../../src/service/archive.ts';
import type {ArchiveOptions, ReportAbout, ReportArchive} from '../../src/service/archive.ts';
import {createLog} from '../../src/log.ts';

const noon = Date.parse('2026-11-27T12:00:00Z');
const [one, two, three] = ['111111111111', '222222222222', '333333333333'] as const;

interface Opened {
	readonly directory: string;
	readonly open: (change?: Partial<ArchiveOptions>) => ReportArchive;
	readonly warnings: readonly string[];
}

async function place(t: ExecutionContext): Promise<Opened> {
	const home = await mkdtemp(join(tmpdir(), 'archive-'));
	t.teardown(() => rm(home, {recursive: true, force: true}));
	const directory = join(home, 'gate-reports');
	const warnings: string[] = [];
	const log = createLog({verbose: false, write: (text) => warnings.push(text)});
	return {
		directory,
		warnings,
		open: (change = {}) => openArchive({directory, keep: 2, maxBytes: 1e6, now: () => noon, log, ...change}),
	};
}

function about(change: Partial<ReportAbout> = {}): ReportAbout {
	return {application: 'shop', project: 'shops', revision: 'abc', reportId: one, decision: 'deny', ...change};
}

async function idsOf(archive: ReportArchive, application?: string): Promise<readonly string[]> {
	return (await archive.list(application)).map(({reportId}) => reportId);
}

test('the last reports of an application and revision are kept, newest first', async (t) => {
	const archive = (await place(t)).open();
	for (const reportId of [one, two, three]) await archive.put(about({reportId}), `report ${reportId}`);
	await archive.put(about({reportId: one, revision: 'def'}), 'of another revision');
	t.deepEqual(await idsOf(archive, 'shop'), [one, three, two]);
	t.is(await archive.get('shop', undefined), 'of another revision');
	t.is(await archive.get('shop', two), `report ${two}`);
	t.is(await archive.get('shop', 'ffffffffffff'), undefined);
	t.is(await archive.get('other', undefined), undefined);
	t.deepEqual((await archive.list('shop'))[0], {...about({revision: 'def'}), receivedAt: '2026-11-27T12:00:00.003Z'});
});

test('the same report of the same revision is one, and the newest again', async (t) => {
	const archive = (await place(t)).open();
	for (const reportId of [one, two, one]) await archive.put(about({reportId}), 'text');
	t.deepEqual(await idsOf(archive), [one, two]);
});

test('they outlive the service, and a clock that was set back', async (t) => {
	const {open} = await place(t);
	await open().put(about({reportId: one}), 'first');
	const later = open({now: () => noon - 1e9});
	await later.put(about({reportId: two}), 'second');
	t.deepEqual(await idsOf(open()), [two, one]);
	t.is(await open().get('shop', undefined), 'second');
});

test('what many callers hand over at once is all kept', async (t) => {
	const archive = (await place(t)).open({keep: 50});
	const ids = Array.from({length: 40}, (_, index) => index.toString(16).padStart(12, '0'));
	await Promise.all(ids.map((reportId) => archive.put(about({reportId}), reportId)));
	t.deepEqual((await idsOf(archive)).toSorted(), ids);
});

test('one application cannot drive out the reports of another', async (t) => {
	const archive = (await place(t)).open({maxBytes: 20_000, keep: 100});
	await archive.put(about({application: 'small'}), 'x');
	for (let index = 0; index < 60; index += 1) {
		const noise = Array.from({length: 400}, (_, at) => ((at * 7919 + index * 104_729) % 99_991).toString(36)).join('');
		await archive.put(about({reportId: index.toString(16).padStart(12, '0')}), noise);
	}
	t.deepEqual(await idsOf(archive, 'small'), [one]);
	const kept = await idsOf(archive, 'shop');
	t.true(kept.length > 5 && kept.length < 60, String(kept.length));
	t.is(kept[0], (59).toString(16).padStart(12, '0'));
});

test('an application’s name is no path', async (t) => {
	const {directory, open} = await place(t);
	const archive = open();
	await fc.assert(
		fc.asyncProperty(fc.constantFrom('../../etc', '/', '..', 'a/b', 'a\0b', '', 'ns_name'), async (application) => {
			await archive.put(about({application}), application);
			t.is(await archive.get(application, undefined), application);
		}),
		{numRuns: 20},
	);
	for (const name of await readdir(directory)) t.regex(name, /^[0-9a-f]{32}$/);
	t.deepEqual(await readdir(join(directory, '..')), ['gate-reports']);
});

test('reports are for this user alone, and keeping none makes nothing', async (t) => {
	const {directory, open} = await place(t);
	await open({keep: 0}).put(about(), 'x');
	t.deepEqual(await open().list(undefined), []);
	await open().put(about(), 'x');
	const [application = ''] = await readdir(directory);
	t.is((await stat(join(directory, application))).mode & 0o777, 0o700);
	for (const name of await readdir(join(directory, application)))
		t.is((await stat(join(directory, application, name))).mode & 0o777, 0o600);
});

test('what a killed service left is swept, and what is being written is not', async (t) => {
	const {directory, open} = await place(t);
	await open().put(about(), 'whole');
	const [application = ''] = await readdir(directory);
	const [abandoned, fresh] = ['a.json.1.tmp', `000001764244800000-${two}.gz`].map((name) =>
		join(directory, application, name),
	);
	const empty = join(directory, 'e'.repeat(32));
	await mkdir(empty);
	for (const file of [abandoned, fresh]) await writeFile(file ?? '', 'x');
	const old = new Date(noon - 2 * 60 * 60 * 1000);
	await utimes(abandoned ?? '', old, old);
	await utimes(fresh ?? '', new Date(noon), new Date(noon));
	await open().put(about({reportId: three}), 'next');
	const left = await readdir(join(directory, application));
	t.false(left.includes('a.json.1.tmp'));
	t.is(left.length, 5, left.join(' '));
	t.deepEqual(await readdir(directory), [application]);
});

test('what is damaged or foreign is passed over', async (t) => {
	const {directory, open, warnings} = await place(t);
	const archive = open();
	await archive.put(about({reportId: one}), 'whole');
	await archive.put(about({reportId: two}), 'damaged');
	const [application = ''] = await readdir(directory);
	const files = await readdir(join(directory, application));
	const damaged = files.find((name) => name.endsWith(`${two}.gz`)) ?? '';
	await writeFile(join(directory, application, damaged), 'no gzip');
	await writeFile(join(directory, application, `000001764244800009-${three}.json`), 'no JSON');
	await mkdir(join(directory, 'lost+found'));
	t.is(await archive.get('shop', two), undefined);
	t.is(await archive.get('shop', undefined), 'whole');
	t.deepEqual(await idsOf(archive), [two, one]);
	t.regex(warnings[0] ?? '', /^report: a kept report cannot be read — \d+-222222222222: /);
});

test('more reports than a process may open files are listed', async (t) => {
	const {directory, open} = await place(t);
	const archive = open();
	for (let index = 0; index < 200; index++) await archive.put(about({revision: `r${index}`}), '{}');
	const module = new URL('../../src/service/archive.ts', import.meta.url).href;
	const code = `const {openArchive} = await import(${JSON.stringify(module)});
		const list = await openArchive({directory: ${JSON.stringify(directory)}, keep: 10, maxBytes: 1e9}).list('shop');
		console.log(list.length);`;
	const node = ['-c', 'ulimit -n 128 && exec "$@"', 'sh', process.execPath, '--input-type=module', '--eval', code];
	t.is((await promisify(execFile)('/bin/sh', node)).stdout, '200\n');
});
