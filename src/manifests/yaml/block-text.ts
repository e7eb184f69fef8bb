import {HASH, isBlank, isBreak, isBreakOrEnd, SPACE, TAB} from './character-codes.ts';
import type {SourceText} from './source-text.ts';

/**
 * The text of a block scalar, from behind its `|` or `>`, as go-yaml reads it (`yaml_parser_scan_block_scalar` in
 * scannerc.go at v2.4.3). Stands then on the first line that is not a part of it, behind its indentation.
 */
export function readBlockText(at: SourceText, literal: boolean): string {
	const start = at.pos - 1;
	const {chomping, increment} = readBlockHeader(at, start);
	const given = increment === 0 ? 0 : Math.max(at.indent, 0) + increment;
	const first = skipBlockBreaks(at, given, start);
	const {indent} = first;
	let trailing = first.breaks;
	let text = '';
	let leading = '';
	let leadingBlank = false;
	while (at.column() === indent && at.code() !== 0) {
		const blank = isBlank(at.code());
		if (!literal && !leadingBlank && !blank && leading === '\n') text += trailing === '' ? ' ' : trailing;
		else text += leading + trailing;
		leadingBlank = blank;
		const from = at.pos;
		at.skipLine();
		text += at.source.slice(from, at.pos);
		leading = isBreak(at.code()) ? at.readBreak() : '';
		trailing = skipBlockBreaks(at, indent, start).breaks;
	}
	if (chomping !== -1) text += leading;
	if (chomping === 1) text += trailing;
	return text;
}

function readBlockHeader(at: SourceText, start: number): {chomping: number; increment: number} {
	const [header = ''] = /^(?:[+-][0-9]?|[0-9][+-]?)?/u.exec(at.source.slice(at.pos, at.pos + 2)) ?? [];
	if (header.includes('0')) at.fail('has a block text with an indentation of 0', start);
	at.pos += header.length;
	at.skipBlanks();
	if (at.code() === HASH) at.skipLine();
	if (!isBreakOrEnd(at.code())) at.fail('has a text behind "|" or ">" on the same line', start);
	if (isBreak(at.code())) at.skipBreak();
	return {
		chomping: header.includes('+') ? 1 : header.includes('-') ? -1 : 0,
		increment: Number(header.replace(/[+-]/u, '')),
	};
}

/** Skips indentation and empty lines; finds the indentation where it is not given (0). */
function skipBlockBreaks(at: SourceText, given: number, start: number): {indent: number; breaks: string} {
	const {source} = at;
	let indent = given;
	let lineFeeds = 0;
	const others: string[] = [];
	let deepest = 0;
	for (;;) {
		const last = indent === 0 ? Infinity : at.lineStart + indent;
		let code = source.charCodeAt(at.pos);
		while (code === SPACE && at.pos < last) {
			at.pos += 1;
			code = source.charCodeAt(at.pos);
		}
		const column = at.column();
		if (column > deepest) deepest = column;
		if (code === TAB && (indent === 0 || column < indent)) at.fail('has a tab for indentation', start);
		if (!isBreak(code)) break;
		const piece = at.readBreak();
		if (piece === '\n' && others.length === 0) lineFeeds += 1;
		else others.push(piece);
	}
	if (indent === 0) indent = Math.max(deepest, at.indent + 1, 1);
	return {indent, breaks: '\n'.repeat(lineFeeds) + others.join('')};
}
