import type {JsonObject, JsonValue} from '../../types.ts';
import {changedByJson, isTooLongKey} from '../json.ts';
import {count, limitExceeded, markOdd, type Reading, shown, tooDeep, unreadable} from '../reading.ts';
import {isExcessiveAliasing} from './aliasing.ts';
import {checkCharacters} from './characters.ts';
import {type Form, LastNode} from './last-node.ts';
import {type FieldAt, type Key, Mappings} from './mappings.ts';
import {longTagPrefix, plainScalar, taggedScalar} from './scalar.ts';
import {Scanner, style, token} from './scanner.ts';

/** What one document says. */
export interface Composed {
	/** Null for an empty document. Aliases give the same JavaScript value again: treat it as read-only. */
	readonly value: JsonValue;
	/** By mapping and key, for the keys of `notedKeys`. */
	readonly fields: ReadonlyMap<JsonObject, ReadonlyMap<string, FieldAt>>;
	/** Mappings and lists that have an anchor: an edit inside of one is an edit wherever it is repeated. */
	readonly anchored: ReadonlySet<JsonValue>;
}

/**
 * The value of a document's text as Argo CD reads it: go-yaml v2's parser and decoder (parserc.go and decode.go at
 * v2.4.3), then the conversion to JSON of sigs.k8s.io/yaml v1.6.0. Marks in `reading` what other readers take otherwise.
 * Throws manifests-unreadable where Argo CD fails, limit-exceeded beyond the limits.
 */
export function compose(source: string, reading: Reading): Composed {
	const onlyLineFeeds = checkCharacters(reading, source);
	// One byte order mark at the start tells the encoding.
	const text = source.startsWith('\uFEFF') ? source.slice(1) : source;
	return new Composer(text, onlyLineFeeds, reading).document();
}

/** An anchored node, and what it costs where an alias repeats it. */
interface Anchored {
	value: JsonValue;
	form: Form;
	/** Of a scalar, for keys. */
	text: string;
	tag: string;
	/** While it is being read. */
	open: boolean;
	nodes: number;
	expanded: number;
	levels: number;
}

class Composer {
	private readonly scanner: Scanner;
	private readonly reading: Reading;
	private readonly anchored = new Set<JsonValue>();
	private readonly anchors = new Map<string, Anchored>();
	private readonly tagPrefixes = new Map<string, string>();
	/** go-yaml's count of decoded nodes; the document is the first. */
	private decoded = 1;
	private decodedByAlias = 0;
	/** The deepest level since the innermost anchored node began. */
	private deepest = 0;
	/** Where a number was met last that JSON cannot carry, unless a later key replaced it. */
	private doubtful: number | undefined;
	private readonly last = new LastNode();
	private readonly mappings: Mappings;

	constructor(source: string, onlyLineFeeds: boolean, reading: Reading) {
		this.scanner = new Scanner(source, onlyLineFeeds, reading);
		this.reading = reading;
		this.mappings = new Mappings(this.scanner.source, reading, this.last);
	}

	document(): Composed {
		const {scanner} = this;
		const value = this.root();
		const type = scanner.peek();
		if (type !== token.streamEnd) markOdd(this.reading, 'end', scanner.start);
		const doubtful = this.doubtful ?? this.mappings.doubtful;
		if (doubtful !== undefined) this.checkForJson(value, doubtful, new Set());
		return {value, fields: this.mappings.fields, anchored: this.anchored};
	}

	private root(): JsonValue {
		const {scanner} = this;
		let type = scanner.peek();
		if (type === token.streamEnd) return null;
		const explicit = type === token.documentStart || type === token.versionDirective || type === token.tagDirective;
		this.readDirectives();
		if (!explicit) return this.node(true, false, 0);
		if (scanner.peek() !== token.documentStart) this.fail('has a line that starts with "%", and no "---" behind it');
		scanner.skip();
		type = scanner.peek();
		const empty =
			type === token.streamEnd ||
			type === token.documentStart ||
			type === token.documentEnd ||
			type === token.versionDirective ||
			type === token.tagDirective;
		return empty ? null : this.node(true, false, 0);
	}

	private readDirectives(): void {
		const {scanner, tagPrefixes} = this;
		let version: string | undefined;
		for (let type = scanner.peek(); ; type = scanner.peek()) {
			if (type === token.versionDirective) {
				scanner.take();
				if (version !== undefined) this.fail('has two lines "%YAML"');
				version = scanner.text;
				if (version !== '1.1') this.fail('has a line "%YAML" with another version than 1.1');
			} else if (type === token.tagDirective) {
				scanner.take();
				if (tagPrefixes.has(scanner.text)) this.fail('has two lines "%TAG" for one handle');
				tagPrefixes.set(scanner.text, scanner.suffix);
			} else {
				break;
			}
		}
		if (!tagPrefixes.has('!')) tagPrefixes.set('!', '!');
		if (!tagPrefixes.has('!!')) tagPrefixes.set('!!', longTagPrefix);
	}

