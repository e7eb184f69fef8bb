import {spawn} from 'node:child_process';
import {stat} from 'node:fs/promises';
import type {Writable} from 'node:stream';
import {execa} from 'execa';
import type {RunningTool, RunTool, StartTool, ToolCall, ToolName, ToolResult} from './types.ts';

const defaultMaxOutput = 100 * 1024 * 1024;
/** Between SIGTERM, which Trivy and helm answer by removing their temporary files, and SIGKILL. */
const killDelayMs = 2000;
/** Of a tool that runs on, so much of its last words is kept. */
const keptWords = 16 * 1024;

interface RunOptions {
	/**
	 * Gives each program a process group of its own, which ends with it: git below kustomize would outlive it otherwise.
	 * Not where Argo CD calls: it ends the gate's own group, and everything must be in there.
	 */
	readonly ownGroup: boolean;
}

type Paths = Readonly<Record<ToolName, string>>;

/**
 * The one place that starts programs: an argument array, a built environment, no shell, a kill timer, a bound on output.
 */
export function createRunTool(paths: Paths, options: RunOptions = {ownGroup: false}): RunTool {
	return (tool, args, call) => runProgram(paths[tool], args, call, options);
}

/** The same for tools that run until they are stopped. */
export function createStartTool(paths: Paths, options: RunOptions = {ownGroup: false}): StartTool {
	return (tool, args, call) => startProgram(paths[tool], args, call, options);
}

/** Runs a program to its end; never rejects but for a working directory that is not there. */
export async function runProgram(
	path: string,
	args: readonly string[],
	call: ToolCall,
	{ownGroup}: RunOptions = {ownGroup: false},
): Promise<ToolResult> {
	const started = performance.now();
	const subprocess = execa(path, args, {
		cwd: call.directory,
		env: call.environment,
		extendEnv: false,
		reject: false,
		shell: false,
		detached: ownGroup,
		timeout: call.timeoutMs,
		...(call.signal === undefined ? {} : {cancelSignal: call.signal}),
		forceKillAfterDelay: killDelayMs,
		input: call.input ?? '',
		encoding: 'buffer',
		stripFinalNewline: false,
		maxBuffer: {stdout: call.maxOutput ?? defaultMaxOutput, stderr: 1024 * 1024},
	});
	const forget = ownGroup ? watchGroup(subprocess.pid) : () => {};
	const endGroup = ownGroup ? () => signalGroup(subprocess.pid, 'SIGTERM') : () => {};
	call.signal?.addEventListener('abort', endGroup, {once: true});
	const result = await subprocess;
	call.signal?.removeEventListener('abort', endGroup);
	if (ownGroup) signalGroup(subprocess.pid, 'SIGKILL');
	forget();
	const stderr = Buffer.from(result.stderr).toString('utf8');
	if (result.timedOut) return stopped('timeout', result.signal, stderr);
	if (result.isCanceled) return stopped('canceled', result.signal, stderr);
	if (result.isMaxBuffer) return stopped('output-too-big', result.signal, stderr);
	if (result.signal !== undefined) return stopped('signal', result.signal, stderr);
	if (result.exitCode !== undefined) {
		return {
			kind: 'exited',
			exitCode: result.exitCode,
			stdout: result.stdout ?? new Uint8Array(),
			stderr,
			milliseconds: performance.now() - started,
		};
	}
	// A missing working directory is reported as ENOENT too, and is not the tool's absence.
	await stat(call.directory);
	return {kind: 'missing', path, code: result.code ?? 'unknown'};
}

/** A program that runs beside this one and shares its stdout and stderr. */
export interface Companion {
	readonly signal: (name: NodeJS.Signals) => void;
	/** How it ended; never rejects. */
	readonly ended: Promise<CompanionEnd>;
}

export type CompanionEnd =
	| {readonly kind: 'exited'; readonly exitCode: number}
	| {readonly kind: 'killed'; readonly signal: NodeJS.Signals}
	/** `code` is the system's, ENOENT when the program is not there. */
	| {readonly kind: 'missing'; readonly code: string};

