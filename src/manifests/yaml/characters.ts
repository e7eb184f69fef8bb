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
	checkByteOrderMarks(reading, source);
	return lineBreak === -1 && !source.includes('\r');
}

/** Bytes that go-yaml decodes at once (`input_raw_buffer_size` in yamlprivateh.go). */
const decodedAtOnce = 512;
/** More UTF-16 units than go-yaml ever looks ahead. */
const lookAhead = 16;

/**
 * Marks byte order marks inside of a text, which are characters like any other, and refuses those that may stand where
 * go-yaml fills its buffer: it then skips the first character of every line (`is_bom` in yamlprivateh.go looks at the
 * buffer's start, not at where it reads).
 */
function checkByteOrderMarks(reading: Reading, source: string): void {
	const mark = source.indexOf('\uFEFF');
	if (mark === -1) return;
	markOdd(reading, 'byte-order-mark', mark);
	// One at the start tells the encoding, and is decoded with the rest.
	const content = mark === 0 ? 1 : 0;
	// It only does so on the lines behind one.
	const lastLine = /[\r\n\u0085\u2028\u2029][^\r\n\u0085\u2028\u2029]*[^]$/u.exec(source)?.index ?? 0;
	let bytes = 3 * content;
	let last = -Infinity;
	const refuse = () => unreadable(reading, last, 'has a byte order mark on which Argo CD stumbles', 'Remove it.');
	for (let offset = content; offset < source.length; offset += 1) {
		const code = source.charCodeAt(offset);
		if (code === 0xfe_ff && offset < lastLine) last = offset;
		// Both halves of a pair have four bytes together.
		const size = code < 0x80 ? 1 : code < 0x8_00 || (code >= 0xd8_00 && code <= 0xdf_ff) ? 2 : 3;
		if (bytes + size > decodedAtOnce || offset === content) {
			if (offset - last <= lookAhead) throw refuse();
			bytes = 0;
		}
		bytes += size;
	}
	if (source.length - last <= lookAhead) throw refuse();
}
