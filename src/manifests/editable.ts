import {isAlias, isMap, isScalar, isSeq} from 'yaml';
import type {TextRange} from '../types.ts';
import {nodeOffset} from './keys.ts';
import {type Reading, refuse} from './reading.ts';

/** Refuses an anchor or an alias where an edit of one place would change another. Throws manifests-ambiguous. */
export function checkNoAnchor(reading: Reading, node: unknown, what: string): void {
	const anchored = (isScalar(node) || isMap(node) || isSeq(node)) && node.anchor !== undefined;
	if (!anchored && !isAlias(node)) return;
	const hint = 'Write the value out, without "&" and "*".';
	throw refuse('manifests-ambiguous', reading, nodeOffset(node), `has an anchor or alias for ${what}`, hint);
}

/** A scalar that can be replaced in the text: on one line, no block scalar. Throws manifests-ambiguous. */
export function editableText(
	reading: Reading,
	node: unknown,
	text: string,
	what: string,
): {text: string; range: TextRange} {
	checkNoAnchor(reading, node, what);
	const range = rangeOf(reading, node);
	if (!reading.text.slice(range.start, range.end).includes('\n')) return {text, range};
	const hint = 'Write it on one line.';
	throw refuse('manifests-ambiguous', reading, nodeOffset(node), `has ${what} on more than one line`, hint);
}

/** Where a scalar stands in the whole text, its quotes included. */
export function rangeOf({chunk}: Reading, node: unknown): TextRange {
	const [start, end] = (isScalar(node) ? node.range : undefined) ?? [0, 0];
	return {start: chunk.start + start, end: chunk.start + end};
}
