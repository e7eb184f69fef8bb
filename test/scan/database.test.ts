import {
	copyFile,
	mkdir,
	mkdtemp,
	readdir,
	readFile,
	readlink,
	rm,
	symlink,
	truncate,
	writeFile,
} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {DatabaseSync} from 'node:sqlite';
import test from 'ava';
import {GateError} from '../../src/errors.ts';
import {createRunTool, runProgram} from '../../src/exec.ts';
import {openDatabase, storedDatabase} from '../../src/scan/database.ts';
import type {DatabaseKind, DatabaseOptions} from '../../src/scan/database.ts';
import {createTrivyRunner} from '../../src/scan/trivy.ts';
import type {ToolContext} from '../../src/types.ts';
import {startLab} from '../lab/lab.ts';
import type {Lab} from '../lab/lab.ts';

const hour = 3_600_000;
const built = new Date('2026-06-01T00:00:00Z');
let lab: Lab;

test.before(async () => {
	lab = await startLab();
	await lab.pushDatabase({updatedAt: built});
});
test.after.always(async () => lab?.stop());

async function open(changes: Partial<DatabaseOptions> = {}) {
	const home = await mkdtemp(join(tmpdir(), 'database-test-'));
	const said: string[] = [];
	const say = (_stage: string, message: string) => said.push(message);
	const context: ToolContext = {
		run: createRunTool(lab.tools),
		environment: {},
		makeDirectory: (label) => mkdtemp(join(home, label)),
		signal: new AbortController().signal,
		timeoutMs: 60_000,
		log: {info: say, warn: say, detail: () => {}},
	};
	const options: DatabaseOptions = {
		context,
		trivy: createTrivyRunner(context, undefined),
		directory: join(home, 'databases'),
		repositories: [lab.databaseRepository],
		update: true,
		timeoutMs: 60_000,
		now: () => built.getTime() + hour,
		...changes,
	};
	return {
		options,
		said,
		again: (more: Partial<DatabaseOptions>) => openDatabase('vulnerability', {...options, ...more}),
	};
}

/** The stored file, to damage it. */
async function storedFile(directory: string, name: string): Promise<string> {
	return join(directory, await readlink(join(directory, 'db.current')), 'db', name);
}

async function whyUnusable(kind: DatabaseKind, directory: string): Promise<string> {
	const stored = await storedDatabase(kind, directory);
	return typeof stored === 'string' ? stored : '';
}

/** The file of a database that holds nothing, as its makers' program writes it. */
async function emptyDatabase(): Promise<string> {
	const repository = await lab.pushDatabase({updatedAt: built, advisories: [], as: 'aquasec/empty:2'});
	const directory = await mkdtemp(join(tmpdir(), 'empty-'));
	const args = ['image', '--download-db-only', '--db-repository', repository, '--cache-dir', directory, '--quiet'];
	await runProgram(lab.tools.trivy, args, {environment: {HOME: directory}, directory, timeoutMs: 60_000});
	return join(directory, 'db', 'trivy.db');
}

const downloads = () =>
	lab.proxy.requests.filter(({repository, kind}) => repository === 'aquasec/trivy-db' && kind === 'blob-get').length;

test.serial('a database is downloaded once and used while it is fresh', async (t) => {
	const {options, again} = await open();
	const database = await openDatabase('vulnerability', options);
	t.deepEqual(database.info, {version: 2, updatedAt: built.toISOString()});
	const before = downloads();
	t.is((await again({})).directory, database.directory);
	t.is(downloads(), before);
	t.like(await storedDatabase('vulnerability', options.directory), {info: {version: 2}});
});

test.serial('an old one is refreshed, and stays while somebody may still read it', async (t) => {
	const {options, again} = await open();
	const old = await openDatabase('vulnerability', options);
	const other = new Date('2026-06-03T00:00:00Z');
	const repository = await lab.pushDatabase({updatedAt: other, as: 'aquasec/newer:2'});
	const newer = await again({now: () => other.getTime() + hour, repositories: [repository]});
	t.is(newer.info.updatedAt, other.toISOString());
	t.not(newer.directory, old.directory);
	t.true((await readdir(old.directory)).includes('db'));
});

test.serial('when a refresh fails the old one is used, with a warning', async (t) => {
	const {options, said, again} = await open();
	const old = await openDatabase('vulnerability', options);
	const kept = await again({now: () => built.getTime() + 1000 * hour, repositories: ['127.0.0.1:1/none:2']});
	t.is(kept.directory, old.directory);
	t.regex(
		said.at(-1) ?? '',
		/could not be refreshed; the one of 2026-06-01T00:00:00\.000Z is used — 127\.0\.0\.1:1\/none:2: .*connection refused/,
	);
});

