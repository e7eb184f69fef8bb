import {randomBytes} from 'node:crypto';
import {once} from 'node:events';
import {rm, writeFile} from 'node:fs/promises';
import {createServer} from 'node:net';
import {join} from 'node:path';
import {setTimeout as wait} from 'node:timers/promises';
import * as z from 'zod';
import {withoutCredentials} from '../log.ts';
import type {EngineStatus, StartTool, ToolContext, ToolResult} from '../types.ts';
import {readJson} from './json.ts';
import {recordProcess} from './lock.ts';

// An import would read all that it exports, and one of that loads Node's whole fetch: 12 ms at each start.
const {get} = process.getBuiltinModule('node:http');

export type ServerState = EngineStatus['trivyServer'];

/** Where a server can be asked, and what a client of it needs. The token never stands in an argument. */
export interface ServerAccess {
	readonly url: string;
	readonly environment: {readonly TRIVY_TOKEN: string};
	/** Other when the server was started anew meanwhile: what a client was told may have been cut off. */
	readonly life: number;
}

/** A Trivy server on loopback that is started again whenever it ends or hangs. */
export interface TrivyServer {
	/** Waits until it answers; or says why it does not, after some attempts. It is tried on all the same. */
	readonly access: (signal: AbortSignal) => Promise<ServerAccess | {readonly problem: string}>;
	/** How often it has been started. */
	readonly life: () => number;
	readonly state: () => ServerState;
	/** Holds the server still (SIGSTOP) while something is done with its files; its clients wait. */
	readonly pause: <Result>(work: () => Promise<Result>) => Promise<Result>;
	readonly stop: () => Promise<void>;
}

export interface ServerTimings {
	/** Between two looks at whether it answers. */
	readonly probeEveryMs: number;
	/** A server that does not answer for so long hangs. */
	readonly probeTimeoutMs: number;
	/** From its start to its first answer. */
	readonly startTimeoutMs: number;
	/** Before it is started again; doubled each time that it did not come up. */
	readonly backoffMs: number;
}

export const serverTimings: ServerTimings = {
	probeEveryMs: 3000,
	probeTimeoutMs: 10_000,
	startTimeoutMs: 30_000,
	backoffMs: 100,
};
const longestBackoffMs = 10_000;
/** After so many attempts those who wait are told why. */
const attemptsBeforeProblem = 3;

interface ServerOptions {
	readonly context: ToolContext;
	readonly start: StartTool;
	/** Holds `db`, and Trivy's layer cache after a while. */
	readonly cacheDirectory: string;
	/** Where its process is written down, for an engine that comes after one that was killed. */
	readonly recordsDirectory: string;
	/** Of the database in the cache directory, as the server must say it. */
	readonly databaseUpdatedAt: string;
	readonly timings: ServerTimings;
	readonly onState: (state: ServerState, detail: string) => void;
}

const versionAnswer = z.object({VulnerabilityDB: z.object({UpdatedAt: z.iso.datetime({offset: true})})});

/** Starts a server and looks after it until it is stopped. Trivy's own updates are off: it keeps the database it has. */
export function superviseServer(options: ServerOptions): TrivyServer {
	const {timings, onState} = options;
	const stopping = new AbortController();
	let state: ServerState = 'starting';
	const running: ServerProcess = {pid: undefined, paused: false};
	let life = 0;
	let outcome = Promise.withResolvers<ServerAccess | {readonly problem: string}>();
	let settled = false;
	const settle = (result: ServerAccess | {readonly problem: string}) => {
		outcome.resolve(result);
		settled = true;
	};
	const reopen = () => {
		if (!settled) return;
		outcome = Promise.withResolvers();
		settled = false;
	};
	const change = (next: ServerState, detail: string) => {
		state = next;
		onState(next, detail);
	};
	const supervise = async () => {
		for (let failures = 0; !stopping.signal.aborted;) {
			life += 1;
			change(life === 1 ? 'starting' : 'restarting', `start ${life}`);
			const problem = await liveOnce(options, {life, running, stopping: stopping.signal}, (access) => {
				failures = 0;
				reopen();
				settle(access);
				change('running', `at ${access.url}`);
			});
			if (stopping.signal.aborted) break;
			failures += 1;
			reopen();
			if (failures >= attemptsBeforeProblem) settle({problem});
			change('restarting', problem);
			const backoffMs = Math.min(longestBackoffMs, timings.backoffMs * 2 ** (failures - 1));
			await wait(backoffMs, undefined, {signal: stopping.signal}).catch(() => {});
		}
	};
	const supervised = supervise().catch((error: unknown) => settle({problem: String(error)}));
	return {
		life: () => life,
		state: () => state,
		access: (signal) => raceAbort(outcome.promise, signal),
		pause: async (work) => {
			const {pid} = running;
			running.paused = true;
			signalProcess(pid, 'SIGSTOP');
			try {
				return await work();
			} finally {
				signalProcess(pid, 'SIGCONT');
				running.paused = false;
			}
		},
		stop: async () => {
			stopping.abort();
			await supervised;
			reopen();
			settle({problem: 'the engine is being stopped'});
			if (state !== 'stopped') change('stopped', '');
		},
	};
}

