import type {JsonObject, JsonValue, ManifestObject, TextRange} from '../types.ts';
import type {Composed} from './yaml/composer.ts';
import type {FieldAt} from './yaml/mappings.ts';
import {readHooks} from './hooks.ts';
import {count, limitExceeded, markOdd, type Reading, unreadable} from './reading.ts';

/**
 * The objects that Argo CD takes from one document: none for null, the items for anything with an `items` list (one
 * level, whatever its kind), else the document itself (argo-cd v3.5.1, reposerver/repository/repository.go:1779 and
 * `isNullList` there). Marks as odd where the gate could not edit an object in place. Throws manifests-unreadable for
 * what is no object, limit-exceeded.
 */
export function objectsOf(reading: Reading, composed: Composed): readonly ManifestObject[] {
	const {value} = composed;
	if (value === null) return [];
	const whole = asObject(reading, value, '');
	requireKind(reading, composed, whole, '');
	const {items} = whole;
	if (items === null && !Object.hasOwn(whole, 'spec') && !Object.hasOwn(whole, 'status')) return [];
	if (!isList(items)) return [readObject(reading, composed, whole, '')];
	checkNoAnchor(reading, composed, whole, items);
	return items.map((item, index) => {
		const subject = `list item ${index + 1}: `;
		return readObject(reading, composed, asObject(reading, item, subject), subject);
	});
}

function readObject(reading: Reading, composed: Composed, value: JsonObject, subject: string): ManifestObject {
	const kind = requireKind(reading, composed, value, subject);
	const apiVersion = value['apiVersion'];
	if (typeof apiVersion !== 'string' || apiVersion === '') {
		const what = `has ${subject}${apiVersion === undefined || apiVersion === '' ? 'no apiVersion' : 'an apiVersion that is not text'}`;
		const at = composed.fields.get(value)?.get('apiVersion')?.value.start ?? 0;
		throw unreadable(reading, at, what, 'Every object needs kind and apiVersion, both as text.');
	}
	const metadata = mappingIn(value, 'metadata');
	const annotations = mappingIn(metadata, 'annotations');
	for (const text of [kind, apiVersion]) checkIdentifier(reading, text, 'kind or apiVersion');
	const hooks = readHooks(annotations, (key) => editablePlace(reading, composed, annotations, key));
	checkNoAnchor(reading, composed, value);
	if (hooks.argo !== undefined || hooks.helm !== undefined) checkNoAnchor(reading, composed, metadata, annotations);
	const name = nameIn(reading, metadata, 'name');
	return {
		document: reading.chunk.number,
		apiVersion,
		kind,
		namespace: nameIn(reading, metadata, 'namespace') || undefined,
		name: name || nameIn(reading, metadata, 'generateName'),
		file: reading.chunk.file,
		value,
		apiVersionAt: editablePlace(reading, composed, value, 'apiVersion').value,
		hooks,
	};
}

function asObject(reading: Reading, value: JsonValue, subject: string): JsonObject {
	if (typeof value === 'object' && value !== null && !isList(value)) return value;
	const what = subject === '' ? 'is not an object; a stray log line?' : `has ${subject}not an object`;
	throw unreadable(reading, 0, what, 'Print nothing but Kubernetes objects, each with apiVersion and kind.');
}

/** Kubernetes sees no kind either when the apiVersion has two slashes (`ParseGroupVersion` in k8s.io/apimachinery). */
function requireKind(reading: Reading, {fields}: Composed, object: JsonObject, subject: string): string {
	const {kind, apiVersion} = object;
	const at = (key: string) => fields.get(object)?.get(key)?.value.start ?? 0;
	if (typeof apiVersion === 'string' && apiVersion.split('/').length > 2) {
		throw unreadable(
			reading,
			at('apiVersion'),
			`has ${subject}an apiVersion with two slashes`,
			'Write it as group/version.',
		);
	}
	if (typeof kind === 'string' && kind !== '') return kind;
	const problem = kind === undefined || kind === null || kind === '' ? 'no kind' : 'a kind that is not text';
	const hint = 'Every object needs kind and apiVersion; is this a stray log line, or a value to quote?';
	throw unreadable(reading, at('kind'), `has ${subject}${problem}`, hint);
}

/** What is no mapping holds nothing that Argo CD looks for, and is an error for it or for the cluster later. */
function mappingIn(object: JsonObject, key: string): JsonObject {
	const value = object[key];
	return typeof value === 'object' && value !== null && !isList(value) ? value : {};
}

/** What is no text is no name for Argo CD, and an error for the cluster later. */
function nameIn(reading: Reading, metadata: JsonObject, key: string): string {
	const name = metadata[key];
	if (typeof name !== 'string') return '';
	checkIdentifier(reading, name, key);
	return name;
}

function checkIdentifier(reading: Reading, text: string, key: string): void {
	if (text.length <= reading.limits.identifier) return;
	throw limitExceeded(reading, 0, `a ${key} of more than ${count(reading.limits.identifier)} characters`);
}

/** An edit inside of something with an anchor would change what its aliases stand for. */
function checkNoAnchor(reading: Reading, {anchored}: Composed, ...values: readonly JsonValue[]): void {
	if (values.some((value) => anchored.has(value))) markOdd(reading, 'edited', 0);
}

const nowhere: TextRange = {start: 0, end: 0};

/** Where an entry stands in the whole text. Where it cannot be edited the document is odd, and the place is none. */
function editablePlace(
	reading: Reading,
	{fields}: Composed,
	mapping: JsonObject,
	key: string,
): {readonly key: TextRange; readonly value: TextRange} {
	const field = fields.get(mapping)?.get(key);
	if (field === undefined || !field.editable) {
		markOdd(reading, 'edited', field?.key.start ?? 0);
		return {key: nowhere, value: nowhere};
	}
	return {key: shifted(reading, field.key), value: shifted(reading, field.value)};
}

function shifted({chunk}: Reading, {start, end}: FieldAt['key']): TextRange {
	return {start: chunk.start + start, end: chunk.start + end};
}

function isList(value: JsonValue | undefined): value is readonly JsonValue[] {
	return Array.isArray(value);
}
