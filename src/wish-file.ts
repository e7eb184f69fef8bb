import {lstat, readFile} from 'node:fs/promises';
import {join} from 'node:path';
import {GateError} from './errors.ts';
import {parseWish, wishFile} from './gate/repository-wish.ts';
import type {TighteningParameters} from './gate/tighten.ts';

const mostBytes = 64 * 1024;

/**
 * What the author asks for in the application's directory; undefined when there is no such file.
 * @throws GateError parameters-invalid when it has a mistake, is a link or is too big.
 */
export async function loadWish(directory: string): Promise<TighteningParameters | undefined> {
	const path = join(directory, wishFile);
	const info = await lstat(path).catch((error: unknown) => {
		const code = error instanceof Error && 'code' in error ? error.code : undefined;
		if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
		throw refused('cannot be read', error);
	});
	if (info === undefined) return undefined;
	// A link could lead out of the repository, and what stands behind it would be told in a message.
	if (!info.isFile()) throw refused('is no regular file');
	if (info.size > mostBytes) throw refused('is larger than 64 KiB');
	return parseWish(await readFile(path, 'utf8'));
}

function refused(what: string, cause?: unknown): GateError {
	return new GateError({
		stage: 'settings',
		code: 'parameters-invalid',
		what: `the author’s file ${what}`,
		where: wishFile,
		hint: 'Make it a small file of its own in the application’s directory, or remove it.',
		cause,
	});
}
