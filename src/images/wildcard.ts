/** What stands around and between the stars of a pattern; without a star there is no last piece. */
interface Pieces {
	readonly first: string;
	readonly middle: readonly string[];
	readonly last: string | undefined;
}

/** Patterns are few, and each is asked for thousands of texts. */
const pieces = new Map<string, Pieces>();

/** Whether a text is what a pattern says; `*` stands for any characters. Leftmost matching suffices: no backtracking. */
export function matchesWildcard(pattern: string, text: string): boolean {
	const {first, middle, last} = piecesOf(pattern);
	if (last === undefined) return pattern === text;
	if (!text.startsWith(first)) return false;
	let position = first.length;
	for (const piece of middle) {
		const found = text.indexOf(piece, position);
		if (found === -1) return false;
		position = found + piece.length;
	}
	return text.length - last.length >= position && text.endsWith(last);
}

function piecesOf(pattern: string): Pieces {
	const known = pieces.get(pattern);
	if (known !== undefined) return known;
	const [first = '', ...middle] = pattern.split('*');
	const split = {last: middle.pop(), first, middle};
	pieces.set(pattern, split);
	return split;
}
