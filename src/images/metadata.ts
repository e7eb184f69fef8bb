import type {JsonObject, JsonValue} from '../types.ts';
import {injectedImages, injectors, listAnnotations} from './carriers.ts';
import {judgeText} from './judge.ts';
import {searchNamedValue} from './named-values.ts';
import {openText} from './open-text.ts';
import {isObject, type Place, textAt} from './place.ts';
import {hasVersion} from './reference.ts';
import {addFinding, type Scope, type Search} from './search.ts';
import {type OpenedText, searchLines} from './text.ts';
import {matchesWildcard} from './wildcard.ts';

/** An older copy of the object, kept by kubectl: it does not run. */
const oldCopy = 'kubectl.kubernetes.io/last-applied-configuration';

/** Looks at labels and annotations: of objects, and of the templates of pods, where they bring containers in. */
export function searchMetadata(
	metadata: Place & {readonly value: JsonObject},
	scope: Scope,
	search: Search,
	opened: OpenedText,
): void {
	for (const key of ['labels', 'annotations']) {
		const entries: JsonValue | undefined = metadata.value[key];
		if (!isObject(entries)) continue;
		const place = {up: metadata, step: key, value: entries};
		searchInjectors(place, search);
		if (key === 'annotations') searchAnnotations(place, scope, search, opened);
	}
}

type Entries = Place & {readonly value: JsonObject};

function searchInjectors(entries: Entries, search: Search): void {
	for (const [key, value] of Object.entries(entries.value)) {
		const injector = injectors.find((each) => matchesWildcard(each.key, key));
		if (injector === undefined || typeof value !== 'string') continue;
		if (!injector.values.some((wanted) => matchesWildcard(wanted, value))) continue;
		addFinding(search, {
			image: `images that ${injector.who === 'An image stream' ? 'an image stream' : injector.who} brings`,
			place: {up: entries, step: key, value},
			rule: 'injector',
			outcome: 'unresolved',
			reason: `${injector.who} changes or adds containers when the pod is admitted. Gate their images in the application that installs ${injector.who === 'An image stream' ? 'the stream' : injector.who}.`,
		});
	}
}

function searchAnnotations(annotations: Entries, scope: Scope, search: Search, opened: OpenedText): void {
	for (const [key, text] of Object.entries(annotations.value)) {
		if (typeof text !== 'string' || key === oldCopy) continue;
		const place = {up: annotations, step: key, value: text};
		const injected = injectedImages.find((each) => each.key === key);
		if (injected !== undefined) searchInjected(text, injected.version, place, annotations, search);
		else if (listAnnotations.has(key)) searchListed(text, place, scope, search, opened);
		else if (!injectedImages.some(({version}) => version === key)) {
			searchNamedValue({name: key, text, place, carrier: 'annotation'}, scope, search, opened);
		}
	}
}

/** The image of an injected container, which its author chose: it runs where the injector is installed. */
function searchInjected(
	text: string,
	versionKey: string | undefined,
	place: Place,
	{value}: Entries,
	search: Search,
): void {
	const version = versionKey === undefined ? undefined : textAt(value, versionKey);
	const image = version === undefined || hasVersion(text) ? text : `${text}:${version}`;
	const add = (
		outcome: 'scan' | 'invalid' | 'placeholder' | 'unresolved' | 'potential' | 'ignored',
		reason: string | undefined,
	) => addFinding(search, {image, place, rule: 'named/annotation', outcome, reason});
	if (text === '') return;
	if (!image.includes('/') || !hasVersion(image)) {
		return add(
			'unresolved',
			'The injector completes this name. Write registry, repository and tag to have it scanned.',
		);
	}
	const {outcome, reason} = judgeText(image, 'certain');
	add(outcome, reason);
}

/** A list that tells people and tools of images: what it names need not run. */
function searchListed(text: string, place: Place, scope: Scope, search: Search, opened: OpenedText): void {
	const values = openText(text, search.room) ?? [];
	for (const value of values) opened(value, place, 'An annotation tells of it; nothing says that it is pulled.');
	if (values.length === 0) searchLines(`image: ${text}`, place, scope, search);
}
