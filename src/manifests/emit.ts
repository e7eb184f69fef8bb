import {GateError} from '../errors.ts';
import type {JsonValue, TextRange} from '../types.ts';
import {printJson} from './json.ts';
import {lostLine} from './split.ts';

/** A piece of a text and what comes in its place. */
export interface Edit {
	readonly range: TextRange;
	readonly text: string;
}

/**
 * The text with every range replaced; ranges in any order, equal edits count once. Throws internal when ranges overlap,
 * or leave the text.
 */
export function replaceRanges(text: string, edits: readonly Edit[]): string {
	const pieces: string[] = [];
	let position = 0;
	let previous: Edit | undefined;
	for (const edit of edits.toSorted(byRange)) {
		const {start, end} = edit.range;
		if (previous !== undefined && byRange(previous, edit) === 0 && previous.text === edit.text) continue;
		if (start < position || end < start || end > text.length) throw conflicting(edit, previous);
		pieces.push(text.slice(position, start), edit.text);
		position = end;
		previous = edit;
	}
	return pieces.join('') + text.slice(position);
}

/**
 * The text of a YAML stream with a document in front. In front, because there nothing depends on how the text ends (a
 * last line without a line feed, an open block scalar).
 */
export function prependDocument(text: string, document: string): string {
	return `---\n${document}${document.endsWith('\n') ? '' : '\n'}---\n${text}`;
}

/** The text of a YAML stream with another line feed at its end, where Argo CD would lose the last line. */
export function keepLastLine(text: string): string {
	const end = text.endsWith('\n') ? text.length - 1 : text.length;
	return lostLine(text, 0, end) === undefined ? text : `${text}${'\n'.repeat(end < text.length ? 1 : 2)}`;
}

/**
 * The text of a JSON stream with an object in front: behind a YAML document Argo CD would read the JSON as YAML, twice.
 */
export function prependJson(text: string, object: JsonValue): string {
	return `${printJson(object)}\n${text}`;
}

function byRange(left: Edit, right: Edit): number {
	return left.range.start - right.range.start || left.range.end - right.range.end;
}

function conflicting(edit: Edit, previous: Edit | undefined): GateError {
	const place = ({range}: Edit) => `${range.start} to ${range.end}`;
	return new GateError({
		stage: 'gate',
		code: 'internal',
		what: 'two edits of the manifests are in each other’s way',
		where: previous === undefined ? place(edit) : `${place(previous)}, ${place(edit)}`,
		hint: 'This is a bug; please report it.',
	});
}