/** Starts a program that runs until somebody ends it; it does not outlive this process, but for a SIGKILL. */
export function startCompanion(
	path: string,
	args: readonly string[],
	environment: Readonly<Record<string, string>>,
): Companion {
	const subprocess = execa(path, args, {
		env: environment,
		extendEnv: false,
		reject: false,
		shell: false,
		stdin: 'ignore',
		stdout: 'inherit',
		stderr: 'inherit',
		buffer: false,
		// Whoever ends it decides how long that may take.
		forceKillAfterDelay: false,
	});
	return {
		signal: (name) => void subprocess.kill(name),
		ended: subprocess.then(({exitCode, signal, code}): CompanionEnd => {
			if (signal !== undefined) return {kind: 'killed', signal};
			if (exitCode !== undefined) return {kind: 'exited', exitCode};
			return {kind: 'missing', code: code ?? 'unknown'};
		}),
	};
}

/** Starts a program that runs until it is stopped. */
export function startProgram(
	path: string,
	args: readonly string[],
	{environment, directory}: Pick<ToolCall, 'environment' | 'directory'>,
	{ownGroup}: RunOptions = {ownGroup: false},
): RunningTool {
	const started = performance.now();
	const child = spawn(path, args, {
		cwd: directory,
		env: environment,
		shell: false,
		detached: ownGroup,
		stdio: ['ignore', 'ignore', 'pipe'],
	});
	const forget = ownGroup ? watchGroup(child.pid) : () => {};
	let words = '';
	child.stderr.setEncoding('utf8').on('data', (text: string) => {
		words = `${words}${text}`.slice(-keptWords);
	});
	const closed = Promise.withResolvers<ToolResult>();
	child.once('error', (error: NodeJS.ErrnoException) => {
		closed.resolve({kind: 'missing', path, code: error.code ?? 'unknown'});
	});
	child.once('close', (exitCode, signal) => {
		forget();
		if (exitCode === null) return closed.resolve(stopped('signal', signal ?? undefined, words));
		const milliseconds = performance.now() - started;
		return closed.resolve({kind: 'exited', exitCode, stdout: new Uint8Array(), stderr: words, milliseconds});
	});
	const end = async (signal: NodeJS.Signals) => {
		if (ownGroup) signalGroup(child.pid, signal);
		else child.kill(signal);
		const force = setTimeout(() => void end('SIGKILL'), killDelayMs);
		await closed.promise;
		clearTimeout(force);
	};
	return {pid: child.pid, ended: closed.promise, stop: () => end('SIGTERM'), kill: () => end('SIGKILL')};
}

function signalGroup(leader: number | undefined, signal: NodeJS.Signals): void {
	try {
		if (leader !== undefined) process.kill(-leader, signal);
	} catch {
		// Nobody of the group is left.
	}
}

/**
 * What remains of a process whose programs have groups of their own: a shell reads which groups there are, and when this
 * process has ended, whichever way, its pipe ends and the shell ends those that are left.
 */
const watcherScript = `groups=
while read -r sign group; do
	left=
	for one in $groups; do [ "$one" = "$group" ] || left="$left $one"; done
	groups=$left
	[ "$sign" = + ] && groups="$groups $group"
done
for group in $groups; do kill -s KILL -- "-$group"; done`;
const watched = new Set<number>();
let watcher: Writable | undefined;

/** Has a group ended with this process. @returns what ends that when the group's leader has ended. */
function watchGroup(leader: number | undefined): () => void {
	if (leader === undefined) return () => {};
	watcher ??= startWatcher();
	watcher.write(`+ ${leader}\n`);
	watched.add(leader);
	return () => {
		if (!watched.delete(leader)) return;
		watcher?.write(`- ${leader}\n`);
		if (watched.size > 0) return;
		watcher?.end();
		watcher = undefined;
	};
}

function startWatcher(): Writable {
	// A group of its own, so that what ends the gate's group leaves it its work.
	const shell = spawn('/bin/sh', ['-c', watcherScript], {detached: true, stdio: ['pipe', 'ignore', 'ignore'], env: {}});
	// Where there is no shell, the next run sweeps.
	shell.on('error', () => {});
	shell.stdin.on('error', () => {});
	shell.unref();
	return shell.stdin;
}

function stopped(
	reason: (ToolResult & {kind: 'stopped'})['reason'],
	signal: string | undefined,
	stderr: string,
): ToolResult {
	return {kind: 'stopped', reason, signal, stderr};
}