test.serial('repositories are tried in order', async (t) => {
	const {options} = await open({repositories: ['127.0.0.1:1/none:2', lab.databaseRepository]});
	t.is((await openDatabase('vulnerability', options)).info.version, 2);
});

test.serial('a database without an advisory, which would call everything clean, is never used', async (t) => {
	const repository = await lab.pushDatabase({updatedAt: built, advisories: [], as: 'aquasec/empty:2'});
	const {options, said, again} = await open({repositories: [repository]});
	const error = await t.throwsAsync(openDatabase('vulnerability', options), {instanceOf: GateError});
	t.is(error.code, 'database-unavailable');
	t.regex(error.output ?? '', /holds no advisory/);
	// Also when somebody put it into the cache directory by hand.
	await again({repositories: [lab.databaseRepository]});
	const db = join(options.directory, await readlink(join(options.directory, 'db.current')), 'db');
	await copyFile(await emptyDatabase(), join(db, 'trivy.db'));
	await t.throwsAsync(again({update: false}), {instanceOf: GateError});
	t.regex(said.at(-1) ?? '', /not used — it holds no advisory/);
});

for (const damage of ['truncated', 'garbage'] as const) {
	test.serial(`a ${damage} download is never used, and nothing of it stays`, async (t) => {
		const repository = await lab.pushDatabase({updatedAt: built, damage, as: `aquasec/${damage}:2`});
		const {options} = await open({repositories: [repository]});
		const error = await t.throwsAsync(openDatabase('vulnerability', options), {instanceOf: GateError});
		t.is(error.code, 'database-unavailable');
		t.deepEqual(await readdir(options.directory), []);
	});
}

test.serial('a stored database that was cut off, or whose description is gone, is fetched again', async (t) => {
	const {options, said, again} = await open();
	await openDatabase('vulnerability', options);
	const database = await storedFile(options.directory, 'trivy.db');
	const {length} = await readFile(database);
	await truncate(database, Math.floor(length / 2));
	t.regex(await whyUnusable('vulnerability', options.directory), /cut off/);
	t.is((await again({})).info.version, 2);
	t.true(said.some((line) => line.includes('not used — its file was cut off')));
	await truncate(await storedFile(options.directory, 'trivy.db'), 0);
	t.is((await again({})).info.version, 2);
	await rm(await storedFile(options.directory, 'metadata.json'));
	t.is((await again({})).info.version, 2);
	await writeFile(await storedFile(options.directory, 'metadata.json'), '{"Version": 2}');
	t.is((await again({})).info.version, 2);
});

test.serial('without updates a missing database is an error that says so', async (t) => {
	const {options} = await open({update: false});
	const error = await t.throwsAsync(openDatabase('vulnerability', options), {instanceOf: GateError});
	t.is(error.code, 'database-unavailable');
	t.regex(error.message, /Fill the cache directory/);
});

test.serial('without updates an old database is used: the policy says whether it is too old', async (t) => {
	const {options, again} = await open();
	await openDatabase('vulnerability', options);
	const before = downloads();
	t.is((await again({update: false, now: () => built.getTime() + 5000 * hour})).info.version, 2);
	t.is(downloads(), before);
});

test.serial('two that download at once do each other no harm', async (t) => {
	const {options} = await open();
	const [one, two] = await Promise.all([
		openDatabase('vulnerability', options),
		openDatabase('vulnerability', options),
	]);
	t.is(one?.info.version, 2);
	t.is(two?.info.version, 2);
	t.like(await storedDatabase('vulnerability', options.directory), {info: {version: 2}});
});

test('a Java database is read by its SQLite header, and one that was cut off is told', async (t) => {
	const directory = await mkdtemp(join(tmpdir(), 'java-'));
	const folder = join(directory, 'java-db-1', 'java-db');
	await mkdir(folder, {recursive: true});
	await symlink('java-db-1', join(directory, 'java-db.current'));
	await writeFile(join(folder, 'metadata.json'), JSON.stringify({Version: 1, UpdatedAt: built, NextUpdate: built}));
	const file = join(folder, 'trivy-java.db');
	const database = new DatabaseSync(file);
	database.exec(
		"CREATE TABLE artifacts (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO artifacts (name) VALUES ('log4j-core')",
	);
	database.close();
	t.like(await storedDatabase('java', directory), {info: {version: 1, updatedAt: built.toISOString()}});
	await truncate(file, 4096);
	t.regex(await whyUnusable('java', directory), /cut off/);
	await writeFile(file, 'no database at all');
	t.regex(await whyUnusable('java', directory), /not a database/);
	await rm(directory, {recursive: true});
});
