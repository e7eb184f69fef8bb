import {tmpdir} from 'node:os';
import test from 'ava';
import {runProgram} from '../src/exec.ts';

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