/** One life of a server, from its start to its end. @returns why it ended. */
async function liveOnce(
	options: ServerOptions,
	{life, running, stopping}: {readonly life: number; readonly running: ServerProcess; readonly stopping: AbortSignal},
	onRunning: (access: ServerAccess) => void,
): Promise<string> {
	const {context, start, cacheDirectory, recordsDirectory, timings} = options;
	const token = randomBytes(32).toString('base64url');
	const port = await freePort();
	const home = await context.makeDirectory('server');
	const config = join(home, 'config.yaml');
	await writeFile(config, '');
	const listen = ['--listen', `127.0.0.1:${port}`, '--skip-db-update', '--config', config, '--quiet'];
	const tool = start('trivy', ['server', ...listen, '--cache-dir', cacheDirectory, '--cache-backend', 'fs'], {
		environment: {
			...context.environment,
			HOME: home,
			TMPDIR: home,
			XDG_DATA_HOME: home,
			DOCKER_CONFIG: home,
			TRIVY_TOKEN: token,
		},
		directory: home,
	});
	Object.assign(running, {pid: tool.pid});
	const over = new AbortController();
	const ended = tool.ended.finally(() => over.abort());
	const stop = () => void tool.stop();
	stopping.addEventListener('abort', stop, {once: true});
	const forgetRecord =
		tool.pid === undefined ? undefined : await recordProcess(recordsDirectory, tool.pid).catch(() => undefined);
	try {
		if (stopping.aborted) stop();
		const url = `http://127.0.0.1:${port}`;
		const up = await comesUp(url, options, over.signal);
		if (up) {
			onRunning({url, environment: {TRIVY_TOKEN: token}, life});
			await hangs(url, timings, running, over.signal);
		}
		// One that hangs does not listen to anything else.
		const why = over.signal.aborted ? undefined : up ? 'it no longer answered' : 'it did not come up';
		if (why !== undefined) await tool.kill();
		return why ?? lastWords(await ended);
	} finally {
		Object.assign(running, {pid: undefined});
		stopping.removeEventListener('abort', stop);
		await forgetRecord?.();
		await rm(home, {recursive: true, force: true});
	}
}

function lastWords(result: ToolResult): string {
	switch (result.kind) {
		case 'missing':
			return `trivy cannot be started (${result.code})`;
		case 'stopped':
			return `it was killed by ${result.signal ?? 'a signal'}`;
		case 'exited': {
			const words = withoutCredentials(result.stderr).trim().split('\n').at(-1) ?? '';
			return `it ended with exit code ${result.exitCode}: ${words.slice(-500)}`;
		}
	}
}

/** Whether it says, in time, that it has the database that it was given. */
async function comesUp(url: string, {timings, databaseUpdatedAt}: ServerOptions, over: AbortSignal): Promise<boolean> {
	const deadline = performance.now() + timings.startTimeoutMs;
	while (!over.aborted && performance.now() < deadline) {
		const text = await ask(`${url}/version`, timings.probeTimeoutMs, over);
		const parsed = versionAnswer.safeParse(readJson(text ?? ''));
		if (parsed.success && Date.parse(parsed.data.VulnerabilityDB.UpdatedAt) === Date.parse(databaseUpdatedAt))
			return true;
		await wait(20, undefined, {signal: over}).catch(() => {});
	}
	return false;
}

/** Resolves when it does not answer any more, or has ended. */
async function hangs(url: string, timings: ServerTimings, running: ServerProcess, over: AbortSignal): Promise<void> {
	while (!over.aborted) {
		await wait(timings.probeEveryMs, undefined, {signal: over, ref: false}).catch(() => {});
		if (over.aborted) return;
		if (running.paused) continue;
		if ((await ask(`${url}/healthz`, timings.probeTimeoutMs, over)) !== 'ok' && !running.paused) return;
	}
}

/** What pausing and looking after a server share. */
interface ServerProcess {
	pid: number | undefined;
	paused: boolean;
}

function signalProcess(pid: number | undefined, signal: NodeJS.Signals): void {
	try {
		if (pid !== undefined) process.kill(pid, signal);
	} catch {
		// It has just ended.
	}
}

/** The body of an answer with status 200. One request, one connection: nothing waits behind one that hangs. */
function ask(url: string, timeoutMs: number, over: AbortSignal): Promise<string | undefined> {
	const {promise, resolve} = Promise.withResolvers<string | undefined>();
	const request = get(
		url,
		{agent: false, signal: AbortSignal.any([over, AbortSignal.timeout(timeoutMs)])},
		(response) => {
			const pieces: Buffer[] = [];
			let bytes = 0;
			response.on('data', (piece: Buffer) => {
				bytes += piece.length;
				if (bytes > maxAnswerBytes) request.destroy();
				pieces.push(piece);
			});
			response.on('error', () => resolve(undefined));
			response.on('end', () =>
				resolve(response.statusCode === 200 ? Buffer.concat(pieces).toString('utf8') : undefined),
			);
			response.on('close', () => resolve(undefined));
		},
	);
	request.on('error', () => resolve(undefined));
	return promise;
}

const maxAnswerBytes = 64 * 1024;

/** Somebody else may take it before Trivy does; then Trivy ends and is started with another. */
async function freePort(): Promise<number> {
	const server = createServer().listen(0, '127.0.0.1');
	await once(server, 'listening');
	const address = server.address();
	server.close();
	await once(server, 'close');
	return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Gives up waiting, not the work, when the signal says so. @throws the signal's reason. */
export async function raceAbort<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
	signal.throwIfAborted();
	const aborted = Promise.withResolvers<never>();
	const stop = () => aborted.reject(signal.reason);
	signal.addEventListener('abort', stop, {once: true});
	try {
		return await Promise.race([work, aborted.promise]);
	} finally {
		signal.removeEventListener('abort', stop);
	}
}
