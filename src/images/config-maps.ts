import type {JsonObject} from '../types.ts';
import {searchNamedValue} from './named-values.ts';
import {isObject, type Place, textAt, valueAt} from './place.ts';
import {hasVersion} from './reference.ts';
import {addGuess, type Scope, type Search} from './search.ts';
import {addHidden, type OpenedText} from './text.ts';

type Entries = Place & {readonly value: JsonObject};

/** Base64 of more than this is not decoded: two million characters are more than a Secret can hold. */
const longestBase64 = 2_000_000;

/** Looks at the entries of a ConfigMap. */
export function searchConfigMap(scope: Scope, search: Search, opened: OpenedText): void {
	const data = valueAt(scope.root, 'data');
	if (!isObject(data)) return;
	const entries = {up: scope.at, step: 'data', value: data};
	for (const [name, text] of Object.entries(data)) {
		if (typeof text !== 'string') continue;
		const place = {up: entries, step: name, value: text};
		if (!searchPair(name, text, entries, scope, search)) {
			searchNamedValue({name, text, place, carrier: 'config'}, scope, search, opened);
		}
	}
}

/** Looks at the entries of a Secret; of what it finds only the key is told. */
export function searchSecret(
	scope: Scope,
	search: Search,
	searchEntry: (name: string, text: string, place: Place, inside: Search) => void,
): void {
	for (const key of ['data', 'stringData']) {
		const data = valueAt(scope.root, key);
		if (!isObject(data)) continue;
		const entries: Entries = {up: scope.at, step: key, value: data};
		for (const [name, value] of Object.entries(data)) {
			if (typeof value !== 'string') continue;
			const text = key === 'data' ? decoded(value) : value;
			const place = {up: entries, step: name, value: ''};
			const inside: Search = {...search, findings: [], taken: new Map(), parts: new Set()};
			if (text !== undefined) searchEntry(name, text, place, inside);
			if (inside.findings.length > 0) addHidden(place, search);
		}
	}
}

/** `x.repository` beside `x.tag`, as in trivy-operator's configuration. */
function searchPair(name: string, text: string, entries: Entries, scope: Scope, search: Search): boolean {
	const [, prefix, word] = /^(.*?)(repository)$/iu.exec(name) ?? [];
	if (prefix === undefined || word === undefined || hasVersion(text)) return false;
	const tag = textAt(
		entries.value,
		`${prefix}${word === 'repository' ? 'tag' : word === 'Repository' ? 'Tag' : 'TAG'}`,
	);
	if (tag === undefined || tag === '' || text.includes('://')) return false;
	const place = {up: entries, step: name, value: text};
	const why = 'Two entries make a name together; nothing says that it is pulled.';
	addGuess(search, {text: `${text}:${tag}`, place, rule: 'text/config', evidence: 'guess', why}, scope);
	return true;
}

function decoded(base64: string): string | undefined {
	return base64.length > longestBase64 ? undefined : Buffer.from(base64, 'base64').toString('utf8');
}
