import type {ImageFieldRule} from '../types.ts';
import {judgeText, judgeValue} from './judge.ts';
import {type JoinedParts, joinParts} from './parts.ts';
import {isObject, type Place, placeText, valueAt} from './place.ts';
import {addFinding, type Scope, type Search} from './search.ts';
import {appliesTo, type DerivedRule, kindFields, placesOf, type Table} from './table.ts';

/** A text that holds objects, at a place where they are applied. */
export interface EmbeddedText {
	readonly place: Place;
	readonly text: string;
}

interface FieldAt {
	readonly field: ImageFieldRule;
	readonly rule: string;
	readonly place: Place;
	readonly scope: Scope;
	readonly search: Search;
}

/**
 * Finds what the table and the operator's rules know of an object's kind, and says where an operator chooses because
 * nothing is written. @returns the texts that hold whole objects.
 */
export function searchFields(table: Table, scope: Scope, search: Search): readonly EmbeddedText[] {
	const texts: EmbeddedText[] = [];
	for (const derived of table.derived) if (appliesTo(derived, scope)) searchDerived(derived, scope, search);
	for (const {rule, fields} of kindFields(table, scope)) {
		for (const field of fields) {
			for (const place of placesOf(field.path, scope)) {
				if (!holds(field, place, scope)) continue;
				if (field.form === 'text' && typeof place.value === 'string') texts.push({place, text: place.value});
				searchField({field, rule, place, scope, search});
			}
			if (field.form === 'image' && field.default !== undefined)
				searchDefault(field, field.default, rule, scope, search);
		}
	}
	return texts;
}

function searchField(at: FieldAt): void {
	switch (at.field.form) {
		case 'image':
			return searchImage(at);
		case 'parts':
			return typeof at.place.value === 'string' ? searchImage(at) : searchParts(at);
		case 'artifact':
			return searchArtifact(at);
		case 'chosen':
			return searchChosen(at);
		// The walk goes through the whole of an object, wherever pods and objects are in it.
		case 'object':
		case 'pod':
		case 'text':
			return;
	}
}

function searchImage({field, rule, place, scope: {guess}, search}: FieldAt): void {
	if (place.value === null) return;
	const value = typeof place.value === 'string' ? withoutScheme(place.value, field.scheme) : place.value;
	if (field.partial === true && typeof value === 'string' && !/[:/@]/u.test(value)) {
		search.parts.add(placeText(place));
		const image = value === '' ? 'an image that the operator chooses' : value;
		addFinding(search, {
			image,
			place,
			rule,
			outcome: 'unresolved',
			reason: chosen('The operator completes this name.'),
		});
		return;
	}
	const [{outcome, reason}, image] = judgeValue(value, guess === undefined ? 'certain' : 'guess');
	addFinding(search, {image, place, rule, outcome, reason: reason ?? (outcome === 'scan' ? undefined : guess)});
}

function searchParts({field, rule, place, scope: {root, guess, kind}, search}: FieldAt): void {
	const parts = joinParts(field, place.value, root);
	if (parts.kind === 'nothing') return;
	const repository = partPlace(place, field.keys?.repository ?? field.keys?.name);
	if (parts.kind === 'version') {
		const absent = partPlace(place, field.keys?.image ?? field.keys?.repository);
		const reason = chosen(`${placeText(absent)} is not there, so the operator chooses.`);
		const image = `an image that the operator of ${kind} chooses (${parts.text})`;
		addFinding(search, {image, place: absent, rule, outcome: 'unresolved', reason});
		return;
	}
	// A part that a whole name makes idle is no image of its own, either.
	for (const key of partKeys(field)) search.parts.add(placeText(partPlace(place, key)));
	const byDefault = parts.kind !== 'not-text' && parts.byDefault;
	if (byDefault || parts.kind === 'incomplete') {
		const reason = byDefault ? defaultReason(placeText(repository)) : chosen('The operator adds a version.');
		addFinding(search, {image: parts.text, place: repository, rule, outcome: 'unresolved', reason});
		return;
	}
	const at = partPlace(
		place,
		parts.keys.find((key) => /image/iu.test(key)),
	);
	const {outcome, reason} = judgeParts(parts, guess);
	addFinding(search, {image: parts.text, place: at, rule, outcome, reason});
}

