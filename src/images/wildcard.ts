/** Whether a text is what a pattern says; `*` stands for any characters. Leftmost matching suffices: no backtracking. */
export function matchesWildcard(pattern: string, text: string): boolean {
	const [first = '', ...rest] = pattern.split('*');
	const last = rest.pop();
	if (last === undefined) return pattern === text;
	if (!text.startsWith(first)) return false;
	let position = first.length;
	for (const piece of rest) {
		const found = text.indexOf(piece, position);
		if (found === -1) return false;
		position = found + piece.length;
	}
	return text.length - last.length >= position && text.endsWith(last);
}
