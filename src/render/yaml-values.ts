import {parseAllDocuments} from 'yaml';
import {GateError} from '../errors.ts';

/**
 * The values of the documents of a YAML file that decides what a tool reads.
 * Aliases and merge keys are followed. Throws source-refused for a file that cannot be read in one way only.
 */
export function readYaml(content: Uint8Array, as: string): readonly unknown[] {
	const text = Buffer.from(content).toString('utf8');
	try {
		return parseAllDocuments(text, {merge: true, prettyErrors: false, logLevel: 'silent'}).map((document) => {
			const problem = document.errors[0];
			if (problem !== undefined) throw problem;
			return document.toJS({maxAliasCount: 1000}) as unknown;
		});
	} catch (error) {
		throw new GateError({
			stage: 'render',
			code: 'source-refused',
			what: 'a file is not valid YAML',
			where: as,
			hint: 'The gate must read it to know which files are rendered; correct it.',
			output: error instanceof Error ? error.message : undefined,
			cause: error,
		});
	}
}

export function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Every string in a value, keys not included. */
export function stringsOf(value: unknown): readonly string[] {
	if (typeof value === 'string') return [value];
	if (Array.isArray(value)) return value.flatMap((item: unknown) => stringsOf(item));
	return isMapping(value) ? Object.values(value).flatMap(stringsOf) : [];
}

/**
 * The values of a mapping under a name as Go's encoding/json finds them: whatever the case of the letters.
 * The long s folds to s, too.
 */
export function fieldsOf(value: unknown, name: string): readonly unknown[] {
	if (!isMapping(value)) return [];
	return Object.entries(value).flatMap(([key, field]) => (fold(key) === fold(name) ? [field] : []));
}

function fold(key: string): string {
	return key.toLowerCase().replaceAll('ſ', 's');
}