/** What becomes of a joined name; `guess` as in a scope. */
export function judgeParts(
	parts: Exclude<JoinedParts, {readonly kind: 'nothing' | 'version'}>,
	guess: string | undefined,
): Pick<ReturnType<typeof judgeText>, 'outcome' | 'reason'> {
	if (parts.kind === 'not-text') return {outcome: guess === undefined ? 'invalid' : 'potential', reason: parts.reason};
	const {outcome, reason} = judgeText(parts.text, guess === undefined ? 'certain' : 'guess');
	return {outcome, reason: reason ?? (outcome === 'scan' ? undefined : guess)};
}

function searchArtifact({field, rule, place, scope: {root}, search}: FieldAt): void {
	const joined = isObject(place.value) ? joinParts(field, place.value, root) : undefined;
	const text =
		joined === undefined ? place.value : joined.kind === 'nothing' || joined.kind === 'version' ? '' : joined.text;
	// A wasm module or a chart may also come from a web server or a file.
	if (typeof text !== 'string' || text === '' || /^(?!oci:)[a-z]+:\/\//u.test(text)) return;
	const reason =
		'It is an OCI artifact and no container image, so it is not scanned. Check its registry and its signature by other means.';
	search.parts.add(placeText(place));
	addFinding(search, {image: withoutScheme(text, 'oci://'), place, rule, outcome: 'unresolved', reason});
}

function searchChosen({field, rule, place, scope, search}: FieldAt): void {
	const {value} = place;
	if (value === null || value === '' || value === false) return;
	const used = partKeys(field);
	if (used.length > 0 && !used.some((key) => valueAt(value, key) !== undefined)) return;
	search.parts.add(placeText(place));
	const image = typeof value === 'string' ? value : `images of ${scope.kind}`;
	addFinding(search, {
		image,
		place,
		rule,
		outcome: 'unresolved',
		reason: chosen(field.reason ?? 'The operator chooses.'),
	});
}

function partKeys({keys: {image, registry, repository, name, tag, digest} = {}}: ImageFieldRule): readonly string[] {
	return [image, registry, repository, name, tag, digest].flatMap((key) => key ?? []);
}

/** The API server fills in a schema's default where the mapping around the field is there. */
function searchDefault(field: ImageFieldRule, image: string, rule: string, scope: Scope, search: Search): void {
	const [, parent, key] = /^(.+)\.([^.]+)$/u.exec(field.path) ?? [];
	if (parent === undefined || key === undefined) return;
	for (const around of placesOf(parent, scope)) {
		if (!isObject(around.value) || (valueAt(around.value, key) ?? null) !== null) continue;
		const place = partPlace(around, key);
		addFinding(search, {image, place, rule, outcome: 'unresolved', reason: defaultReason(placeText(place))});
	}
}

function searchDerived({unless, image}: DerivedRule, scope: Scope, search: Search): void {
	const [spec] = placesOf('spec', scope);
	const written = unless.some((path) => placesOf(path, scope).some(({value}) => value !== null && value !== ''));
	if (spec === undefined || !isObject(spec.value) || written) return;
	const place = unless[0] === undefined ? spec : pathBelow(scope, unless[0]);
	addFinding(search, {
		image: `an image that the operator of ${scope.kind} chooses (${image})`,
		place,
		rule: `chosen/${scope.group}/${scope.kind}`,
		outcome: 'unresolved',
		reason: chosen(
			unless[0] === undefined
				? 'Its manifests do not name it.'
				: `${placeText(place)} is not there, so the operator chooses.`,
		),
	});
}

function holds({when}: ImageFieldRule, place: Place, {root}: Scope): boolean {
	const around = place.up?.value ?? root;
	return Object.entries(when ?? {}).every(([key, text]) => valueAt(around, key) === text);
}

function partPlace(place: Place, key: string | undefined): Place {
	if (key === undefined) return place;
	return key.split('.').reduce<Place>((up, step) => ({up, step, value: valueAt(up.value, step) ?? null}), place);
}

function pathBelow({at}: Scope, path: string): Place {
	const [first = '', ...rest] = path.split('.');
	return partPlace({up: at, step: first, value: null}, rest.length === 0 ? undefined : rest.join('.'));
}

function withoutScheme(text: string, scheme: string | undefined): string {
	return scheme !== undefined && text.startsWith(scheme) ? text.slice(scheme.length) : text;
}

function chosen(reason: string): string {
	return `${reason} It is an operator-chosen image: scan the operator's images in its own application, or list it under images.extra of the policy.`;
}

function defaultReason(path: string): string {
	return `${path} is not there, so the API server fills in the default of the kind's schema, which may be another one in the cluster. It is an operator-chosen image: write it into the manifest to have it scanned.`;
}
