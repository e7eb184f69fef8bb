import type {ApplicationScope} from './grants.ts';
import {policyFields, type Policy} from './policy.ts';
import type {Layer} from './policy-layers.ts';
import {repositoryMatches} from './registries.ts';
import {globs} from './text-pattern.ts';
import {tighten, type TighteningParameters} from './tighten.ts';

/** A wish, and whose it is: `a parameter of the application`. */
export interface Wish {
	readonly by: string;
	readonly wish: TighteningParameters;
}

/** Who made a field what it is, when that is not the policy's own `spec`. */
export interface PolicyChange {
	readonly field: keyof Policy;
	readonly by: string;
}

export interface EffectivePolicy {
	/** For the application, without what holds for some images alone. */
	readonly policy: Policy;
	readonly changes: readonly PolicyChange[];
	/** For one image of it. @param repository canonical `host/repository`. */
	readonly forImage: (repository: string) => {readonly policy: Policy; readonly changes: readonly PolicyChange[]};
}

export interface PolicyScope extends Pick<ApplicationScope, 'application' | 'project'> {
	/** Of the destination; its author's choice. */
	readonly namespace: string | undefined;
}

interface Step {
	readonly by: string;
	readonly apply: (policy: Policy) => Policy;
}

/**
 * The policy as it holds for one application: first the overrides of its project, in their order, then everything that
 * tightens. The order of what tightens does not matter, and nothing of an author can undo it.
 */
export function effectivePolicy(written: Policy, scope: PolicyScope, wishes: readonly Wish[]): EffectivePolicy {
	const ofApplication = written.layers.flatMap(halves).filter((layer) => isMeant(layer, scope));
	const asked = wishes.map(({by, wish}): Step => ({by, apply: (policy) => tighten(policy, wish)}));
	const build = (layers: readonly Layer[]) => applySteps(written, [...layerSteps(layers, scope), ...asked]);
	const general = ofApplication.filter(({match}) => match.images === undefined);
	const base = build(general);
	const known = new Map<string, ReturnType<typeof build>>();
	return {
		...base,
		forImage: (repository) => {
			if (general.length === ofApplication.length) return base;
			const layers = ofApplication.filter((layer) => isMeantFor(repository, layer));
			const key = layers.map((layer) => ofApplication.indexOf(layer)).join();
			const own = known.get(key) ?? build(layers);
			known.set(key, own);
			return own;
		},
	};
}

/** A layer that tightens and loosens, as two: they differ in what they match when something is not told. */
function halves({tighten: wish, override, ...rest}: Layer): readonly Layer[] {
	return [
		...(wish === undefined ? [] : [{...rest, tighten: wish}]),
		...(override === undefined ? [] : [{...rest, override}]),
	];
}

/** A host without a port means every port where the layer tightens, because an author chooses the port. */
function isMeantFor(repository: string, {match: {images}, override}: Layer): boolean {
	const ports = override === undefined ? 'any' : 'default';
	return images?.some((pattern) => repositoryMatches(pattern, repository, ports)) ?? true;
}

/** Whether a layer can hold for an application at all. What nobody tells matches where the layer tightens. */
function isMeant({match: {projects, namespaces, applications}, override}: Layer, scope: PolicyScope): boolean {
	const matches = (patterns: readonly string[] | undefined, name: string | undefined) => {
		if (patterns === undefined) return true;
		return name === undefined ? override === undefined : patterns.some((pattern) => globs(pattern, name));
	};
	return (
		matches(projects, scope.project) && matches(namespaces, scope.namespace) && matches(applications, scope.application)
	);
}

function layerSteps(layers: readonly Layer[], {project}: PolicyScope): readonly Step[] {
	const overrides = layers.flatMap(({name, override}): Step[] => {
		if (override === undefined || project === undefined) return [];
		const {owner, reason, set} = override;
		const by = `overridden by the layer "${name}" (${owner}: ${reason})`;
		return [{by, apply: (policy) => overridden(policy, set)}];
	});
	const tighter = layers.flatMap(({name, tighten: wish}): Step[] => {
		if (wish === undefined) return [];
		const {maxDatabaseAge: maxDatabaseAgeHours, ...rest} = wish;
		return [
			{by: `tightened by the layer "${name}"`, apply: (policy) => tighten(policy, {...rest, maxDatabaseAgeHours})},
		];
	});
	return [...overrides, ...tighter];
}

function overridden(policy: Policy, set: NonNullable<Layer['override']>['set']): Policy {
	const {unfixedSeverities, score, exploitProbability} = set;
	return {
		...policy,
		severities: set.severities ?? policy.severities,
		ignoreUnfixed: set.ignoreUnfixed ?? policy.ignoreUnfixed,
		...(unfixedSeverities === undefined ? {} : {unfixedSeverities}),
		ignoreStatuses: set.ignoreStatuses ?? policy.ignoreStatuses,
		...(score === undefined ? {} : {score}),
		grace: set.grace ?? policy.grace,
		knownExploited: set.knownExploited ?? policy.knownExploited,
		...(exploitProbability === undefined ? {} : {exploitProbability}),
		unscannable: set.unscannable ?? policy.unscannable,
		noPackages: set.noPackages ?? policy.noPackages,
		endOfLife: set.endOfLife ?? policy.endOfLife,
		staleDatabase: set.staleDatabase ?? policy.staleDatabase,
		digestRequired: set.digestRequired ?? policy.digestRequired,
		tagsForbidden: set.tagsForbidden ?? policy.tagsForbidden,
		placeholders: set.placeholders ?? policy.placeholders,
		enforcement: set.enforcement ?? policy.enforcement,
	};
}

function applySteps(written: Policy, steps: readonly Step[]) {
	const changes = new Map<keyof Policy, string>();
	let policy: Policy = {...written, layers: []};
	for (const {by, apply} of steps) {
		const next = apply(policy);
		for (const field of policyFields) {
			if (JSON.stringify(policy[field]) !== JSON.stringify(next[field])) changes.set(field, by);
		}
		policy = next;
	}
	return {policy, changes: [...changes].map(([field, by]) => ({field, by}))};
}
