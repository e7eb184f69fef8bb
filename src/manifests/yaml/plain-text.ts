import {
	CLOSE_BRACE,
	CLOSE_BRACKET,
	COLON,
	COMMA,
	CR,
	HASH,
	isBlank,
	isBlankOrEnd,
	isBreak,
	LF,
	OPEN_BRACE,
	OPEN_BRACKET,
	QUESTION,
	SPACE,
	TAB,
} from './character-codes.ts';
import {fold} from './fold.ts';
import type {SourceText} from './source-text.ts';

/** What stands for one character of an ASCII text: 1 ends a run of plain text outside brackets, 2 inside only. */
const plainEnds = new Uint8Array(128);
for (const code of [0, TAB, LF, CR, SPACE, COLON]) plainEnds[code] = 1;
for (const code of [COMMA, QUESTION, OPEN_BRACKET, CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE]) plainEnds[code] = 2;

/** A plain scalar. */
export interface PlainText {
	readonly text: string;
	/** Behind its last character, before the blanks that were skipped. */
	readonly end: number;
	/** Whether a line break was skipped behind it. */
	readonly broken: boolean;
}

/**
 * Reads a plain scalar as go-yaml reads it (`yaml_parser_scan_plain_scalar` in scannerc.go at v2.4.3), the blanks and
 * breaks behind it included.
 */
export function readPlainText(at: SourceText, flow: boolean): PlainText {
	const {source} = at;
	const indent = at.indent + 1;
	const start = at.pos;
	let text = '';
	let from = start;
	let end = start;
	let broken = false;
	let leading = '';
	let trailing = '';
	for (;;) {
		if (at.pos === at.lineStart && at.isDocumentIndicator()) break;
		let code = source.charCodeAt(at.pos);
		if (code === HASH) break;
		const word = at.pos;
		let pos = word;
		for (;;) {
			const kind = code < 128 ? plainEnds[code] : isBreak(code) ? 1 : 0;
			if (kind === 1) {
				if (code !== COLON || isBlankOrEnd(source.charCodeAt(pos + 1))) break;
			} else if (kind === 2 && flow) {
				break;
			}
			pos += 1;
			code = source.charCodeAt(pos);
		}
		if (pos > word) {
			if (broken) {
				text += source.slice(from, end) + fold(leading, trailing);
				from = word;
				broken = false;
				leading = '';
				trailing = '';
			}
			end = pos;
			at.pos = pos;
		}
		if (!isBlank(code) && !isBreak(code)) break;
		for (;;) {
			if (code === SPACE || code === TAB) {
				if (broken && code === TAB && at.column() < indent) at.fail('has a tab for indentation');
				at.pos += 1;
			} else if (isBreak(code)) {
				if (broken) {
					trailing += at.readBreak();
				} else {
					leading = at.readBreak();
					broken = true;
				}
			} else {
				break;
			}
			code = source.charCodeAt(at.pos);
		}
		if (!flow && at.column() < indent) break;
	}
	const last = source.slice(from, end);
	return {text: text === '' ? last : text + last, end, broken};
}
