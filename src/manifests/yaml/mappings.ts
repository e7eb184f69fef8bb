import type {JsonObject, JsonValue, TextRange} from '../../types.ts';
import {count, limitExceeded, markOdd, type Reading, unreadable} from '../reading.ts';
import {keyOf} from './keys.ts';
import type {LastNode} from './last-node.ts';
import {longTagPrefix} from './scalar.ts';
import {style} from './scanner.ts';

/** An entry of a mapping, where it stands in the document. */
export interface FieldAt {
	readonly key: TextRange;
	readonly value: TextRange;
	/** Both are texts on one line, without anchors, aliases and tags. */
	readonly editable: boolean;
}

/** The keys that the gate edits, or names in messages. */
const notedKeys: readonly string[] = ['apiVersion', 'kind', 'argocd.argoproj.io/hook', 'helm.sh/hook'];

/** Instances have no inherited keys, not even `__proto__`, and are quicker than objects without a prototype. */
class Mapping {
	[key: string]: JsonValue;
}
Reflect.deleteProperty(Mapping.prototype, 'constructor');
Object.setPrototypeOf(Mapping.prototype, null);

/** A key whose value has yet to be read. */
export interface Key {
	/** As JSON has it; undefined for a merge key, and for one that JSON cannot have. */
	readonly name: string | undefined;
	readonly merge: boolean;
	/** Its type in Go when it is no text: keys of different types are different. */
	readonly type: string;
	readonly editable: boolean;
}

/**
 * Puts keys and values into mappings as go-yaml v2 does (`mapping` and `merge` in decode.go at v2.4.3): in the order in
 * which they are written, the last of equal keys wins, and a merge key counts where it stands. Marks what other readers
 * do otherwise.
 */
export class Mappings {
	/** By mapping and key, for the keys of `notedKeys`. */
	readonly fields = new Map<JsonObject, Map<string, FieldAt>>();
	/** Where a key was met last that JSON may not be able to have. */
	doubtful: number | undefined;
	private readonly source: string;
	private readonly reading: Reading;
	private readonly last: LastNode;
	private readonly withBadKey = new Set<JsonValue>();
	/** The Go types of keys that are not text, by mapping and key. */
	private readonly keyTypes = new Map<JsonValue, Map<string, string>>();
	/** Where the keys of the open mappings stand, and where each mapping's own begin among them. */
	private readonly starts: number[] = [];
	private readonly ends: number[] = [];
	private readonly bases: number[] = [];

	constructor(source: string, reading: Reading, last: LastNode) {
		this.source = source;
		this.reading = reading;
		this.last = last;
	}

	/** A new mapping, whose keys follow. */
	open(): Record<string, JsonValue> {
		this.bases.push(this.starts.length);
		return new Mapping();
	}

	close(): void {
		const base = this.bases.pop() ?? 0;
		this.starts.length = base;
		this.ends.length = base;
	}

	/** Whether a mapping has a key that JSON cannot have. */
	hasBadKey(mapping: JsonValue): boolean {
		return this.withBadKey.has(mapping);
	}

	/** Takes the node that was read last for a key. */
	readKey(value: JsonValue): Key {
		const {last, reading} = this;
		this.starts.push(last.start);
		this.ends.push(last.end);
		if (last.form !== 'scalar') {
			throw unreadable(reading, last.start, 'has a mapping or a list as a key', 'Write the key as a text.');
		}
		const marked = last.byAlias || last.hasAnchor;
		if (marked) markOdd(reading, 'key-no-text', last.start);
		const editable = !marked && last.tag === '';
		if (typeof value !== 'string') return {...this.keyOfOther(value), merge: false, editable: false};
		const merge = value === '<<' && this.marksMerge();
		if (merge) markOdd(reading, 'merge', last.start);
		// In JSON it may be longer than a key of YAML can be.
		if (value.length > 150) this.doubtful = last.start;
		return {name: value, merge, type: '', editable};
	}

