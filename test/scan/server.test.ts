import {mkdir, mkdtemp, readFile, readdir, symlink, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {setTimeout as wait} from 'node:timers/promises';
import test from 'ava';
import {openDatabase} from '../../src/scan/database.ts';
import type {Database} from '../../src/scan/database.ts';
import {endRecordedProcesses, recordProcess} from '../../src/scan/lock.ts';
import {serverTimings, superviseServer} from '../../src/scan/server.ts';
import type {ServerAccess, ServerTimings} from '../../src/scan/server.ts';
import {createTrivyRunner} from '../../src/scan/trivy.ts';
import {startLab} from '../lab/lab.ts';
import type {Lab} from '../lab/lab.ts';
import {makeSurroundings, until} from './surroundings.ts';
import type {Surroundings} from './surroundings.ts';

let lab: Lab;
let surroundings: Surroundings;
let database: Database;
const never = new AbortController().signal;

test.before(async () => {
	lab = await startLab();
	surroundings = await makeSurroundings(lab);
	const {context} = surroundings;
	database = await openDatabase('vulnerability', {
		context,
		trivy: createTrivyRunner(context, undefined),
		directory: join(surroundings.home, 'databases'),
		repositories: [lab.databaseRepository],
		update: true,
		timeoutMs: 60_000,
		now: Date.now,
	});
});

test.after.always(async () => {
	await surroundings?.remove();
	await lab?.stop();
});

async function supervise(timings: Partial<ServerTimings> = {}, prepare = async (_directory: string) => {}) {
	const {context, start, home} = surroundings;
	const directory = await mkdtemp(join(home, 'cache-'));
	await symlink(join(database.directory, 'db'), join(directory, 'db'));
	await prepare(directory);
	const states: string[] = [];
	const pids: number[] = [];
	const server = superviseServer({
		context,
		start: (tool, args, call) => {
			const running = start(tool, args, call);
			pids.push(running.pid ?? 0);
			return running;
		},
		cacheDirectory: directory,
		recordsDirectory: directory,
		databaseUpdatedAt: database.info.updatedAt,
		timings: {...serverTimings, ...timings},
		onState: (state, detail) => states.push(`${state} ${detail}`),
	});
	return {server, states, pids, directory};
}

function isAccess(access: ServerAccess | {readonly problem: string}): access is ServerAccess {
	return 'url' in access;
}

async function commandLine(pid: number): Promise<string> {
	return readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
}

test('it answers with the database that it was given, its token is in no argument, and stopping leaves nothing', async (t) => {
	const {server, pids, directory, states} = await supervise();
	const access = await server.access(never);
	t.true(isAccess(access), JSON.stringify(access));
	if (!isAccess(access)) return;
	const version = (await (await fetch(`${access.url}/version`)).json()) as {VulnerabilityDB: {UpdatedAt: string}};
	t.is(new Date(version.VulnerabilityDB.UpdatedAt).toISOString(), database.info.updatedAt);
	const [pid = 0] = pids;
	t.false((await commandLine(pid)).includes(access.environment.TRIVY_TOKEN));
	t.true((await readdir(directory)).includes(`process-${pid}`));
	await server.stop();
	t.is(await commandLine(pid), '');
	t.false((await readdir(directory)).includes(`process-${pid}`));
	t.deepEqual(
		states.map((state) => state.split(' ')[0]),
		['starting', 'running', 'stopped'],
	);
	t.like(await server.access(never), {problem: 'the engine is being stopped'});
});

test('who has no token is refused', async (t) => {
	const {server} = await supervise();
	const access = await server.access(never);
	const url = `${isAccess(access) ? access.url : ''}/twirp/trivy.cache.v1.Cache/MissingBlobs`;
	const ask = (headers: Record<string, string>) =>
		fetch(url, {method: 'POST', headers: {'content-type': 'application/json', ...headers}, body: '{}'});
	t.is((await ask({})).status, 401);
	t.is((await ask({'Trivy-Token': 'guessed'})).status, 401);
	t.is((await ask({'Trivy-Token': isAccess(access) ? access.environment.TRIVY_TOKEN : ''})).status, 200);
	await server.stop();
});

for (const {how, signal} of [
	{how: 'is killed', signal: 'SIGKILL'},
	{how: 'hangs', signal: 'SIGSTOP'},
] as const) {
	test(`one that ${how} is started again, with another token`, async (t) => {
		const {server, pids} = await supervise({probeEveryMs: 50, probeTimeoutMs: 500});
		const first = await server.access(never);
		process.kill(pids[0] ?? 0, signal);
		await until('a second life', () => server.life() === 2 && server.state() === 'running');
		const second = await server.access(never);
		t.true(isAccess(first) && isAccess(second));
		if (!isAccess(first) || !isAccess(second)) return;
		t.is(second.life, 2);
		t.not(second.environment.TRIVY_TOKEN, first.environment.TRIVY_TOKEN);
		await server.stop();
		t.is(await commandLine(pids[0] ?? 0), '');
	});
}

test('one that is paused is not taken for one that hangs, and goes on afterwards', async (t) => {
	const {server, pids} = await supervise({probeEveryMs: 10, probeTimeoutMs: 100});
	const access = await server.access(never);
	const state = await server.pause(async () => {
		await wait(500);
		return readFile(`/proc/${pids[0]}/stat`, 'utf8');
	});
	t.regex(state, /\) T /);
	t.is((await fetch(`${isAccess(access) ? access.url : ''}/healthz`)).status, 200);
	t.is(server.life(), 1);
	await server.stop();
});

test('one that does not come up: those who wait are told its last words, and it is tried on', async (t) => {
	const {server, states} = await supervise({backoffMs: 1}, async (directory) => {
		await mkdir(join(directory, 'fanal'));
		await writeFile(
			join(directory, 'fanal', 'fanal.db'),
			'no database at all, but long enough to be read as one'.repeat(500),
		);
	});
	const access = await server.access(never);
	t.regex('problem' in access ? access.problem : '', /it ended with exit code 1: .*(?:cache|invalid)/);
	await until('another attempt', () => server.life() > 3);
	t.true(states.some((state) => state.startsWith('restarting it ended with exit code 1')));
	await server.stop();
});

test('whoever gives up waiting gets the reason', async (t) => {
	const {server} = await supervise({}, async (directory) => {
		await mkdir(join(directory, 'fanal'));
	});
	await t.throwsAsync(server.access(AbortSignal.abort(new Error('enough'))), {message: 'enough'});
	await server.stop();
});

test('a server that a killed engine left is ended by the next, and no other process is', async (t) => {
	const {server, pids, directory} = await supervise();
	const [pid = 0] = pids.length > 0 ? pids : (await server.access(never), pids);
	await server.access(never);
	await writeFile(join(directory, `process-${process.pid}`), JSON.stringify({pid: process.pid, since: '1'}));
	await writeFile(join(directory, 'process-2'), 'cut o');
	await endRecordedProcesses(directory);
	t.is(await commandLine(pid), '');
	t.deepEqual(
		(await readdir(directory)).filter((name) => name.startsWith('process-') && name !== `process-${pids.at(-1)}`),
		[],
	);
	await server.stop();
	const forget = await recordProcess(directory, process.pid);
	await forget();
	t.false((await readdir(directory)).includes(`process-${process.pid}`));
});
