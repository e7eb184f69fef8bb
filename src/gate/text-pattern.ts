/** Whether `*` of the pattern can stand for the rest of the text; leftmost matching suffices and cannot backtrack. */
export function globs(pattern: string, text: string): boolean {
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

/**
 * Whether a package URL matches a pattern such as `pkg:npm/minimist`, `pkg:deb/debian/*` or `pkg:npm/minimist@0.0.8`: `*`
 * stands for any characters, a pattern without a version means every version, and qualifiers are not looked at. A scope's
 * `@` and a version's `+` may be written plainly or encoded.
 */
export function purlMatches(pattern: string, purl: string): boolean {
	return purlMatcher(pattern)(purl);
}

/** {@link purlMatches} for many package URLs. */
export function purlMatcher(pattern: string): (purl: string) => boolean {
	// The @ of an npm scope, where a version’s cannot stand.
	const wanted = asWritten(pattern.replaceAll('/@', '/%40'));
	const matches = wanted.includes('*') ? (text: string) => globs(wanted, text) : (text: string) => text === wanted;
	return (purl) => withoutQualifiers(asWritten(purl), matches);
}

/** Package URLs encode what people write plainly (`1%2Bdeb12u1`); what would move where a name ends stays encoded. */
function asWritten(purl: string): string {
	if (!purl.includes('%')) return purl;
	return purl.replaceAll(/%(?!2[35AF]|3F|40|7F)[2-7][0-9A-F]/gi, decodeURIComponent);
}

function withoutQualifiers(purl: string, matches: (text: string) => boolean): boolean {
	const end = purl.search(/[?#]/);
	const plain = end === -1 ? purl : purl.slice(0, end);
	const version = plain.lastIndexOf('@');
	const versioned = version > plain.lastIndexOf('/');
	return matches(plain) || (versioned && matches(plain.slice(0, version)));
}

/** What is wrong with a pattern over package URLs; undefined when nothing is. */
export function purlPatternProblem(pattern: string): string | undefined {
	if (!/^pkg:[a-z0-9.+*-]+\/[^\s?#]+$/.test(pattern))
		return 'is not a package URL without qualifiers, such as pkg:npm/minimist or pkg:deb/debian/*';
	return undefined;
}
