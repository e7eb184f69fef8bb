import type {JsonObject} from '../types.ts';
import {imageConfigKeys, imageListVariables, imageVariables} from './carriers.ts';
import {mayBeImage} from './judge.ts';
import {type Place, textAt} from './place.ts';
import {parseReference} from './reference.ts';
import {addFinding, addGuess, type Scope, type Search} from './search.ts';
import {addHidden, looksLikeCredential, type OpenedText, searchText} from './text.ts';
import {matchesWildcard} from './wildcard.ts';

/** What carries a named value, and by which names it is known to be an image. */
const carriers = {
	variable: {rule: 'env', known: imageVariables, lists: imageListVariables},
	config: {rule: 'config', known: imageConfigKeys, lists: [] as readonly string[]},
	annotation: {rule: 'annotation', known: [] as readonly string[], lists: [] as readonly string[]},
} as const;

const why = 'Its name speaks of an image; nothing says that it is pulled.';

/** Names that end in the word, or in what a name of an image is called. */
const imageName = /image(?:[-_.]?(?:name|ref|reference))?$/iu;
/** Names of what belongs to an image: its tag, where it is from, when it is pulled. */
const besideImage =
	/(?:tag|version|policy|registry|repo|repository|secrets?|prefix|suffix|dir|path|size|format|type|host|url|namespace|enabled|timeout|digest|shasum)$/iu;

export interface NamedValue {
	readonly name: string;
	readonly text: string;
	readonly place: Place;
	readonly carrier: keyof typeof carriers;
}

/** The name and value of a variable or a parameter, when a mapping is one: both are text. */
export function namedValueOf(
	mapping: JsonObject,
): {readonly name: string; readonly key: 'value' | 'default'; readonly text: string} | undefined {
	const name = textAt(mapping, 'name');
	if (name === undefined) return undefined;
	const key = typeof mapping['value'] === 'string' ? 'value' : 'default';
	const text = textAt(mapping, key);
	return text === undefined ? undefined : {name, key, text};
}

/** Looks at a value that has a name: a variable, a parameter, an entry of a ConfigMap, an annotation. */
export function searchNamedValue(named: NamedValue, scope: Scope, search: Search, opened: OpenedText): void {
	const {name, text, place} = named;
	const {rule, known, lists} = carriers[named.carrier];
	if (isAmong(known, name) && !/\s/u.test(text.trim())) {
		if (text.trim() === '') return;
		const evidence = mayBeImage(text) || parseReference(text).kind !== 'image' ? 'named' : 'guess';
		return addGuess(search, {text, place, rule: `named/${rule}`, evidence, why}, scope);
	}
	if (isAmong(lists, name)) return searchList(named, scope, search);
	if (/^sha256:[a-f0-9]{64}$/u.test(text)) return addDigest(named, search);
	if (/image/iu.test(name) && !looksLikeCredential(name) && !besideImage.test(name) && !/\s/u.test(text)) {
		const word = text.startsWith('docker://') ? text.slice('docker://'.length) : text;
		if (mayBeImage(word) || (imageName.test(name) && parseReference(word).kind === 'image')) {
			return addGuess(search, {text: word, place, rule: `text/${rule}`, evidence: 'guess', why}, scope);
		}
	}
	if (looksLikeCredential(name) && mayBeImage(text) && /image/iu.test(name)) return addHidden(place, search);
	searchText({text, name, place}, scope, search, opened);
}

/** `version=image`, one a line. */
function searchList({text, place}: NamedValue, scope: Scope, search: Search): void {
	for (const line of text.split('\n').slice(0, 1000)) {
		const image = line.slice(line.indexOf('=') + 1).trim();
		if (image === '') continue;
		addGuess(search, {text: image, place, rule: 'text/lines', evidence: 'named', why}, scope);
	}
}

/** The repository is known to the program alone. */
function addDigest({name, text, place, carrier}: NamedValue, search: Search): void {
	addFinding(search, {
		image: text,
		place,
		rule: `text/${carriers[carrier].rule}`,
		outcome: 'unresolved',
		reason: `${name.slice(0, 64)} is a digest without a repository, which the program knows. List the image under images.extra of the policy.`,
	});
}

function isAmong(patterns: readonly string[], name: string): boolean {
	return patterns.some((pattern) => matchesWildcard(pattern, name));
}
