import {constants} from 'node:fs';
import {copyFile, lstat, mkdir, readdir, realpath, symlink} from 'node:fs/promises';
import {dirname, join, relative} from 'node:path';
import {GateError} from '../errors.ts';
import {isInside} from './confine.ts';

const maxEntries = 100_000;
const maxBytes = 1024 * 1024 * 1024;

/**
 * Copies a repository into an empty directory, for tools that write where they read; the checkout stays as it is.
 * Leaves out `.git` and what is neither file, directory nor symlink. A symlink stays one when it ends inside the
 * repository, and points into the copy; another is left out, so that nothing in the copy leads out of it.
 * Throws limit-exceeded above 100 000 entries or 1 GiB.
 */
export async function copyRepository(root: string, target: string): Promise<void> {
	const budget = {entries: maxEntries, bytes: maxBytes};
	await copyDirectory({root: await realpath(root), target, directory: '', budget});
}

interface Copy {
	readonly root: string;
	readonly target: string;
	/** Relative to both. */
	readonly directory: string;
	readonly budget: {entries: number; bytes: number};
}

async function copyDirectory({root, target, directory, budget}: Copy): Promise<void> {
	for (const entry of await readdir(join(root, directory), {withFileTypes: true})) {
		if (directory === '' && entry.name === '.git') continue;
		const path = join(directory, entry.name);
		spend(budget, 0);
		if (entry.isDirectory()) {
			await mkdir(join(target, path), {mode: 0o700});
			await copyDirectory({root, target, directory: path, budget});
		} else if (entry.isFile()) {
			spend(budget, (await lstat(join(root, path))).size);
			await copyFile(join(root, path), join(target, path), constants.COPYFILE_FICLONE);
		} else if (entry.isSymbolicLink()) await copyLink(root, target, path);
	}
}

async function copyLink(root: string, target: string, path: string): Promise<void> {
	const end = await realpath(join(root, path)).catch(() => undefined);
	if (end === undefined || !isInside(root, end)) return;
	await symlink(relative(dirname(path), relative(root, end)) || '.', join(target, path));
}

function spend(budget: {entries: number; bytes: number}, bytes: number): void {
	Object.assign(budget, {entries: budget.entries - 1, bytes: budget.bytes - bytes});
	if (budget.entries >= 0 && budget.bytes >= 0) return;
	throw new GateError({
		stage: 'render',
		code: 'limit-exceeded',
		what: `the repository has more than ${maxEntries} files or 1 GiB, and a private copy of it is needed`,
		hint: 'Commit the chart’s dependencies or make the edits in the kustomization, so that no copy is needed.',
	});
}
