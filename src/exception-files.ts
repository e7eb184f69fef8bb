import {readdir, readFile} from 'node:fs/promises';
import {join} from 'node:path';
import {GateError} from './errors.ts';
import {noExceptions, parseExceptions, type Exceptions} from './gate/exceptions.ts';

/**
 * The files of a directory that end in .yaml or .yml, at any depth, as paths in it. What begins with a dot is passed over,
 * because Kubernetes keeps the real files of a mounted ConfigMap there, behind links.
 */
export async function namesIn(directory: string): Promise<readonly string[]> {
	const names = await readdir(directory, {recursive: true});
	return names.filter((name) => /\.ya?ml$/.test(name) && !/(?:^|[\\/])\./.test(name)).toSorted();
}

/**
 * Everything that the files of a directory let pass.
 * @throws GateError policy-invalid when the directory or a file cannot be read, or has a mistake.
 */
export async function loadExceptions(directory: string | undefined): Promise<Exceptions> {
	if (directory === undefined) return noExceptions;
	const files = await namesIn(directory).catch((error: unknown) => unreadable(directory, error));
	const all = await Promise.all(
		files.map(async (name) => {
			const path = join(directory, name);
			const text = await readFile(path, 'utf8').catch((error: unknown) => unreadable(path, error));
			return parseExceptions(text, {path, name});
		}),
	);
	return {
		exceptions: all.flatMap(({exceptions}) => exceptions),
		breakGlass: all.flatMap(({breakGlass}) => breakGlass),
	};
}

function unreadable(where: string, cause: unknown): never {
	throw new GateError({
		stage: 'settings',
		code: 'policy-invalid',
		what: 'the exceptions cannot be read',
		where,
		hint: 'Check --exceptions (TRIVY_GATE_EXCEPTIONS) and that the directory is mounted.',
		cause,
	});
}
