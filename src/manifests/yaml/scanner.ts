import {
	TAB,
	SPACE,
	DOUBLE_QUOTE,
	HASH,
	PERCENT,
	AMPERSAND,
	SINGLE_QUOTE,
	ASTERISK,
	COMMA,
	DASH,
	DOT,
	COLON,
	GREATER,
	QUESTION,
	OPEN_BRACKET,
	CLOSE_BRACKET,
	OPEN_BRACE,
	PIPE,
	CLOSE_BRACE,
	EXCLAMATION,
	isBreak,
	isBlankOrEnd,
	isWordCharacter,
} from './character-codes.ts';
import {readBlockText} from './block-text.ts';
import {readPlainText} from './plain-text.ts';
import {readQuotedText} from './quoted-text.ts';
import {SourceText} from './source-text.ts';
import {readDirective, readTag} from './tags.ts';
import {markOdd, tooDeep} from '../reading.ts';

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

/** What a key without "?" may be long, in code points, from its start to its colon. */
const longestSimpleKey = 1024;

/**
 * Cuts the text of one document into tokens as go-yaml v2 does (scannerc.go at v2.4.3, a port of libyaml's scanner),
 * one by one, so that an error behind what is needed does not count. Marks what other readers of YAML read otherwise.
 * Throws manifests-unreadable where go-yaml fails.
 *
 * A key is known by its colon only. So two places are kept in front of whatever may be a key, and filled when the colon
 * comes; a token with places that are still open is not given out.
 */
export class Scanner extends SourceText {
	/** Where the token that `peek` told starts and ends. */
	start = 0;
	end = 0;
	/** Of a scalar its text, of an alias or an anchor its name, of a tag its handle. */
	text = '';
	/** Of a tag what stands behind the handle; of a tag directive the prefix. */
	suffix = '';
	/** Of a scalar. */
	style: number = style.plain;

	private flowLevel = 0;
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
	/** Whether anything at the level may have been a key, and the place of the key that its bracket may be. */
	private readonly keySeen: boolean[] = [false];
	private readonly bracketSlot: number[] = [0];
	/** Up to where surrogate pairs are counted, and how many there are. */
	private readonly keyCounted: number[] = [0];
	private readonly keyPairs: number[] = [0];

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

	private push(type: number, start: number, end: number): number {
		const index = this.tail;
		this.types[index] = type;
		this.starts[index] = start;
		this.ends[index] = end;
		this.keyLevels[index] = 0;
		this.tail = index + 1;
		return index;
	}

	private pushText(type: number, start: number, end: number, text: string, suffix = ''): number {
		const index = this.push(type, start, end);
		this.texts[index] = text;
		this.suffixes[index] = suffix;
		this.styles[index] = style.plain;
		return index;
	}

	// ── keys ──

	private isValidKey(level: number): boolean {
		if (!this.keyPossible[level]!) return false;
		const start = this.keyPos[level]!;
		if (this.line === this.keyLine[level] && !this.isTooLong(level)) return true;
		if (this.keyRequired[level]!) this.fail('has a key without a colon behind it', start);
		this.keyPossible[level] = false;
		return false;
	}

	private isTooLong(level: number): boolean {
		const start = this.keyPos[level]!;
		const length = this.pos - start;
		if (length <= longestSimpleKey) return false;
		if (length > 2 * longestSimpleKey) return true;
		// Halves of pairs are counted once each, however often this is asked.
		for (let position = this.keyCounted[level]!; position < this.pos; position += 1) {
			const code = this.source.charCodeAt(position);
			if (code >= 0xd8_00 && code <= 0xdb_ff) this.keyPairs[level]! += 1;
		}
		this.keyCounted[level] = this.pos;
		return length - this.keyPairs[level]! > longestSimpleKey;
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
		this.keySeen[level] = true;
		this.keyPossible[level] = true;
		this.keyRequired[level] = level === 0 && this.indent === column;
		this.keySlot[level] = slot;
		this.keyPos[level] = this.pos;
		this.keyLine[level] = this.line;
		this.keyColumn[level] = column;
		this.keyCounted[level] = this.pos;
		this.keyPairs[level] = 0;
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
		const slot = this.keyAllowed ? this.tail : -1;
		this.saveKey();
		this.flowLevel += 1;
		const level = this.flowLevel;
		if (level > this.reading.limits.depth) {
			throw tooDeep(this.reading, this.pos);
		}
		this.keyPossible[level] = false;
		this.keyRequired[level] = false;
		this.keySeen[level] = false;
		this.bracketSlot[level] = slot;
		this.keyAllowed = true;
		this.fetchIndicator(type);
	}

	private fetchFlowEnd(type: number): void {
		this.removeKey();
		if (this.flowLevel > 0) {
			const slot = this.bracketSlot[this.flowLevel]!;
			// go-yaml does not wait for a colon behind empty brackets (yaml_parser_decrease_flow_level in scannerc.go).
			if (!this.keySeen[this.flowLevel]! && slot !== -1) this.keyLevels[slot] = 0;
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

	// ── tags, directives and scalars ──

	private fetchTag(): void {
		this.saveKey();
		this.keyAllowed = false;
		markOdd(this.reading, 'tag', this.pos);
		const start = this.pos;
		const {handle, suffix} = readTag(this);
		this.pushText(token.tag, start, this.pos, handle, suffix);
	}

	private fetchDirective(): void {
		this.unrollIndent(-1);
		this.removeKey();
		this.keyAllowed = false;
		markOdd(this.reading, 'directive', this.pos);
		const start = this.pos;
		const directive = readDirective(this);
		if (directive.kind === 'version') this.pushText(token.versionDirective, start, this.pos, directive.version);
		else this.pushText(token.tagDirective, start, this.pos, directive.handle, directive.prefix);
	}

	private fetchBlockScalar(literal: boolean): void {
		this.removeKey();
		this.keyAllowed = true;
		const start = this.pos;
		this.pos += 1;
		this.pushScalar(start, readBlockText(this, literal), this.pos, literal ? style.literal : style.folded);
	}

	private fetchQuotedScalar(quote: number): void {
		this.saveKey();
		this.keyAllowed = false;
		const start = this.pos;
		this.pushScalar(start, readQuotedText(this, quote), this.pos, quote === SINGLE_QUOTE ? style.single : style.double);
	}

	private fetchPlainScalar(): void {
		this.saveKey();
		this.keyAllowed = false;
		const start = this.pos;
		const {text, end, broken} = readPlainText(this, this.flowLevel > 0);
		this.pushScalar(start, text, end, style.plain);
		if (broken) this.keyAllowed = true;
	}

	private pushScalar(start: number, text: string, end: number, how: number): void {
		this.styles[this.pushText(token.scalar, start, end, text)] = how;
	}
}
