import {type CST, Lexer, Parser} from 'yaml';
import {count, limitExceeded, notYaml, type Reading, refuse} from './reading.ts';

/**
 * The concrete syntax of one document, before anything recurses into it: not too many tokens, not too deep, and without
 * what readers disagree on by syntax alone (tags, explicit `?` keys, a second document without a separator). Throws
 * limit-exceeded, manifests-ambiguous, manifests-unreadable.
 */
export function readTokens(reading: Reading): readonly CST.Token[] {
	const {text, chunk, limits, spent} = reading;
	const parser = new Parser();
	const tokens: CST.Token[] = [];
	for (const lexeme of new Lexer().lex(text.slice(chunk.start, chunk.end))) {
		spent.tokens += 1;
		if (spent.tokens > limits.tokens) {
			throw limitExceeded(reading, 0, `the rest of a stream of more than ${count(limits.tokens)} tokens`);
		}
		for (const token of parser.next(lexeme)) tokens.push(token);
	}
	tokens.push(...parser.end());
	checkTokens(reading, tokens);
	return tokens;
}

function checkTokens(reading: Reading, tokens: readonly CST.Token[]): void {
	let documents = 0;
	// A stack of its own: the nesting is hostile until it has been measured.
	const stack = tokens.toReversed().map((token) => ({token, depth: 0}));
	for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
		const {token, depth} = next;
		if (token.type === 'error') {
			throw notYaml(reading, token.offset, 'UNEXPECTED_TOKEN', token.message);
		}
		if (token.type === 'document') {
			documents += 1;
			// Never seen in a text without separators; if it came, its objects would be lost.
			if (documents > 1) {
				const what = 'goes on after its end, where Argo CD drops the text or reads another object';
				const hint = 'Put a line "---" in front of the second object.';
				throw refuse('manifests-ambiguous', reading, token.offset, what, hint);
			}
			checkProperties(reading, token.start);
			if (token.value !== undefined) stack.push({token: token.value, depth});
		}
		if (token.type === 'block-scalar') checkBlockScalar(reading, token);
		if (token.type === 'block-map' || token.type === 'block-seq' || token.type === 'flow-collection') {
			if (depth >= reading.limits.depth) {
				throw limitExceeded(reading, token.offset, `more than ${count(reading.limits.depth)} levels`);
			}
			for (const item of token.items.toReversed()) {
				const {start, key, sep, value} = item;
				checkProperties(reading, start);
				checkProperties(reading, sep ?? []);
				if (token.type === 'flow-collection') checkFlowItem(reading, item);
				if (value !== undefined) stack.push({token: value, depth: depth + 1});
				if (key !== undefined && key !== null) stack.push({token: key, depth: depth + 1});
			}
		}
	}
}

function checkProperties(reading: Reading, tokens: readonly CST.SourceToken[]): void {
	for (const token of tokens) {
		if (token.type === 'tag') {
			const hint = 'Remove the tag; quote the value if it must be text.';
			const what = 'has a tag ("!"), which YAML readers treat differently';
			throw refuse('manifests-ambiguous', reading, token.offset, what, hint);
		}
		if (token.type === 'explicit-key-ind') {
			const hint = 'Write the key in front of a colon on one line.';
			throw refuse('manifests-ambiguous', reading, token.offset, 'has a key that is marked with "?"', hint);
		}
	}
}

/** Inside brackets go-yaml takes a leading `?` for a key's mark, and `a:` without a blank behind it for a text. */
function checkFlowItem(reading: Reading, {key, sep, value}: CST.CollectionItem): void {
	for (const token of [key, value]) {
		if (token?.type !== 'scalar' || !token.source.startsWith('?')) continue;
		const what = 'has an unquoted "?" inside brackets';
		throw refuse('manifests-ambiguous', reading, token.offset, what, 'Quote the text.');
	}
	const colon = sep?.find((token) => token.type === 'map-value-ind');
	if (key?.type !== 'scalar' || colon === undefined) return;
	const after = reading.text[reading.chunk.start + colon.offset + 1];
	if (after === undefined || /\s/u.test(after)) return;
	const what = 'has a colon without a blank behind it inside brackets';
	throw refuse('manifests-ambiguous', reading, colon.offset, what, 'Write a blank behind the colon.');
}

/** Behind a text with a written indentation or kept line ends (`|2`, `|+`), parsers disagree on lines of blanks. */
function checkBlockScalar(reading: Reading, {offset, props, source}: CST.BlockScalar): void {
	if (!props.some((token) => token.type === 'block-scalar-header' && /[1-9+]/u.test(token.source))) return;
	const header = props.reduce((length, token) => length + ('source' in token ? token.source.length : 0), 0);
	const end = reading.chunk.start + offset + header + source.length;
	const text = reading.text.slice(end, reading.chunk.end);
	const next = text.search(/[^ \r\n]/u);
	const blankLines = next === -1 ? text : text.slice(0, text.lastIndexOf('\n', next) + 1);
	if (!blankLines.includes(' ')) return;
	const what = 'has lines of blanks behind a text with a written indentation or kept line ends';
	throw refuse('manifests-ambiguous', reading, offset, what, 'Remove the blanks.');
}
