import {Composer, type CST} from 'yaml';
import {notYaml, type Reading} from './reading.ts';

/**
 * The root node of a document's checked tokens, every scalar as text (`failsafe`); undefined when there is none. Throws
 * manifests-unreadable for the first syntax error.
 */
export function composeRoot(reading: Reading, tokens: readonly CST.Token[]): unknown {
	const composer = new Composer({schema: 'failsafe', uniqueKeys: false, strict: true});
	stopAtFirstError(composer, reading);
	const [document] = composer.compose(tokens);
	return document?.contents ?? undefined;
}

/**
 * Replaces the private method that collects errors: a collected error costs a kilobyte, and hostile text has one in
 * every byte. What the parser only warns of is an error too.
 */
function stopAtFirstError(composer: Composer, reading: Reading): void {
	let first: Error | undefined;
	composer['onError'] = (source: unknown, code: string, message: string) => {
		// The parser catches what is thrown below it, and reports that too.
		first ??= notYaml(reading, errorOffset(source), code, message);
		throw first;
	};
}

function errorOffset(source: unknown): number {
	if (typeof source === 'number') return source;
	if (Array.isArray(source)) return Number(source[0]);
	return typeof source === 'object' && source !== null && 'offset' in source ? Number(source.offset) : 0;
}
