import {type Reading, markOdd, tooDeep, unreadable} from './reading.ts';

/** Kinds of tokens, as in libyaml. `none` is a place that was kept for a key and not used. */
export const token = {
	none: 0,
	streamEnd: 1,
	versionDirective: 2,
	tagDirective: 3,
	documentStart: 4,
	documentEnd: 5,
	blockSequenceStart: 6,
	blockMappingStart: 7,
	blockEnd: 8,
	flowSequenceStart: 9,
	flowSequenceEnd: 10,
	flowMappingStart: 11,
	flowMappingEnd: 12,
	blockEntry: 13,
	flowEntry: 14,
	key: 15,
	value: 16,
	alias: 17,
	anchor: 18,
	tag: 19,
	scalar: 20,
} as const;

/** How a scalar is written. */
export const style = {plain: 0, single: 1, double: 2, literal: 3, folded: 4} as const;

const TAB = 9;
const LF = 10;
const CR = 13;
const SPACE = 32;
const DOUBLE_QUOTE = 34;
const HASH = 35;
const PERCENT = 37;
const AMPERSAND = 38;
const SINGLE_QUOTE = 39;
const ASTERISK = 42;
const COMMA = 44;
const DASH = 45;
const DOT = 46;
const COLON = 58;
const LESS = 60;
const GREATER = 62;
const QUESTION = 63;
const OPEN_BRACKET = 91;
const BACKSLASH = 92;
const CLOSE_BRACKET = 93;
const OPEN_BRACE = 123;
const PIPE = 124;
const CLOSE_BRACE = 125;
const EXCLAMATION = 33;
const NEXT_LINE = 0x85;
const LINE_SEPARATOR = 0x20_28;
const PARAGRAPH_SEPARATOR = 0x20_29;

/** What a key without "?" may be long, in code points, from its start to its colon. */
const longestSimpleKey = 1024;

/** What stands for one character of an ASCII text: 1 ends a run of plain text outside brackets, 2 inside only. */
const plainEnds = new Uint8Array(128);
for (const code of [0, TAB, LF, CR, SPACE, COLON]) plainEnds[code] = 1;
for (const code of [COMMA, QUESTION, OPEN_BRACKET, CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE]) plainEnds[code] = 2;

/**
 * Cuts the text of one document into tokens as go-yaml v2 does (scannerc.go at v2.4.3, a port of libyaml's scanner),
 * one by one, so that an error behind what is needed does not count. Marks what other readers of YAML read otherwise.
 * Throws manifests-unreadable where go-yaml fails.
 *
 * A key is known by its colon only. So two places are kept in front of whatever may be a key, and filled when the colon
 * comes; a token with places that are still open is not given out.
 */
export class Scanner {
	/** The document's text with a NUL behind it. No other NUL is in it. */
	readonly source: string;
	readonly reading: Reading;
	/** Where the token that `peek` told starts and ends. */
	start = 0;
	end = 0;
	/** Of a scalar its text, of an alias or an anchor its name, of a tag its handle. */
	text = '';
	/** Of a tag what stands behind the handle; of a tag directive the prefix. */
	suffix = '';
	/** Of a scalar. */
	style: number = style.plain;

	private pos = 0;
	private line = 0;
	private lineStart = 0;
	private readonly onlyLineFeeds: boolean;
	private flowLevel = 0;
	private indent = -1;
	private readonly indents: number[] = [];
	private keyAllowed = true;
	private ended = false;

	// The queue of tokens, as columns.
	private head = 0;
	private tail = 0;
	private readonly types: number[] = [];
	private readonly starts: number[] = [];
	private readonly ends: number[] = [];
	private readonly texts: string[] = [];
	private readonly suffixes: string[] = [];
	private readonly styles: number[] = [];
	/** At a kept place, the level of the key that may use it, plus one. */
	private readonly keyLevels: number[] = [];

	// For each level of brackets, what may turn out to be a key.
	private readonly keyPossible: boolean[] = [false];
	private readonly keyRequired: boolean[] = [false];
	private readonly keySlot: number[] = [0];
	private readonly keyPos: number[] = [0];
	private readonly keyLine: number[] = [0];
	private readonly keyColumn: number[] = [0];

	/** @param onlyLineFeeds whether no other line break is in the source. */
	constructor(source: string, onlyLineFeeds: boolean, reading: Reading) {
		this.source = `${source}\0`;
		this.reading = reading;
		this.onlyLineFeeds = onlyLineFeeds;
	}

