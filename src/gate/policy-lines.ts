import type {Caveat, DecisionReason} from '../types.ts';
import {outageOf} from './outages.ts';
import type {Policy} from './policy.ts';
import {readDocument} from './problems.ts';

export type PolicyField = keyof Policy;

const caveatFields = {
	'no-os': 'noPackages',
	'no-packages': 'noPackages',
	'unsupported-os': 'noPackages',
	'end-of-life': 'endOfLife',
	'stale-database': 'staleDatabase',
} as const satisfies Readonly<Record<Caveat['kind'], PolicyField>>;

const ruleFields = {
	invalid: undefined,
	placeholder: 'placeholders',
	'digest-required': 'digestRequired',
	'tag-forbidden': 'tagsForbidden',
	'registry-denied': 'registries',
} as const;

/** The field of the policy that made a reason what it is; undefined for what no policy can change. */
export function fieldOf(reason: DecisionReason, {outages}: Pick<Policy, 'outages'>): PolicyField | undefined {
	switch (reason.kind) {
		case 'finding':
			return reason.rule;
		case 'caveat':
			return caveatFields[reason.caveat.kind];
		case 'unscanned': {
			const outage = outageOf(reason.reason);
			return outage !== undefined && outages[outage] !== undefined ? 'outages' : 'unscannable';
		}
		case 'reference':
			return ruleFields[reason.rule];
	}
}

/** The line of a policy's text on which a field of its spec stands; undefined when it is left out. */
export function lineOf(text: string, field: PolicyField): number | undefined {
	const {value, place} = readDocument(text);
	const spec: unknown = typeof value === 'object' && value !== null && 'spec' in value ? value.spec : undefined;
	const name = nameOf(field);
	if (typeof spec !== 'object' || spec === null || !Object.hasOwn(spec, name)) return undefined;
	return place(['spec', name], 'key').line;
}

/** A field with its value, as `severities: CRITICAL, HIGH`. */
export function fieldText(policy: Policy, field: PolicyField): string {
	const value = policy[field];
	if (typeof value === 'number' && field !== nameOf(field)) return `${nameOf(field)}: ${value}h`;
	if (Array.isArray(value)) return `${field}: ${value.join(', ')}`;
	return typeof value === 'object' ? `${field}: ${JSON.stringify(value)}` : `${field}: ${String(value)}`;
}

/** In the file a duration has no unit in its name. */
function nameOf(field: PolicyField): string {
	return field.replace(/Hours$/, '');
}
