import {stat} from 'node:fs/promises';
import {execa} from 'execa';
import type {RunTool, ToolCall, ToolName, ToolResult} from './types.ts';

const defaultMaxOutput = 100 * 1024 * 1024;
/** Between SIGTERM, which Trivy and helm answer by removing their temporary files, and SIGKILL. */
const killDelayMs = 2000;

interface RunOptions {
	/**
	 * Gives each program a process group of its own, which ends with it: git below kustomize would outlive it otherwise.
	 * Not where Argo CD calls: it ends the gate's own group, and everything must be in there.
	 */
	readonly ownGroup: boolean;
}

/**
 * The one place that starts programs: an argument array, a built environment, no shell, a kill timer, a bound on output.
 */
export function createRunTool(
	paths: Readonly<Record<ToolName, string>>,
	options: RunOptions = {ownGroup: false},
): RunTool {
	return (tool, args, call) => runProgram(paths[tool], args, call, options);
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
	const endGroup = ownGroup ? () => signalGroup(subprocess.pid, 'SIGTERM') : () => {};
	call.signal?.addEventListener('abort', endGroup, {once: true});
	const result = await subprocess;
	call.signal?.removeEventListener('abort', endGroup);
	if (ownGroup) signalGroup(subprocess.pid, 'SIGKILL');
	const stderr = Buffer.from(result.stderr).toString('utf8');
	if (result.timedOut) return stopped('timeout', result.signal, stderr);
	if (result.isCanceled) return stopped('canceled', result.signal, stderr);
	if (result.isMaxBuffer) return stopped('output-too-big', result.signal, stderr);
	if (result.signal !== undefined) return stopped('signal', result.signal, stderr);
	if (result.exitCode !== undefined) {
		return {
			kind: 'exited',
			exitCode: result.exitCode,
			stdout: result.stdout,
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

function signalGroup(leader: number | undefined, signal: NodeJS.Signals): void {
	try {
		if (leader !== undefined) process.kill(-leader, signal);
	} catch {
		// Nobody of the group is left.
	}
}

function stopped(
	reason: (ToolResult & {kind: 'stopped'})['reason'],
	signal: string | undefined,
	stderr: string,
): ToolResult {
	return {kind: 'stopped', reason, signal, stderr};
}
