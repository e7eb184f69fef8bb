import type * as z from 'zod';
import {severities, type Enforcement, type Severity} from '../types.ts';
import {enforcements, packageTypes} from './fields.ts';
import {outageChoices, type OutageChoice} from './outages.ts';
import type {Policy} from './policy.ts';
import type {tighterFields, tighterForAll} from './policy-layers.ts';

type Written = z.output<z.ZodObject<typeof tighterFields & typeof tighterForAll>>;

/**
 * What somebody asks for beyond a policy: an author, in parameters or in the repository, or a layer. Each can only add to
 * what is refused.
 */
export type TighteningParameters = {
	readonly [Field in Exclude<keyof Written, 'maxDatabaseAge' | TolerantField>]?: Written[Field] | undefined;
} & {
	readonly maxDatabaseAgeHours?: number | undefined;
	// Parameters are taken also where they have no effect.
	readonly ignoreUnfixed?: boolean | undefined;
	readonly digestRequired?: boolean | undefined;
	readonly noPackages?: 'deny' | 'warn' | undefined;
	readonly endOfLife?: 'deny' | 'warn' | undefined;
	readonly staleDatabase?: 'deny' | 'warn' | undefined;
};

type TolerantField = 'ignoreUnfixed' | 'digestRequired' | 'noPackages' | 'endOfLife' | 'staleDatabase';

/** The join of the operator's policy with what somebody asks: nothing becomes looser, and looser wishes change nothing. */
export function tighten(policy: Policy, wish: TighteningParameters): Policy {
	const {unfixedSeverities: unfixed, readmit, ...rest} = policy;
	const ignoreUnfixed = policy.ignoreUnfixed && wish.ignoreUnfixed !== false;
	const score = lower(policy.score, wish.score);
	const exploitProbability = lower(policy.exploitProbability, wish.exploitProbability);
	return {
		...rest,
		severities: union(policy.severities, wish.severities),
		ignoreUnfixed,
		...(unfixed === undefined || wish.ignoreUnfixed === false
			? {}
			: {unfixedSeverities: union(unfixed, wish.severities)}),
		ignoreStatuses:
			wish.ignoreStatuses === undefined
				? policy.ignoreStatuses
				: policy.ignoreStatuses.filter((status) => wish.ignoreStatuses?.includes(status)),
		...(score === undefined ? {} : {score}),
		packages: wish.packages === undefined ? policy.packages : tighterPackages(policy.packages, wish.packages),
		grace: wish.grace === undefined ? policy.grace : shorterGrace(policy.grace, wish.grace),
		...(readmit === undefined || wish.readmit === false ? {} : {readmit}),
		knownExploited: wish.knownExploited ?? policy.knownExploited,
		...(exploitProbability === undefined ? {} : {exploitProbability}),
		unscannable: stricterOf(['warn', 'unknown', 'deny'], policy.unscannable, wish.unscannable),
		outages: wish.unscannable === undefined ? policy.outages : stricterOutages(policy.outages, wish.unscannable),
		noPackages: wish.noPackages === 'deny' ? 'deny' : policy.noPackages,
		endOfLife: wish.endOfLife === 'deny' ? 'deny' : policy.endOfLife,
		staleDatabase: wish.staleDatabase === 'deny' ? 'deny' : policy.staleDatabase,
		maxDatabaseAgeHours: smaller(policy.maxDatabaseAgeHours, wish.maxDatabaseAgeHours),
		registries:
			wish.registries === undefined ? policy.registries : narrowerRegistries(policy.registries, wish.registries),
		platforms: [...new Set([...policy.platforms, ...(wish.platforms ?? [])])],
		digestRequired: policy.digestRequired || wish.digestRequired === true,
		tagsForbidden: distinct(policy.tagsForbidden, wish.tagsForbidden),
		placeholders: wish.placeholders ?? policy.placeholders,
		enforcement: stricterOf<Enforcement>(enforcements, policy.enforcement, wish.enforcement),
	};
}

function union(own: readonly Severity[], more: readonly Severity[] = []): readonly Severity[] {
	return severities.filter((severity) => own.includes(severity) || more.includes(severity)).toReversed();
}

/** The same list when nothing is added. */
function distinct(own: readonly string[], more: readonly string[] = []): readonly string[] {
	return more.every((item) => own.includes(item)) ? own : [...new Set([...own, ...more])].toSorted();
}

function tighterPackages(
	own: Policy['packages'],
	{types = [], deny}: NonNullable<TighteningParameters['packages']>,
): Policy['packages'] {
	return {
		types: packageTypes.filter((type) => own.types.includes(type) || types.includes(type)),
		deny: distinct(own.deny, deny),
	};
}

/** What the policy gives no grace gets none; nothing is left of a grace of no hours. */
function shorterGrace(own: Policy['grace'], wish: NonNullable<TighteningParameters['grace']>): Policy['grace'] {
	const left = severities.flatMap((severity) => {
		const hours = own[severity] === undefined ? 0 : smaller(own[severity], wish[severity]);
		return hours > 0 ? [[severity, hours] as const] : [];
	});
	return Object.fromEntries(left);
}

function narrowerRegistries(
	own: Policy['registries'],
	{allow, deny}: NonNullable<TighteningParameters['registries']>,
): Policy['registries'] {
	const lists = new Map([...(own.narrowedTo ?? []), allow ?? []].map((list) => [JSON.stringify(list), list]));
	const narrowedTo = [...lists.entries()]
		.filter(([, list]) => list.length > 0)
		.toSorted(([one], [other]) => (one < other ? -1 : 1))
		.map(([, list]) => list);
	return {...own, deny: distinct(own.deny, deny), ...(narrowedTo.length === 0 ? {} : {narrowedTo})};
}

/** What is not told apart follows `unscannable`. */
function stricterOutages(own: Policy['outages'], wish: OutageChoice): Policy['outages'] {
	const {registry, scanner, busy} = own;
	return {
		...own,
		...(registry === undefined ? {} : {registry: stricterOf(outageChoices, registry, wish)}),
		...(scanner === undefined ? {} : {scanner: stricterOf(outageChoices, scanner, wish)}),
		...(busy === undefined ? {} : {busy: stricterOf(outageChoices, busy, wish)}),
	};
}

function lower(limit: number | undefined, wish: number | undefined): number | undefined {
	if (limit === undefined || wish === undefined) return limit ?? wish;
	return smaller(limit, wish);
}

/** Not Math.min: with a wish that is no number, every database would be young enough. */
function smaller(limit: number, wish: number | undefined): number {
	return wish !== undefined && wish < limit ? wish : limit;
}

function stricterOf<Value>(order: readonly Value[], own: Value, wish: Value | undefined): Value {
	return wish !== undefined && order.indexOf(wish) > order.indexOf(own) ? wish : own;
}
