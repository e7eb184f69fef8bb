import {readdir, realpath, stat} from 'node:fs/promises';
import {join, relative} from 'node:path';
import {GateError} from '../errors.ts';
import {isInside, lexicalInside, notFound, outside, resolveInside} from './confine.ts';
import {compileGlob, expandBraces} from './glob.ts';

const what = 'value file';
const maxDirectories = 10_000;
const maxMatches = 1000;

/** A value file inside the repository: where it really is, and how messages call it. */
export interface ValueFile {
	readonly path: string;
	readonly as: string;
}

interface Wanted {
	readonly files: readonly string[];
	readonly ignoreMissing: boolean;
	/** Real paths. */
	readonly directory: string;
	readonly root: string;
}

/**
 * The value files in the order in which helm is to merge them, as Argo CD finds them (reposerver/repository,
 * getResolvedValueFiles): globs expand in lexical order, a file counts once, and where it is listed by name its place
 * there wins. Throws path-outside, source-not-found, or source-refused for an address.
 */
export async function findValueFiles({files, ignoreMissing, directory, root}: Wanted): Promise<readonly ValueFile[]> {
	const wanted = files.map((file) => ({file, path: lexicalInside(root, directory, refuseAddress(file), what)}));
	const explicit = new Set(wanted.map(({path}) => path).filter((path) => !isPattern(path, root)));
	const found = new Map<string, ValueFile>();
	for (const {file, path} of wanted) {
		const pattern = isPattern(path, root);
		const all = pattern ? await expand(path, root) : [path];
		if (all.length === 0 && !ignoreMissing) throw notFound(what, file);
		const matches = pattern ? all.filter((match) => !explicit.has(match)) : all;
		for (const match of matches) {
			const as = pattern ? relative(directory, match) : file;
			if (found.has(match) || (ignoreMissing && !(await exists(match)))) continue;
			found.set(match, {
				path: await resolveInside(root, directory, `/${relative(root, match)}`, what).catch(renamed(as)),
				as,
			});
		}
	}
	return [...found.values()];
}

/** An address would be fetched by helm with the gate's network; a path is given back. */
export function refuseAddress(file: string): string {
	if (!/^[a-z][a-z0-9+.-]*:/i.test(file)) return file;
	throw new GateError({
		stage: 'render',
		code: 'source-refused',
		what: 'a file is not fetched from an address',
		where: file.replace(/\/\/[^/]*@/, '//'),
		hint: 'Commit the file to the repository.',
	});
}

/** The pattern's metacharacters count below the root only: the root's own name is none of the author's words. */
function isPattern(path: string, root: string): boolean {
	return /[*?[]/.test(relative(root, path));
}

/** doublestar.FilepathGlob below the root: `**` is any number of directories, links to directories are followed. */
async function expand(path: string, root: string): Promise<readonly string[]> {
	const patterns = expandBraces(relative(root, path), what);
	const matches = await Promise.all(patterns.map((pattern) => expandOne(pattern, root)));
	const unique = [...new Set(matches.flat())];
	if (unique.length > maxMatches) throw tooMany(relative(root, path));
	return patterns.length > 1 ? unique.toSorted(byBytes) : unique;
}

async function expandOne(pattern: string, root: string): Promise<readonly string[]> {
	const segments = pattern.split('/');
	const last = segments.pop() ?? '';
	let directories: readonly string[] = [root];
	for (const segment of segments) {
		const next: string[] = [];
		for (const directory of directories)
			next.push(...(await (segment === '**' ? below(directory, root) : matching(directory, segment, root, true))));
		if (next.length > maxDirectories) throw tooMany(pattern);
		directories = next;
	}
	const files: string[] = [];
	for (const directory of directories) {
		if (last !== '**') files.push(...(await matching(directory, last, root, false)));
		else for (const one of await below(directory, root)) files.push(...(await matching(one, '*', root, false)));
	}
	return files;
}

/** A directory and all below it, each before its own, by name. */
async function below(directory: string, root: string): Promise<readonly string[]> {
	const found: string[] = [];
	const visit = async (current: string, parents: readonly string[]): Promise<void> => {
		const real = await realpath(current);
		// A link back up would never end.
		if (parents.includes(real)) return;
		found.push(current);
		if (found.length > maxDirectories) throw tooMany(relative(root, directory));
		for (const child of await matching(current, '*', root, true)) await visit(child, [...parents, real]);
	};
	await visit(directory, []);
	return found;
}

/** The entries of a directory that match one segment: its directories, or its files. */
async function matching(
	directory: string,
	segment: string,
	root: string,
	directories: boolean,
): Promise<readonly string[]> {
	const matches = compileGlob(segment, what);
	const names = (await readdir(directory)).filter(matches).toSorted(byBytes);
	const found: string[] = [];
	for (const name of names) {
		const path = join(directory, name);
		const real = await realpath(path).catch(() => undefined);
		if (real === undefined) continue;
		if (!isInside(root, real)) throw outside(what, relative(root, path));
		if ((await stat(real)).isDirectory() === directories) found.push(path);
	}
	return found;
}

function renamed(as: string): (error: unknown) => never {
	return (error) => {
		if (!(error instanceof GateError)) throw error;
		throw error.code === 'path-outside' ? outside(what, as) : notFound(what, as, error);
	};
}

async function exists(path: string): Promise<boolean> {
	return stat(path).then(
		() => true,
		() => false,
	);
}

/** As Go sorts: by the bytes of UTF-8. */
function byBytes(a: string, b: string): number {
	return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function tooMany(pattern: string): GateError {
	return new GateError({
		stage: 'render',
		code: 'limit-exceeded',
		what: `a pattern matches more than ${maxMatches} value files or ${maxDirectories} directories`,
		where: pattern,
		hint: 'Name the files, or a smaller part of the repository.',
	});
}
