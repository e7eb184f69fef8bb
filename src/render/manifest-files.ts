import {readdir, realpath, stat} from 'node:fs/promises';
import {join, relative} from 'node:path';
import {GateError} from '../errors.ts';
import {isInside, outside} from './confine.ts';
import {readBounded} from './read-bounded.ts';
import {compileGlob} from './glob.ts';
import type {RenderParameters} from '../types.ts';

const maxBytes = 10 * 1024 * 1024;
const maxEntries = 100_000;
const skipMarker = '+argocd:skip-file-rendering';

type Search = RenderParameters['plain'] & {readonly directory: string; readonly root: string};

/**
 * The manifest files of a plain directory, relative to it and sorted, as Argo CD takes them (reposerver/repository,
 * getPotentiallyValidManifests): `.yaml`, `.yml` and `.json`, not below unless `recurse`, by exclude and include, and
 * without those that say `+argocd:skip-file-rendering`. Together at most 10 MiB, else limit-exceeded.
 * Jsonnet, which Argo CD would evaluate, is source-refused.
 */
export async function findManifestFiles({
	directory,
	root,
	recurse,
	include,
	exclude,
}: Search): Promise<readonly string[]> {
	const isExcluded = exclude === undefined ? () => false : compileGlob(exclude, 'exclude');
	const isIncluded = include === undefined ? () => true : compileGlob(include, 'include');
	const files: string[] = [];
	let bytes = 0;
	for (const path of await manifestNames(directory, recurse)) {
		const real = await realpath(join(directory, path)).catch(() => undefined);
		if (real === undefined) continue;
		if (!isInside(root, real)) throw outside('symlink', path);
		if (!(await stat(real)).isFile() || isExcluded(path) || !isIncluded(path)) continue;
		refuseControlCharacters(path);
		const content = await readBounded(real, 'manifest file', path);
		if (content.includes(skipMarker)) continue;
		if (path.endsWith('.jsonnet')) throw jsonnet(path);
		bytes += content.length;
		if (bytes > maxBytes) throw tooBig(relative(root, directory));
		files.push(path);
	}
	return files;
}

/** Where an author asks for a stricter policy (gate/repository-wish.ts): nothing that is deployed. */
const wishFile = '.trivy-gate.yaml';

/** `.argocd-source.yaml` and `.argocd-source-<app>.yaml`; the gate cannot tell which app's, so all of them. */
export function isSourceFile(name: string): boolean {
	return /^\.argocd-source(?:-.*)?\.yaml$/s.test(name);
}

async function manifestNames(directory: string, recurse: boolean): Promise<readonly string[]> {
	const entries = await readdir(directory, {withFileTypes: true, recursive: recurse});
	if (entries.length > maxEntries) throw tooMany();
	return entries
		.filter(
			(entry) =>
				!entry.isDirectory() &&
				/\.(?:yaml|yml|json|jsonnet)$/.test(entry.name) &&
				!isSourceFile(entry.name) &&
				entry.name !== wishFile,
		)
		.map((entry) => relative(directory, join(entry.parentPath, entry.name)))
		.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

/** The name goes into a comment of the stream, which it must not end. */
function refuseControlCharacters(path: string): void {
	if (!/[\p{Cc}\p{Zl}\p{Zp}]/u.test(path)) return;
	throw new GateError({
		stage: 'render',
		code: 'source-refused',
		what: 'a file name has control characters',
		where: JSON.stringify(path),
		hint: 'Rename the file.',
	});
}

function jsonnet(path: string): GateError {
	return new GateError({
		stage: 'render',
		code: 'source-refused',
		what: 'jsonnet is not supported',
		where: path,
		hint: 'Commit what it renders, exclude it, or pipe rendered manifests into the gate.',
	});
}

function tooBig(where: string): GateError {
	return new GateError({
		stage: 'render',
		code: 'limit-exceeded',
		what: 'the manifest files are larger than 10 MiB together',
		where: where === '' ? '.' : where,
		hint: 'Split the application, or exclude what is no manifest.',
	});
}

function tooMany(): GateError {
	return new GateError({
		stage: 'render',
		code: 'limit-exceeded',
		what: `the source has more than ${maxEntries} files`,
		hint: 'Split the application, or render it without recursion.',
	});
}
