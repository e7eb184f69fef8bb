import {chmod, copyFile, readFile, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {runToEnd} from './measure.ts';

const root = join(import.meta.dirname, '..', '..');

/** Makes the bundle that the container image holds. @returns its first file, for Node. */
export async function makeBundle(home: string): Promise<string> {
	const directory = join(home, 'bundle');
	const environment = {PATH: process.env['PATH'] ?? '', HOME: home};
	await runToEnd(process.execPath, ['plugin/bundle.mjs', directory], {directory: root, environment});
	await copyFile(join(root, 'package.json'), join(directory, 'package.json'));
	return join(directory, 'trivy-gate.js');
}

/** Trivy with a list of what it was started for. */
export interface CountedTrivy {
	readonly path: string;
	/** How often each command was run since the last time that this was asked. */
	readonly counts: () => Promise<{readonly image: number; readonly server: number; readonly other: number}>;
}

/** Stands in front of Trivy and writes down each start; questions for the version do not count. */
export async function countTrivy(home: string, trivy: string): Promise<CountedTrivy> {
	const path = join(home, 'counted-trivy');
	const list = join(home, 'trivy-starts');
	await writeFile(path, `#!/bin/sh\nprintf '%s\\n' "$1" >>'${list}'\nexec '${trivy}' "$@"\n`);
	await chmod(path, 0o755);
	return {
		path,
		counts: async () => {
			const starts = (await readFile(list, 'utf8').catch(() => '')).split('\n').filter((line) => line !== '');
			await writeFile(list, '');
			const of = (command: string) => starts.filter((start) => start === command).length;
			const [image, server] = [of('image'), of('server')];
			return {image, server, other: starts.length - image - server - of('--version')};
		},
	};
}
