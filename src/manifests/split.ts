import {GateError} from '../errors.ts';
import type {TextRange} from '../types.ts';
import {readLimits, type ReadLimits} from './limits.ts';
import {refusal} from './refusal.ts';

/** One document's text: `yaml` behind the `---` line that opens it, `json` an object of a JSON stream. */
export interface DocumentChunk extends TextRange {
	readonly format: 'yaml' | 'json';
	/** From 1, empty documents counted. */
	readonly number: number;
	/** The first line of `start` in the whole text, from 1. */
	readonly line: number;
	/** Nothing in it but blanks and comments. */
	readonly blank: boolean;
	/** The template file, where Helm says it in the first lines: `# Source: chart/templates/x.yaml`. */
	readonly file: string | undefined;
	/** The line `---` in front of it; undefined when nothing is there. */
	readonly separator: TextRange | undefined;
	/** Where Argo CD stops reading it. */
	readonly readEnd: number;
	/** Whether Argo CD loses the last line of the stream, which is a part of it. */
	readonly lostLine: boolean;
	/** Whether its own `---` line has something behind it that other readers take for more than a comment. */
	readonly oddSeparator: boolean;
}

export interface SplitStream {
	/**
	 * `json`: Argo CD reads it with a JSON decoder, at least at its start. `json-like`: it starts with `{` and is YAML
	 * all the same.
	 */
	readonly mode: 'yaml' | 'json' | 'json-like';
	readonly chunks: readonly DocumentChunk[];
}

