import {spawn} from 'node:child_process';
import type {ChildProcess} from 'node:child_process';
import {once} from 'node:events';
import {setTimeout as wait} from 'node:timers/promises';
import {program} from './gate.ts';

/** The program while it runs: a service, or a sidecar. */
export interface RunningGate {
	readonly child: ChildProcess;
	/** What it has printed so far. */
	readonly output: {readonly stdout: string; readonly stderr: string};
	/** Waits for words on stderr or stdout; rejects when the program ends without them. */
	readonly says: (words: RegExp) => Promise<RegExpExecArray>;
	/** How it ended: its exit code, or the signal. */
	readonly ended: Promise<number | NodeJS.Signals>;
	/** Ends it with SIGTERM, unless it has ended. */
	readonly stop: () => Promise<void>;
}

/** Starts the program with exactly these variables. */
export function startGate(args: readonly string[], environment: Readonly<Record<string, string>>): RunningGate {
	return startProgram([program, ...args], environment);
}

/** Starts Node with exactly these arguments and variables: the bundle, for one. */
export function startProgram(args: readonly string[], environment: Readonly<Record<string, string>>): RunningGate {
	const child = spawn(process.execPath, args, {env: environment, stdio: ['ignore', 'pipe', 'pipe']});
	const output = {stdout: '', stderr: ''};
	child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
	child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
	let running = true;
	const ended = once(child, 'close').then(([code, signal]) => {
		running = false;
		return (code ?? signal) as number | NodeJS.Signals;
	});
	return {
		child,
		output,
		ended,
		says: async (words) => {
			for (;;) {
				const found = words.exec(output.stderr) ?? words.exec(output.stdout);
				if (found !== null) return found;
				if (!running) throw new Error(`it ended without saying ${words}:\n${output.stderr}${output.stdout}`);
				await wait(20);
			}
		},
		stop: async () => {
			if (running) child.kill('SIGTERM');
			await ended;
		},
	};
}