	/** The next token's type; its other properties are in the fields. */
	peek(): number {
		for (;;) {
			if (this.head === this.tail) {
				this.head = 0;
				this.tail = 0;
				this.fetch();
			} else {
				const level = this.keyLevels[this.head]!;
				if (level !== 0 && this.isOpen(level - 1)) {
					this.fetch();
				} else if (this.types[this.head] === token.none) {
					this.head += 1;
				} else {
					this.start = this.starts[this.head]!;
					this.end = this.ends[this.head]!;
					return this.types[this.head]!;
				}
			}
		}
	}

	/** Goes on to the next token. */
	skip(): void {
		this.head += 1;
	}

	/** Goes on to the next token, and fills the fields of a scalar, an alias, an anchor, a tag or a directive. */
	take(): void {
		this.text = this.texts[this.head]!;
		this.suffix = this.suffixes[this.head]!;
		this.style = this.styles[this.head]!;
		this.head += 1;
	}

	private isOpen(level: number): boolean {
		return this.keyPossible[level]! && this.keySlot[level] === this.head && this.isValidKey(level);
	}

	private fail(what: string, offset = this.pos): never {
		throw unreadable(this.reading, offset, what);
	}

	private push(type: number, start: number, end: number): number {
		const index = this.tail;
		this.types[index] = type;
		this.starts[index] = start;
		this.ends[index] = end;
		this.keyLevels[index] = 0;
		this.tail = index + 1;
		return index;
	}

	private pushText(type: number, start: number, end: number, text: string, suffix = ''): void {
		const index = this.push(type, start, end);
		this.texts[index] = text;
		this.suffixes[index] = suffix;
		this.styles[index] = style.plain;
	}

	private code(offset = 0): number {
		return this.source.charCodeAt(this.pos + offset);
	}

	private column(): number {
		return this.pos - this.lineStart;
	}

	// ── keys ──

	private isValidKey(level: number): boolean {
		if (!this.keyPossible[level]!) return false;
		const start = this.keyPos[level]!;
		if (this.line === this.keyLine[level] && !this.isTooLong(start)) return true;
		if (this.keyRequired[level]!) this.fail('has a key without a colon behind it', start);
		this.keyPossible[level] = false;
		return false;
	}

	private isTooLong(start: number): boolean {
		const length = this.pos - start;
		if (length <= longestSimpleKey) return false;
		if (length > 2 * longestSimpleKey) return true;
		const pairs = this.source.slice(start, this.pos).match(/[\uD800-\uDBFF]/gu)?.length ?? 0;
		return length - pairs > longestSimpleKey;
	}

	/** Keeps two places in front of what comes, where it may be a key. */
	private saveKey(): void {
		if (!this.keyAllowed) return;
		const column = this.column();
		const level = this.flowLevel;
		this.removeKey();
		const slot = this.push(token.none, this.pos, this.pos);
		this.keyLevels[slot] = level + 1;
		this.push(token.none, this.pos, this.pos);
		this.keyPossible[level] = true;
		this.keyRequired[level] = level === 0 && this.indent === column;
		this.keySlot[level] = slot;
		this.keyPos[level] = this.pos;
		this.keyLine[level] = this.line;
		this.keyColumn[level] = column;
	}

	private removeKey(): void {
		const level = this.flowLevel;
		if (!this.keyPossible[level]!) return;
		if (this.keyRequired[level]!) this.fail('has a key without a colon behind it', this.keyPos[level]);
		this.keyPossible[level] = false;
	}

	// ── indentation ──

	private pushIndent(column: number): void {
		this.indents.push(this.indent);
		this.indent = column;
	}

	private rollIndent(column: number, type: number): void {
		if (this.flowLevel > 0 || this.indent >= column) return;
		this.pushIndent(column);
		this.push(type, this.pos, this.pos);
	}

	private unrollIndent(column: number): void {
		if (this.flowLevel > 0) return;
		while (this.indent > column) {
			this.push(token.blockEnd, this.pos, this.pos);
			this.indent = this.indents.pop()!;
		}
	}

	// ── tokens ──

