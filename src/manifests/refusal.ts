import {GateError} from '../errors.ts';
import {printable} from '../log.ts';

/** Something in a document, by its place in the whole text. */
export interface Place {
	readonly text: string;
	/** Its document: number from 1, range in the text, the template file if Helm said it. */
	readonly document: {
		readonly number: number;
		readonly start: number;
		readonly end: number;
		readonly file: string | undefined;
		/** False where the text around the place may be another document's. */
		readonly shown?: boolean;
	};
	/** UTF-16 units from the start of the text. */
	readonly offset: number;
}

/** The codes of everything that the reader refuses. */
export type RefusalCode = 'manifests-unreadable' | 'limit-exceeded';

/** Characters of the source line that are shown on each side of the caret. */
const shownAround = 60;

/**
 * The error for a document that is not accepted: `what` continues "document 7 …", `hint` is a sentence. The line and
 * the column count from 1 in the whole text; the source line is left out where it could be a Secret's.
 */
export function refusal(code: RefusalCode, place: Place, what: string, hint: string): GateError {
	const {line, column, lineStart, lineEnd} = position(place);
	const body = place.text.slice(place.document.start, place.document.end);
	const context = [`kind: ${guessKind(body) ?? 'unknown'}`];
	if (place.document.file !== undefined) context.push(`file: ${printable(place.document.file)}`);
	return new GateError({
		stage: 'read',
		code,
		what: `document ${place.document.number} ${printable(what)}`,
		where: `line ${line}, column ${column} (${context.join(', ')})`,
		hint,
		output: place.document.shown === false || mayBeSecret(body) ? undefined : excerpt(place, lineStart, lineEnd),
	});
}

/**
 * Whether a document's own words must stay out of messages: something in it says that it is a Secret, or could say it in
 * a way that is not looked through (tags, escapes, anchors behind `kind`).
 */
export function mayBeSecret(body: string): boolean {
	return /secret|\\|(?:^|[\s,[{])!|\bkind["']?\s*:\s*&/iu.test(body);
}

function position({text, offset}: Place): {line: number; column: number; lineStart: number; lineEnd: number} {
	let line = 1;
	let lineStart = 0;
	for (let next = text.indexOf('\n'); next !== -1 && next < offset; next = text.indexOf('\n', next + 1)) {
		line += 1;
		lineStart = next + 1;
	}
	const newline = text.indexOf('\n', offset);
	return {line, column: offset - lineStart + 1, lineStart, lineEnd: newline === -1 ? text.length : newline};
}

/** The kind as a person would spot it in text that may be broken: the outermost `kind:`, in YAML or in JSON. */
function guessKind(body: string): string | undefined {
	const outermost = /^(?:\{[ \t]*)?["']?kind["']?[ \t]*:[ \t]*["']?([A-Za-z][A-Za-z0-9]{0,62})/mu.exec(body);
	return (outermost ?? /[\s{,]["']?kind["']?[ \t]*:[ \t]*["']?([A-Za-z][A-Za-z0-9]{0,62})/u.exec(body))?.[1];
}

/** The line around the place, as far as it belongs to the document. */
function excerpt({text, document, offset}: Place, lineStart: number, lineEnd: number): string {
	const first = Math.max(lineStart, document.start);
	const start = Math.max(first, offset - shownAround);
	const before = (start > first ? '…' : '') + text.slice(start, offset).replaceAll('\t', ' ');
	const after = text.slice(offset, Math.min(offset + shownAround, lineEnd, document.end)).replaceAll('\t', ' ');
	return `${printable(before + after).trimEnd()}\n${' '.repeat(before.length)}^`;
}
