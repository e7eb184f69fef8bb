import type {JsonObject, JsonValue, Platform} from '../types.ts';
import {isList, textAt, valueAt} from './place.ts';

/** Set by every kubelet to its own architecture; authors cannot give a node another one. */
const labels = ['kubernetes.io/arch', 'beta.kubernetes.io/arch'] as const;

/**
 * The platforms to which a pod binds itself, by node selector and required node affinity; undefined when anything is left
 * open, or is not understood. Both are enforced by the scheduler, and by the kubelet for pods with a nodeName.
 */
export function platformsOf(pod: JsonObject): readonly Platform[] | undefined {
	const selected = selectedArchitectures(pod);
	const required = requiredArchitectures(pod);
	if (selected === undefined && required === undefined) return undefined;
	const both =
		selected === undefined || required === undefined
			? (selected ?? required ?? [])
			: selected.filter((one) => required.includes(one));
	const platforms = [...new Set(both)].toSorted().map((architecture) => `linux/${architecture}`);
	return platforms.length > 0 && platforms.every(isPlatform) ? platforms : undefined;
}

function isPlatform(text: string): text is Platform {
	return /^linux\/[a-z0-9_]{1,20}$/u.test(text);
}

function selectedArchitectures(pod: JsonObject): readonly string[] | undefined {
	const selector = valueAt(pod, 'nodeSelector');
	const values = labels.flatMap((label) => textAt(selector, label) ?? []);
	return intersection(values.map((value) => [value]));
}

/** A pod runs where one of the terms holds; a term holds where all of its expressions do. */
function requiredArchitectures(pod: JsonObject): readonly string[] | undefined {
	const affinity = valueAt(valueAt(pod, 'affinity'), 'nodeAffinity');
	const terms = valueAt(valueAt(affinity, 'requiredDuringSchedulingIgnoredDuringExecution'), 'nodeSelectorTerms');
	if (!isList(terms) || terms.length === 0) return undefined;
	const each = terms.map(architecturesOfTerm);
	return each.every((architectures) => architectures !== undefined) ? each.flat() : undefined;
}

function architecturesOfTerm(term: JsonValue): readonly string[] | undefined {
	const expressions = valueAt(term, 'matchExpressions');
	if (!isList(expressions)) return undefined;
	return intersection(
		expressions
			.filter(
				(expression) =>
					labels.some((label) => textAt(expression, 'key') === label) && textAt(expression, 'operator') === 'In',
			)
			.map((expression) => {
				const values = valueAt(expression, 'values');
				return isList(values) ? values.filter((value) => typeof value === 'string') : [];
			}),
	);
}

function intersection([first, ...others]: readonly (readonly string[])[]): readonly string[] | undefined {
	return first?.filter((value) => others.every((other) => other.includes(value)));
}
