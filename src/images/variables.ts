import type {JsonObject, JsonValue} from '../types.ts';
import {isList, textAt, valueAt} from './place.ts';

/** A container's variables, as far as their values are written in it. */
export interface Variables {
	readonly entries: readonly JsonValue[];
	/** By their name: the last entry of a name counts. */
	readonly values: ReadonlyMap<string, string>;
	/** What each entry comes to, by its index. */
	readonly expanded: ReadonlyMap<number, string>;
}

/** A value may name others many times, and those again; longer texts name no image. */
const longest = 512;

/** What a container's `env` says; an entry may name those before it, as the kubelet has it. Undefined without `env`. */
export function variablesOf(container: JsonObject): Variables | undefined {
	const entries = valueAt(container, 'env');
	if (!isList(entries)) return undefined;
	const values = new Map<string, string>();
	const expanded = new Map<number, string>();
	for (const [index, entry] of entries.entries()) {
		const name = textAt(entry, 'name');
		const text = textAt(entry, 'value');
		if (name === undefined) continue;
		if (text === undefined) {
			// What is set from elsewhere is not known, whatever an entry before it says.
			values.delete(name);
			continue;
		}
		const value = expand(text, values);
		values.set(name, value);
		if (value !== text) expanded.set(index, value);
	}
	return {entries, values, expanded};
}

/**
 * Fills in `$(NAME)` as the kubelet does in `env`, `command` and `args` (k8s.io/kubernetes,
 * third_party/forked/golang/expansion): what is not known stays, and `$$` is a dollar.
 */
export function expand(text: string, values: ReadonlyMap<string, string> | undefined): string {
	if (values === undefined || !text.includes('$(')) return text;
	const expanded = text.replaceAll(/\$(?:\$|\((?<name>[^()]{1,200})\))/gu, (written, name: string | undefined) =>
		name === undefined ? '$' : (values.get(name) ?? written),
	);
	return expanded.length > longest ? text : expanded;
}
