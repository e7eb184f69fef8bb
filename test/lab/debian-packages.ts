import {access, constants} from 'node:fs/promises';
import {delimiter, join} from 'node:path';
import {run} from '../../plugin/build-tools.mjs';
import type {Say} from './cache.ts';

/**
 * Installs what is missing.
 * @param needed programs, and the packages of Debian that they come with.
 * @throws Error with the command to run when this is not root or not Debian.
 */
export async function installPackages(needed: Readonly<Record<string, string>>, say: Say): Promise<void> {
	const present = await Promise.all(Object.keys(needed).map(isInstalled));
	const missing = Object.values(needed).filter((_, index) => present[index] !== true);
	if (missing.length === 0) return;
	const command = `apt-get install -y ${missing.join(' ')}`;
	if (process.getuid?.() !== 0 || !(await isInstalled('apt-get'))) {
		throw new Error(`${missing.join(', ')}: not installed. Run as root: ${command} (or what your system has for it)`);
	}
	say(`installing Debian's ${missing.join(', ')} (about half a minute, once)`);
	// At run level 1 no service is started: the programs are started here, with settings of their own.
	const environment = {...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1'};
	await run('apt-get', ['update', '-q'], {environment});
	await run('apt-get', ['install', '-y', '-q', '--no-install-recommends', ...missing], {environment});
}

async function isInstalled(program: string): Promise<boolean> {
	for (const directory of (process.env['PATH'] ?? '').split(delimiter)) {
		const found = await access(join(directory, program), constants.X_OK).then(
			() => true,
			() => false,
		);
		if (found) return true;
	}
	return false;
}
