import {GateError} from '../errors.ts';
import type {JsonValue, ManifestObject} from '../types.ts';
import {compose, type Composed} from './yaml/composer.ts';
import {isLongerInJson, isSameJson, printJson, printJsonAsGo} from './json.ts';
import {type ReadLimits, readLimits} from './limits.ts';
import {objectsOf} from './objects.ts';
import type {OddDocument} from './odd.ts';
import {count, limitExceeded, markOdd, type Reading, type Spent, unreadable} from './reading.ts';
import {type DocumentChunk, lostLine, splitStream} from './split.ts';

export interface ReadManifests {
	/**
	 * What is passed on: the text itself when no document is odd, else with each odd document replaced by JSON of
	 * exactly what was read.
	 */
	readonly text: string;
	/** Whether Argo CD reads the text with a JSON decoder. */
	readonly json: boolean;
	/** The objects as Argo CD takes them, in order; their places count in `text`. */
	readonly objects: readonly ManifestObject[];
	readonly odd: readonly OddDocument[];
}

/** One document of a stream, and what became of it. */
interface ReadDocument {
	readonly reading: Reading;
	readonly value: JsonValue;
	readonly objects: readonly ManifestObject[];
}

/**
 * Reads a rendered text as Argo CD reads it. A document in which YAML readers disagree is read with Argo CD's meaning
 * and passed on as JSON, so that no reader can see anything else in it than what was scanned. Throws manifests-unreadable
 * for what Argo CD cannot read either, limit-exceeded for what is too big; each names document, line, column and kind.
 */
export function readManifests(text: string, limits: ReadLimits = readLimits): ReadManifests {
	if (text.length > limits.text) throw tooLong(limits);
	const {documents, json} = readStream(text, limits);
	const odd = documents.flatMap(({reading}) => toOdd(reading));
	if (odd.length === 0) return {text, json, objects: documents.flatMap(({objects}) => objects), odd};
	for (const {reading, value} of documents) {
		if (reading.odd.size > 0 && isLongerInJson(value, limits.text)) throw tooLongInJson(reading);
	}
	const printed = json ? printJsonLines(documents) : printYaml(text, documents);
	// What is printed is read once more, for the places in it; it must mean the same, and be nothing but plain.
	const again = readStream(printed, limits);
	if (!meansTheSame(documents, again.documents)) throw notTheSame();
	const printedDocuments = json ? documents.filter(({value}) => value !== null) : documents;
	const objects = again.documents.flatMap((document, index) => {
		const {number, file} = printedDocuments[index]!.reading.chunk;
		return document.objects.map((object) => ({...object, document: number, file}));
	});
	return {text: printed, json: again.json, objects, odd};
}

function readStream(text: string, limits: ReadLimits): {documents: readonly ReadDocument[]; json: boolean} {
	const {mode, chunks} = splitStream(text, limits);
	const spent: Spent = {nodes: 0, expanded: 0};
	const documents = chunks.map((chunk, index) => {
		const reading: Reading = {text, chunk, limits, spent, odd: new Map(), readTwice: undefined};
		if (mode === 'json' && chunks.length > 1) markOdd(reading, 'json-stream', 0);
		if (mode === 'json-like' && index === 0) markOdd(reading, 'json-stream', 0);
		if (chunk.oddSeparator) markOdd(reading, 'separator', 0);
		if (chunk.lostLine) markOdd(reading, 'lost-line', chunk.readEnd - chunk.start);
		return readDocument(reading);
	});
	return {documents, json: mode === 'json'};
}

function readDocument(reading: Reading): ReadDocument {
	const source = sourceOf(reading);
	const composed = compose(source, reading);
	const at = reading.chunk.format === 'yaml' ? reading.readTwice : undefined;
	const seen = at === undefined ? composed : readAgain(composed, reading, at);
	return {reading, value: seen.value, objects: objectsOf(reading, seen)};
}

/**
 * The document's text as Argo CD's splitter hands it on: without the carriage returns of CR LF, with a line feed at its
 * end (`LineReader` in k8s.io/apimachinery).
 */
