/** Characters that mean something in YAML, by their codes. */
export const TAB = 9;
export const LF = 10;
export const CR = 13;
export const SPACE = 32;
export const DOUBLE_QUOTE = 34;
export const HASH = 35;
export const PERCENT = 37;
export const AMPERSAND = 38;
export const SINGLE_QUOTE = 39;
export const ASTERISK = 42;
export const COMMA = 44;
export const DASH = 45;
export const DOT = 46;
export const COLON = 58;
export const LESS = 60;
export const GREATER = 62;
export const QUESTION = 63;
export const OPEN_BRACKET = 91;
export const BACKSLASH = 92;
export const CLOSE_BRACKET = 93;
export const OPEN_BRACE = 123;
export const PIPE = 124;
export const CLOSE_BRACE = 125;
export const EXCLAMATION = 33;
export const NEXT_LINE = 0x85;
export const LINE_SEPARATOR = 0x20_28;
export const PARAGRAPH_SEPARATOR = 0x20_29;

export function isBlank(code: number): boolean {
	return code === SPACE || code === TAB;
}

export function isBreak(code: number): boolean {
	return (
		code === LF ||
		code === CR ||
		(code > 127 && (code === NEXT_LINE || code === LINE_SEPARATOR || code === PARAGRAPH_SEPARATOR))
	);
}

export function isBreakOrEnd(code: number): boolean {
	return code === 0 || isBreak(code);
}

export function isBlankOrEnd(code: number): boolean {
	return code === SPACE || code === TAB || code === 0 || isBreak(code);
}

export function isWordCharacter(code: number): boolean {
	return (
		(code >= 97 && code <= 122) ||
		(code >= 65 && code <= 90) ||
		(code >= 48 && code <= 57) ||
		code === 95 ||
		code === DASH
	);
}
