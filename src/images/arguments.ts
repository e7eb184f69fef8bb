import type {JsonValue} from '../types.ts';
import {imageFlags, imageListFlags, repositoryFlags} from './carriers.ts';
import {type Evidence, mayBeImage, namedEvidence, readsLikeImage, withoutTransport} from './judge.ts';
import type {Place} from './place.ts';
import {addFinding, addGuess, listRule, type Scope, type Search} from './search.ts';
import {addHidden, listedImages, looksLikeCredential, type OpenedText, searchText, searchWords} from './text.ts';
import {expand} from './variables.ts';

const why = 'The flag speaks of an image; nothing says that it is pulled.';
const lists: ReadonlySet<string> = new Set(['args', 'command', 'cmd', 'arguments', 'extraArgs']);

/** Whether a list under a key holds the arguments of a program. */
export function isArgumentList(key: string, list: readonly JsonValue[]): boolean {
	return lists.has(key) && list.some((item) => typeof item === 'string');
}

/**
 * Looks at a program's arguments: `--flag=image`, `--flag image`, `--flag=name=image,name=image`, and texts such as shell
 * scripts; what the kubelet fills in from variables of the container is filled in.
 */
export function searchArguments(
	list: Place & {readonly value: readonly JsonValue[]},
	scope: Scope,
	search: Search,
	opened: OpenedText,
): void {
	const {value: words} = list;
	let valueOf: string | undefined;
	for (const [index, written] of words.entries()) {
		if (typeof written !== 'string') {
			valueOf = undefined;
			continue;
		}
		const word = expand(written, scope.variables?.values);
		const place = {up: list, step: index, value: written};
		const {flag, value} = parseFlag(word);
		if (flag === undefined) searchArgument({flag: valueOf ?? '', text: word, place}, scope, search, opened);
		else if (value !== undefined) searchArgument({flag, text: value, place}, scope, search, opened);
		valueOf = value === undefined ? flag : undefined;
	}
}

interface Argument {
	/** Without dashes; empty for an argument that belongs to none. */
	readonly flag: string;
	readonly text: string;
	readonly place: Place;
}

function searchArgument({flag, text, place}: Argument, scope: Scope, search: Search, opened: OpenedText): void {
	const add = (evidence: Evidence, image: string, rule = evidence === 'named' ? 'named/flag' : 'text/flag') =>
		addGuess(search, {text: image, place, rule, evidence, why}, scope);
	const word = withoutTransport(text);
	if (imageFlags.has(flag) && word !== '') return add(namedEvidence(word), word);
	if (repositoryFlags.has(flag)) return addRepository({flag, text, place}, search);
	if (imageListFlags.has(flag)) {
		for (const image of listedImages(text).filter(mayBeImage)) add('named', image, listRule);
		return;
	}
	const speaks = /image|reloader|solver/iu.test(flag);
	const listed = /^[\w.-]{1,100}=(?<image>[^=\s,;]{3,512})$/u.exec(text)?.groups?.['image'];
	const image = [word, ...(listed === undefined ? [] : [listed])].find(speaks ? mayBeImage : readsLikeImage);
	if (image !== undefined && flag !== '')
		return looksLikeCredential(flag) ? addHidden(place, search) : add('guess', image);
	if (speaks && !looksLikeCredential(flag)) searchWords(text, {place, why}, scope, search);
	searchText({text, name: flag, place}, scope, search, opened);
}

function addRepository({flag, text, place}: Argument, search: Search): void {
	addFinding(search, {
		image: text,
		place,
		rule: 'named/flag',
		outcome: 'unresolved',
		reason: `--${flag} is a repository to which the program adds a version. It is an operator-chosen image: list it under images.extra of the policy.`,
	});
}

function parseFlag(word: string): {readonly flag: string | undefined; readonly value: string | undefined} {
	const match = /^--?(?<flag>[A-Za-z][\w.-]{0,99})(?:=(?<value>[\s\S]*))?$/u.exec(word);
	return {flag: match?.groups?.['flag'], value: match?.groups?.['value']};
}
