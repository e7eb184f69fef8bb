import {isAlias, isMap, isPair, isScalar, isSeq, type Scalar} from 'yaml';
import type {GateError} from '../errors.ts';
import type {JsonObject, JsonValue} from '../types.ts';
import {nodeOffset, readKey} from './keys.ts';
import {count, limitExceeded, type Reading, refuse, shown} from './reading.ts';
import {plainScalar} from './scalar.ts';

/**
 * The value of a document's root node as Argo CD reads it. Throws manifests-ambiguous for duplicate keys, keys that are
 * no text, merge keys and anchors that readers bind differently; manifests-unreadable for undefined aliases and numbers
 * that JSON lacks; limit-exceeded. Aliases give the same JavaScript value again: treat it as read-only.
 */
export function readValue(reading: Reading, root: unknown): JsonValue {
	return nodeValue({reading, anchors: new Map(), open: new Set(), deepest: 0}, root, 0);
}

/** Argo CD prints a document as JSON and reads that as YAML once more, where these fail or turn into a blank. */
const changedByJson = /[\u007F-\u009F\uFFFE\uFFFF\p{Cs}]/u;

/** An anchored value, and what it costs where an alias repeats it. */
interface Anchored {
	readonly value: JsonValue;
	readonly nodes: number;
	readonly expanded: number;
	readonly levels: number;
}

interface Walk {
	readonly reading: Reading;
	/** By name, the latest definition. */
	readonly anchors: Map<string, Anchored>;
	/** Names whose node is being read. */
	readonly open: Set<string>;
	/** The deepest level since the innermost anchored node began. */
	deepest: number;
}

function nodeValue(walk: Walk, node: unknown, depth: number): JsonValue {
	const {reading} = walk;
	if (isAlias(node)) return aliasValue(walk, node.source, nodeOffset(node), depth);
	const anchor = isScalar(node) || isMap(node) || isSeq(node) ? node.anchor : undefined;
	if (anchor === undefined) return ownValue(walk, node, depth);
	checkAnchorName(reading, anchor, nodeOffset(node));
	if (walk.open.has(anchor)) {
		const what = `defines the anchor "${anchor}" inside its own node`;
		throw refuse('manifests-ambiguous', reading, nodeOffset(node), what, 'Rename one of the anchors.');
	}
	walk.open.add(anchor);
	const before = {...reading.spent, deepest: walk.deepest};
	walk.deepest = depth;
	const value = ownValue(walk, node, depth);
	walk.anchors.set(anchor, {
		value,
		nodes: reading.spent.nodes - before.nodes,
		expanded: reading.spent.expanded - before.expanded,
		levels: walk.deepest - depth,
	});
	walk.deepest = Math.max(walk.deepest, before.deepest);
	walk.open.delete(anchor);
	return value;
}

function ownValue(walk: Walk, node: unknown, depth: number): JsonValue {
	spend(walk.reading, 1, 0, nodeOffset(node));
	if (isScalar(node)) return scalarValue(walk.reading, node);
	if (depth >= walk.reading.limits.depth) throw tooDeep(walk.reading, nodeOffset(node));
	walk.deepest = Math.max(walk.deepest, depth + 1);
	if (isMap(node)) return mapValue(walk, node.items, depth);
	return isSeq(node) ? node.items.map((item) => nodeValue(walk, item, depth + 1)) : null;
}

function mapValue(walk: Walk, pairs: readonly unknown[], depth: number): JsonObject {
	const {reading} = walk;
	// Without a prototype a key named __proto__ is a key like any other.
	const map: Record<string, JsonValue> = {__proto__: null};
	for (const [index, pair] of pairs.entries()) {
		if (!isPair(pair)) continue;
		const key = readKey(reading, pair.key);
		const offset = nodeOffset(pair.key);
		if (index >= reading.limits.keys) {
			throw limitExceeded(reading, offset, `more than ${count(reading.limits.keys)} keys in one mapping`);
		}
		if (Object.hasOwn(map, key)) {
			const what = `has the key "${shown(key)}" twice in one mapping`;
			throw refuse('manifests-ambiguous', reading, offset, what, 'Keep one; Argo CD takes the last, or either.');
		}
		spend(reading, 0, key.length, offset);
		checkCharacters(reading, key, offset);
		map[key] = pair.value === null ? null : nodeValue(walk, pair.value, depth + 1);
	}
	return map;
}

function scalarValue(reading: Reading, node: Scalar): JsonValue {
	const text = String(node.value);
	const offset = nodeOffset(node);
	if (text.length > reading.limits.scalar) {
		throw limitExceeded(reading, offset, `a text of more than ${count(reading.limits.scalar)} characters`);
	}
	spend(reading, 0, text.length, offset);
	checkCharacters(reading, text, offset);
	if (node.type !== 'PLAIN') return text;
	const value = plainScalar(text);
	if (value !== undefined) return value;
	const what = `has the number "${text}", which JSON lacks`;
	throw refuse('manifests-unreadable', reading, offset, what, 'Quote it if it is a text.');
}

function aliasValue(walk: Walk, name: string, offset: number, depth: number): JsonValue {
	const {reading} = walk;
	checkAnchorName(reading, name, offset);
	if (walk.open.has(name)) {
		const what = `has an alias of "${name}" inside that anchor itself`;
		throw refuse('manifests-unreadable', reading, offset, what, 'Remove the alias.');
	}
	const anchored = walk.anchors.get(name);
	if (anchored === undefined) {
		const what = `has an alias of "${name}", which is not defined`;
		throw refuse('manifests-unreadable', reading, offset, what, 'Define the anchor before it, in the same document.');
	}
	if (depth + anchored.levels > reading.limits.depth) throw tooDeep(reading, offset);
	walk.deepest = Math.max(walk.deepest, depth + anchored.levels);
	spend(reading, anchored.nodes, anchored.expanded, offset);
	return anchored.value;
}

function checkCharacters(reading: Reading, text: string, offset: number): void {
	if (!changedByJson.test(text)) return;
	const what = 'has a text with an escape for a control character or for half a character';
	throw refuse('manifests-ambiguous', reading, offset, what, 'Remove the escape.');
}

function checkAnchorName(reading: Reading, name: string, offset: number): void {
	// go-yaml knows no other characters, and ends the name at one.
	if (/^[A-Za-z0-9_-]{1,128}$/u.test(name)) return;
	const what = `has the anchor or alias name "${shown(name)}"`;
	throw refuse('manifests-ambiguous', reading, offset, what, 'Use letters, digits, "-" and "_" only.');
}

function spend(reading: Reading, nodes: number, expanded: number, offset: number): void {
	const {spent, limits} = reading;
	spent.nodes += nodes;
	spent.expanded += expanded;
	if (spent.nodes > limits.nodes) {
		throw limitExceeded(reading, offset, `the rest of a stream of more than ${count(limits.nodes)} values`);
	}
	if (spent.expanded > limits.expanded) {
		throw limitExceeded(reading, offset, `aliases that repeat more than ${count(limits.expanded)} characters`);
	}
}

function tooDeep(reading: Reading, offset: number): GateError {
	return limitExceeded(reading, offset, `more than ${count(reading.limits.depth)} levels`);
}
