import type {GateError} from '../errors.ts';
import type {ReadLimits} from './limits.ts';
import type {OddReason} from './odd.ts';
import {mayBeSecret, refusal, type RefusalCode} from './refusal.ts';
import type {DocumentChunk} from './split.ts';

/** What has been read of the whole text so far, for the limits. */
export interface Spent {
	nodes: number;
	expanded: number;
}

/** Where a reading stands: the whole text, the document, the limits and what is spent of them. */
export interface Reading {
	readonly text: string;
	readonly chunk: DocumentChunk;
	readonly limits: ReadLimits;
	readonly spent: Spent;
	/** Where in the document each reason was met first. */
	readonly odd: Map<OddReason, number>;
	/** Where it has a character that the JSON between Argo CD's two passes does not keep. */
	readTwice: number | undefined;
}

/** Notes that readers disagree about the document; offsets count in it. */
export function markOdd({odd}: Reading, reason: OddReason, offset: number): void {
	if (!odd.has(reason)) odd.set(reason, offset);
}

/** A refusal by its offset in the document; `what` continues "document 7 …", `hint` is a sentence. */
export function refuse(
	code: RefusalCode,
	{text, chunk}: Reading,
	offset: number,
	what: string,
	hint: string,
): GateError {
	return refusal(code, {text, document: chunk, offset: Math.min(chunk.start + offset, chunk.end)}, what, hint);
}

/** The refusal of what Argo CD cannot read either. */
export function unreadable(
	reading: Reading,
	offset: number,
	what: string,
	hint = 'Fix the template that printed it.',
): GateError {
	return refuse('manifests-unreadable', reading, offset, what, hint);
}

/** The refusal of something that is too big; `what` continues "document 7 has …". */
export function limitExceeded(reading: Reading, offset: number, what: string): GateError {
	return refuse('limit-exceeded', reading, offset, `has ${what}`, 'Split it, or shorten it.');
}

export function tooDeep(reading: Reading, offset: number): GateError {
	return limitExceeded(reading, offset, `more than ${count(reading.limits.depth)} levels`);
}

/** A number for a person. */
export function count(value: number): string {
	return value.toLocaleString('en');
}

/** A name from the text for a message: its first 60 characters, or none of it where the document could be a Secret. */
export function shown({text, chunk}: Reading, name: string): string {
	if (mayBeSecret(text.slice(chunk.start, chunk.end))) return '…';
	return name.length > 60 ? `${name.slice(0, 60)}…` : name;
}
