import {isMap, isPair, isSeq} from 'yaml';
import type {JsonObject, JsonValue, ManifestObject} from '../types.ts';
import {checkNoAnchor, editableText} from './editable.ts';
import {readHooks} from './hooks.ts';
import {keyText, nodeOffset} from './keys.ts';
import {count, limitExceeded, type Reading, refuse} from './reading.ts';

/**
 * The objects that Argo CD takes from one document: none for null, the items for anything with an `items` list (one
 * level, whatever its kind), else the document itself (`obj.IsList()` in argo-cd, reposerver/repository/repository.go).
 * Throws manifests-unreadable for what is no object, manifests-ambiguous for a list in a list and for anchors where the
 * gate may have to edit, limit-exceeded.
 */
export function objectsOf(reading: Reading, root: unknown, value: JsonValue): readonly ManifestObject[] {
	if (value === null) return [];
	const whole = readObject(reading, root, value, '');
	const {items} = whole.value;
	if (items === null && !Object.hasOwn(whole.value, 'spec') && !Object.hasOwn(whole.value, 'status')) return [];
	if (!isList(items)) return [whole];
	const list = fieldNode(root, 'items');
	checkNoAnchor(reading, list, 'items');
	const nodes: readonly unknown[] = isSeq(list) ? list.items : [];
	return items.map((item, index) => {
		const object = readObject(reading, nodes[index], item, `list item ${index + 1}: `);
		if (!isList(object.value['items'])) return object;
		const hint = 'Put the inner items into the outer list.';
		throw refuse('manifests-ambiguous', reading, nodeOffset(nodes[index]), 'has a list inside a list', hint);
	});
}

function readObject(reading: Reading, node: unknown, value: JsonValue, subject: string): ManifestObject {
	if (!isObject(value)) {
		const what = subject === '' ? 'is not an object; a stray log line?' : `has ${subject}not an object`;
		const hint = 'Print nothing but Kubernetes objects, each with apiVersion and kind.';
		throw refuse('manifests-unreadable', reading, nodeOffset(node), what, hint);
	}
	checkNoAnchor(reading, node, 'an object');
	const kind = requiredText(reading, node, value, 'kind', subject);
	const apiVersion = requiredText(reading, node, value, 'apiVersion', subject);
	const metadataNode = fieldNode(node, 'metadata');
	const metadata = optionalObject(reading, metadataNode, value['metadata'], 'metadata');
	const name = optionalText(reading, metadataNode, metadata, 'name');
	const namespace = optionalText(reading, metadataNode, metadata, 'namespace');
	const annotationsNode = fieldNode(metadataNode, 'annotations');
	const annotations = optionalObject(reading, annotationsNode, metadata['annotations'], 'annotations');
	return {
		document: reading.chunk.number,
		apiVersion: apiVersion.text,
		kind: kind.text,
		namespace: namespace === '' ? undefined : namespace,
		name: name || optionalText(reading, metadataNode, metadata, 'generateName') || '',
		file: reading.chunk.file,
		value,
		apiVersionAt: apiVersion.range,
		hooks: readHooks(reading, annotationsNode, annotations),
	};
}

function requiredText(reading: Reading, node: unknown, object: JsonObject, key: string, subject: string) {
	const text = object[key];
	const valueNode = fieldNode(node, key);
	if (typeof text !== 'string' || text === '') {
		const problem = text === undefined || text === null || text === '' ? `no ${key}` : `a ${key} that is not text`;
		const hint = 'Every object needs kind and apiVersion; is this a stray log line, or a value to quote?';
		const at = nodeOffset(text === undefined ? node : valueNode);
		throw refuse('manifests-unreadable', reading, at, `has ${subject}${problem}`, hint);
	}
	checkIdentifier(reading, valueNode, text, key);
	return editableText(reading, valueNode, text, key);
}

/** A text field that may be absent, null or empty. */
function optionalText(reading: Reading, node: unknown, object: JsonObject, key: string): string | undefined {
	const text = object[key];
	if (text === undefined || text === null) return undefined;
	const valueNode = fieldNode(node, key);
	if (typeof text !== 'string') {
		const what = `has a metadata.${key} that is not text`;
		throw refuse('manifests-unreadable', reading, nodeOffset(valueNode), what, 'Quote it.');
	}
	checkIdentifier(reading, valueNode, text, key);
	return text;
}

function optionalObject(reading: Reading, node: unknown, value: JsonValue | undefined, key: string): JsonObject {
	checkNoAnchor(reading, node, key);
	if (value === undefined || value === null) return {};
	if (isObject(value)) return value;
	const what = `has ${key} that are not a mapping`;
	throw refuse('manifests-unreadable', reading, nodeOffset(node), what, 'Fix the template that printed it.');
}

function checkIdentifier(reading: Reading, node: unknown, text: string, key: string): void {
	if (text.length <= reading.limits.identifier) return;
	throw limitExceeded(
		reading,
		nodeOffset(node),
		`a ${key} of more than ${count(reading.limits.identifier)} characters`,
	);
}

/** The node of a mapping's value; undefined when the node is no mapping or has no such key. */
function fieldNode(node: unknown, key: string): unknown {
	if (!isMap(node)) return undefined;
	return node.items.find((pair) => isPair(pair) && keyText(pair.key) === key)?.value;
}

function isList(value: JsonValue | undefined): value is readonly JsonValue[] {
	return Array.isArray(value);
}

function isObject(value: JsonValue): value is JsonObject {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}
