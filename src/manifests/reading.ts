import type {GateError} from '../errors.ts';
import type {ReadLimits} from './limits.ts';
import {mayBeSecret, refusal, type RefusalCode} from './refusal.ts';
import type {DocumentChunk} from './split.ts';

/** What has been read of the whole text so far, for the limits. */
export interface Spent {
	tokens: number;
	nodes: number;
	expanded: number;
}

/** Where a reading stands: the whole text, the document, the limits and what is spent of them. */
export interface Reading {
	readonly text: string;
	readonly chunk: DocumentChunk;
	readonly limits: ReadLimits;
	readonly spent: Spent;
}

/** A refusal by its offset in the document; `what` continues "document 7 …", `hint` is a sentence. */
export function refuse(
	code: RefusalCode,
	{text, chunk}: Reading,
	offset: number,
	what: string,
	hint: string,
): GateError {
	return refusal(code, {text, document: chunk, offset: chunk.start + offset}, what, hint);
}

/** The refusal of something that is too big; `what` continues "document 7 has …". */
export function limitExceeded(reading: Reading, offset: number, what: string): GateError {
	return refuse('limit-exceeded', reading, offset, `has ${what}`, 'Split it, or shorten it.');
}

/** A number for a person. */
export function count(value: number): string {
	return value.toLocaleString('en');
}

/** A name for a message: its first 60 characters. */
export function shown(name: string): string {
	return name.length > 60 ? `${name.slice(0, 60)}…` : name;
}

/** The refusal of a syntax error; `code` is the parser's word for it, shown alone where its message could quote a Secret. */
export function notYaml(reading: Reading, offset: number, code: string, message: string): GateError {
	const {text, chunk} = reading;
	// Its first sentence only: what it quotes behind a colon can be long.
	const [sentence = ''] = message.split(/:? "|\n/u);
	const words = mayBeSecret(text.slice(chunk.start, chunk.end)) ? code.toLowerCase().replaceAll('_', ' ') : sentence;
	const what = `is not valid YAML: ${words.slice(0, 200)}`;
	return refuse('manifests-unreadable', reading, offset, what, 'Fix the template that printed it.');
}