	private fail(what: string, offset = this.scanner.start): never {
		throw unreadable(this.reading, offset, what);
	}

	// ── nodes ──

	private node(block: boolean, indentless: boolean, depth: number): JsonValue {
		const {scanner} = this;
		let type = scanner.peek();
		if (type === token.alias) return this.alias(depth);
		if (type !== token.anchor && type !== token.tag) return this.content(type, block, indentless, '', '', depth);
		let anchor = '';
		let tag = '';
		const {start} = scanner;
		// One of each, in either order.
		for (let seen = 0; (type === token.anchor && anchor === '') || (type === token.tag && tag === ''); seen += 1) {
			if (seen === 2) break;
			scanner.take();
			if (type === token.anchor) anchor = scanner.text;
			else tag = this.resolveTag(scanner.text, scanner.suffix, start);
			type = scanner.peek();
		}
		return anchor === ''
			? this.content(type, block, indentless, '', tag, depth)
			: this.anchoredContent(type, block, indentless, anchor, tag, depth, start);
	}

	private resolveTag(handle: string, suffix: string, start: number): string {
		if (handle === '') return suffix;
		const prefix = this.tagPrefixes.get(handle);
		if (prefix === undefined || prefix + suffix === '')
			this.fail(`has a tag with the unknown handle "${shown(this.reading, handle)}"`, start);
		return prefix + suffix;
	}

	private anchoredContent(
		type: number,
		block: boolean,
		indentless: boolean,
		name: string,
		tag: string,
		depth: number,
		start: number,
	): JsonValue {
		const {spent} = this.reading;
		if (this.anchors.get(name)?.open === true) markOdd(this.reading, 'anchor', start);
		const anchored: Anchored = {
			value: null,
			form: 'scalar',
			text: '',
			tag: '',
			open: true,
			nodes: 0,
			expanded: 0,
			levels: 0,
		};
		this.anchors.set(name, anchored);
		const before = {decoded: this.decoded, expanded: spent.expanded, deepest: this.deepest};
		this.deepest = depth;
		const value = this.content(type, block, indentless, name, tag, depth);
		Object.assign(anchored, {
			value,
			form: this.last.form,
			text: this.last.text,
			tag: this.last.tag,
			open: false,
			nodes: this.decoded - before.decoded,
			expanded: spent.expanded - before.expanded,
			levels: this.deepest - depth,
		});
		this.deepest = Math.max(this.deepest, before.deepest);
		this.last.hasAnchor = true;
		if (typeof value === 'object' && value !== null) this.anchored.add(value);
		return value;
	}

	private content(
		type: number,
		block: boolean,
		indentless: boolean,
		anchor: string,
		tag: string,
		depth: number,
	): JsonValue {
		const {scanner} = this;
		this.spend(1, 0);
		if (type === token.scalar) {
			scanner.take();
			return this.scalar(scanner.text, tag, scanner.style, scanner.start, scanner.end);
		}
		if (indentless && type === token.blockEntry)
			return this.collection('sequence', this.indentlessSequence(this.enter(depth)));
		switch (type) {
			case token.flowSequenceStart:
				return this.collection('sequence', this.flowSequence(this.enter(depth)));
			case token.flowMappingStart:
				return this.collection('mapping', this.flowMapping(this.enter(depth)));
			case token.blockSequenceStart:
				if (block) return this.collection('sequence', this.blockSequence(this.enter(depth)));
				break;
			case token.blockMappingStart:
				if (block) return this.collection('mapping', this.blockMapping(this.enter(depth)));
				break;
			default:
		}
		if (anchor !== '' || tag !== '') return this.scalar('', tag, style.plain, scanner.start, scanner.start);
		return this.fail('is not valid YAML here');
	}

	private enter(depth: number): number {
		if (depth >= this.reading.limits.depth) throw tooDeep(this.reading, this.scanner.start);
		if (depth + 1 > this.deepest) this.deepest = depth + 1;
		return depth + 1;
	}

	private collection<Value extends JsonValue>(form: Form, value: Value): Value {
		this.last.set(form, '', '', style.plain, this.scanner.start, this.scanner.start);
		return value;
	}

