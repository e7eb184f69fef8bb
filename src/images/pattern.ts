import type {JsonValue} from '../types.ts';
import {isList, isObject, type Place, valueAt} from './place.ts';

/** One step of a path pattern. */
type Step =
	| {readonly kind: 'keys'; readonly keys: readonly string[]}
	| {readonly kind: 'any-key'}
	| {readonly kind: 'items'}
	| {readonly kind: 'items-where'; readonly key: string; readonly text: string}
	| {readonly kind: 'any-depth'};

/** A path pattern, ready to be looked for. */
export type PathPattern = readonly Step[];

const token =
	/^(?:(?<deep>\*\*)|(?<any>\*)|\((?<keys>[^()[\]{}.*]+)\)|(?<key>[^()[\]{}.*"]+)|\["(?<quoted>[^"\]]+)"\]|(?<items>\[\])|(?<values>\{\})|\[(?<where>[^=[\]"]+)=(?<text>[^[\]"]+)\])/u;

/**
 * Reads a path pattern: `a.b` fields, `["a.b"]` a field with odd characters, `[]` any item, `{}` or `*` any field,
 * `(a|b)` either field, `[key=text]` items that hold a text, `**` any depth. Undefined when it is none, or when it has
 * more than one `**`, which would cost the square of an object's size.
 */
export function parsePattern(text: string): PathPattern | undefined {
	const steps: Step[] = [];
	let rest = text;
	while (rest !== '') {
		const match = token.exec(rest);
		if (match === null) return undefined;
		steps.push(stepOf(match.groups ?? {}));
		rest = rest.slice(match[0].length);
		if (rest.startsWith('.') && rest !== '.') rest = rest.slice(1);
		else if (rest !== '' && !/^[[{]/u.test(rest)) return undefined;
	}
	const deep = steps.filter(({kind}) => kind === 'any-depth').length;
	return steps.length === 0 || deep > 1 || steps.at(-1)?.kind === 'any-depth' ? undefined : steps;
}

/** Every place of an object that a pattern names, in the order of the object. @param at where the object itself is. */
export function matchPattern(pattern: PathPattern, root: JsonValue, at?: Place): Place[] {
	const places: Place[] = [];
	collect(pattern, 0, root, at, places);
	return places;
}

function stepOf({deep, any, keys, key, quoted, items, where, text}: Record<string, string | undefined>): Step {
	if (deep !== undefined) return {kind: 'any-depth'};
	if (items !== undefined) return {kind: 'items'};
	if (where !== undefined && text !== undefined) return {kind: 'items-where', key: where, text};
	const named = keys?.split('|') ?? [key ?? quoted].flatMap((name) => name ?? []);
	return any !== undefined || named.length === 0 ? {kind: 'any-key'} : {kind: 'keys', keys: named};
}

function collect(
	pattern: PathPattern,
	index: number,
	value: JsonValue,
	place: Place | undefined,
	places: Place[],
): void {
	const step = pattern[index];
	if (step === undefined) {
		// A pattern has a step at least, so that this is never the object itself.
		if (place !== undefined) places.push(place);
		return;
	}
	const descend = (key: string | number, child: JsonValue, next: number) =>
		collect(pattern, next, child, {up: place, step: key, value: child}, places);
	switch (step.kind) {
		case 'keys':
			for (const key of step.keys) {
				const child = valueAt(value, key);
				if (child !== undefined) descend(key, child, index + 1);
			}
			return;
		case 'any-key':
			if (isObject(value)) for (const [key, child] of Object.entries(value)) descend(key, child, index + 1);
			return;
		case 'items':
			if (isList(value)) for (const [item, child] of value.entries()) descend(item, child, index + 1);
			return;
		case 'items-where':
			if (!isList(value)) return;
			for (const [item, child] of value.entries()) {
				if (valueAt(child, step.key) === step.text) descend(item, child, index + 1);
			}
			return;
		case 'any-depth':
			collect(pattern, index + 1, value, place, places);
			if (isList(value)) for (const [item, child] of value.entries()) descend(item, child, index);
			if (isObject(value)) for (const [key, child] of Object.entries(value)) descend(key, child, index);
			return;
	}
}
