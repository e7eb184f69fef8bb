import {randomUUID} from 'node:crypto';
import {mkdir, rename, rm, writeFile} from 'node:fs/promises';
import {dirname} from 'node:path';
import {GateError} from './errors.ts';

/**
 * Writes a file whole or not at all; missing directories are made.
 * @throws GateError output-unwritable.
 */
export async function writeWhole(file: string, content: string): Promise<void> {
	// The directory may be the author’s, who must not have put a link where the draft goes.
	const draft = `${file}.${randomUUID()}.tmp`;
	try {
		await mkdir(dirname(file), {recursive: true});
		await writeFile(draft, content, {flag: 'wx'});
		await rename(draft, file);
	} catch (error) {
		await rm(draft, {force: true}).catch(() => {});
		const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
		throw new GateError({
			stage: 'report',
			code: 'output-unwritable',
			what: `the report cannot be written (${code})`,
			where: file,
			hint: 'Name a file in a directory that this user may write to.',
			cause: error,
		});
	}
}
