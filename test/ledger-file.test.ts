import {mkdtemp, readdir, rm, stat, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import {openLedger} from '../src/ledger-file.ts';
import type {Log} from '../src/types.ts';
import {decided, now, reference, scanned} from './gate/samples.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const allowed = decided([reference('registry.example/api:1')], [scanned('registry.example/api:1', {digest})]);

function open(directory: string, application = 'api', project: string | undefined = 'shop') {
	const warnings: string[] = [];
	const log: Log = {info: () => {}, detail: () => {}, warn: (_stage, line) => warnings.push(line)};
	return {warnings, opened: openLedger({directory, application, project, log})};
}

test('what was allowed is known the next time, to the same application of the same project alone', async (t) => {
	const home = await mkdtemp(join(tmpdir(), 'ledger-'));
	t.teardown(() => rm(home, {recursive: true, force: true}));
	const directory = join(home, 'ledger');
	const first = open(directory);
	t.is((await first.opened).ledger.since(digest), undefined);
	await (await first.opened).record(allowed, now);
	t.deepEqual(first.warnings, []);
	t.is((await open(directory).opened).ledger.since(digest), '2026-11-21');
	t.is((await open(directory, 'web').opened).ledger.since(digest), undefined);
	t.is((await open(directory, 'api', 'bank').opened).ledger.since(digest), undefined);
	const files = await readdir(directory);
	t.is(files.length, 1);
	t.is((await stat(join(directory, files[0] ?? ''))).mode & 0o777, 0o600);
});

test('a ledger that cannot be kept costs readmissions and nothing else', async (t) => {
	const home = await mkdtemp(join(tmpdir(), 'ledger-'));
	t.teardown(() => rm(home, {recursive: true, force: true}));
	const file = join(home, 'file');
	await writeFile(file, '');
	const {opened, warnings} = open(file);
	await (await opened).record(allowed, now);
	t.is(warnings.length, 2);
	t.regex(warnings[0] ?? '', /cannot be read/);
	t.regex(warnings[1] ?? '', /cannot be written/);
});