function sourceOf(reading: Reading): string {
	const {text, chunk} = reading;
	const source = text.slice(chunk.start, chunk.readEnd);
	if (chunk.format === 'json') return source;
	return `${withoutCarriageReturns(source, reading)}${source.endsWith('\n') ? '' : '\n'}`;
}

/** One break is read where a CR LF is, so that its CR may stay and the places right, but not where another is before it. */
function withoutCarriageReturns(source: string, reading: Reading): string {
	const offset = source.indexOf('\r\r\n');
	if (offset === -1) return source;
	markOdd(reading, 'line-break', offset);
	return source.replaceAll('\r\n', '\n');
}

/** Argo CD's repo-server reads the JSON of its sidecar as YAML once more, where some characters fail or become blanks. */
function readAgain({value}: Composed, reading: Reading, offset: number): Composed {
	markOdd(reading, 'control', offset);
	if (isLongerInJson(value, reading.limits.text)) throw tooLongInJson(reading);
	const text = printJsonAsGo(value);
	const hint = 'Remove the escape.';
	const chunk: DocumentChunk = {...reading.chunk, start: 0, end: text.length, readEnd: text.length, format: 'json'};
	const again: Reading = {...reading, text, chunk, spent: {nodes: 0, expanded: 0}, odd: new Map()};
	try {
		return compose(text, again);
	} catch (error) {
		if (!(error instanceof GateError) || error.code !== 'manifests-unreadable') throw error;
		throw unreadable(reading, offset, 'has a text with an escape for a control character', hint);
	}
}

function toOdd({odd, chunk, text}: Reading): OddDocument[] {
	if (odd.size === 0) return [];
	const first = chunk.start + Math.min(...odd.values());
	const line = chunk.line + text.slice(chunk.start, first).split('\n').length - 1;
	return [{document: chunk.number, line, file: chunk.file, reasons: [...odd.keys()].toSorted()}];
}

// ── printing ──

function printJsonLines(documents: readonly ReadDocument[]): string {
	return documents.flatMap(({value}) => (value === null ? [] : [`${printJson(value)}\n`])).join('');
}

function printYaml(text: string, documents: readonly ReadDocument[]): string {
	const printed = documents.map(({reading: {chunk, odd}, value}, index) => {
		const own = chunk.separator === undefined ? '' : text.slice(chunk.separator.start, chunk.separator.end);
		const separator = chunk.oddSeparator || (index === 0 && odd.size > 0) || !own.endsWith('\n') ? '---\n' : own;
		if (odd.size > 0) return `${separator}${keptLine(printJson(value))}\n`;
		return (index === 0 ? own : separator) + text.slice(chunk.start, chunk.end);
	});
	// A separator that nothing follows keeps the last line break of the document in front of it.
	const isLast = (documents.at(-1)?.reading.chunk.end ?? text.length) === text.length;
	return printed.join('') + (isLast ? '' : '---\n');
}

/** With a blank behind it where Argo CD would lose it as the last line. */
function keptLine(line: string): string {
	return lostLine(line, 0, line.length) === undefined ? line : `${line} `;
}

function meansTheSame(before: readonly ReadDocument[], after: readonly ReadDocument[]): boolean {
	const values = (documents: readonly ReadDocument[]) =>
		documents.flatMap(({value}) => (value === null ? [] : [value]));
	const plain = after.every(({reading}) => [...reading.odd.keys()].every((reason) => reason === 'json-stream'));
	return plain && isSameJson(values(before), values(after));
}

function notTheSame(): GateError {
	return new GateError({
		stage: 'read',
		code: 'internal',
		what: 'the JSON that would be passed on does not mean what was read',
		hint: 'This is a bug; please report it, with the manifests if you can.',
	});
}

function tooLongInJson(reading: Reading): GateError {
	return limitExceeded(reading, 0, `more than ${count(reading.limits.text)} characters as JSON`);
}

function tooLong(limits: ReadLimits): GateError {
	return new GateError({
		stage: 'read',
		code: 'limit-exceeded',
		what: `the manifests have more than ${count(limits.text)} characters`,
		hint: 'Split the application.',
	});
}