	private fetch(): void {
		if (this.ended) {
			this.push(token.streamEnd, this.pos, this.pos);
			return;
		}
		this.skipToToken();
		this.unrollIndent(this.column());
		const code = this.code();
		if (this.pos === this.lineStart) {
			if (code === PERCENT) return this.fetchDirective();
			if ((code === DASH || code === DOT) && this.isDocumentIndicator()) return this.fetchDocumentIndicator(code);
		}
		switch (code) {
			case 0:
				return this.fetchStreamEnd();
			case OPEN_BRACKET:
				return this.fetchFlowStart(token.flowSequenceStart);
			case OPEN_BRACE:
				return this.fetchFlowStart(token.flowMappingStart);
			case CLOSE_BRACKET:
				return this.fetchFlowEnd(token.flowSequenceEnd);
			case CLOSE_BRACE:
				return this.fetchFlowEnd(token.flowMappingEnd);
			case COMMA:
				this.removeKey();
				this.keyAllowed = true;
				return this.fetchIndicator(token.flowEntry);
			case DASH:
				return isBlankOrEnd(this.code(1)) ? this.fetchBlockEntry() : this.fetchPlainScalar();
			case QUESTION:
				if (this.flowLevel > 0 || isBlankOrEnd(this.code(1))) return this.fetchKey();
				return this.fetchPlainScalar();
			case COLON:
				if (this.flowLevel > 0 || isBlankOrEnd(this.code(1))) return this.fetchValue();
				return this.fetchPlainScalar();
			case ASTERISK:
				return this.fetchAnchor(token.alias);
			case AMPERSAND:
				return this.fetchAnchor(token.anchor);
			case EXCLAMATION:
				return this.fetchTag();
			case PIPE:
			case GREATER:
				if (this.flowLevel > 0) this.fail('has a character that cannot start a text inside brackets');
				return this.fetchBlockScalar(code === PIPE);
			case SINGLE_QUOTE:
			case DOUBLE_QUOTE:
				return this.fetchQuotedScalar(code);
			case HASH:
			case PERCENT:
			case 64: // @
			case 96: // `
			case TAB:
				return this.fail(
					code === TAB ? 'has a tab for indentation' : 'has an unquoted text with a character that cannot start one',
				);
			default:
				return this.fetchPlainScalar();
		}
	}

	/** Skips blanks, comments and line breaks. */
	private skipToToken(): void {
		const {source} = this;
		let broken = false;
		for (;;) {
			let code = source.charCodeAt(this.pos);
			while (code === SPACE || (code === TAB && (this.flowLevel > 0 || !this.keyAllowed))) {
				this.pos += 1;
				code = source.charCodeAt(this.pos);
			}
			if (code === HASH) {
				this.skipLine();
				code = source.charCodeAt(this.pos);
			}
			if (!isBreak(code)) {
				if (broken && this.flowLevel > 0) this.checkFlowIndent();
				return;
			}
			this.skipBreak();
			broken = true;
			if (this.flowLevel === 0) this.keyAllowed = true;
		}
	}

	/** Goes to the end of the line, its break excluded. */
	private skipLine(): void {
		if (this.onlyLineFeeds) {
			const next = this.source.indexOf('\n', this.pos);
			this.pos = next === -1 ? this.source.length - 1 : next;
		} else {
			while (!isBreakOrEnd(this.code())) this.pos += 1;
		}
	}

	private skipBreak(): void {
		this.pos += this.code() === CR && this.code(1) === LF ? 2 : 1;
		this.line += 1;
		this.lineStart = this.pos;
	}

	/** Skips a break, and gives what stands for it in a text. */
	private readBreak(): string {
		const code = this.code();
		this.skipBreak();
		return code === LINE_SEPARATOR ? '\u2028' : code === PARAGRAPH_SEPARATOR ? '\u2029' : '\n';
	}

	/** Only at the start of a line. */
	private isDocumentIndicator(): boolean {
		const code = this.code();
		return (
			(code === DASH || code === DOT) && this.code(1) === code && this.code(2) === code && isBlankOrEnd(this.code(3))
		);
	}

	private fetchIndicator(type: number): void {
		this.push(type, this.pos, this.pos + 1);
		this.pos += 1;
	}

	private fetchStreamEnd(): void {
		this.unrollIndent(-1);
		this.removeKey();
		this.keyAllowed = false;
		this.ended = true;
		this.push(token.streamEnd, this.pos, this.pos);
	}

	private fetchDocumentIndicator(code: number): void {
		this.unrollIndent(-1);
		this.removeKey();
		this.keyAllowed = false;
		this.push(code === DASH ? token.documentStart : token.documentEnd, this.pos, this.pos + 3);
		this.pos += 3;
	}

