import {printable} from '../log.ts';

/** Why readers of YAML disagree about a document, which is then passed on as JSON; each continues "because it has …". */
export const oddReasons = {
	tag: 'a tag ("!")',
	merge: 'a merge key ("<<")',
	'duplicate-key': 'a key twice in one mapping, written differently',
	'colliding-keys': 'two keys in one mapping that are one in JSON, of which Argo CD takes either',
	'key-no-text': 'a key that is a number with a fraction, an alias or has an anchor',
	'explicit-key': 'a key that is marked with "?"',
	'line-break': 'a line break that is none for other readers',
	'byte-order-mark': 'a byte order mark',
	separator: 'a line "---" with an unusual text behind it',
	'lost-line': 'a last line of 4,096 bytes or a multiple of it, which Argo CD loses',
	directive: 'a line that starts with "%"',
	end: 'a text behind the end of the object, which Argo CD drops',
	anchor: 'an anchor or alias that other readers bind differently',
	dedented: 'brackets or quotes that go on to the left of where they began',
	'json-stream': 'JSON beside other objects without "---" between them',
	control: 'a text with an escape for a control character',
	edited: 'an anchor, alias or line break where the gate may have to edit',
} as const;

export type OddReason = keyof typeof oddReasons;

/** A document that is passed on as JSON of exactly what was read. */
export interface OddDocument {
	/** Position in the stream, from 1. */
	readonly document: number;
	/** Of the first reason, from 1. */
	readonly line: number;
	readonly file: string | undefined;
	readonly reasons: readonly OddReason[];
}

const maximumLines = 10;

/** What is said of documents that are passed on as JSON, a line each. */
export function oddLines(odd: readonly OddDocument[]): readonly string[] {
	const lines = odd.slice(0, maximumLines).map(({document, line, file, reasons}) => {
		const why = reasons.map((reason) => oddReasons[reason]).join('; ');
		const place = `line ${line}${file === undefined ? '' : ` (file: ${printable(file)})`}`;
		return `document ${document} is passed on as JSON of what was read, because it has ${why} — ${place}.`;
	});
	const more = odd.length - lines.length;
	return more === 0 ? lines : [...lines, `${more} more documents are passed on as JSON of what was read.`];
}