	/** A node that is left out. */
	private empty(): null {
		this.spend(1, 0);
		this.scalar('', '', style.plain, this.scanner.start, this.scanner.start);
		return null;
	}

	private scalar(text: string, tag: string, how: number, start: number, end: number): JsonValue {
		this.last.set('scalar', text, tag, how, start, end);
		if (text.length > this.reading.limits.scalar) {
			throw limitExceeded(this.reading, start, `a text of more than ${count(this.reading.limits.scalar)} characters`);
		}
		this.spend(0, text.length);
		let value: JsonValue | undefined;
		if (tag !== '') {
			value = taggedScalar(tag, text);
			if (value === undefined) this.fail('has a value that does not fit its tag', start);
			if (typeof value === 'string' && changedByJson.test(value)) this.reading.readTwice ??= start;
		} else if (how === style.plain) {
			value = plainScalar(text);
		} else {
			return text;
		}
		if (typeof value === 'number' && !Number.isFinite(value)) this.doubtful = start;
		return value;
	}

	private alias(depth: number): JsonValue {
		const {scanner, reading} = this;
		scanner.take();
		const {text: name, start, end} = scanner;
		const anchored = this.anchors.get(name);
		if (anchored === undefined) {
			throw unreadable(
				reading,
				start,
				`has an alias of "${shown(reading, name)}", which is not defined`,
				'Define the anchor before it, in the same document.',
			);
		}
		if (anchored.open)
			throw unreadable(
				reading,
				start,
				`has an alias of "${shown(reading, name)}" inside that anchor itself`,
				'Remove the alias.',
			);
		if (depth + anchored.levels > reading.limits.depth) throw tooDeep(reading, start);
		this.deepest = Math.max(this.deepest, depth + anchored.levels);
		this.last.set(anchored.form, anchored.text, anchored.tag, style.plain, start, end);
		this.last.byAlias = true;
		this.spend(1, 0);
		this.decodedByAlias += anchored.nodes;
		this.spend(anchored.nodes, anchored.expanded);
		this.checkAliasing(start);
		return anchored.value;
	}

	private checkAliasing(offset: number): void {
		if (isExcessiveAliasing(this.decodedByAlias, this.decoded)) {
			this.fail('repeats too much by aliases for Argo CD', offset);
		}
	}

	/** Counts nodes and the characters of texts. */
	private spend(nodes: number, characters: number): void {
		const {spent, limits} = this.reading;
		this.decoded += nodes;
		spent.nodes += nodes;
		spent.expanded += characters;
		if (spent.nodes > limits.nodes) {
			throw limitExceeded(
				this.reading,
				this.scanner.start,
				`the rest of a stream of more than ${count(limits.nodes)} values`,
			);
		}
		if (spent.expanded > limits.expanded) {
			throw limitExceeded(
				this.reading,
				this.scanner.start,
				`aliases that repeat more than ${count(limits.expanded)} characters`,
			);
		}
	}

	// ── lists ──

	private blockSequence(depth: number): JsonValue[] {
		const {scanner} = this;
		const list: JsonValue[] = [];
		scanner.skip();
		for (;;) {
			let type = scanner.peek();
			if (type === token.blockEnd) break;
			if (type !== token.blockEntry) this.fail('has something beside the items of a list');
			scanner.skip();
			type = scanner.peek();
			list.push(type === token.blockEntry || type === token.blockEnd ? this.empty() : this.node(true, false, depth));
		}
		scanner.skip();
		return list;
	}

	private indentlessSequence(depth: number): JsonValue[] {
		const {scanner} = this;
		const list: JsonValue[] = [];
		while (scanner.peek() === token.blockEntry) {
			scanner.skip();
			const type = scanner.peek();
			const left = type === token.blockEntry || type === token.key || type === token.value || type === token.blockEnd;
			list.push(left ? this.empty() : this.node(true, false, depth));
		}
		return list;
	}

	private flowSequence(depth: number): JsonValue[] {
		const {scanner} = this;
		const list: JsonValue[] = [];
		scanner.skip();
		for (let first = true; ; first = false) {
			let type = scanner.peek();
			if (type === token.flowSequenceEnd) break;
			if (!first) {
				if (type !== token.flowEntry) this.fail('has brackets without a "," or "]" here');
				scanner.skip();
				type = scanner.peek();
			}
			if (type === token.key) {
				list.push(this.flowPair(depth));
			} else if (type === token.flowSequenceEnd) {
				break;
			} else {
				list.push(this.node(false, false, depth));
			}
		}
		scanner.skip();
		return list;
	}