	private fetchFlowStart(type: number): void {
		this.saveKey();
		this.flowLevel += 1;
		const level = this.flowLevel;
		if (level > this.reading.limits.depth) {
			throw tooDeep(this.reading, this.pos);
		}
		this.keyPossible[level] = false;
		this.keyRequired[level] = false;
		this.keyAllowed = true;
		this.fetchIndicator(type);
	}

	private fetchFlowEnd(type: number): void {
		this.removeKey();
		if (this.flowLevel > 0) {
			this.keyPossible[this.flowLevel] = false;
			this.flowLevel -= 1;
		}
		this.keyAllowed = false;
		this.fetchIndicator(type);
	}

	private fetchBlockEntry(): void {
		if (this.flowLevel === 0) {
			if (!this.keyAllowed) this.fail('has a list item where none can be');
			this.rollIndent(this.column(), token.blockSequenceStart);
		}
		this.removeKey();
		this.keyAllowed = true;
		this.fetchIndicator(token.blockEntry);
	}

	private fetchKey(): void {
		if (this.flowLevel === 0) {
			if (!this.keyAllowed) this.fail('has a key where none can be');
			this.rollIndent(this.column(), token.blockMappingStart);
		}
		markOdd(this.reading, 'explicit-key', this.pos);
		this.removeKey();
		this.keyAllowed = this.flowLevel === 0;
		this.fetchIndicator(token.key);
	}

	private fetchValue(): void {
		const level = this.flowLevel;
		if (this.isValidKey(level)) {
			const slot = this.keySlot[level]!;
			const column = this.keyColumn[level]!;
			if (level === 0 && this.indent < column) {
				this.pushIndent(column);
				this.types[slot] = token.blockMappingStart;
			}
			this.types[slot + 1] = token.key;
			this.keyPossible[level] = false;
			this.keyAllowed = false;
		} else {
			if (level === 0) {
				if (!this.keyAllowed) this.fail('has a colon where no value can be');
				this.rollIndent(this.column(), token.blockMappingStart);
			}
			this.keyAllowed = level === 0;
		}
		this.fetchIndicator(token.value);
	}

	private fetchAnchor(type: number): void {
		this.saveKey();
		this.keyAllowed = false;
		const start = this.pos;
		this.pos += 1;
		while (isWordCharacter(this.code())) this.pos += 1;
		const name = this.source.slice(start + 1, this.pos);
		const next = this.code();
		if (name === '' || !(isBlankOrEnd(next) || '?:,]}%@`'.includes(String.fromCharCode(next)))) {
			this.fail('has a name of an anchor or an alias with other characters than letters, digits, "-" and "_"', start);
		}
		if (
			!isBlankOrEnd(next) &&
			!(this.flowLevel > 0 && (next === COMMA || next === CLOSE_BRACKET || next === CLOSE_BRACE))
		) {
			markOdd(this.reading, 'anchor', start);
		}
		this.pushText(type, start, this.pos, name);
	}

	// ── tags and directives ──

	private fetchTag(): void {
		this.saveKey();
		this.keyAllowed = false;
		markOdd(this.reading, 'tag', this.pos);
		const start = this.pos;
		let handle = '';
		let suffix: string;
		if (this.code(1) === LESS) {
			this.pos += 2;
			suffix = this.readTagUri('');
			if (this.code() !== GREATER) this.fail('has a tag without its ">"', start);
			this.pos += 1;
		} else {
			handle = this.readTagHandle(false);
			if (handle.length > 1 && handle.endsWith('!')) {
				suffix = this.readTagUri('');
			} else {
				suffix = this.readTagUri(handle);
				handle = suffix === '' ? '' : '!';
				if (suffix === '') suffix = '!';
			}
		}
		if (!isBlankOrEnd(this.code())) this.fail('has a tag that runs into a text', start);
		this.pushText(token.tag, start, this.pos, handle, suffix);
	}

	private readTagHandle(directive: boolean): string {
		const start = this.pos;
		if (this.code() !== EXCLAMATION) this.fail('has a %TAG line without a handle');
		this.pos += 1;
		while (isWordCharacter(this.code())) this.pos += 1;
		if (this.code() === EXCLAMATION) this.pos += 1;
		else if (directive && this.pos - start > 1) this.fail('has a %TAG line without a handle');
		return this.source.slice(start, this.pos);
	}

