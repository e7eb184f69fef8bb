import type {JsonValue} from '../types.ts';
import {mayBeImage, readsLikeImage, withoutTransport} from './judge.ts';
import {openText} from './open-text.ts';
import type {Place} from './place.ts';
import {addFinding, addGuess, type Guess, linesRule, type Scope, type Search} from './search.ts';

/** Of one text; a list of images may be long, and each is told once. */
const maximumPerText = 200;
/** Longer texts are files in which the name says little. */
const longestList = 4096;
const guessReason = 'It reads like an image; nothing says that it is pulled.';
const hidden = 'a value that is not shown';

/** Names of values that must not be told; AUTH_PROXY_IMAGE is none. */
const credential =
	/pass(?:word|wd|phrase)?(?:$|[^a-z])|secret|token|credential|api[-_]?key|private[-_]?key|auth(?:$|[^a-z])(?!.*image)|dockerconfig|htpasswd|log[io]n|cookie|bearer|jwt|dsn/iu;

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
	const word = withoutTransport(text);
	if (!blank && readsLikeImage(word)) {
		if (looksLikeCredential(name)) return addHidden(place, search);
		return addGuess(search, {text: word, place, rule: 'text/reference', evidence: 'guess', why: guessReason}, scope);
	}
	if (!blank && !/[{[=,;]/u.test(text)) return;
	if (!/image|containers|repository/iu.test(text) && !mentionsImage(text)) return;
	if (looksLikeCredential(name)) return addHidden(place, search);
	const values = blank || /[{[]/u.test(text) ? openText(text, search.room) : undefined;
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
	addEach(imagesInLines(text), {place, rule: linesRule, evidence: 'guess', why: guessReason}, scope, search);
}

/** The words of a text whose name speaks of images; `why` is a sentence. What reads like an image is found without it. */
export function searchWords(text: string, guess: Pick<Guess, 'place' | 'why'>, scope: Scope, search: Search): void {
	if (text.length > longestList) return;
	const images = listedImages(text).filter((word) => mayBeImage(word) && !readsLikeImage(word));
	addEach(images, {...guess, rule: linesRule, evidence: 'guess'}, scope, search);
}

/** The words of a list of images, as `a=image,b=image`, without what stands in front of each. */
export function listedImages(text: string): readonly string[] {
	return text
		.split(/[\s,;|"']+/u)
		.map((word) => withoutTransport(word.replaceAll(/^(?:[[{]+|[\w.-]{1,100}=)|[\]}]+$/gu, '')))
		.filter((word) => word !== '');
}

/** Adds several images of one text, each once, and says when there are more than are told. */
function addEach(
	images: Iterable<string | typeof hiddenValue>,
	guess: Omit<Guess, 'text'>,
	scope: Scope,
	search: Search,
): void {
	const told = new Set<string | typeof hiddenValue>();
	for (const image of images) {
		if (told.has(image)) continue;
		if (told.size >= maximumPerText) return addMore(guess.place, search);
		told.add(image);
		if (image === hiddenValue) addHidden(guess.place, search);
		else addGuess(search, {...guess, text: image}, scope);
	}
}

function addMore(place: Place, search: Search): void {
	addFinding(search, {
		image: 'more texts that read like images',
		place,
		rule: 'limit',
		outcome: 'unresolved',
		reason: `After ${maximumPerText} images in one text no more are told.`,
	});
}

/** Stands for an image that is not told, because what is in front of it speaks of a credential. */
const hiddenValue = Symbol('hidden value');

function* imagesInLines(text: string): Generator<string | typeof hiddenValue> {
	for (const match of text.matchAll(/image["']?[ \t]{0,9}[:=][ \t]{0,9}["']?([^\s"',;}\])]{3,512})/giu)) {
		const value = withoutTransport(match[1] ?? '');
		if (mayBeImage(value)) yield value;
	}
	yield* references(text);
}

/** Whether a text mentions what reads like an image. */
function mentionsImage(text: string): boolean {
	return text.includes('/') && !references(text).next().done;
}

/** The words of a text that read like images; each character is looked at a bounded number of times. */
function* references(text: string): Generator<string | typeof hiddenValue> {
	const told = new Set<string>();
	for (const {0: token, index} of text.matchAll(/[\w[][\w.:/@\]-]{4,511}/gu)) {
		if (told.has(token)) continue;
		const word = withoutTransport(token.replace(/[.:/@-]{1,9}$/u, ''));
		if (!readsLikeImage(word)) continue;
		if (isBehindCredential(text, index)) {
			yield hiddenValue;
		} else {
			told.add(token);
			yield word;
		}
	}
}

/** Whether a value stands behind a name of a credential, as in `password: value` or `--token value`. */
function isBehindCredential(text: string, index: number): boolean {
	const between = skipBack(text, index, 8, isSeparator);
	return between < index && looksLikeCredential(text.slice(skipBack(text, between, 64, isOfName), between));
}

/** Where a run of characters begins that ends at a place, so many at most; an expression would look at them many times. */
function skipBack(text: string, end: number, most: number, belongs: (code: number) => boolean): number {
	let start = end;
	while (start > 0 && end - start < most && belongs(text.charCodeAt(start - 1))) start -= 1;
	return start;
}

/** A blank, a tab, a quote, a colon, or an equals sign. */
function isSeparator(code: number): boolean {
	return code === 0x20 || code === 0x09 || code === 0x22 || code === 0x27 || code === 0x3a || code === 0x3d;
}

/** A letter, a digit, an underscore, a dash, or a dot. */
function isOfName(code: number): boolean {
	return (
		(code >= 0x61 && code <= 0x7a) ||
		(code >= 0x41 && code <= 0x5a) ||
		(code >= 0x2d && code <= 0x39 && code !== 0x2f) ||
		code === 0x5f
	);
}
