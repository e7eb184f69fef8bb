import type {JsonObject} from '../types.ts';
import {imageConfigKeys, imageListVariables, imageVariables} from './carriers.ts';
import {mayBeImage, namedEvidence, withoutTransport} from './judge.ts';
import {type Place, textAt} from './place.ts';
import {parseReference} from './reference.ts';
import {addFinding, addGuess, listRule, type Scope, type Search} from './search.ts';
import {addHidden, listedImages, looksLikeCredential, type OpenedText, searchText, searchWords} from './text.ts';
import {matchesWildcard} from './wildcard.ts';

/** What carries a named value, and by which names it is known to be an image. */
const carriers = {
	variable: {rule: 'env', known: imageVariables, lists: imageListVariables},
	// A pod may take its variables from the entries of a ConfigMap.
	config: {rule: 'config', known: [...imageConfigKeys, ...imageVariables], lists: imageListVariables},
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
	if (isAmong(known, name)) return searchKnown(named, scope, search);
	if (isAmong(lists, name)) return searchList(named, scope, search);
	if (/^sha256:[a-f0-9]{64}$/u.test(text)) return addDigest(named, search);
	if (/image/iu.test(name) && !besideImage.test(name)) {
		const word = withoutTransport(text);
		const isOne = mayBeImage(word) || (imageName.test(name) && parseReference(word).kind === 'image');
		if (isOne && looksLikeCredential(name)) return addHidden(place, search);
		if (isOne) return addGuess(search, {text: word, place, rule: `text/${rule}`, evidence: 'guess', why}, scope);
		if (!looksLikeCredential(name)) searchWords(text, {place, why}, scope, search);
	}
	searchText({text, name, place}, scope, search, opened);
}

/** A value that is known to be an image, or several with something between them. */
function searchKnown(named: NamedValue, scope: Scope, search: Search): void {
	const {text, place, carrier} = named;
	const image = withoutTransport(text);
	if (image.trim() === '') return;
	const images = listedImages(image);
	if (images.length > 1 && images.every(mayBeImage)) return searchList(named, scope, search);
	const rule = `named/${carriers[carrier].rule}`;
	addGuess(search, {text: image, place, rule, evidence: namedEvidence(image), why}, scope);
}

/** `version=image`, one a line, or with something else between them. */
function searchList({text, place}: NamedValue, scope: Scope, search: Search): void {
	for (const image of listedImages(text).filter(
		(each) => mayBeImage(each) || parseReference(each).kind === 'placeholder',
	)) {
		addGuess(search, {text: image, place, rule: listRule, evidence: 'named', why}, scope);
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
