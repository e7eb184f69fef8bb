import {
	EXCLAMATION,
	GREATER,
	HASH,
	isBlank,
	isBlankOrEnd,
	isBreak,
	isBreakOrEnd,
	isWordCharacter,
	LESS,
	PERCENT,
} from './character-codes.ts';
import type {SourceText} from './source-text.ts';

/** A tag as it is written: what its handle stands for is told by the document's `%TAG` lines. */
export interface Tag {
	/** Empty for a tag that is whole in the suffix. */
	readonly handle: string;
	readonly suffix: string;
}

/** Reads a tag, from its `!` on (`yaml_parser_scan_tag` in scannerc.go at v2.4.3). */
export function readTag(at: SourceText): Tag {
	const start = at.pos;
	const tag = at.code(1) === LESS ? readWholeTag(at, start) : readShortTag(at);
	if (!isBlankOrEnd(at.code())) at.fail('has a tag that runs into a text', start);
	return tag;
}

function readWholeTag(at: SourceText, start: number): Tag {
	at.pos += 2;
	const suffix = readTagUri(at, '');
	if (at.code() !== GREATER) at.fail('has a tag without its ">"', start);
	at.pos += 1;
	return {handle: '', suffix};
}

function readShortTag(at: SourceText): Tag {
	const handle = readTagHandle(at, false);
	if (handle.length > 1 && handle.endsWith('!')) return {handle, suffix: readTagUri(at, '')};
	const suffix = readTagUri(at, handle);
	return suffix === '' ? {handle: '', suffix: '!'} : {handle: '!', suffix};
}

/** What a line that starts with `%` says. */
export type Directive =
	| {readonly kind: 'version'; readonly version: string}
	| {readonly kind: 'tag'; readonly handle: string; readonly prefix: string};

/** Reads a directive and its line, from its `%` on (`yaml_parser_scan_directive` in scannerc.go at v2.4.3). */
export function readDirective(at: SourceText): Directive {
	const start = at.pos;
	at.pos += 1;
	while (isWordCharacter(at.code())) at.pos += 1;
	const name = at.source.slice(start + 1, at.pos);
	if (!isBlankOrEnd(at.code()) || (name !== 'YAML' && name !== 'TAG'))
		at.fail('has a line that starts with "%"', start);
	at.skipBlanks();
	const directive = name === 'YAML' ? readVersion(at, start) : readTagDirective(at, start);
	at.skipBlanks();
	if (at.code() === HASH) at.skipLine();
	if (!isBreakOrEnd(at.code())) at.fail('has a directive ("%") with a text behind it', start);
	if (isBreak(at.code())) at.skipBreak();
	return directive;
}

function readVersion(at: SourceText, start: number): Directive {
	const [version = '', major, minor] =
		/^([0-9]{1,2})\.([0-9]{1,2})(?![0-9])/u.exec(at.source.slice(at.pos, at.pos + 6)) ?? [];
	if (version === '') at.fail('has a "%YAML" line without a version', start);
	at.pos += version.length;
	return {kind: 'version', version: `${Number(major)}.${Number(minor)}`};
}

function readTagDirective(at: SourceText, start: number): Directive {
	const handle = readTagHandle(at, true);
	if (!isBlank(at.code())) at.fail('has a "%TAG" line without a prefix', start);
	at.skipBlanks();
	const prefix = readTagUri(at, '');
	if (!isBlankOrEnd(at.code())) at.fail('has a "%TAG" line with a broken prefix', start);
	return {kind: 'tag', handle, prefix};
}

function readTagHandle(at: SourceText, directive: boolean): string {
	const start = at.pos;
	if (at.code() !== EXCLAMATION) at.fail('has a %TAG line without a handle');
	at.pos += 1;
	while (isWordCharacter(at.code())) at.pos += 1;
	if (at.code() === EXCLAMATION) at.pos += 1;
	else if (directive && at.pos - start > 1) at.fail('has a %TAG line without a handle');
	return at.source.slice(start, at.pos);
}

/** @param head a handle that is the start of the tag itself; its "!" is not. */
function readTagUri(at: SourceText, head: string): string {
	const start = at.pos;
	let uri = head.slice(1);
	let from = at.pos;
	for (;;) {
		const code = at.code();
		if (code === PERCENT) {
			uri += at.source.slice(from, at.pos) + readUriEscapes(at);
			from = at.pos;
		} else if (isWordCharacter(code) || (code !== 0 && ";/?:@&=+$,.!~*'()[]".includes(String.fromCharCode(code)))) {
			at.pos += 1;
		} else {
			break;
		}
	}
	if (at.pos === start && head === '') at.fail('has a tag without a name');
	return uri + at.source.slice(from, at.pos);
}

/** One character in %XX. */
function readUriEscapes(at: SourceText): string {
	const bytes: number[] = [];
	let width = 1;
	while (bytes.length < width) {
		const escape = at.source.slice(at.pos, at.pos + 3);
		if (!/^%[0-9A-Fa-f]{2}$/u.test(escape)) at.fail('has a tag with a broken "%" escape');
		const octet = Number.parseInt(escape.slice(1), 16);
		if (bytes.length === 0) {
			width = octet < 0x80 ? 1 : octet < 0xc0 ? 0 : octet < 0xe0 ? 2 : octet < 0xf0 ? 3 : octet < 0xf8 ? 4 : 0;
			if (width === 0) at.fail('has a tag with a broken "%" escape');
		} else if ((octet & 0xc0) !== 0x80) {
			at.fail('has a tag with a broken "%" escape');
		}
		bytes.push(octet);
		at.pos += 3;
	}
	return new TextDecoder('utf-8', {ignoreBOM: true}).decode(Uint8Array.from(bytes));
}