	/** @param head a handle that is the start of the tag itself; its "!" is not. */
	private readTagUri(head: string): string {
		const start = this.pos;
		let uri = head.slice(1);
		let from = this.pos;
		for (;;) {
			const code = this.code();
			if (code === PERCENT) {
				uri += this.source.slice(from, this.pos) + this.readUriEscapes();
				from = this.pos;
			} else if (isWordCharacter(code) || (code !== 0 && ";/?:@&=+$,.!~*'()[]".includes(String.fromCharCode(code)))) {
				this.pos += 1;
			} else {
				break;
			}
		}
		if (this.pos === start && head === '') this.fail('has a tag without a name');
		return uri + this.source.slice(from, this.pos);
	}

	/** One character in %XX. */
	private readUriEscapes(): string {
		const bytes: number[] = [];
		let width = 1;
		while (bytes.length < width) {
			const escape = this.source.slice(this.pos, this.pos + 3);
			if (!/^%[0-9A-Fa-f]{2}$/u.test(escape)) this.fail('has a tag with a broken "%" escape');
			const octet = Number.parseInt(escape.slice(1), 16);
			if (bytes.length === 0) {
				width = octet < 0x80 ? 1 : octet < 0xc0 ? 0 : octet < 0xe0 ? 2 : octet < 0xf0 ? 3 : octet < 0xf8 ? 4 : 0;
				if (width === 0) this.fail('has a tag with a broken "%" escape');
			} else if ((octet & 0xc0) !== 0x80) {
				this.fail('has a tag with a broken "%" escape');
			}
			bytes.push(octet);
			this.pos += 3;
		}
		return new TextDecoder().decode(Uint8Array.from(bytes));
	}

	private fetchDirective(): void {
		this.unrollIndent(-1);
		this.removeKey();
		this.keyAllowed = false;
		markOdd(this.reading, 'directive', this.pos);
		const start = this.pos;
		this.pos += 1;
		while (isWordCharacter(this.code())) this.pos += 1;
		const name = this.source.slice(start + 1, this.pos);
		if (!isBlankOrEnd(this.code())) this.fail('has a directive ("%") with a broken name', start);
		if (name === 'YAML') this.readVersion(start);
		else if (name === 'TAG') this.readTagDirective(start);
		else this.fail('has a line that starts with "%"', start);
		this.skipBlanks();
		if (this.code() === HASH) this.skipLine();
		if (!isBreakOrEnd(this.code())) this.fail('has a directive ("%") with a text behind it', start);
		if (isBreak(this.code())) this.skipBreak();
	}

	private readVersion(start: number): void {
		this.skipBlanks();
		const [version = '', major, minor] =
			/^([0-9]{1,2})\.([0-9]{1,2})(?![0-9])/u.exec(this.source.slice(this.pos, this.pos + 6)) ?? [];
		if (version === '') this.fail('has a "%YAML" line without a version', start);
		this.pos += version.length;
		this.pushText(token.versionDirective, start, this.pos, `${Number(major)}.${Number(minor)}`);
	}

	private readTagDirective(start: number): void {
		this.skipBlanks();
		const handle = this.readTagHandle(true);
		if (!isBlank(this.code())) this.fail('has a "%TAG" line without a prefix', start);
		this.skipBlanks();
		const prefix = this.readTagUri('');
		if (!isBlankOrEnd(this.code())) this.fail('has a "%TAG" line with a broken prefix', start);
		this.pushText(token.tagDirective, start, this.pos, handle, prefix);
	}

	private skipBlanks(): void {
		while (isBlank(this.code())) this.pos += 1;
	}

	// ── scalars ──

	private pushScalar(start: number, end: number, text: string, how: number): void {
		const index = this.push(token.scalar, start, end);
		this.texts[index] = text;
		this.suffixes[index] = '';
		this.styles[index] = how;
	}

