import {spawn, type ChildProcessWithoutNullStreams} from 'node:child_process';
import {once} from 'node:events';
import type {JsonObject} from '../../src/types.ts';
import {buildOracle} from './build.ts';
import {parseGoJson} from './go-json.ts';

/** What Argo CD makes of a stream: the objects that it would apply, in order, or why it refuses all of them. */
export type Verdict =
	| {readonly objects: readonly JsonObject[]; readonly error?: never}
	| {readonly error: string; readonly objects?: never};

export interface Oracle {
	/** Streams are answered in the order in which they are asked; nobody needs to wait for an answer before asking on. */
	readonly ask: (stream: string | Uint8Array) => Promise<Verdict>;
	/** Waits until what was asked is answered. */
	readonly stop: () => Promise<void>;
}

interface Question {
	readonly fulfil: (verdict: Verdict) => void;
	readonly reject: (error: Error) => void;
}

/** Starts the program that reads manifests with Argo CD's own libraries; compiles it when it is not yet. */
export async function startOracle(): Promise<Oracle> {
	const child = spawn(await buildOracle({say: (line) => console.error(line)}), [], {stdio: 'pipe'});
	const questions: Question[] = [];
	let complaint = '';
	child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint = (complaint + text).slice(0, 4096)));
	// What could not be written is told by the end of the program.
	child.stdin.on('error', () => {});
	let unfinished = '';
	child.stdout.setEncoding('utf8').on('data', (text: string) => {
		const lines = (unfinished + text).split('\n');
		unfinished = lines.pop() ?? '';
		for (const line of lines) questions.shift()?.fulfil(parseGoJson(line) as unknown as Verdict);
	});
	const closed = once(child, 'close');
	child.on('close', () => {
		for (const {reject} of questions.splice(0)) reject(new Error(`the oracle ended: ${complaint}`));
	});
	return {
		ask: (stream) =>
			new Promise((fulfil, reject) => {
				if (child.exitCode !== null || child.signalCode !== null || child.stdin.writableEnded) {
					return reject(new Error(`the oracle has ended: ${complaint}`));
				}
				questions.push({fulfil, reject});
				write(child, typeof stream === 'string' ? Buffer.from(stream) : stream);
			}),
		async stop() {
			child.stdin.end();
			await closed;
		},
	};
}

/** The protocol is told in program/main.go. */
function write(child: ChildProcessWithoutNullStreams, stream: Uint8Array): void {
	child.stdin.write(Buffer.concat([Buffer.from(`${stream.byteLength}\n`), stream]));
}
