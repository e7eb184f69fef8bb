import {GateError} from '../errors.ts';
import type {ImageOrigin, ImageOutcome, ImageReference, JsonObject, JsonValue, ManifestObject} from '../types.ts';
import {whyNeverApplied} from './hooks.ts';
import {shortJson} from './json.ts';
import {fieldPath, itemPath} from './path.ts';
import {parseReference} from './reference.ts';
import {type PodRule, podRules} from './rules.ts';

/** More fields than any application has; each costs memory in every report. */
const maximumOrigins = 20_000;

/** Strongest first: what becomes of an image that several places name. */
const byStrength = ['scan', 'invalid', 'placeholder', 'unresolved', 'potential', 'ignored'] as const;

/**
 * Every distinct image string in the objects with every place that names it: images sorted by their text, origins by
 * object and then by path, an image's outcome its strongest origin's. A pod's shape counts at any depth of any kind.
 * (Schemas hold no such lists of images, but their default values may, and the API server fills those in.) An image that
 * is not text appears as its JSON. Throws limit-exceeded beyond 20,000 places.
 */
export function findImages(objects: readonly ManifestObject[]): readonly ImageReference[] {
	const images = new Map<string, ImageOrigin[]>();
	let count = 0;
	for (const [objectIndex, object] of objects.entries()) {
		const unused = whyNeverApplied(object);
		const fields: ImageField[] = [];
		collectFields(object.value, '', fields);
		count += fields.length;
		if (count > maximumOrigins) throw tooManyImages(object);
		for (const {value, path, rule} of fields) {
			const {outcome, reason} = unused === undefined ? judge(value) : ({outcome: 'ignored', reason: unused} as const);
			const origin = {object: objectName(object), objectIndex, path, rule, outcome, reason, file: object.file};
			const image = imageText(value);
			const origins = images.get(image);
			if (origins === undefined) images.set(image, [origin]);
			else origins.push(origin);
		}
	}
	return [...images]
		.toSorted(([left], [right]) => compare(left, right))
		.flatMap(([image, origins]) => toReference(image, origins));
}

interface ImageField {
	readonly value: JsonValue;
	readonly path: string;
	readonly rule: string;
}

/** The tree's depth and size are bounded, aliases counted: the reader sees to it. */
function collectFields(value: JsonValue, path: string, fields: ImageField[]): void {
	if (isList(value)) {
		for (const [index, item] of value.entries()) collectFields(item, itemPath(path, index), fields);
		return;
	}
	if (!isObject(value)) return;
	for (const key of Object.keys(value).toSorted(compare)) {
		const child = value[key];
		if (typeof child !== 'object' || child === null) continue;
		const childPath = fieldPath(path, key);
		for (const rule of podRules) if (rule.list === key && isList(child)) collectRule(rule, child, childPath, fields);
		collectFields(child, childPath, fields);
	}
}

function collectRule(rule: PodRule, list: readonly JsonValue[], path: string, fields: ImageField[]): void {
	for (const [index, item] of list.entries()) {
		let value: JsonValue | undefined = item;
		let valuePath = itemPath(path, index);
		for (const key of rule.field) {
			value = isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
			valuePath = fieldPath(valuePath, key);
		}
		// An image that is null is absent: the API server drops it.
		if (value !== undefined && value !== null) fields.push({value, path: valuePath, rule: rule.id});
	}
}

function judge(value: JsonValue): {outcome: ImageOutcome; reason: string | undefined} {
	if (typeof value !== 'string') return {outcome: 'invalid', reason: `It is not text but ${typeName(value)}.`};
	const parsed = parseReference(value);
	return parsed.kind === 'image' ? {outcome: 'scan', reason: undefined} : {outcome: parsed.kind, reason: parsed.reason};
}

/** Never an image's name when the value is not text, not even for the number 22. */
function imageText(value: JsonValue): string {
	if (typeof value === 'string') return value;
	return typeof value === 'object' ? shortJson(value) : `${shortJson(value)} (${typeName(value)})`;
}

function typeName(value: JsonValue): string {
	if (typeof value === 'boolean') return 'a boolean';
	if (typeof value === 'object') return isList(value) ? 'a list' : 'a mapping';
	return 'a number';
}

function toReference(image: string, origins: readonly ImageOrigin[]): ImageReference[] {
	const [first, ...others] = origins;
	const outcome = byStrength.find((strength) => origins.some((origin) => origin.outcome === strength));
	if (first === undefined || outcome === undefined) return [];
	const parsed = parseReference(image);
	return [{image, name: parsed.kind === 'image' ? parsed.name : undefined, outcome, origins: [first, ...others]}];
}

function objectName({kind, namespace, name}: ManifestObject): string {
	return namespace === undefined ? `${kind}/${name}` : `${kind}/${namespace}/${name}`;
}

function tooManyImages(object: ManifestObject): GateError {
	return new GateError({
		stage: 'find',
		code: 'limit-exceeded',
		what: `the manifests name images in more than ${maximumOrigins.toLocaleString('en')} places`,
		where: objectName(object),
		hint: 'Split the application.',
	});
}

function compare(left: string, right: string): number {
	return left === right ? 0 : left < right ? -1 : 1;
}

function isList(value: JsonValue): value is readonly JsonValue[] {
	return Array.isArray(value);
}

function isObject(value: JsonValue | undefined): value is JsonObject {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}