	private fetchBlockScalar(literal: boolean): void {
		this.removeKey();
		this.keyAllowed = true;
		const start = this.pos;
		this.pos += 1;
		const {chomping, increment} = this.readBlockHeader(start);
		let indent = increment === 0 ? 0 : Math.max(this.indent, 0) + increment;
		let trailing = '';
		({indent, breaks: trailing} = this.skipBlockBreaks(indent, start));
		let text = '';
		let leading = '';
		let leadingBlank = false;
		while (this.column() === indent && this.code() !== 0) {
			const blank = isBlank(this.code());
			if (!literal && !leadingBlank && !blank && leading === '\n') text += trailing === '' ? ' ' : trailing;
			else text += leading + trailing;
			leadingBlank = blank;
			const from = this.pos;
			this.skipLine();
			text += this.source.slice(from, this.pos);
			leading = isBreak(this.code()) ? this.readBreak() : '';
			({breaks: trailing} = this.skipBlockBreaks(indent, start));
		}
		if (chomping !== -1) text += leading;
		if (chomping === 1) text += trailing;
		this.pushScalar(start, this.pos, text, literal ? style.literal : style.folded);
	}

	private readBlockHeader(start: number): {chomping: number; increment: number} {
		const [header = ''] = /^(?:[+-][0-9]?|[0-9][+-]?)?/u.exec(this.source.slice(this.pos, this.pos + 2)) ?? [];
		if (header.includes('0')) this.fail('has a block text with an indentation of 0', start);
		this.pos += header.length;
		this.skipBlanks();
		if (this.code() === HASH) this.skipLine();
		if (!isBreakOrEnd(this.code())) this.fail('has a text behind "|" or ">" on the same line', start);
		if (isBreak(this.code())) this.skipBreak();
		return {
			chomping: header.includes('+') ? 1 : header.includes('-') ? -1 : 0,
			increment: Number(header.replace(/[+-]/u, '')),
		};
	}

	/** Skips indentation and empty lines; finds the indentation where it is not given (0). */
	private skipBlockBreaks(given: number, start: number): {indent: number; breaks: string} {
		const {source} = this;
		let indent = given;
		let breaks = '';
		let deepest = 0;
		for (;;) {
			const last = indent === 0 ? Infinity : this.lineStart + indent;
			let code = source.charCodeAt(this.pos);
			while (code === SPACE && this.pos < last) {
				this.pos += 1;
				code = source.charCodeAt(this.pos);
			}
			const column = this.column();
			if (column > deepest) deepest = column;
			if (code === TAB && (indent === 0 || column < indent)) this.fail('has a tab for indentation', start);
			if (!isBreak(code)) break;
			breaks += this.readBreak();
		}
		if (indent === 0) indent = Math.max(deepest, this.indent + 1, 1);
		return {indent, breaks};
	}

	private fetchQuotedScalar(quote: number): void {
		this.saveKey();
		this.keyAllowed = false;
		const start = this.pos;
		const simple = quote === SINGLE_QUOTE ? simpleSingleQuoted : simpleDoubleQuoted;
		simple.lastIndex = start;
		if (simple.test(this.source)) {
			this.pos = simple.lastIndex;
			const text = this.source.slice(start + 1, this.pos - 1);
			this.pushScalar(start, this.pos, text, quote === SINGLE_QUOTE ? style.single : style.double);
			return;
		}
		this.pos += 1;
		let text = '';
		for (;;) {
			if (this.pos === this.lineStart && this.isDocumentIndicator()) {
				this.fail('has a quoted text that is cut by a line "---" or "..."', start);
			}
			if (this.code() === 0) this.fail('has a quoted text without its end', start);
			const part = this.readQuotedWords(quote, start);
			text += part.text;
			if (this.code() === quote) break;
			text += this.readQuotedBlanks(part.escapedBreak);
		}
		this.pos += 1;
		this.pushScalar(start, this.pos, text, quote === SINGLE_QUOTE ? style.single : style.double);
	}

	/** What stands up to a blank, a break or the end. */
	private readQuotedWords(quote: number, start: number): {text: string; escapedBreak: boolean} {
		let text = '';
		let from = this.pos;
		for (;;) {
			const code = this.code();
			if (isBlankOrEnd(code)) break;
			if (code === quote) {
				if (quote === DOUBLE_QUOTE || this.code(1) !== SINGLE_QUOTE) break;
				text += this.source.slice(from, this.pos + 1);
				this.pos += 2;
				from = this.pos;
			} else if (code === BACKSLASH && quote === DOUBLE_QUOTE) {
				text += this.source.slice(from, this.pos);
				if (isBreak(this.code(1))) {
					this.pos += 1;
					this.skipBreak();
					this.checkFlowIndent();
					return {text, escapedBreak: true};
				}
				text += this.readEscape(start);
				from = this.pos;
			} else {
				this.pos += 1;
			}
		}
		return {text: text + this.source.slice(from, this.pos), escapedBreak: false};
	}

