import {widthOf} from './width.ts';

/** Of a terminal of which nothing is known; a line is longer only when a single word of it is. */
const usualWidth = 80;

/**
 * Words in lines of so many columns, the first behind an indentation of so many blanks, the others behind `hanging`. Line breaks
 * in the text count as blanks.
 */
export function wrap(
	text: string,
	indent: number,
	hanging: number = indent,
	width: number = usualWidth,
): readonly string[] {
	const lines: string[] = [];
	let line = '';
	for (const word of text.split(/[\t\n ]+/u)) {
		if (word === '') continue;
		if (line === '') {
			line = ' '.repeat(indent) + word;
		} else if (widthOf(line) + 1 + widthOf(word) <= width) {
			line = `${line} ${word}`;
		} else {
			lines.push(line);
			line = ' '.repeat(hanging) + word;
		}
	}
	return line === '' ? lines : [...lines, line];
}

/** Pieces that a person copies, two blanks between them, on one line while it fits; further lines are indented by two more. */
export function fit(pieces: readonly string[], indent: number, width: number = usualWidth): readonly string[] {
	const lines: string[] = [];
	let line = '';
	for (const piece of pieces) {
		if (piece === '') continue;
		if (line === '') {
			line = ' '.repeat(lines.length === 0 ? indent : indent + 2) + piece;
		} else if (widthOf(line) + 2 + widthOf(piece) <= width) {
			line = `${line}  ${piece}`;
		} else {
			lines.push(line);
			line = ' '.repeat(indent + 2) + piece;
		}
	}
	return line === '' ? lines : [...lines, line];
}
