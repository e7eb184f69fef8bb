import type {JsonObject, JsonValue} from '../types.ts';
import {isArgumentList, searchArguments} from './arguments.ts';
import {searchConfigMap, searchSecret} from './config-maps.ts';
import {searchDeployer} from './deployers.ts';
import {searchFields} from './fields.ts';
import {defaultReason, searchItem, searchKey, searchSchemaDefault, searchSplit} from './keys.ts';
import {searchMetadata} from './metadata.ts';
import {namedValueOf, searchNamedValue} from './named-values.ts';
import {openText} from './open-text.ts';
import {insideText, isList, isObject, type Place, placeText, textAt} from './place.ts';
import {isPodList, searchPodList} from './pods.ts';
import {addFinding, type Scope, type Search} from './search.ts';
import {exclusionsOf, type Table} from './table.ts';
import {type OpenedText, searchText} from './text.ts';
import {variablesOf} from './variables.ts';

/** Groups of Kubernetes' own kinds: their fields are all known, and pods alone have images. */
const builtInGroups: ReadonlySet<string> = new Set([
	'',
	'apps',
	'autoscaling',
	'batch',
	'extensions',
	'policy',
	...[
		'admissionregistration',
		'apiextensions',
		'apiregistration',
		'authentication',
		'certificates',
		'coordination',
	].map((group) => `${group}.k8s.io`),
	...['discovery', 'events', 'flowcontrol.apiserver', 'internal.apiserver', 'networking', 'node', 'resource'].map(
		(group) => `${group}.k8s.io`,
	),
	...['authorization', 'rbac.authorization', 'scheduling', 'storage', 'storagemigration'].map(
		(group) => `${group}.k8s.io`,
	),
]);

/** Of Kubernetes' own kinds the one whose expressions may hold containers. */
const mutatingPolicy = 'MutatingAdmissionPolicy';

/** Values of a chart that somebody else renders: it may use them or not. */
const chartValues: ReadonlySet<string> = new Set(['values', 'valuesObject', 'helmValues']);

/** Volumes in Ceph, attributes of volumes, and the record of who wrote what. */
const notImages: ReadonlySet<string> = new Set(['rbd', 'volumeAttributes', 'managedFields']);

interface Subject {
	readonly value: JsonObject;
	readonly at: Place | undefined;
	readonly guess: string | undefined;
}

/** Searches one object: what is known of its kind first, then every value in it, by shapes, keys and texts. */
export function searchObject({value, at, guess}: Subject, table: Table, search: Search): void {
	const apiVersion = textAt(value, 'apiVersion') ?? '';
	const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
	const kind = textAt(value, 'kind') ?? '';
	const unexcluded = {
		group,
		kind,
		root: value,
		at,
		builtIn: builtInGroups.has(group) && kind !== mutatingPolicy,
		guess,
		values: undefined,
		exclusion: undefined,
		variables: undefined,
	};
	const scope: Scope = {...unexcluded, excluded: exclusionsOf(table, {...unexcluded})};
	const walk = {table, search};
	const opened = openerOf(walk);
	for (const {place, text} of searchFields(table, scope, search)) {
		const values = openText(text, search.room);
		if (values === undefined) addUnread(place, search);
		for (const inner of values ?? []) walkText(inner, place, guess, walk);
	}
	searchDeployer(scope, search);
	if (group === '' && scope.kind === 'ConfigMap') searchConfigMap(scope, search, opened);
	if (group === '' && scope.kind === 'Secret') {
		searchSecret(scope, search, (name, text, place, own) =>
			searchNamedValue({name, text, place, carrier: 'config'}, scope, own, openerOf({table, search: own})),
		);
		return;
	}
	walkMapping(value, at, scope, walk);
}

interface Walk {
	readonly table: Table;
	readonly search: Search;
}

function walkValue(place: Place, outer: Scope, walk: Walk): void {
	const {value} = place;
	const scope = narrowed(place, outer);
	if (isList(value)) {
		for (const [step, item] of value.entries()) {
			if (typeof item === 'string') walkItem({up: place, step, value: item}, scope, walk);
			else walkValue({up: place, step, value: item}, scope, walk);
		}
		return;
	}
	if (!isObject(value)) return;
	if (isWholeObject(value)) searchObject({value, at: place, guess: scope.guess}, walk.table, walk.search);
	else walkMapping(value, place, scope, walk);
}