	private readEscape(start: number): string {
		const letter = this.source.charAt(this.pos + 1);
		const length = letter === 'x' ? 2 : letter === 'u' ? 4 : letter === 'U' ? 8 : 0;
		this.pos += 2;
		if (length === 0) {
			const character = escapes.get(letter);
			if (character === undefined) this.fail(`has a quoted text with an unknown escape`, start);
			if (letter === 'N') this.reading.readTwice ??= start;
			return character;
		}
		const digits = this.source.slice(this.pos, this.pos + length);
		if (digits.length < length || !/^[0-9A-Fa-f]+$/u.test(digits)) {
			this.fail('has a quoted text with a broken escape', start);
		}
		const code = Number.parseInt(digits, 16);
		if (code > 0x10_ff_ff || (code >= 0xd8_00 && code <= 0xdf_ff)) {
			this.fail('has a quoted text with an escape for half a character', start);
		}
		this.pos += length;
		if ((code >= 0x7f && code <= 0x9f) || code === 0xff_fe || code === 0xff_ff) this.reading.readTwice ??= start;
		return String.fromCodePoint(code);
	}

	/** Blanks and breaks between words, folded as go-yaml folds them. */
	private readQuotedBlanks(escapedBreak: boolean): string {
		const from = this.pos;
		let leading: string | undefined;
		let trailing = '';
		let broken = escapedBreak;
		let firstBreak = -1;
		for (;;) {
			const code = this.code();
			if (isBlank(code)) {
				this.pos += 1;
			} else if (isBreak(code)) {
				if (broken) {
					trailing += this.readBreak();
				} else {
					firstBreak = this.pos;
					leading = this.readBreak();
					broken = true;
				}
			} else {
				break;
			}
		}
		if (!broken) return this.source.slice(from, this.pos);
		if (firstBreak !== -1 || trailing !== '') this.checkFlowIndent();
		return fold(leading ?? '', trailing);
	}

	private fetchPlainScalar(): void {
		this.saveKey();
		this.keyAllowed = false;
		const {source} = this;
		const flow = this.flowLevel > 0;
		const indent = this.indent + 1;
		const start = this.pos;
		let text = '';
		let from = start;
		let end = start;
		let broken = false;
		let leading = '';
		let trailing = '';
		for (;;) {
			if (this.pos === this.lineStart && this.isDocumentIndicator()) break;
			let code = source.charCodeAt(this.pos);
			if (code === HASH) break;
			const word = this.pos;
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
				this.pos = pos;
			}
			if (!isBlank(code) && !isBreak(code)) break;
			for (;;) {
				if (code === SPACE || code === TAB) {
					if (broken && code === TAB && this.column() < indent) this.fail('has a tab for indentation');
					this.pos += 1;
				} else if (isBreak(code)) {
					if (broken) {
						trailing += this.readBreak();
					} else {
						leading = this.readBreak();
						broken = true;
					}
				} else {
					break;
				}
				code = source.charCodeAt(this.pos);
			}
			if (!flow && this.column() < indent) break;
		}
		this.pushScalar(start, end, text === '' ? source.slice(from, end) : text + source.slice(from, end), style.plain);
		if (broken) this.keyAllowed = true;
	}

	/** Where brackets and quotes go on to the left of the mapping around them, other readers stop. */
	private checkFlowIndent(): void {
		if (this.indent >= 0 && this.column() <= this.indent) markOdd(this.reading, 'dedented', this.pos);
	}
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

function fold(leading: string, trailing: string): string {
	if (leading !== '\n') return leading + trailing;
	return trailing === '' ? ' ' : trailing;
}

function isBlank(code: number): boolean {
	return code === SPACE || code === TAB;
}

function isBreak(code: number): boolean {
	return (
		code === LF ||
		code === CR ||
		(code > 127 && (code === NEXT_LINE || code === LINE_SEPARATOR || code === PARAGRAPH_SEPARATOR))
	);
}

function isBreakOrEnd(code: number): boolean {
	return code === 0 || isBreak(code);
}

function isBlankOrEnd(code: number): boolean {
	return code === SPACE || code === TAB || code === 0 || isBreak(code);
}

function isWordCharacter(code: number): boolean {
	return (
		(code >= 97 && code <= 122) ||
		(code >= 65 && code <= 90) ||
		(code >= 48 && code <= 57) ||
		code === 95 ||
		code === DASH
	);
}
