/** Terminals have 80 columns; a line is longer only when a single word of it is. */
const width = 80;

/**
 * Words in lines of 80 columns, the first behind an indentation of so many blanks, the others behind `hanging`. Line breaks
 * in the text count as blanks.
 */
export function wrap(text: string, indent: number, hanging: number = indent): readonly string[] {
	const lines: string[] = [];
	let line = '';
	for (const word of text.split(/[\t\n ]+/u)) {
		if (word === '') continue;
		if (line === '') {
			line = ' '.repeat(indent) + word;
		} else if (line.length + 1 + word.length <= width) {
			line = `${line} ${word}`;
		} else {
			lines.push(line);
			line = ' '.repeat(hanging) + word;
		}
	}
	return line === '' ? lines : [...lines, line];
}

/** Pieces that a person copies, two blanks between them, on one line while it fits; further lines are indented by two more. */
export function fit(pieces: readonly string[], indent: number): readonly string[] {
	const lines: string[] = [];
	let line = '';
	for (const piece of pieces) {
		if (piece === '') continue;
		if (line === '') {
			line = ' '.repeat(lines.length === 0 ? indent : indent + 2) + piece;
		} else if (line.length + 2 + piece.length <= width) {
			line = `${line}  ${piece}`;
		} else {
			lines.push(line);
			line = ' '.repeat(indent + 2) + piece;
		}
	}
	return line === '' ? lines : [...lines, line];
}