	/** A single `key: value` inside of brackets. */
	private flowPair(depth: number): JsonObject {
		const {scanner} = this;
		const inner = this.enter(depth);
		const map = this.mappings.open();
		this.spend(1, 0);
		scanner.skip();
		let type = scanner.peek();
		let keyNode: JsonValue;
		if (type === token.value || type === token.flowEntry || type === token.flowSequenceEnd) {
			// go-yaml passes over this token (parserc.go, yaml_parser_parse_flow_sequence_entry_mapping_key).
			keyNode = this.empty();
			scanner.skip();
		} else {
			keyNode = this.node(false, false, inner);
		}
		const key = this.mappings.readKey(keyNode);
		type = scanner.peek();
		if (type === token.value) {
			scanner.skip();
			type = scanner.peek();
			const left = type === token.flowEntry || type === token.flowSequenceEnd;
			this.assign(map, key, left ? this.empty() : this.node(false, false, inner));
		} else {
			this.assign(map, key, this.empty());
		}
		this.mappings.close();
		return this.collection('mapping', map);
	}

	// ── mappings ──

	private assign(map: Record<string, JsonValue>, key: Key, value: JsonValue): void {
		// go-yaml decodes neither a merge key nor the list behind it, only what is merged.
		if (key.merge) {
			this.decoded -= this.last.form === 'sequence' && !this.last.byAlias ? 2 : 1;
			this.checkAliasing(this.last.start);
		}
		this.mappings.assign(map, key, value);
	}

	private blockMapping(depth: number): JsonObject {
		const {scanner} = this;
		const map = this.mappings.open();
		scanner.skip();
		for (;;) {
			let type = scanner.peek();
			if (type === token.blockEnd) break;
			if (type !== token.key) this.fail('has something beside the keys of a mapping');
			scanner.skip();
			type = scanner.peek();
			const noKey = type === token.key || type === token.value || type === token.blockEnd;
			const key = this.mappings.readKey(noKey ? this.empty() : this.node(true, true, depth));
			type = scanner.peek();
			let value: JsonValue;
			if (type === token.value) {
				scanner.skip();
				type = scanner.peek();
				const left = type === token.key || type === token.value || type === token.blockEnd;
				value = left ? this.empty() : this.node(true, true, depth);
			} else {
				value = this.empty();
			}
			this.assign(map, key, value);
		}
		scanner.skip();
		this.mappings.close();
		return map;
	}

	private flowMapping(depth: number): JsonObject {
		const {scanner} = this;
		const map = this.mappings.open();
		scanner.skip();
		for (let first = true; ; first = false) {
			let type = scanner.peek();
			if (type === token.flowMappingEnd) break;
			if (!first) {
				if (type !== token.flowEntry) this.fail('has brackets without a "," or "}" here');
				scanner.skip();
				type = scanner.peek();
			}
			if (type === token.flowMappingEnd) break;
			const marked = type === token.key;
			if (marked) {
				scanner.skip();
				type = scanner.peek();
			}
			const noKey = marked && (type === token.value || type === token.flowEntry || type === token.flowMappingEnd);
			const key = this.mappings.readKey(noKey ? this.empty() : this.node(false, false, depth));
			type = scanner.peek();
			let value: JsonValue;
			if (marked && type === token.value) {
				scanner.skip();
				type = scanner.peek();
				const left = type === token.flowEntry || type === token.flowMappingEnd;
				value = left ? this.empty() : this.node(false, false, depth);
			} else {
				value = this.empty();
			}
			this.assign(map, key, value);
		}
		scanner.skip();
		this.mappings.close();
		return map;
	}

	/** What was met could have been replaced by a later key; what is left must fit into JSON. */
	private checkForJson(value: JsonValue, offset: number, seen: Set<JsonValue>): void {
		if (typeof value === 'number' && !Number.isFinite(value)) {
			throw unreadable(this.reading, offset, 'has an infinity or a NaN, which JSON lacks', 'Quote it if it is a text.');
		}
		if (typeof value !== 'object' || value === null || seen.has(value)) return;
		seen.add(value);
		if (this.mappings.hasBadKey(value)) {
			throw unreadable(this.reading, offset, 'has a key that is null or too large a number', 'Quote the key.');
		}
		for (const [key, child] of Object.entries<JsonValue>(value)) {
			if (this.reading.chunk.format === 'yaml' && !Array.isArray(value) && isTooLongKey(key)) {
				throw unreadable(
					this.reading,
					offset,
					'has a key that is longer than 1,024 characters in JSON',
					'Shorten the key.',
				);
			}
			this.checkForJson(child, offset, seen);
		}
	}
}
