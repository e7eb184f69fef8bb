import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdir, mkdtemp, stat, symlink, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import type {ExecutionContext} from 'ava';
import Fastify from 'fastify';
import {GateError} from '../../src/errors.ts';
import {isLoopback, listen} from '../../src/service/listen.ts';

async function socketIn(mode = 0o700) {
	const directory = join(await mkdtemp(join(tmpdir(), 'listen-')), 'own');
	await mkdir(directory, {mode});
	return join(directory, 'socket');
}

async function refused(t: ExecutionContext, path: string, words: RegExp): Promise<void> {
	const error = await t.throwsAsync(listen(Fastify(), {kind: 'unix', path}), {instanceOf: GateError});
	t.is(error.code, 'settings-invalid');
	t.regex(error.message, words);
}

test('a living service is not disturbed', async (t) => {
	const path = await socketIn();
	const first = Fastify();
	t.teardown(() => first.close());
	await listen(first, {kind: 'unix', path});
	await refused(t, path, /another scan service listens there/);
	t.true((await stat(path)).isSocket());
});

test('what a killed service left is replaced', async (t) => {
	const path = await socketIn();
	const child = spawn(process.execPath, [
		'-e',
		`require('net').createServer().listen(${JSON.stringify(path)}, () => console.log('up'))`,
	]);
	await once(child.stdout, 'data');
	child.kill('SIGKILL');
	await once(child, 'close');
	t.true((await stat(path)).isSocket());
	const app = Fastify();
	t.teardown(() => app.close());
	t.deepEqual(await listen(app, {kind: 'unix', path}), {kind: 'unix', path});
});

test('a file that is no socket is never removed', async (t) => {
	const path = await socketIn();
	await writeFile(path, 'precious');
	await refused(t, path, /something else than a socket is in the way/);
	t.is((await stat(path)).size, 8);
});

test('a directory that others may enter is refused', async (t) => {
	await refused(t, await socketIn(0o755), /open to others/);
	await refused(t, join(tmpdir(), 'trivy-gate-test-socket'), /open to others/);
});

test('a link is no directory of one’s own', async (t) => {
	const own = await socketIn();
	const link = join(await mkdtemp(join(tmpdir(), 'listen-')), 'link');
	await symlink(join(own, '..'), link);
	await refused(t, join(link, 'socket'), /open to others/);
});

test('a port that is taken', async (t) => {
	const first = Fastify();
	t.teardown(() => first.close());
	const address = await listen(first, {kind: 'tcp', host: '127.0.0.1', port: 0});
	const error = await t.throwsAsync(listen(Fastify(), address), {instanceOf: GateError});
	t.regex(error.message, /cannot listen \(EADDRINUSE\) — 127\.0\.0\.1:\d+\. Another program listens there\./);
});

test('only loopback is loopback', (t) => {
	for (const host of ['127.0.0.1', '127.8.0.1', '::1', 'localhost']) t.true(isLoopback({kind: 'tcp', host, port: 1}));
	for (const host of ['0.0.0.0', '::', '10.0.0.1', '128.0.0.1']) t.false(isLoopback({kind: 'tcp', host, port: 1}));
});
