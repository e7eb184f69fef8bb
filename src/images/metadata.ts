import type {JsonObject, JsonValue} from '../types.ts';
import {injectedImages, injectors, listAnnotations, streamTriggers} from './carriers.ts';
import {judgeText} from './judge.ts';
import {searchNamedValue} from './named-values.ts';
import {openText} from './open-text.ts';
import {isList, isObject, type Place, textAt, valueAt} from './place.ts';
import {hasVersion} from './reference.ts';
import {addFinding, type Scope, type Search} from './search.ts';
import {type OpenedText, searchLines} from './text.ts';
import {matchesWildcard} from './wildcard.ts';

/** An older copy of the object, kept by kubectl: it does not run. */
const oldCopy = 'kubectl.kubernetes.io/last-applied-configuration';

/**
 * Looks at labels and annotations: at what brings containers into pods, and at what annotations tell of.
 * @param around the mapping whose metadata it is.
 */
export function searchMetadata(
	metadata: Entries,
	around: JsonObject,
	scope: Scope,
	search: Search,
	opened: OpenedText,
): void {
	for (const key of ['labels', 'annotations']) {
		const entries: JsonValue | undefined = metadata.value[key];
		if (!isObject(entries)) continue;
		const place = {up: metadata, step: key, value: entries};
		if (isInjectable(around, scope)) searchInjectors(place, search);
		if (key === 'annotations') searchAnnotations(place, scope, search, opened);
	}
}

type Entries = Place & {readonly value: JsonObject};

/** Injectors look at pods and at namespaces; elsewhere the same labels only tell who installed something. */
function isInjectable(around: JsonObject, {group, kind, root}: Scope): boolean {
	return isList(valueAt(around['spec'], 'containers')) || (around === root && group === '' && kind === 'Namespace');
}

function searchInjectors(entries: Entries, search: Search): void {
	for (const [key, value] of Object.entries(entries.value)) {
		const injector = injectors.find((each) => matchesWildcard(each.key, key));
		if (injector === undefined || typeof value !== 'string') continue;
		if (!injector.values.some((wanted) => matchesWildcard(wanted, value))) continue;
		const reason = `${injector.who} adds containers when the pod is admitted. Gate their images in the application that installs ${injector.who}.`;
		addBrought(`images that ${injector.who} brings`, reason, {up: entries, step: key, value}, search);
	}
}

function addBrought(image: string, reason: string, place: Place, search: Search): void {
	addFinding(search, {image, place, rule: 'injector', outcome: 'unresolved', reason});
}

function searchAnnotations(annotations: Entries, scope: Scope, search: Search, opened: OpenedText): void {
	for (const [key, text] of Object.entries(annotations.value)) {
		if (typeof text !== 'string' || key === oldCopy) continue;
		const place = {up: annotations, step: key, value: text};
		if (key === streamTriggers) {
			const reason = 'OpenShift replaces images in it by those of an image stream. Gate the images of the stream.';
			addBrought('images that an image stream brings', reason, place, search);
			continue;
		}
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
