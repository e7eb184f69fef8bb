import type {DecisionReason} from '../types.ts';
import type {Policy} from './policy.ts';
import {readDocument} from './problems.ts';

export type PolicyField = keyof Policy;

/** The field of the policy that made a reason what it is; undefined for what no policy can change. */
export function fieldOf(reason: DecisionReason): PolicyField | undefined {
	switch (reason.kind) {
		case 'finding':
			return 'severities';
		case 'caveat':
			switch (reason.caveat.kind) {
				case 'no-os':
				case 'no-packages':
					return 'noPackages';
				case 'end-of-life':
					return 'endOfLife';
				case 'stale-database':
					return 'staleDatabase';
			}
		// eslint-disable-next-line no-fallthrough -- every kind of caveat has returned
		case 'unscanned':
			return 'unscannable';
		case 'reference':
			switch (reason.rule) {
				case 'invalid':
					return undefined;
				case 'placeholder':
					return 'placeholders';
				case 'digest-required':
					return 'digestRequired';
				case 'registry-denied':
					return 'registries';
			}
	}
}

/** The line of a policy's text on which a field of its spec stands; undefined when it is left out. */
export function lineOf(text: string, field: PolicyField): number | undefined {
	const {value, place} = readDocument(text);
	const spec: unknown = typeof value === 'object' && value !== null && 'spec' in value ? value.spec : undefined;
	if (typeof spec !== 'object' || spec === null || !Object.hasOwn(spec, field)) return undefined;
	return place(['spec', field], 'key').line;
}

/** A field with its value, as `severities: CRITICAL, HIGH`. */
export function fieldText(policy: Policy, field: PolicyField): string {
	const value = policy[field];
	if (Array.isArray(value)) return `${field}: ${value.join(', ')}`;
	return typeof value === 'object' ? `${field}: ${JSON.stringify(value)}` : `${field}: ${String(value)}`;
}
