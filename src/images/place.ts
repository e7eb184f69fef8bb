import type {JsonObject, JsonValue} from '../types.ts';
import {fieldPath, itemPath} from './path.ts';

/** A value inside an object and the way to it; the object itself has no place. Its text is made only when it is told. */
export interface Place {
	readonly up: Place | undefined;
	/** A key, an index, or `text` for what is inside of a text. */
	readonly step: string | number | typeof insideText;
	readonly value: JsonValue;
}

export const insideText = Symbol('inside text');

/** `spec.containers[0].image`; what is inside of a text follows a colon: `data["a.yaml"]: spec.image`. */
export function placeText(place: Place): string {
	const parent = place.up === undefined ? '' : placeText(place.up);
	if (place.step === insideText) return `${parent}: `;
	if (typeof place.step === 'number') return itemPath(parent, place.step);
	if (!parent.endsWith(': ')) return fieldPath(parent, place.step);
	return `${parent}${fieldPath('', place.step)}`;
}

/** By fields as text and by items as numbers, so that the tenth item comes after the second. */
export function comparePlaces(one: Place, other: Place): number {
	const left = stepsOf(one);
	const right = stepsOf(other);
	for (const [index, step] of left.entries()) {
		const order = compareSteps(step, right[index]);
		if (order !== 0) return order;
	}
	return left.length - right.length;
}

/** A list, for values of which Array.isArray does not tell the compiler what they hold. */
export function isList(value: JsonValue | undefined): value is readonly JsonValue[] {
	return Array.isArray(value);
}

export function isObject(value: JsonValue | undefined): value is JsonObject {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A field's value when it is text. */
export function textAt(object: JsonValue | undefined, key: string): string | undefined {
	const value = valueAt(object, key);
	return typeof value === 'string' ? value : undefined;
}

/** An own field's value: `constructor` and the like are no fields. */
export function valueAt(object: JsonValue | undefined, key: string): JsonValue | undefined {
	return isObject(object) && Object.hasOwn(object, key) ? object[key] : undefined;
}

function stepsOf(place: Place): Place['step'][] {
	const steps: Place['step'][] = [];
	for (let each: Place | undefined = place; each !== undefined; each = each.up) steps.push(each.step);
	return steps.toReversed();
}

function compareSteps(left: Place['step'], right: Place['step'] | undefined): number {
	if (left === right) return 0;
	if (typeof left === 'number' && typeof right === 'number') return left - right;
	if (right === undefined) return 1;
	return String(left) < String(right) ? -1 : 1;
}
