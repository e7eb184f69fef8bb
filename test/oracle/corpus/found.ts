import {accepted, type CorpusEntry, odd, unreadable} from './entry.ts';

/** What the differential test has found: the stream as it printed it, and what was wrong. */
export const found: readonly CorpusEntry[] = [
	accepted(
		'found-places-behind-crlf',
		'The seal was put one character beside the version, behind a carriage return that the splitter takes away.',
		'\r\r\napiVersion: v1\nkind: T\n',
	),
	accepted(
		'found-places-between-items',
		'The seal cut the version of an item in two, and the item was no longer sealed.',
		'apiVersion: v1\r\nkind: Thing\r\nitems:\r\r\n  - {apiVersion: v1, kind: Pod}\r\n  - apiVersion: example.com/v1\r\n    kind: Thing\r\n    image: evil:1\r\n',
	),
	accepted(
		'found-carriage-returns-at-end',
		'The trimmed line feed leaves a carriage return that the splitter does not take away.',
		'apiVersion: example.com/v1\nkind: Thing\nimage: evil:1\nmore: |+\n  a\n\r\r\n',
	),
	accepted(
		'found-tab-below-version',
		'A line with a tab belongs to the plain version above it, and is an error behind a quoted one, which the seal is.',
		'kind: Pod\napiVersion: v1\n\r\n     \t  ',
	),
	unreadable(
		'found-aliases-in-merge',
		'go-yaml does not count a merge key, so that aliases made more than 99 of a hundred values.',
		[
			'apiVersion: example.com/v1',
			'kind: Thing',
			'own: [x, x, x, x, ]',
			'a: &a {k0: evil:1, k1: evil:1}',
			`b: &b {${repeated('a', 5)}}`,
			`c: &c {${repeated('b', 9)}}`,
			`d: &d {${repeated('c', 10)}}`,
			'<<: *d',
			'',
		].join('\n'),
	),
	odd(
		'found-kept-end-beside-odd',
		'The separator at the end was lost beside an odd document, and with it a line break of the text in front of it.',
		'apiVersion: !!str v1\nkind: Pod\n---\napiVersion: example.com/v1\nkind: Thing\nimage: evil:1\na: |+\n  b\n\n---',
	),
	odd(
		'found-look-ahead-behind-braces',
		'go-yaml does not wait for a colon behind empty brackets, so it does not see the error behind them.',
		'{apiVersion: v,kind: c}\n{}?',
	),
	odd(
		'found-look-ahead-behind-brackets',
		'What cannot start a text stands behind empty brackets in what is dropped.',
		'{apiVersion: v1, kind: Pod, spec: {containers: [{image: evil:1}]}}\n[] @',
	),
];

function repeated(name: string, times: number): string {
	return Array.from({length: times}, (_, index) => `k${index}: *${name} `).join(', ');
}
