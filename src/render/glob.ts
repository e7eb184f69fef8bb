import {GateError} from '../errors.ts';

const maxPattern = 1024;
const maxAlternatives = 256;
/** Characters of all alternatives together: each is held against every path. */
const maxExpanded = 8192;

type Token = {readonly kind: 'star'} | {readonly kind: 'one'; readonly matches: (character: string) => boolean};

/**
 * A function that tells whether a whole text matches a pattern of `*`, `?`, `[a-z]`, `[!a-z]`, `{this,that}` and `\`.
 * A star crosses slashes, as in the include and exclude of Argo CD's directories (gobwas/glob without separators);
 * callers that want path segments pass one segment. Runs in pattern × text steps, so no pattern can stall the gate.
 * Throws parameters-invalid for a pattern that cannot be read.
 */
export function compileGlob(pattern: string, what: string): (text: string) => boolean {
	if (pattern.length > maxPattern) throw invalid(pattern.slice(0, 80), what, `is longer than ${maxPattern} characters`);
	const expanded = expandBraces(pattern, what);
	if (expanded.join('').length > maxExpanded) throw invalid(pattern.slice(0, 80), what, 'stands for too many patterns');
	const alternatives = expanded.map((one) => tokenize(one, what));
	return (text) => {
		const characters = Array.from(text);
		return alternatives.some((tokens) => matchTokens(tokens, characters));
	};
}

/** The pattern once for each combination of its `{this,that}`; at most 256. */
export function expandBraces(pattern: string, what: string): readonly string[] {
	const done: string[] = [];
	const todo = [pattern];
	for (let current = todo.shift(); current !== undefined; current = todo.shift()) {
		const braces = firstBraces(current);
		if (braces === 'unclosed') throw invalid(pattern, what, 'has a { without }');
		if (braces === undefined) done.push(current);
		else todo.unshift(...braces.choices.map((choice) => braces.before + choice + braces.after));
		if (done.length + todo.length > maxAlternatives)
			throw invalid(pattern, what, `has more than ${maxAlternatives} alternatives`);
	}
	return done;
}

function firstBraces(
	pattern: string,
): {readonly before: string; readonly choices: readonly string[]; readonly after: string} | 'unclosed' | undefined {
	let depth = 0;
	let open = -1;
	let last = -1;
	const choices: string[] = [];
	for (let index = 0; index < pattern.length; index += 1) {
		const character = pattern[index];
		if (character === '\\') index += 1;
		else if (character === '[') index = classEnd(pattern, index) ?? index;
		else if (character === '{') {
			if (depth === 0) open = last = index;
			depth += 1;
		} else if (depth === 1 && (character === ',' || character === '}')) {
			choices.push(pattern.slice(last + 1, index));
			last = index;
			if (character === '}') return {before: pattern.slice(0, open), choices, after: pattern.slice(index + 1)};
		} else if (depth > 1 && character === '}') depth -= 1;
	}
	return depth > 0 ? 'unclosed' : undefined;
}

function tokenize(pattern: string, what: string): readonly Token[] {
	const tokens: Token[] = [];
	for (let index = 0; index < pattern.length;) {
		const character = String.fromCodePoint(pattern.codePointAt(index) ?? 0);
		index += character.length;
		if (character === '*') {
			if (tokens.at(-1)?.kind !== 'star') tokens.push({kind: 'star'});
		} else if (character === '?') tokens.push({kind: 'one', matches: () => true});
		else if (character === '[') {
			const end = classEnd(pattern, index - 1);
			if (end === undefined) throw invalid(pattern, what, 'has a [ without ]');
			tokens.push({kind: 'one', matches: classMatcher(pattern.slice(index, end))});
			index = end + 1;
		} else if (character === '\\') {
			const next = String.fromCodePoint(pattern.codePointAt(index) ?? 0x5c);
			tokens.push(literal(next));
			index += next.length;
		} else tokens.push(literal(character));
	}
	return tokens;
}

function literal(wanted: string): Token {
	return {kind: 'one', matches: (character) => character === wanted};
}

/** The index of the `]` that closes the class which starts at `open`; a `]` in first place is a member. */
function classEnd(pattern: string, open: number): number | undefined {
	const first = open + (/^\[[!^]/.test(pattern.slice(open, open + 2)) ? 2 : 1);
	for (let index = first; index < pattern.length; index += 1) {
		if (pattern[index] === '\\') index += 1;
		else if (pattern[index] === ']' && index > first) return index;
	}
	return undefined;
}

function classMatcher(body: string): (character: string) => boolean {
	const negated = /^[!^]/.test(body);
	const members = Array.from((negated ? body.slice(1) : body).replaceAll(/\\(.)/gsu, '$1'));
	const ranges: (readonly [string, string])[] = [];
	for (let index = 0; index < members.length; index += 1) {
		const from = members[index] ?? '';
		const to = members[index + 2];
		if (members[index + 1] === '-' && to !== undefined) {
			ranges.push([from, to]);
			index += 2;
		} else ranges.push([from, from]);
	}
	const inside = (point: number) => ranges.some(([from, to]) => point >= codePoint(from) && point <= codePoint(to));
	return (character) => inside(codePoint(character)) !== negated;
}

function codePoint(character: string): number {
	return character.codePointAt(0) ?? 0;
}

/** Greedy with one point of return: the last star is the only one that ever needs to take more. */
function matchTokens(tokens: readonly Token[], text: readonly string[]): boolean {
	let token = 0;
	let position = 0;
	let star = -1;
	let resume = 0;
	while (position < text.length) {
		const current = tokens[token];
		if (current?.kind === 'star') {
			star = token;
			resume = position;
			token += 1;
		} else if (current !== undefined && current.matches(text[position] ?? '')) {
			token += 1;
			position += 1;
		} else if (star !== -1) {
			token = star + 1;
			resume += 1;
			position = resume;
		} else return false;
	}
	return tokens.slice(token).every(({kind}) => kind === 'star');
}

function invalid(pattern: string, what: string, why: string): GateError {
	return new GateError({
		stage: 'render',
		code: 'parameters-invalid',
		what: `the pattern ${why}`,
		where: `${what}: ${pattern}`,
		hint: 'Patterns have *, ?, [a-z], [!a-z] and {this,that}.',
	});
}
