import {chmod, lstat, mkdir, rm} from 'node:fs/promises';
import {connect, isIP} from 'node:net';
import {dirname} from 'node:path';
import type {FastifyInstance} from 'fastify';
import {GateError} from '../errors.ts';
import type {ServiceAddress} from './address.ts';

/**
 * Lets a server listen. A socket is for this user alone: mode 0600, in a directory of mode 0700 that is made when it is
 * missing. What a service that was killed left there is removed; a living one is not disturbed.
 * @returns where it listens, with the port that the system chose for 0.
 * @throws GateError settings-invalid when it cannot listen there.
 */
export async function listen(app: FastifyInstance, address: ServiceAddress): Promise<ServiceAddress> {
	try {
		switch (address.kind) {
			case 'unix':
				await prepareSocket(address.path);
				await app.listen({path: address.path});
				await chmod(address.path, 0o600);
				return address;
			case 'tcp': {
				await app.listen({host: address.host, port: address.port});
				const bound = app.server.address();
				return typeof bound === 'object' && bound !== null ? {...address, port: bound.port} : address;
			}
		}
	} catch (error) {
		await app.close();
		throw error instanceof GateError ? error : unusable(address, error);
	}
}

/** Whether only this machine (or pod) reaches an address. */
export function isLoopback({host}: ServiceAddress & {kind: 'tcp'}): boolean {
	if (isIP(host) === 6) return host === '::1';
	return host === 'localhost' || host.startsWith('127.');
}

async function prepareSocket(path: string): Promise<void> {
	const directory = dirname(path);
	await mkdir(directory, {recursive: true, mode: 0o700});
	const info = await lstat(directory);
	const own = process.getuid === undefined || info.uid === process.getuid();
	if (!info.isDirectory() || !own || (info.mode & 0o077) !== 0) {
		throw new GateError({
			stage: 'settings',
			code: 'settings-invalid',
			what: 'the directory of the socket is open to others',
			where: directory,
			hint: 'Name a socket in a directory of its own, which belongs to this user and has mode 0700.',
		});
	}
	const there = await lstat(path).catch(() => undefined);
	if (there === undefined) return;
	if (!there.isSocket()) throw inTheWay(path, 'something else than a socket is in the way');
	if (await answers(path)) throw inTheWay(path, 'another scan service listens there');
	await rm(path);
}

function inTheWay(path: string, what: string): GateError {
	return new GateError({
		stage: 'settings',
		code: 'settings-invalid',
		what,
		where: path,
		hint: 'End it, or name another socket with --listen.',
	});
}

function answers(path: string): Promise<boolean> {
	return new Promise((fulfil) => {
		const socket = connect(path);
		socket.on('connect', () => {
			socket.destroy();
			fulfil(true);
		});
		socket.on('error', () => fulfil(false));
	});
}

function unusable(address: ServiceAddress, error: unknown): GateError {
	const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
	const where = address.kind === 'unix' ? address.path : `${address.host}:${address.port}`;
	return new GateError({
		stage: 'settings',
		code: 'settings-invalid',
		what: `the scan service cannot listen (${code})`,
		where,
		hint: code === 'EADDRINUSE' ? 'Another program listens there.' : 'Check --listen and --metrics-listen.',
		cause: error,
	});
}