	/** `<<` counts when it is not quoted or has the tag for it; `!` counts as not quoted (isMerge in decode.go). */
	private marksMerge(): boolean {
		const {byAlias, tag, style: how} = this.last;
		return !byAlias && (tag === '' ? how === style.plain : tag === '!' || tag === `${longTagPrefix}merge`);
	}

	private keyOfOther(value: JsonValue): {readonly name: string | undefined; readonly type: string} {
		const {last, reading} = this;
		const key = keyOf(value, last.text, last.tag);
		if (key.type.startsWith('float')) markOdd(reading, 'key-no-text', last.start);
		if (key.name === undefined) this.doubtful = last.start;
		return key;
	}

	/** Gives the node that was read last to the key before it. */
	assign(map: Record<string, JsonValue>, {name, merge, type, editable}: Key, value: JsonValue): void {
		const index = this.starts.length - 1;
		const start = this.starts[index] ?? 0;
		if (index - (this.bases.at(-1) ?? 0) >= this.reading.limits.keys) {
			const what = `more than ${count(this.reading.limits.keys)} keys in one mapping`;
			throw limitExceeded(this.reading, start, what);
		}
		if (merge) {
			this.merge(map, value);
		} else if (name === undefined) {
			this.withBadKey.add(map);
		} else {
			const isNew = map[name] === undefined || this.reading.odd.has('duplicate-key');
			if (!isNew && !this.isSpelledAlike(index)) markOdd(this.reading, 'duplicate-key', start);
			this.set(map, name, type, value, start);
			if (notedKeys.includes(name)) this.note(map, name, editable, index);
		}
	}

	private set(map: Record<string, JsonValue>, name: string, type: string, value: JsonValue, offset: number): void {
		if (type !== '' || this.keyTypes.size > 0) {
			const types = this.keyTypes.get(map) ?? new Map<string, string>();
			if (map[name] !== undefined && (types.get(name) ?? '') !== type) markOdd(this.reading, 'colliding-keys', offset);
			if (type !== '') types.set(name, type);
			if (types.size > 0) this.keyTypes.set(map, types);
		}
		map[name] = value;
	}

	/** Whether an earlier key of the same mapping is written in the same characters. */
	private isSpelledAlike(index: number): boolean {
		const own = this.source.slice(this.starts[index], this.ends[index]);
		const base = this.bases.at(-1) ?? 0;
		// Bounded, because the square of many keys is too much.
		for (let other = index - 1; other >= Math.max(base, index - 1000); other -= 1) {
			const start = this.starts[other] ?? 0;
			if ((this.ends[other] ?? 0) - start === own.length && this.source.startsWith(own, start)) return true;
		}
		return false;
	}

	private note(map: JsonObject, name: string, keyEditable: boolean, index: number): void {
		const fields = this.fields.get(map) ?? new Map<string, FieldAt>();
		const start = this.starts[index] ?? 0;
		// Of two hooks the one that is not edited would stay.
		if (fields.has(name) && name !== 'kind') markOdd(this.reading, 'edited', start);
		fields.set(name, {
			key: {start, end: this.ends[index] ?? 0},
			value: {start: this.last.start, end: this.last.end},
			editable: keyEditable && this.last.isEditable(this.source),
		});
		this.fields.set(map, fields);
	}

	/** Puts the entries of one mapping, or of a list of them, into the map. */
	private merge(map: Record<string, JsonValue>, value: JsonValue): void {
		const {form, byAlias, start} = this.last;
		const sources = form === 'sequence' && !byAlias && isList(value) ? value.toReversed() : [value];
		for (const source of sources) {
			if (typeof source !== 'object' || source === null || isList(source)) {
				const what = 'has a merge key ("<<") for something that is no mapping';
				throw unreadable(this.reading, start, what, 'Merge mappings only.');
			}
			const types = this.keyTypes.get(source);
			for (const [name, child] of Object.entries(source)) {
				this.set(map, name, types?.get(name) ?? '', child, start);
			}
			if (this.withBadKey.has(source)) this.withBadKey.add(map);
		}
	}
}

function isList(value: JsonValue): value is readonly JsonValue[] {
	return Array.isArray(value);
}
