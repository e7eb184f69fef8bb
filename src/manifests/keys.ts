import {isAlias, isMap, isScalar, isSeq} from 'yaml';
import {type Reading, refuse} from './reading.ts';
import {plainInteger, plainScalar} from './scalar.ts';

/** The text of a mapping's key; throws manifests-ambiguous for merge keys, anchored keys and keys that are not text. */
export function readKey(reading: Reading, key: unknown): string {
	const refused = (what: string, hint: string) => refuse('manifests-ambiguous', reading, nodeOffset(key), what, hint);
	if (isScalar(key) && key.value === '<<') {
		throw refused('has a merge key ("<<")', 'Write the keys of both mappings in one, without "<<".');
	}
	if (isScalar(key) && key.anchor !== undefined) {
		throw refused('has an anchor on a key', 'Put the anchor on a value.');
	}
	const text = keyText(key);
	if (text === undefined) throw refused('has a key that is not text', 'Quote the key.');
	return text;
}

/** The text of a key as Argo CD's JSON has it; undefined for a key that is none (null, a float, a collection). */
export function keyText(key: unknown): string | undefined {
	if (!isScalar(key) || typeof key.value !== 'string') return undefined;
	if (key.type !== 'PLAIN') return key.value;
	const value = plainScalar(key.value);
	if (typeof value === 'string') return value;
	if (typeof value === 'boolean') return String(value);
	const whole = value === null ? undefined : plainInteger(key.value);
	// Beyond int64, sigs.k8s.io/yaml fails.
	return whole === undefined || whole >= 2n ** 63n ? undefined : String(whole);
}

/** Where a node's own text starts in its document. */
export function nodeOffset(node: unknown): number {
	return isScalar(node) || isMap(node) || isSeq(node) || isAlias(node) ? (node.range?.[0] ?? 0) : 0;
}
