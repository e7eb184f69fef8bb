import {BACKSLASH, DOUBLE_QUOTE, isBlank, isBlankOrEnd, isBreak, SINGLE_QUOTE} from './character-codes.ts';
import {fold} from './fold.ts';
import {changedByJson} from '../json.ts';
import type {SourceText} from './source-text.ts';

/**
 * The text of a quoted scalar, from its quote on, as go-yaml reads it (`yaml_parser_scan_flow_scalar` in scannerc.go at
 * v2.4.3). Stands then behind its end.
 */
export function readQuotedText(at: SourceText, quote: number): string {
	const start = at.pos;
	const simple = quote === SINGLE_QUOTE ? simpleSingleQuoted : simpleDoubleQuoted;
	simple.lastIndex = start;
	if (simple.test(at.source)) {
		at.pos = simple.lastIndex;
		return at.source.slice(start + 1, at.pos - 1);
	}
	const json = quote === DOUBLE_QUOTE ? readJsonText(at) : undefined;
	if (json !== undefined) return json;
	at.pos += 1;
	let text = '';
	for (;;) {
		if (at.pos === at.lineStart && at.isDocumentIndicator()) {
			at.fail('has a quoted text that is cut by a line "---" or "..."', start);
		}
		if (at.code() === 0) at.fail('has a quoted text without its end', start);
		const words = readQuotedWords(at, quote, start);
		text += words.text;
		if (at.code() === quote) break;
		text += readQuotedBlanks(at, words.escapedBreak);
	}
	at.pos += 1;
	return text;
}

/** A text on one line with JSON's escapes only, which JSON.parse reads much quicker; undefined for any other. */
function readJsonText(at: SourceText): string | undefined {
	const {source} = at;
	const start = at.pos;
	let position = start + 1;
	for (let code = source.charCodeAt(position); code !== DOUBLE_QUOTE; code = source.charCodeAt(position)) {
		if (code < 0x20 || isBreak(code)) return undefined;
		if (code === BACKSLASH) {
			jsonEscape.lastIndex = position;
			if (!jsonEscape.test(source)) return undefined;
			position = jsonEscape.lastIndex;
		} else {
			position += 1;
		}
	}
	at.pos = position + 1;
	const text = String(JSON.parse(source.slice(start, at.pos)));
	if (changedByJson.test(text)) at.reading.readTwice ??= start;
	return text;
}

/** Those that YAML has too, and no half of a pair. */
const jsonEscape = /\\(?:["\\bfnrt]|u(?![dD][89a-fA-F])[0-9a-fA-F]{4})/y;

/** What stands up to a blank, a break or the end. */
function readQuotedWords(at: SourceText, quote: number, start: number): {text: string; escapedBreak: boolean} {
	const pieces: string[] = [];
	let from = at.pos;
	for (;;) {
		const code = at.code();
		if (isBlankOrEnd(code)) break;
		if (code === quote) {
			if (quote === DOUBLE_QUOTE || at.code(1) !== SINGLE_QUOTE) break;
			pieces.push(at.source.slice(from, at.pos + 1));
			at.pos += 2;
			from = at.pos;
		} else if (code === BACKSLASH && quote === DOUBLE_QUOTE) {
			pieces.push(at.source.slice(from, at.pos));
			if (isBreak(at.code(1))) {
				at.pos += 1;
				at.skipBreak();
				return {text: pieces.join(''), escapedBreak: true};
			}
			pieces.push(readEscape(at, start));
			from = at.pos;
		} else {
			at.pos += 1;
		}
	}
	pieces.push(at.source.slice(from, at.pos));
	return {text: pieces.join(''), escapedBreak: false};
}

function readEscape(at: SourceText, start: number): string {
	const letter = at.source.charAt(at.pos + 1);
	const length = letter === 'x' ? 2 : letter === 'u' ? 4 : letter === 'U' ? 8 : 0;
	at.pos += 2;
	if (length === 0) {
		const character = escapes.get(letter);
		if (character === undefined) at.fail(`has a quoted text with an unknown escape`, start);
		if (letter === 'N') at.reading.readTwice ??= start;
		return character;
	}
	const digits = at.source.slice(at.pos, at.pos + length);
	if (digits.length < length || !/^[0-9A-Fa-f]+$/u.test(digits)) {
		at.fail('has a quoted text with a broken escape', start);
	}
	const code = Number.parseInt(digits, 16);
	if (code > 0x10_ff_ff || (code >= 0xd8_00 && code <= 0xdf_ff)) {
		at.fail('has a quoted text with an escape for half a character', start);
	}
	at.pos += length;
	if ((code >= 0x7f && code <= 0x9f) || code === 0xff_fe || code === 0xff_ff) at.reading.readTwice ??= start;
	return String.fromCodePoint(code);
}

/** Blanks and breaks between words, folded as go-yaml folds them. */
function readQuotedBlanks(at: SourceText, escapedBreak: boolean): string {
	const from = at.pos;
	let leading = '';
	let trailing = '';
	let broken = escapedBreak;
	for (;;) {
		const code = at.code();
		if (isBlank(code)) {
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
	}
	if (!broken) return at.source.slice(from, at.pos);
	at.checkFlowIndent();
	return fold(leading, trailing);
}

const simpleSingleQuoted = /'[^'\r\n\u0085\u2028\u2029\0]*'(?!')/y;
const simpleDoubleQuoted = /"[^"\\\r\n\u0085\u2028\u2029\0]*"/y;

const escapes = new Map([
	['0', '\0'],
	['a', '\u0007'],
	['b', '\b'],
	['t', '\t'],
	['\t', '\t'],
	['n', '\n'],
	['v', '\v'],
	['f', '\f'],
	['r', '\r'],
	['e', '\u001B'],
	[' ', ' '],
	['"', '"'],
	["'", "'"],
	['\\', '\\'],
	['N', '\u0085'],
	['_', '\u00A0'],
	['L', '\u2028'],
	['P', '\u2029'],
]);
