import {GateError} from '../errors.ts';
import type {TextRange} from '../types.ts';
import {readLimits, type ReadLimits} from './limits.ts';
import {refusal} from './refusal.ts';

/** One document's text, without the `---` line in front of it. */
export interface DocumentChunk extends TextRange {
	/** From 1, empty documents counted. */
	readonly number: number;
	/** The first line of `start` in the whole text, from 1. */
	readonly line: number;
	/** Nothing in it but blanks and comments. */
	readonly blank: boolean;
	/** The template file, where Helm says it in the first lines: `# Source: chart/templates/x.yaml`. */
	readonly file: string | undefined;
}

/**
 * Splits a stream where Argo CD splits it: at lines that start with `---`, whatever stands around them
 * (`YAMLReader` in k8s.io/apimachinery, pkg/util/yaml/decoder.go). Comments and blanks in front of the first such line
 * are not a document. Lines on which YAML readers disagree (`---x`, `--- x`, `---#x`, `...`, directives) are refused as
 * manifests-ambiguous, too many documents as limit-exceeded.
 */
export function splitDocuments(text: string, limits: ReadLimits = readLimits): readonly DocumentChunk[] {
	const chunks: DocumentChunk[] = [];
	let chunk = openChunk(1, 0, 1);
	let line = 1;
	for (let start = 0; start < text.length; line += 1) {
		const newline = text.indexOf('\n', start);
		const next = newline === -1 ? text.length : newline + 1;
		if (text.startsWith('---', start)) {
			refuseSeparator(text, chunk, start, next);
			if (!(chunk.number === 1 && chunk.line === 1 && chunk.blank)) chunks.push({...chunk, end: start});
			if (chunks.length >= limits.documents) throw tooManyDocuments(limits, line);
			chunk = openChunk(chunks.length + 1, next, line + 1);
		} else {
			readLine(text, chunk, start, next);
		}
		start = next;
	}
	chunks.push({...chunk, end: text.length});
	return chunks;
}

type OpenChunk = {-readonly [Key in keyof DocumentChunk]: DocumentChunk[Key]};

function openChunk(number: number, start: number, line: number): OpenChunk {
	return {number, start, end: start, line, blank: true, file: undefined};
}

function readLine(text: string, chunk: OpenChunk, start: number, end: number): void {
	if (text.startsWith('...', start)) {
		const hint = 'Remove the line, or indent it if it belongs to a text.';
		throw ambiguous(text, chunk, start, 'has a line that starts with "..."', hint);
	}
	if (text.startsWith('%', start)) {
		const hint = 'Remove the directive, or indent the line if it belongs to a text.';
		throw ambiguous(text, chunk, start, 'has a line that starts with "%"', hint);
	}
	if (!chunk.blank) return;
	const line = text.slice(start, end).trim();
	if (line !== '' && !line.startsWith('#')) chunk.blank = false;
	chunk.file ??= /^# Source: (\S.*)$/u.exec(line)?.[1]?.slice(0, 512);
}

function refuseSeparator(text: string, chunk: OpenChunk, start: number, end: number): void {
	// Argo CD drops a comment here; anything else, and a comment without a space, is read differently by others.
	if (/^---(?:[ \t]*|[ \t]+#.*)\r?\n?$/u.test(text.slice(start, end))) return;
	const hint = 'Put "---" alone on its line, or indent the line if it belongs to a text.';
	throw ambiguous(text, chunk, start, 'is followed by a line that starts with "---" but is no separator', hint);
}

function ambiguous(text: string, chunk: OpenChunk, offset: number, what: string, hint: string): GateError {
	const next = text.indexOf('\n---', offset);
	const document = {...chunk, end: next === -1 ? text.length : next};
	return refusal('manifests-ambiguous', {text, document, offset}, what, hint);
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