/** The tree's depth and size are bounded, aliases counted: the reader sees to it, and openText for what it opens. */
function walkMapping(mapping: JsonObject, at: Place | undefined, outer: Scope, walk: Walk): void {
	const {search} = walk;
	const variables = variablesOf(mapping);
	const scope = variables === undefined ? outer : {...outer, variables};
	const named = namedValueOf(mapping);
	if (named !== undefined) {
		const place = {up: at, step: named.key, value: named.text};
		const text = expandedAt(at, outer) ?? named.text;
		searchNamedValue({...named, text, place, carrier: 'variable'}, scope, search, openerOf(walk));
	}
	if (at !== undefined && !scope.builtIn) searchSplit({...at, value: mapping}, scope, search);
	if (at !== undefined && scope.kind === 'CustomResourceDefinition') searchDefault(at, mapping, walk);
	for (const key of Object.keys(mapping)) {
		const value = mapping[key];
		if (typeof value === 'string') {
			if (!scope.builtIn && key !== named?.key) walkField({up: at, step: key, value}, mapping, scope, walk);
		} else if (typeof value === 'object' && value !== null) {
			walkInside(key, {up: at, step: key, value}, mapping, scope, walk);
		}
	}
}

/** What the kubelet makes of an entry of a container's variables, when it makes something else of it. */
function expandedAt(entry: Place | undefined, {variables}: Scope): string | undefined {
	if (variables === undefined || typeof entry?.step !== 'number') return undefined;
	return entry.up?.value === variables.entries ? variables.expanded.get(entry.step) : undefined;
}

/** The default of a field in a schema, looked at as the field itself would be. */
function searchDefault(field: Place, schema: JsonObject, walk: Walk): void {
	const value: JsonValue | undefined = schema['default'];
	if (typeof value === 'string') return searchSchemaDefault(field, value, walk.search);
	if (typeof field.step !== 'string' || typeof value !== 'object' || value === null) return;
	walkText({[field.step]: value}, {up: field, step: 'default', value}, defaultReason, walk);
}

function walkInside(key: string, place: Place, around: JsonObject, scope: Scope, walk: Walk): void {
	const {value} = place;
	if (isList(value)) {
		if (isPodList(key)) searchPodList(key, {...place, value}, narrowed(place, scope), walk.search);
		if (isArgumentList(key, value)) {
			searchArguments({...place, value}, scope, walk.search, openerOf(walk));
			return walkValue({...place, value: value.map((item) => (typeof item === 'string' ? null : item))}, scope, walk);
		}
	}
	if (key === 'metadata' && isObject(value)) {
		searchMetadata({...place, value}, around, scope, walk.search, openerOf(walk));
	}
	walkValue(place, inside(key, place, scope), walk);
}

/** A text under a key of what is no kind of Kubernetes' own. */
function walkField(place: TextPlace, around: JsonObject, scope: Scope, walk: Walk): void {
	const here = narrowed(place, scope);
	searchKey(String(place.step), place, around, here, walk.search);
	searchText({text: place.value, name: String(place.step), place}, here, walk.search, openerOf(walk));
}

function walkItem(place: TextPlace, scope: Scope, walk: Walk): void {
	if (scope.builtIn) return;
	searchItem(place, scope, walk.search);
	searchText({text: place.value, name: String(place.up?.step), place}, scope, walk.search, openerOf(walk));
}

type TextPlace = Place & {readonly value: string};

function openerOf(walk: Walk): OpenedText {
	return (value, place, why) => walkText(value, place, why, walk);
}

/** Walks through what a text holds; `guess` as in a scope. */
function walkText(value: JsonValue, place: Place, guess: string | undefined, walk: Walk): void {
	const at = {up: place, step: insideText, value} as const;
	const nothing = {values: undefined, excluded: undefined, exclusion: undefined, variables: undefined};
	walkValue(at, {group: '', kind: '', root: {}, at, builtIn: false, guess, ...nothing}, walk);
}

/** What holds below a key. */
function inside(key: string, place: Place, scope: Scope): Scope {
	const ofObject = place.up === scope.at;
	const aside = notImages.has(key) || (ofObject && (key === 'status' || key === 'metadata'));
	if (aside) return {...scope, builtIn: true};
	return chartValues.has(key) && !scope.builtIn ? {...scope, values: valuesReason} : scope;
}

const valuesReason = 'It is a value for a chart that is rendered elsewhere, which may use it or not.';

function narrowed(place: Place, scope: Scope): Scope {
	const exclusion = scope.excluded?.get(placeText(place));
	return exclusion === undefined ? scope : {...scope, exclusion};
}

/** A reference to an object has a kind and a version, too, but nothing else that could hold an image. */
function isWholeObject(value: JsonObject): boolean {
	const named = typeof value['apiVersion'] === 'string' && typeof value['kind'] === 'string';
	return (
		named &&
		['metadata', 'spec', 'template', 'data', 'stringData', 'objects'].some(
			(key) => isObject(value[key]) || isList(value[key]),
		)
	);
}

function addUnread(place: Place, search: Search): void {
	addFinding(search, {
		image: 'images in a text that cannot be read',
		place,
		rule: 'text/object',
		outcome: 'unresolved',
		reason: 'The text is not YAML or JSON, or too big, or has aliases, so nobody has looked for images in it.',
	});
}
