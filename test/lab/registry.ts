import {spawn, type ChildProcess} from 'node:child_process';
import {once} from 'node:events';
import {mkdir, mkdtemp, readdir, rm, symlink, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {createInterface} from 'node:readline';
import type {Readable, Writable} from 'node:stream';
import {digestOf} from './layer.ts';
import type {Manifest} from './manifest.ts';

export interface Registry {
	/** `127.0.0.1:PORT`, plain HTTP, without any limits or logins. */
	readonly address: string;
	/** Puts content where every repository of the registry has it. @returns its digest. */
	readonly addBlob: (content: Uint8Array) => Promise<string>;
	/** Puts a manifest under a tag; under its digest, when no tag is given. */
	readonly addManifest: (repository: string, manifest: Manifest, tag?: string) => Promise<void>;
	readonly stop: () => Promise<void>;
}

/**
 * crane's registry, in a directory of its own. When this process ends, whichever way, the registry ends and its
 * directory goes: a shell waits for the end of a pipe that only this process holds.
 */
const guard = '(read -r _ <&3 && exit; kill -9 $$; rm -rf -- "$DIRECTORY") >/dev/null 2>&1 & exec "$@" 3<&-';

/**
 * Starts a registry on loopback.
 * @param blobs directories of files named by their SHA-256, which the registry has from the start.
 */
export async function startRegistry(crane: string, blobs: readonly string[] = []): Promise<Registry> {
	const directory = await mkdtemp(join(tmpdir(), 'lab-registry-'));
	const stored = join(directory, 'sha256');
	await mkdir(stored);
	for (const source of blobs) {
		for (const name of await readdir(source)) await symlink(join(source, name), join(stored, name));
	}
	const serve = ['registry', 'serve', '--address', '127.0.0.1:0', '--disk', directory];
	const child = spawn('/bin/sh', ['-c', guard, 'sh', crane, ...serve], {
		env: {...process.env, DIRECTORY: directory},
		stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
		// What ends this process may end its whole group, but must leave the guard its work.
		detached: true,
	});
	const address = `127.0.0.1:${await portOf(child)}`;
	return {
		address,
		async addBlob(content) {
			const digest = digestOf(content);
			// What is there already is the same, and may be a file of the cache.
			await writeFile(join(stored, digest.replace('sha256:', '')), content, {flag: 'wx'}).catch((error: unknown) => {
				if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
			});
			return digest;
		},
		async addManifest(repository, manifest, tag = manifest.digest) {
			const response = await fetch(`http://${address}/v2/${repository}/manifests/${tag}`, {
				method: 'PUT',
				headers: {'content-type': manifest.mediaType},
				body: manifest.text,
			});
			if (!response.ok) throw new Error(`registry: ${repository}:${tag} was refused: ${await response.text()}`);
		},
		stop: () => stop(child, directory),
	};
}

function portOf(child: ChildProcess): Promise<string> {
	const said: string[] = [];
	// The listener stays: a registry whose log nobody reads would stop when the pipe is full.
	const lines = createInterface(child.stderr as Readable);
	return new Promise((fulfil, reject) => {
		lines.on('line', (line) => {
			const port = /serving on port (\d+)/.exec(line)?.[1];
			if (port !== undefined) fulfil(port);
			else if (said.length < 20) said.push(line);
		});
		lines.on('close', () => reject(new Error(`crane registry serve did not start:\n${said.join('\n')}`)));
		child.on('error', reject);
	});
}

async function stop(child: ChildProcess, directory: string): Promise<void> {
	const ended = once(child, 'exit');
	if (child.exitCode === null && child.signalCode === null) {
		child.kill('SIGKILL');
		await ended;
	}
	await rm(directory, {recursive: true, force: true});
	(child.stdio[3] as Writable).end('stopped\n');
}
