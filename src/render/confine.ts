import {lstat, opendir, readlink, realpath} from 'node:fs/promises';
import {dirname, isAbsolute, join, relative, resolve, sep} from 'node:path';
import {GateError} from '../errors.ts';

const maxEntries = 100_000;

/**
 * The real path of an author-given path, all symlinks resolved, which is inside the repository.
 * A relative path starts at `base`, an absolute one at the repository's root, as in Argo CD's ResolveValueFilePathOrUrl.
 * `what` names the thing in the errors: path-outside, or source-not-found when nothing is there.
 */
export async function resolveInside(root: string, base: string, path: string, what: string): Promise<string> {
	const realRoot = await realpath(root);
	const wanted = lexicalInside(root, base, path, what);
	const found = await realpath(wanted).catch((error: unknown) => {
		throw notFound(what, path, error);
	});
	if (!isInside(realRoot, found)) throw outside(what, path);
	return found;
}

/** The same without looking at the disk: the absolute path, or path-outside when it climbs out by its own dots. */
export function lexicalInside(root: string, base: string, path: string, what: string): string {
	if (path.includes('\0')) throw outside(what, path.replaceAll('\0', '\\0'));
	const wanted = isAbsolute(path) ? join(root, path) : resolve(base, path);
	if (!isInside(root, wanted)) throw outside(what, path);
	return wanted;
}

/**
 * Walks a directory as a tool that follows symlinks would, and throws path-outside for a link that leaves the repository.
 * Directories behind links are walked too; a dangling link counts by where it points. At most 100 000 entries.
 */
export async function confineTree(directory: string, root: string): Promise<void> {
	const realRoot = await realpath(root);
	const seen = new Set<string>();
	const todo = [await realpath(directory)];
	let entries = 0;
	for (let current = todo.pop(); current !== undefined; current = todo.pop()) {
		if (seen.has(current)) continue;
		seen.add(current);
		for await (const entry of await opendir(current)) {
			entries += 1;
			if (entries > maxEntries) throw tooMany(relative(realRoot, directory));
			const path = join(current, entry.name);
			// Git's own, which no commit can put a link into.
			if (path === join(realRoot, '.git')) continue;
			if (entry.isDirectory()) todo.push(path);
			if (!entry.isSymbolicLink()) continue;
			const target = await linkTarget(path);
			if (!isInside(realRoot, target)) throw outside('symlink', relative(realRoot, path));
			if (await isDirectory(target)) todo.push(target);
		}
	}
}

/** Whether a path is the root or below it; both absolute and, for a real answer, free of symlinks. */
export function isInside(root: string, path: string): boolean {
	return path === root || path.startsWith(root.endsWith(sep) ? root : root + sep);
}

/** path-outside, naming the path as the author wrote it. */
export function outside(what: string, path: string): GateError {
	return new GateError({
		stage: 'render',
		code: 'path-outside',
		what: `the ${what} leads out of the repository`,
		where: path,
		hint: 'Keep everything that is rendered inside the repository.',
	});
}

/** source-not-found, naming the path as the author wrote it. */
export function notFound(what: string, path: string, cause?: unknown): GateError {
	return new GateError({
		stage: 'render',
		code: 'source-not-found',
		what: `the ${what} does not exist`,
		where: path,
		hint: 'Check the path; it is relative to the source directory, or to the repository with a leading slash.',
		cause,
	});
}

/** Where a link ends; for a dangling one, where its existing part would put it. */
async function linkTarget(path: string): Promise<string> {
	const resolved = await realpath(path).catch(() => undefined);
	if (resolved !== undefined) return resolved;
	return resolve(dirname(path), await readlink(path));
}

async function isDirectory(path: string): Promise<boolean> {
	return lstat(path).then(
		(stats) => stats.isDirectory(),
		() => false,
	);
}

function tooMany(where: string): GateError {
	return new GateError({
		stage: 'render',
		code: 'limit-exceeded',
		what: `the source has more than ${maxEntries} files`,
		where: where === '' ? '.' : where,
		hint: 'Move the manifests to a directory of their own.',
	});
}
