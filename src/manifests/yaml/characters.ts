import {markOdd, type Reading, unreadable} from '../reading.ts';

/** Anything but printable ASCII, tabs and line feeds; most documents hold none, which one quick look tells. */
const unusual = /[^\t\n\x20-\x7E]/;
/** What go-yaml refuses to read: control characters but tab and line breaks, and characters that are none. */
const forbidden = /(?![\t\n\r\u0085])[\p{Cc}\p{Cs}\uFFFE\uFFFF]/u;
/** Line breaks of YAML 1.1 that are none for others. */
const oddBreak = /\r(?!\n)|[\u0085\u2028\u2029]/u;

/**
 * Refuses what go-yaml does not read (`yaml_parser_update_buffer` in readerc.go at v2.4.3), wherever it stands, and marks
 * characters that other readers take otherwise. Tells whether line feeds are the only line breaks.
 */
export function checkCharacters(reading: Reading, source: string): boolean {
	if (!unusual.test(source)) return true;
	const offset = source.search(forbidden);
	if (offset !== -1) {
		const code = source.codePointAt(offset)!.toString(16).toUpperCase().padStart(4, '0');
		const hint = 'Remove it, or write it as an escape in a double-quoted text.';
		throw unreadable(reading, offset, `contains the character U+${code}`, hint);
	}
	const lineBreak = source.search(oddBreak);
	if (lineBreak !== -1) markOdd(reading, 'line-break', lineBreak);
	const mark = source.indexOf('\uFEFF');
	if (mark !== -1) markOdd(reading, 'byte-order-mark', mark);
	return lineBreak === -1 && !source.includes('\r');
}
