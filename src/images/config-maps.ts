import {isUtf8} from 'node:buffer';
import type {JsonObject, JsonValue} from '../types.ts';
import {searchNamedValue} from './named-values.ts';
import {isObject, type Place, textAt, valueAt} from './place.ts';
import {hasVersion, namesRegistry} from './reference.ts';
import {addGuess, type Scope, type Search} from './search.ts';
import {addHidden, type OpenedText} from './text.ts';

type Entries = Place & {readonly value: JsonObject};

/** Base64 of more than this is not decoded: two million characters are more than a Secret can hold. */
const longestBase64 = 2_000_000;

/** Looks at the entries of a ConfigMap. */
export function searchConfigMap(scope: Scope, search: Search, opened: OpenedText): void {
	for (const key of ['data', 'binaryData']) {
		const data = valueAt(scope.root, key);
		if (!isObject(data)) continue;
		const entries = {up: scope.at, step: key, value: data};
		for (const [name, value] of Object.entries(data)) {
			const text = key === 'data' ? value : decoded(value);
			if (typeof text !== 'string') continue;
			const place = {up: entries, step: name, value: text};
			if (!searchPair(name, text, entries, scope, search)) {
				searchNamedValue({name, text, place, carrier: 'config'}, scope, search, opened);
			}
		}
	}
}

/** Looks at the entries and annotations of a Secret; of what it finds only the key is told. */
export function searchSecret(
	scope: Scope,
	search: Search,
	searchEntry: (name: string, text: string, place: Place, inside: Search) => void,
): void {
	const metadata: Place = {up: scope.at, step: 'metadata', value: valueAt(scope.root, 'metadata') ?? null};
	for (const [up, key] of [
		[scope.at, 'data'],
		[scope.at, 'stringData'],
		[metadata, 'annotations'],
	] as const) {
		const data = valueAt(up === metadata ? metadata.value : scope.root, key);
		if (!isObject(data)) continue;
		const entries: Entries = {up, step: key, value: data};
		for (const [name, value] of Object.entries(data)) {
			const text = key === 'data' ? decoded(value) : value;
			if (typeof text !== 'string') continue;
			const place = {up: entries, step: name, value: ''};
			const inside: Search = {...search, findings: [], taken: new Map(), parts: new Set()};
			searchEntry(name, text, place, inside);
			if (inside.findings.length > 0) addHidden(place, search);
		}
	}
}

/** `x.repository` beside `x.tag`, as in trivy-operator's configuration, and perhaps `x.registry`. */
function searchPair(name: string, text: string, entries: Entries, scope: Scope, search: Search): boolean {
	const [, prefix, word] = /^(.*?)(repository|repo)$/iu.exec(name) ?? [];
	if (prefix === undefined || word === undefined || hasVersion(text)) return false;
	const sibling = (part: string) => textAt(entries.value, `${prefix}${inCaseOf(word, part)}`) ?? '';
	const tag = sibling('tag');
	if (tag === '' || text.includes('://')) return false;
	const registry = namesRegistry(text) ? '' : sibling('registry');
	const place = {up: entries, step: name, value: text};
	const why = 'Entries make a name together; nothing says that it is pulled.';
	const image = `${registry === '' ? '' : `${registry}/`}${text}:${tag}`;
	addGuess(search, {text: image, place, rule: 'text/config', evidence: 'guess', why}, scope);
	return true;
}

/** A word in the spelling of another: `repository`, `Repository` or `REPOSITORY`. */
function inCaseOf(example: string, word: string): string {
	if (example === example.toLowerCase()) return word;
	return example === example.toUpperCase() ? word.toUpperCase() : `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`;
}

/** The text behind base64; undefined for what is no text. */
function decoded(base64: JsonValue): string | undefined {
	if (typeof base64 !== 'string' || base64.length > longestBase64) return undefined;
	const bytes = Buffer.from(base64, 'base64');
	return isUtf8(bytes) ? bytes.toString('utf8') : undefined;
}
