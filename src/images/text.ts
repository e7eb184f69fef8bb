import type {JsonValue} from '../types.ts';
import {mayBeImage, readsLikeImage} from './judge.ts';
import {openText} from './open-text.ts';
import type {Place} from './place.ts';
import {addFinding, addGuess, linesRule, type Scope, type Search} from './search.ts';

/** Of one text; a list of images may be long, and each is told once. */
const maximumPerText = 200;
const guessReason = 'It reads like an image; nothing says that it is pulled.';
const hidden = 'a value that is not shown';

/** Names of values that must not be told. */
const credential =
	/pass(?:word|wd|phrase)?(?:$|[^a-z])|secret|token|credential|api[-_]?key|private[-_]?key|auth(?:$|[^a-z])|dockerconfig/iu;

/** What is said of a text inside of which something was found. */
export type OpenedText = (value: JsonValue, place: Place, why: string) => void;

/**
 * Looks for images in a free text: one that reads like an image as a whole, JSON or YAML, which `opened` is given, or
 * lines.
 * @param name of the value, because a credential's is not told.
 */
export function searchText(
	{text, name, place}: {readonly text: string; readonly name: string; readonly place: Place},
	scope: Scope,
	search: Search,
	opened: OpenedText,
): void {
	if (text.length < 5) return;
	const blank = /\s/u.test(text);
	if (!blank && text.length < 512 && readsLikeImage(text)) {
		if (looksLikeCredential(name)) return addHidden(place, search);
		return addGuess(search, {text, place, rule: 'text/reference', evidence: 'guess', why: guessReason}, scope);
	}
	if (!blank && !/[{[]/u.test(text)) return searchPairs(text, place, scope, search);
	if (!/image|containers|repository/iu.test(text) && !mentionsImage(text)) return;
	if (looksLikeCredential(name)) return addHidden(place, search);
	const values = openText(text, search.room);
	if (values === undefined) return searchLines(text, place, scope, search);
	for (const value of values) opened(value, place, `It is in a text (${name}); nothing says that it is pulled.`);
}

/** Whether a name is one under which credentials are kept. */
export function looksLikeCredential(name: string): boolean {
	return credential.test(name);
}

/** Says where something reads like an image without saying what it is. */
export function addHidden(place: Place, search: Search): void {
	addFinding(search, {
		image: hidden,
		place,
		rule: 'text/hidden',
		outcome: 'potential',
		reason: 'It reads like an image, and may be a credential, so it is not shown.',
	});
}

/** The images in the lines of a text: values of keys that speak of images, and what reads like an image anywhere. */
export function searchLines(text: string, place: Place, scope: Scope, search: Search): void {
	const found = new Set<string>();
	for (const [, value = ''] of text.matchAll(/image["']?[ \t]{0,9}[:=][ \t]{0,9}["']?([^\s"',;}\])]{3,512})/giu)) {
		if (mayBeImage(value)) found.add(value);
		if (found.size >= maximumPerText) break;
	}
	for (const image of references(text)) {
		if (found.size >= maximumPerText) break;
		found.add(image);
	}
	for (const image of found) {
		addGuess(search, {text: image, place, rule: linesRule, evidence: 'guess', why: guessReason}, scope);
	}
}

/** `key=image,key=image`, as some flags and variables hold it. */
function searchPairs(text: string, place: Place, scope: Scope, search: Search): void {
	if (/[=,;]/u.test(text) && mentionsImage(text)) searchLines(text, place, scope, search);
}

/** Whether a text mentions what reads like an image. */
function mentionsImage(text: string): boolean {
	return text.includes('/') && !references(text).next().done;
}

/** The words of a text that read like images; each character is looked at a bounded number of times. */
function* references(text: string): Generator<string> {
	for (const [token] of text.matchAll(/[\w[][\w.:/@\]-]{4,511}/gu)) {
		const word = token.replace(/[.:/@-]{1,9}$/u, '');
		if (readsLikeImage(word)) yield word;
	}
}
