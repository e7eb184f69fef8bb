import {
	decisions,
	type Caveat,
	type Decision,
	type DecisionReason,
	type Finding,
	type GateDecision,
	type ImageDecision,
	type ImageName,
	type ImageReference,
	type ScanVerdict,
} from '../types.ts';
import {byReason, byText, byVerdict, sortedVerdict, strictest} from './order.ts';
import {platformsFor} from './platforms.ts';
import type {Policy} from './policy.ts';
import {fixOf} from './upgrades.ts';
import {registryRefusal} from './registries.ts';
import {reportIdOf} from './report-id.ts';

/** What an image name stands for: `docker.io/library/nginx`, and the digest when it has one. */
export interface CanonicalImage {
	readonly repository: string;
	readonly digest: string | undefined;
}

export interface DecideOptions {
	readonly references: readonly ImageReference[];
	readonly verdicts: readonly ScanVerdict[];
	readonly policy: Policy;
	readonly canonical: (name: ImageName) => CanonicalImage;
}

/**
 * What the policy says about an image before anything is scanned, strictest first; empty when nothing speaks against
 * it. An image that is denied here needs no scan, and a registry that is denied must see no request.
 * @param canonical the image's canonical name; undefined only when the reference has no name.
 */
export function admit(
	reference: ImageReference,
	canonical: CanonicalImage | undefined,
	policy: Policy,
): readonly DecisionReason[] {
	const {outcome, origins} = reference;
	const why = origins.find((origin) => origin.outcome === outcome)?.reason;
	switch (outcome) {
		case 'ignored':
		case 'potential':
		case 'unresolved':
			return [];
		case 'invalid':
			return [refused('invalid', why ?? 'it does not satisfy the grammar of image references')];
		case 'placeholder':
			return [
				{
					...refused('placeholder', why ?? 'it is filled in after rendering, where nothing scans it'),
					decision: policy.placeholders,
				},
			];
		case 'scan':
			return canonical === undefined
				? [refused('invalid', 'it has no name that could be scanned')]
				: admitName(canonical, policy);
	}
}

/**
 * Decides over all images: each gets every reason on every platform, and the strictest of them; the application gets
 * the strictest of its images. An image that is to be scanned and has no verdict for a platform of the policy is not
 * known, never allowed. The result does not depend on the order of what is given.
 */
export function decide({references, verdicts, policy, canonical}: DecideOptions): GateDecision {
	const byImage = Map.groupBy(verdicts, ({image}) => image);
	const images = references
		.map((reference) => {
			const own = reference.name === undefined ? [] : (byImage.get(reference.name) ?? []);
			const admission = admit(reference, reference.name === undefined ? undefined : canonical(reference.name), policy);
			return decideImage(reference, admission, own, policy);
		})
		.toSorted(
			(one, other) =>
				decisions.indexOf(other.decision) - decisions.indexOf(one.decision) ||
				byText(one.reference.image, other.reference.image),
		);
	return {
		decision: strictest(images.map(({decision}) => decision)),
		images,
		exceptions: [],
		breakGlass: [],
		ahead: [],
		enforcement: policy.enforcement,
		reportId: reportIdOf(images),
	};
}

function decideImage(
	reference: ImageReference,
	admission: readonly DecisionReason[],
	unsorted: readonly ScanVerdict[],
	policy: Policy,
): ImageDecision {
	const verdicts = unsorted.map(sortedVerdict).toSorted(byVerdict);
	const scanned = reference.outcome === 'scan';
	const reasons = [
		...admission,
		...(scanned ? verdicts.flatMap((verdict) => reasonsOf(verdict, policy)) : []),
		...(scanned && admission.length === 0 ? missingVerdicts(reference, verdicts, policy) : []),
	]
		.filter(({decision}) => decision !== 'allow')
		.toSorted(byReason);
	return {
		reference,
		decision: strictest(reasons.map(({decision}) => decision)),
		reasons,
		excepted: [],
		verdicts,
	};
}

function admitName({repository, digest}: CanonicalImage, policy: Policy): DecisionReason[] {
	const refusal = registryRefusal(repository, policy.registries);
	return [
		...(policy.digestRequired && digest === undefined
			? [refused('digest-required', 'a tag can move between scan and pull')]
			: []),
		...(refusal === undefined ? [] : [refused('registry-denied', refusal)]),
	];
}

function refused(rule: (DecisionReason & {kind: 'reference'})['rule'], detail: string): DecisionReason {
	return {decision: 'deny', platform: undefined, kind: 'reference', rule, detail};
}

function reasonsOf(verdict: ScanVerdict, policy: Policy): DecisionReason[] {
	const {platform} = verdict;
	switch (verdict.kind) {
		case 'unscanned': {
			const {reason, transient, detail} = verdict;
			return [{decision: policy.unscannable, platform, kind: 'unscanned', reason, transient, detail}];
		}
		case 'scanned': {
			// Nobody makes fixes for such a distribution, so that none is known there says nothing.
			const abandoned = verdict.caveats.some(({kind}) => kind === 'end-of-life');
			const counts = (finding: Finding) =>
				policy.severities.includes(finding.severity) &&
				(!policy.ignoreUnfixed || abandoned || fixOf(finding) !== undefined);
			return [
				...verdict.findings
					.filter(counts)
					.map((finding) => ({decision: 'deny', platform, kind: 'finding', finding, rule: 'severities'}) as const),
				...verdict.caveats.map(
					(caveat) => ({decision: caveatDecision(caveat, policy), platform, kind: 'caveat', caveat}) as const,
				),
			];
		}
	}
}

function caveatDecision(caveat: Caveat, policy: Policy): Decision {
	switch (caveat.kind) {
		case 'no-os':
		case 'no-packages':
		case 'unsupported-os':
			return policy.noPackages;
		case 'end-of-life':
			return policy.endOfLife;
		case 'stale-database':
			return policy.staleDatabase;
	}
}

/** At least `unknown`, also when the policy lets what cannot be scanned pass: here nobody has even tried. */
function missingVerdicts(
	reference: ImageReference,
	verdicts: readonly ScanVerdict[],
	policy: Policy,
): DecisionReason[] {
	return platformsFor(reference, policy.platforms)
		.filter((wanted) => !verdicts.some(({platform}) => platform === wanted))
		.map((platform) => ({
			decision: strictest(['unknown', policy.unscannable]),
			platform,
			kind: 'unscanned',
			reason: 'canceled',
			transient: true,
			detail: 'no scan of it was made',
		}));
}
