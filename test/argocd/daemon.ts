import {spawn, type ChildProcess} from 'node:child_process';
import {once} from 'node:events';
import {createWriteStream} from 'node:fs';
import {readFile} from 'node:fs/promises';
import {createServer, type AddressInfo, type Server} from 'node:net';
import {setTimeout as sleep} from 'node:timers/promises';
import type {Writable} from 'node:stream';

/** A program that runs until it is stopped. */
export interface Daemon {
	readonly name: string;
	/** Everything it has printed. */
	readonly logFile: string;
	readonly stop: () => Promise<void>;
	/** Kills it, with the programs that it started in its group, as the kernel does when memory is short. */
	readonly kill: () => Promise<void>;
}

export interface DaemonOptions {
	readonly name: string;
	readonly file: string;
	readonly args: readonly string[];
	readonly environment: Readonly<Record<string, string>>;
	readonly logFile: string;
	/** Asked again until it answers true. */
	readonly ready: () => Promise<boolean>;
}

/**
 * When this process ends, whichever way, so do those that it started: a shell waits for the end of a pipe that only
 * this process holds. What stops in order writes a line first.
 */
const guard = '(read -r _ <&3 && exit; kill $$; sleep 4; kill -s KILL -- -$$) >/dev/null 2>&1 & exec "$@" 3<&-';
const patienceMs = 60_000;

/** Starts a program and waits until it is ready. @throws Error with the end of its log when it ends or is late. */
export async function startDaemon({name, file, args, environment, logFile, ready}: DaemonOptions): Promise<Daemon> {
	const child = spawn('/bin/sh', ['-c', guard, 'sh', file, ...args], {
		env: environment,
		stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
		// What ends this process may end its whole group, but must leave the guard its work.
		detached: true,
	});
	const log = createWriteStream(logFile, {flags: 'a'});
	child.stdout?.pipe(log, {end: false});
	child.stderr?.pipe(log, {end: false});
	let stopped: Promise<void> | undefined;
	const daemon = {name, logFile, stop: () => (stopped ??= stop(child)), kill: () => kill(child)};
	const deadline = performance.now() + patienceMs;
	while (!(await ready().catch(() => false))) {
		const ended = !isRunning(child);
		if (ended || performance.now() > deadline) {
			await daemon.stop();
			const tail = (await readFile(logFile, 'utf8')).trimEnd().split('\n').slice(-15).join('\n  ');
			throw new Error(`${name} ${ended ? 'ended' : 'was not ready in time'}:\n  ${tail}`);
		}
		await sleep(100);
	}
	return daemon;
}

/** So many ports that are free on loopback, no two alike. */
export async function freePorts(count: number): Promise<readonly number[]> {
	const servers: Server[] = [];
	for (let index = 0; index < count; index++) {
		const server = createServer().listen(0, '127.0.0.1');
		await once(server, 'listening');
		servers.push(server);
	}
	const ports = servers.map((server) => (server.address() as AddressInfo).port);
	await Promise.all(servers.map((server) => once(server.close(), 'close')));
	return ports;
}

/** Whether a plain HTTP address answers with success. */
export async function answers(url: string): Promise<boolean> {
	return (await fetch(url, {signal: AbortSignal.timeout(1000)})).ok;
}

/** With everything in its group: what outlives its parent would hold the log open. */
async function kill(child: ChildProcess): Promise<void> {
	if (child.pid === undefined || !isRunning(child)) return;
	const ended = once(child, 'exit');
	process.kill(-child.pid, 'SIGKILL');
	await ended;
}

async function stop(child: ChildProcess): Promise<void> {
	if (isRunning(child)) {
		const ended = once(child, 'exit');
		child.kill('SIGTERM');
		await Promise.race([ended, sleep(5000, undefined, {ref: false})]);
		await kill(child);
	}
	(child.stdio[3] as Writable).end('stopped\n');
}

function isRunning(child: ChildProcess): boolean {
	return child.exitCode === null && child.signalCode === null;
}