/** `unicode.IsSpace` of Go. */
const space = '[\\t\\n\\v\\f\\r \\u0085\\u00A0\\u1680\\u2000-\\u200A\\u2028\\u2029\\u202F\\u205F\\u3000]';
const oneSpace = new RegExp(space, 'u');
const leadingSpace = new RegExp(`^${space}*`, 'u');
const notSpace = new RegExp(`(?!${space})[^]`, 'u');
const ordinarySeparator = /^---(?:[ \t]*|[ \t]+#.*)\r?\n?$/u;

/**
 * Splits a stream where Argo CD splits it (`YAMLOrJSONDecoder` in k8s.io/apimachinery v0.36.1,
 * pkg/util/yaml/decoder.go): as JSON objects one behind the other when it starts with one, else at lines that start with
 * `---`, whatever stands around them. After a single JSON object YAML may follow. Throws manifests-unreadable where the
 * decoder fails, limit-exceeded for too many documents.
 */
export function splitStream(text: string, limits: ReadLimits = readLimits): SplitStream {
	const end = text.endsWith('\n') ? text.length - 1 : text.length;
	const [blanks = ''] = leadingSpace.exec(text.slice(0, 4096)) ?? [];
	if (text[blanks.length] !== '{' || blanks.length >= end || Buffer.byteLength(blanks) >= 4096) {
		return {mode: 'yaml', chunks: splitYaml(text, 0, end, 1, limits)};
	}
	return splitJson(text, end, limits);
}

function splitJson(text: string, end: number, limits: ReadLimits): SplitStream {
	const chunks: DocumentChunk[] = [];
	let values = 0;
	let position = 0;
	let line = 1;
	for (;;) {
		const value = jsonValueAt(text, position, end);
		if (value === 'end') return {mode: 'json', chunks};
		if (value === undefined) break;
		values += 1;
		const valueLine = line + countLines(text, position, value.start);
		line = valueLine + countLines(text, value.start, value.end);
		position = value.end;
		if (values > limits.documents) throw tooManyDocuments(limits, valueLine);
		if (text.startsWith('null', value.start)) continue;
		chunks.push({
			...openChunk(chunks.length + 1, value.start, valueLine),
			...value,
			readEnd: value.end,
			format: 'json',
			blank: false,
		});
	}
	const start = values > 1 ? undefined : startOfYaml(text, position, end);
	if (start === undefined) throw notJson(text, chunks.length + 1, position, end);
	const rest = splitYaml(text, start, end, chunks.length + 1, limits);
	return {mode: values === 0 ? 'json-like' : 'json', chunks: [...chunks, ...rest]};
}

/**
 * Behind white space, up to its first line feed, which the decoder passes over before it reads YAML. Undefined where it
 * gives up because fewer than four bytes are left.
 */
function startOfYaml(text: string, from: number, end: number): number | undefined {
	for (let position = from; ; position += 1) {
		if (Buffer.byteLength(text.slice(position, Math.min(position + 4, end))) < 4) return undefined;
		const character = text[position]!;
		// What stands for bytes that are no UTF-8 is an error to it.
		if (character === '\uFFFD') return undefined;
		if (!oneSpace.test(character)) return position;
		if (character === '\n') return position + 1;
	}
}

/** The JSON value behind a position, as Go's decoder takes it: up to where it ends, whatever follows. */
function jsonValueAt(text: string, position: number, end: number): TextRange | 'end' | undefined {
	let start = position;
	while (start < end && ' \t\r\n'.includes(text[start]!)) start += 1;
	if (start >= end) return 'end';
	const first = text[start]!;
	if (first === '{' || first === '[' || first === '"') {
		const close = first === '"' ? endOfString(text, start, end) : endOfBrackets(text, start, end);
		return close !== undefined && isJson(text.slice(start, close)) ? {start, end: close} : undefined;
	}
	const pattern = /[-0-9]/u.test(first) ? jsonNumber : jsonWord;
	pattern.lastIndex = start;
	if (!pattern.test(text) || pattern.lastIndex > end) return undefined;
	const value = {start, end: pattern.lastIndex};
	if (pattern === jsonNumber && isCutNumber(text.slice(start, value.end), text.charAt(value.end))) return undefined;
	return value;
}

const jsonNumber = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?/y;
const jsonWord = /true|false|null/y;

/** `1.` and `1e` are errors for Go, where `1.2.` and `1e3e` are a number with something behind it. */
function isCutNumber(number: string, next: string): boolean {
	return next === '.' ? !/[.eE]/u.test(number) : (next === 'e' || next === 'E') && !/[eE]/u.test(number);
}

function endOfBrackets(text: string, start: number, end: number): number | undefined {
	const marks = /["{}[\]]/gu;
	marks.lastIndex = start;
	let depth = 0;
	for (let mark = marks.exec(text); mark !== null && mark.index < end; mark = marks.exec(text)) {
		if (mark[0] === '"') {
			const close = endOfString(text, mark.index, end);
			if (close === undefined) return undefined;
			marks.lastIndex = close;
		} else if (mark[0] === '{' || mark[0] === '[') {
			depth += 1;
		} else {
			depth -= 1;
			if (depth === 0) return mark.index + 1;
		}
	}
	return undefined;
}

function endOfString(text: string, start: number, end: number): number | undefined {
	for (let position = start + 1; position < end; position += 1) {
		const character = text[position];
		if (character === '"') return position + 1;
		if (character === '\\') position += 1;
	}
	return undefined;
}

function isJson(text: string): boolean {
	try {
		JSON.parse(text);
		return true;
	} catch {
		return false;
	}
}

type OpenChunk = {-readonly [Key in keyof DocumentChunk]: DocumentChunk[Key]} & {
	/** A line `---` is in front of it, or its first. */
	opened: boolean;
};

function splitYaml(text: string, from: number, end: number, firstNumber: number, limits: ReadLimits): DocumentChunk[] {
	const chunks: DocumentChunk[] = [];
	let line = 1 + countLines(text, 0, from);
	let chunk = openChunk(firstNumber, from, line);
	// The decoder ends a document at such a line only when something is in front of it; else the line belongs to it.
	let empty = true;
	const readEnd = lostLine(text, from, end) ?? end;
	for (let start = from; start < readEnd; line += 1) {
		const newline = text.indexOf('\n', start);
		const next = newline === -1 || newline >= end ? text.length : newline + 1;
		if (text.startsWith('---', start)) {
			const dashes = text.slice(start, next);
			if (!isSeparator(dashes)) throw brokenSeparator(text, chunk, start, next);
			const number = nextNumber(chunk, firstNumber);
			if (!empty) {
				chunks.push({...chunk, end: start, readEnd: start});
				if (chunks.length >= limits.documents) throw tooManyDocuments(limits, line);
				chunk = openChunk(number, next, line + 1);
				chunk.separator = {start, end: next};
			}
			chunk.number = number;
			chunk.opened = true;
			chunk.oddSeparator ||= !ordinarySeparator.test(dashes);
			empty = !empty;
		} else {
			readLine(text, chunk, start, next);
			empty = false;
		}
		start = next;
	}
	if (readEnd < end && text.startsWith('---', readEnd) && !isSeparator(text.slice(readEnd, end))) {
		throw brokenSeparator(text, chunk, readEnd, end);
	}
	if (!empty || readEnd < end) chunks.push({...chunk, end: text.length, readEnd, lostLine: readEnd < end});
	return chunks;
}

/** Whether nothing but white space and a comment is behind the dashes. */
function isSeparator(line: string): boolean {
	const first = notSpace.exec(line.slice(3))?.[0];
	return first === undefined || first === '#';
}

/** Bytes that the decoder reads at once (`bufio.NewReader` of Go). */
const readAtOnce = 4096;

/**
 * Where the last line starts when the decoder loses it. It does when the line has no line feed and ends where its buffer
 * does: it is then told the line and the end of the stream at once, and looks at the end only (`LineReader.Read` and
 * `YAMLReader.Read` in k8s.io/apimachinery v0.36.1, pkg/util/yaml/decoder.go).
 */
export function lostLine(text: string, from: number, end: number): number | undefined {
	const start = Math.max(from, text.lastIndexOf('\n', end - 1) + 1);
	if (end - start < readAtOnce / 4) return undefined;
	const bytes = Buffer.from(text.slice(start, end));
	let rest = bytes.length;
	// A carriage return at the end of the buffer is put back, because a line feed may follow.
	while (rest >= readAtOnce) rest -= bytes[bytes.length - rest + readAtOnce - 1] === 0x0d ? readAtOnce - 1 : readAtOnce;
	return rest === 0 ? start : undefined;
}

/** Comments and blanks in front of the first `---` are no document for a person. */
function nextNumber({number, opened, blank}: OpenChunk, firstNumber: number): number {
	return number === firstNumber && !opened && blank ? number : number + 1;
}

function openChunk(number: number, start: number, line: number): OpenChunk {
	return {
		format: 'yaml',
		number,
		start,
		end: start,
		line,
		blank: true,
		file: undefined,
		separator: undefined,
		readEnd: start,
		lostLine: false,
		oddSeparator: false,
		opened: false,
	};
}

function readLine(text: string, chunk: OpenChunk, start: number, end: number): void {
	if (!chunk.blank) return;
	const line = text.slice(start, end).trim();
	if (line !== '' && !line.startsWith('#')) chunk.blank = false;
	chunk.file ??= /^# Source: (\S.*)$/u.exec(line)?.[1]?.slice(0, 512);
}

function brokenSeparator(text: string, chunk: OpenChunk, start: number, next: number): GateError {
	const what = 'is followed by a line that starts with "---" but is no separator';
	const hint = 'Put "---" alone on its line, or indent the line if it belongs to a text.';
	return refusal(
		'manifests-unreadable',
		{text, document: {...chunk, end: next, shown: false}, offset: start},
		what,
		hint,
	);
}

function notJson(text: string, number: number, position: number, end: number): GateError {
	const offset = position + (leadingSpace.exec(text.slice(position, position + 65_536))?.[0].length ?? 0);
	const what = 'is not JSON, behind JSON objects without "---" between them';
	const document = {number, start: position, end, file: undefined, shown: false};
	return refusal('manifests-unreadable', {text, document, offset}, what, 'Put a line "---" in front of each object.');
}

function countLines(text: string, start: number, end: number): number {
	let lines = 0;
	const piece = text.slice(start, end);
	for (let next = piece.indexOf('\n'); next !== -1; next = piece.indexOf('\n', next + 1)) lines += 1;
	return lines;
}

function tooManyDocuments(limits: ReadLimits, line: number): GateError {
	return new GateError({
		stage: 'read',
		code: 'limit-exceeded',
		what: `the manifests have more than ${limits.documents.toLocaleString('en')} documents`,
		where: `line ${line}`,
		hint: 'Split the application.',
	});
}
