import type {GateError} from '../errors.ts';
import {refusal} from './refusal.ts';
import type {DocumentChunk} from './split.ts';

/** Control characters but tab, line feed and CR LF; YAML 1.1's other line breaks; the byte order mark; half surrogates. */
const odd = /(?![\t\n\r])[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\uFEFF\uFFFE\uFFFF]|\r(?!\n)/u;

/**
 * Refuses characters that some YAML readers take for a line break, for nothing or for an error, wherever they stand:
 * a line separator in a comment ends the comment for Argo CD. Throws manifests-ambiguous.
 */
export function refuseOddCharacters(text: string, chunks: readonly DocumentChunk[]): void {
	const offset = text.search(odd);
	if (offset === -1) return;
	// A character on a separator's own line belongs to the document that it opens.
	const document = chunks.find((chunk) => offset < chunk.end) ?? chunks.at(-1);
	if (document !== undefined) throw oddCharacter(text, document, offset);
}

function oddCharacter(text: string, document: DocumentChunk, offset: number): GateError {
	const code = text.charCodeAt(offset).toString(16).toUpperCase().padStart(4, '0');
	const name = code === '000D' ? 'a carriage return without a line feed' : `the character U+${code}`;
	const hint = 'Remove it, or write it as an escape in a double-quoted text.';
	return refusal('manifests-ambiguous', {text, document, offset}, `contains ${name}`, hint);
}
