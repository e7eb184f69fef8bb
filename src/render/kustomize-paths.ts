import {realpath} from 'node:fs/promises';
import {isAbsolute, join} from 'node:path';
import {GateError} from '../errors.ts';
import {isInside, outside} from './confine.ts';

/** The document that names a path. */
export interface Place {
	/** Where relative paths start. */
	readonly folder: string;
	readonly root: string;
	readonly helm: boolean;
	readonly unrestricted: boolean;
	readonly as: string;
}

/**
 * The real path of what a kustomization names, or undefined when nothing is there, which is kustomize's to tell.
 * With `maybe`, or with line breaks, the text may be no path at all, so only what exists outside is refused.
 */
export async function resolveLocal(
	text: string,
	{folder, root, helm, unrestricted, as}: Place,
	maybe = false,
): Promise<string | undefined> {
	if (text === '') return undefined;
	// A patch may stand where a path does, and a path may hold a line break.
	const guess = maybe || text.includes('\n');
	if (!guess && isAddress(text)) refuseAddress(text, {helm, unrestricted, as});
	const wanted = isAbsolute(text) ? text : join(folder, text);
	const found = await realpath(wanted).catch(() => undefined);
	const out = found === undefined ? !guess && !isAddress(text) && !isInside(root, wanted) : !isInside(root, found);
	if (out) throw outside(`path in ${as}`, text);
	return found;
}

/** As wide as kustomize's own idea of a repository (api/internal/git/repospec.go). */
export function isAddress(text: string): boolean {
	return /^(?:git::)?(?:[a-z][a-z0-9+.-]*:\/\/|[a-z][a-z0-9-]*@|github\.com[/:])/i.test(text);
}

function refuseAddress(text: string, {helm, unrestricted, as}: Pick<Place, 'helm' | 'unrestricted' | 'as'>): void {
	const local = /^(?:git::)?file:/i.test(text);
	if (!local && !helm && !unrestricted) return;
	const why = helm
		? 'together with --enable-helm, because its charts cannot be checked'
		: 'together with --load-restrictor, because the files that it names cannot be checked';
	throw new GateError({
		stage: 'render',
		code: 'source-refused',
		what: local ? 'a base at file:// is not read' : `a remote base is not read ${why}`,
		where: as,
		hint: 'Commit the base to the repository.',
	});
}

/**
 * kustomize fetches a file at http(s):// as it reads one of the repository (api/internal/loader/fileloader.go), and a
 * generator prints its content: whatever answers inside the network could be read in the manifests.
 */
export function refuseRemoteFile(text: string, as: string): void {
	if (!/^https?:\/\//i.test(sourcePath(text).trim()) && !/^https?:\/\//i.test(text.trim())) return;
	throw new GateError({
		stage: 'render',
		code: 'source-refused',
		what: 'a file at an address is not read',
		where: as,
		hint: 'Commit the file to the repository.',
	});
}

/** `name=path` of a generator's files, else the text. */
export function sourcePath(text: string): string {
	return text.includes('=') ? text.slice(text.indexOf('=') + 1) : text;
}
