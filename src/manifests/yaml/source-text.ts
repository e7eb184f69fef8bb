import {
	isBlank,
	isBreakOrEnd,
	isBlankOrEnd,
	CR,
	LF,
	DASH,
	DOT,
	LINE_SEPARATOR,
	PARAGRAPH_SEPARATOR,
} from './character-codes.ts';
import {markOdd, type Reading, unreadable} from '../reading.ts';

/** The text of one document and how far it has been read, with the lines as go-yaml counts them. */
export class SourceText {
	/** With a NUL behind it; no other NUL is in it. */
	readonly source: string;
	readonly reading: Reading;
	pos = 0;
	line = 0;
	lineStart = 0;
	/** The indentation of the mapping or the list that is being read; -1 outside of any. */
	indent = -1;
	private readonly onlyLineFeeds: boolean;

	/** @param onlyLineFeeds whether no other line break is in the source. */
	constructor(source: string, onlyLineFeeds: boolean, reading: Reading) {
		this.source = `${source}\0`;
		this.reading = reading;
		this.onlyLineFeeds = onlyLineFeeds;
	}

	code(offset = 0): number {
		return this.source.charCodeAt(this.pos + offset);
	}

	column(): number {
		return this.pos - this.lineStart;
	}

	skipBlanks(): void {
		while (isBlank(this.code())) this.pos += 1;
	}

	/** Goes to the end of the line, its break excluded. */
	skipLine(): void {
		if (this.onlyLineFeeds) {
			const next = this.source.indexOf('\n', this.pos);
			this.pos = next === -1 ? this.source.length - 1 : next;
		} else {
			while (!isBreakOrEnd(this.code())) this.pos += 1;
		}
	}

	skipBreak(): void {
		this.pos += this.code() === CR && this.code(1) === LF ? 2 : 1;
		this.line += 1;
		this.lineStart = this.pos;
	}

	/** Skips a break, and gives what stands for it in a text. */
	readBreak(): string {
		const code = this.code();
		this.skipBreak();
		return code === LINE_SEPARATOR ? '\u2028' : code === PARAGRAPH_SEPARATOR ? '\u2029' : '\n';
	}

	/** Only at the start of a line. */
	isDocumentIndicator(): boolean {
		const code = this.code();
		return (
			(code === DASH || code === DOT) && this.code(1) === code && this.code(2) === code && isBlankOrEnd(this.code(3))
		);
	}

	/** Where brackets and quotes go on to the left of the mapping around them, other readers stop. */
	checkFlowIndent(): void {
		if (this.indent >= 0 && this.column() <= this.indent) markOdd(this.reading, 'dedented', this.pos);
	}

	fail(what: string, offset = this.pos): never {
		throw unreadable(this.reading, offset, what);
	}
}
