/** Terminals show these in two columns: East Asian letters and pictures. */
const wide =
	/[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6]|\p{Emoji_Presentation}/u;

/** The columns that a text takes in a terminal, without escapes in it. */
export function widthOf(text: string): number {
	let columns = 0;
	for (const character of text) columns += charWidth(character);
	return columns;
}

/** The text, cut to so many columns; what is cut off ends in `…`. */
export function cutTo(text: string, columns: number): string {
	if (widthOf(text) <= columns) return text;
	let cut = '';
	let used = 1;
	for (const character of text) {
		used += charWidth(character);
		if (used > columns) break;
		cut += character;
	}
	return `${cut.trimEnd()}…`;
}

/** The text with blanks up to so many columns. */
export function padTo(text: string, columns: number): string {
	return text + ' '.repeat(Math.max(0, columns - widthOf(text)));
}

function charWidth(character: string): number {
	if (character < '\u0300') return 1;
	if (/\p{Mn}|\p{Me}/u.test(character)) return 0;
	return wide.test(character) ? 2 : 1;
}
