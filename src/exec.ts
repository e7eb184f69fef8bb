import {stat} from 'node:fs/promises';
import {execa} from 'execa';
import type {RunTool, ToolCall, ToolName, ToolResult} from './types.ts';

const defaultMaxOutput = 100 * 1024 * 1024;
/** Between SIGTERM, which Trivy and helm answer by removing their temporary files, and SIGKILL. */
const killDelayMs = 2000;

/**
 * The one place that starts programs: an argument array, a built environment, no shell, a kill timer, a bound on output.
 * Children stay in the gate's process group, because that group is what Argo CD ends.
 */
export function createRunTool(paths: Readonly<Record<ToolName, string>>): RunTool {
	return (tool, args, call) => runProgram(paths[tool], args, call);
}

/** Runs a program to its end; never rejects. */
export async function runProgram(path: string, args: readonly string[], call: ToolCall): Promise<ToolResult> {
	const started = performance.now();
	const result = await execa(path, args, {
		cwd: call.directory,
		env: call.environment,
		extendEnv: false,
		reject: false,
		shell: false,
		timeout: call.timeoutMs,
		...(call.signal === undefined ? {} : {cancelSignal: call.signal}),
		forceKillAfterDelay: killDelayMs,
		input: call.input ?? '',
		encoding: 'buffer',
		stripFinalNewline: false,
		maxBuffer: {stdout: call.maxOutput ?? defaultMaxOutput, stderr: 1024 * 1024},
	});
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
	return {kind: 'missing', path};
}

function stopped(
	reason: (ToolResult & {kind: 'stopped'})['reason'],
	signal: string | undefined,
	stderr: string,
): ToolResult {
	return {kind: 'stopped', reason, signal, stderr};
}
