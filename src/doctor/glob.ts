/**
 * Whether a text is what a pattern says, as Argo CD's globs do it (github.com/gobwas/glob without separators, which is
 * what its util/glob compiles): `*` and `**` any characters, `?` one, `[…]` a class, `{a,b}` either.
 */
export function globMatches(pattern: string, text: string): boolean {
	try {
		return new RegExp(`^${expressionOf(pattern)}$`, 's').test(text);
	} catch {
		// Argo CD takes a pattern that it cannot read for one that matches nothing.
		return false;
	}
}

function expressionOf(pattern: string): string {
	let depth = 0;
	return pattern.replaceAll(/\*+|\?|\[!?[^\]]+\]|[{},]|[^\w\s]/g, (token) => {
		switch (token.charAt(0)) {
			case '*':
				return '.*';
			case '?':
				return '.';
			case '[':
				return token.length === 1 ? String.raw`\[` : token.replace('[!', '[^');
			case '{':
				depth += 1;
				return '(?:';
			case '}':
				depth = Math.max(0, depth - 1);
				return ')';
			case ',':
				return depth > 0 ? '|' : ',';
			default:
				return token.replaceAll(/[\\^$.|+()[\]]/g, String.raw`\$&`);
		}
	});
}
