import {readFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout as wait} from 'node:timers/promises';
import test from 'ava';
import {runProgram, startProgram} from '../src/exec.ts';

const call = {environment: {}, directory: tmpdir(), timeoutMs: 20_000};
const node = process.execPath;
const script = (text: string) => ['-e', text];

test('a program’s exit code, stdout and stderr come back as they are', async (t) => {
	const result = await runProgram(
		node,
		script('process.stdout.write(Buffer.from([0xff, 10])); console.error("words"); process.exitCode = 3'),
		call,
	);
	t.like(result, {kind: 'exited', exitCode: 3, stderr: 'words\n'});
	t.deepEqual(result.kind === 'exited' && [...result.stdout], [0xff, 10]);
});

test('the environment is the given one and nothing else', async (t) => {
	const result = await runProgram(node, script('console.log(JSON.stringify(process.env))'), {
		...call,
		environment: {ONLY: 'this'},
	});
	t.deepEqual(result.kind === 'exited' && JSON.parse(Buffer.from(result.stdout).toString()), {ONLY: 'this'});
});

test('arguments reach the program as they are: there is no shell', async (t) => {
	const hostile = ['$(id)', '; id', '`id`', '* ?', "'"];
	const result = await runProgram(
		node,
		[...script('console.log(JSON.stringify(process.argv.slice(1)))'), '--', ...hostile],
		call,
	);
	t.deepEqual(result.kind === 'exited' && JSON.parse(Buffer.from(result.stdout).toString()), hostile);
});

test('stdin is empty unless something is given', async (t) => {
	const read = script('process.stdin.pipe(process.stdout)');
	t.like(await runProgram(node, read, call), {kind: 'exited', stdout: new Uint8Array()});
	const result = await runProgram(node, read, {...call, input: 'text'});
	t.is(result.kind === 'exited' && Buffer.from(result.stdout).toString(), 'text');
});

test('a program that is not there', async (t) => {
	t.like(await runProgram('/nowhere/trivy', [], call), {kind: 'missing', path: '/nowhere/trivy'});
});

test('a missing working directory is not a missing program', async (t) => {
	await t.throwsAsync(runProgram(node, [], {...call, directory: '/nowhere'}), {code: 'ENOENT'});
});

test('a program that takes too long, even one that does not listen to SIGTERM, is stopped', async (t) => {
	const stubborn = script('process.on("SIGTERM", () => {}); console.error("up"); setInterval(() => {}, 1000)');
	t.like(await runProgram(node, stubborn, {...call, timeoutMs: 1500}), {kind: 'stopped', reason: 'timeout'});
});

test('a program is stopped with the gate', async (t) => {
	const controller = new AbortController();
	const running = runProgram(node, script('setInterval(() => {}, 1000)'), {...call, signal: controller.signal});
	setTimeout(() => controller.abort('deadline'), 200);
	t.like(await running, {kind: 'stopped', reason: 'canceled'});
});

test('a program that was killed, and one that prints without end', async (t) => {
	t.like(await runProgram(node, script('process.kill(process.pid, "SIGKILL")'), call), {
		kind: 'stopped',
		reason: 'signal',
		signal: 'SIGKILL',
	});
	const endless = script('const more = () => process.stdout.write("x".repeat(65536), more); more()');
	t.like(await runProgram(node, endless, {...call, maxOutput: 1_000_000}), {kind: 'stopped', reason: 'output-too-big'});
});

for (const ownGroup of [true, false]) {
	test(`a program that runs on is stopped, or killed when it does not listen${ownGroup ? ', in its own group' : ''}`, async (t) => {
		const polite = startProgram(node, script('setInterval(() => {}, 1000)'), call, {ownGroup});
		await polite.stop();
		t.like(await polite.ended, {kind: 'stopped', reason: 'signal', signal: 'SIGTERM'});
		const stubborn = startProgram(node, script('process.on("SIGTERM", () => {}); setInterval(() => {}, 1000)'), call, {
			ownGroup,
		});
		await stubborn.kill();
		t.like(await stubborn.ended, {kind: 'stopped', signal: 'SIGKILL'});
		const wordy = startProgram(node, script('console.error("the last words"); process.exitCode = 4'), call, {ownGroup});
		t.like(await wordy.ended, {kind: 'exited', exitCode: 4, stderr: 'the last words\n'});
		t.like(await startProgram('/nowhere/trivy', [], call, {ownGroup}).ended, {kind: 'missing'});
	});
}

test('programs in groups of their own end when this process is killed', async (t) => {
	const parent = startProgram(
		node,
		script(`import(${JSON.stringify(join(import.meta.dirname, '../src/exec.ts'))}).then(({startProgram}) => {
			const one = startProgram(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], ${JSON.stringify(call)}, {ownGroup: true});
			const other = startProgram(process.execPath, ['-e', '0'], ${JSON.stringify(call)}, {ownGroup: true});
			other.ended.then(() => { console.error(one.pid); });
			setInterval(() => {}, 1000);
			setTimeout(() => process.kill(process.pid, 'SIGKILL'), 1500);
		})`),
		call,
	);
	const ended = await parent.ended;
	const orphan = ended.kind === 'stopped' ? Number(ended.stderr.trim()) : 0;
	t.true(orphan > 0, JSON.stringify(ended));
	// A watchdog, not a measurement.
	for (let tries = 0; tries < 200 && isRunning(orphan); tries += 1) await wait(50);
	t.false(isRunning(orphan));
});

function isRunning(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
	} catch {
		return false;
	}
}
