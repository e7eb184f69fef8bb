import {severities, type Enforcement, type Platform, type Severity} from '../types.ts';
import {enforcements, type Policy} from './policy.ts';

/** What an application's author may ask of the gate; each can only add to what the operator's policy refuses. */
export interface TighteningParameters {
	readonly severities?: readonly Severity[] | undefined;
	readonly ignoreUnfixed?: boolean | undefined;
	readonly noPackages?: 'deny' | 'warn' | undefined;
	readonly endOfLife?: 'deny' | 'warn' | undefined;
	readonly staleDatabase?: 'deny' | 'warn' | undefined;
	readonly maxDatabaseAgeHours?: number | undefined;
	readonly platforms?: readonly Platform[] | undefined;
	readonly digestRequired?: boolean | undefined;
	readonly enforcement?: Enforcement | undefined;
}

/** The join of the operator's policy with what an author asks: nothing becomes looser, and looser wishes change nothing. */
export function tighten(policy: Policy, wish: TighteningParameters): Policy {
	return {
		...policy,
		severities: severities
			.filter((severity) => policy.severities.includes(severity) || (wish.severities ?? []).includes(severity))
			.toReversed(),
		ignoreUnfixed: policy.ignoreUnfixed && wish.ignoreUnfixed !== false,
		noPackages: wish.noPackages === 'deny' ? 'deny' : policy.noPackages,
		endOfLife: wish.endOfLife === 'deny' ? 'deny' : policy.endOfLife,
		staleDatabase: wish.staleDatabase === 'deny' ? 'deny' : policy.staleDatabase,
		maxDatabaseAgeHours: smaller(policy.maxDatabaseAgeHours, wish.maxDatabaseAgeHours),
		platforms: [...new Set([...policy.platforms, ...(wish.platforms ?? [])])],
		digestRequired: policy.digestRequired || wish.digestRequired === true,
		enforcement: stricter(policy.enforcement, wish.enforcement),
	};
}

/** Not Math.min: with a wish that is no number, every database would be young enough. */
function smaller(limit: number, wish: number | undefined): number {
	return wish !== undefined && wish < limit ? wish : limit;
}

function stricter(one: Enforcement, other: Enforcement | undefined): Enforcement {
	return other !== undefined && enforcements.indexOf(other) > enforcements.indexOf(one) ? other : one;
}
