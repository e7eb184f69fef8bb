import {
	decisions,
	type BreakGlassGrant,
	type Caveat,
	type Decision,
	type DecisionReason,
	type ExceptedFinding,
	type Finding,
	type FindingRule,
	type GateDecision,
	type ImageDecision,
	type ImageName,
	type ImageReference,
	type Pass,
	type ScanVerdict,
} from '../types.ts';
import {warningsAhead} from './ahead.ts';
import {createCalendar, dayOf, type Calendar} from './days.ts';
import {noExceptions, type Exceptions} from './exceptions.ts';
import type {Feeds} from './feeds.ts';
import {countingRule, graceOf, readmissionOf} from './findings.ts';
import type {Ledger} from './ledger.ts';
import {choiceFor, decideOutage} from './outages.ts';
import {breakGlassFor, waiversFor, type ApplicationScope, type Waivers} from './grants.ts';
import {usesOf} from './uses.ts';
import {byReason, byText, byVerdict, sortedReasons, strictest, verdictSorter} from './order.ts';
import {platformsFor} from './platforms.ts';
import type {Policy} from './policy.ts';
import {registryRefusal} from './registries.ts';
import {reportIdOf} from './report-id.ts';
import {globs} from './text-pattern.ts';

/** What an image name stands for: `docker.io/library/nginx`, and the tag and the digest when it has them. */
export interface CanonicalImage {
	readonly repository: string;
	readonly tag: string | undefined;
	readonly digest: string | undefined;
}

export interface DecideOptions {
	readonly references: readonly ImageReference[];
	readonly verdicts: readonly ScanVerdict[];
	/** For the application. */
	readonly policy: Policy;
	/** For one image of it, by its canonical `host/repository`; the same when it is left out. */
	readonly policyOf?: ((repository: string) => Policy) | undefined;
	readonly canonical: (name: ImageName) => CanonicalImage;
	/** All but what is given in hours (break-glass, outages) depends on its day in UTC alone. */
	readonly now: Date;
	/** Undefined where no application is known: nothing passes then that is meant for some. */
	readonly scope?: ApplicationScope | undefined;
	readonly exceptions?: Exceptions | undefined;
	/** Needed by the rules `knownExploited` and `exploitProbability`: without them they hold for every finding. */
	readonly feeds?: Feeds | undefined;
	/** Needed by `readmit`: without it nothing is readmitted. */
	readonly ledger?: Ledger | undefined;
}

const nobody: ApplicationScope = {application: '', project: undefined, revision: undefined};

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
export function decide(options: DecideOptions): GateDecision {
	const {references, verdicts, policy, policyOf = () => policy, canonical, now} = options;
	const {scope = nobody, exceptions = noExceptions, feeds = {}, ledger} = options;
	const today = dayOf(now);
	const waivers = waiversFor(exceptions, scope, today);
	const days = createCalendar();
	const sorted = verdictSorter(verdicts);
	const byImage = Map.groupBy(verdicts, ({image}) => image);
	const judged = references.map((reference) => {
		const own = reference.name === undefined ? [] : (byImage.get(reference.name) ?? []);
		const name = reference.name === undefined ? undefined : canonical(reference.name);
		const repository = name?.repository ?? '';
		const its = name === undefined ? policy : policyOf(repository);
		const circumstances = {policy: its, repository, feeds, waivers, today, days, ledger, now};
		return decideImage(reference, name, own.map(sorted).toSorted(byVerdict), circumstances);
	});
	const [grant, ...others] = breakGlassFor(exceptions, scope, now);
	const images = (grant === undefined ? judged : judged.map((image) => letPass(image, grant))).toSorted(
		(one, other) =>
			decisions.indexOf(other.decision) - decisions.indexOf(one.decision) ||
			byText(one.reference.image, other.reference.image),
	);
	const needed = judged.some(({decision}) => decision === 'deny' || decision === 'unknown');
	return {
		decision: strictest(images.map(({decision}) => decision)),
		images,
		exceptions: usesOf(images),
		breakGlass: [
			...(grant === undefined ? [] : [{grant, needed}]),
			...others.map((other) => ({grant: other, needed: false})),
		],
		ahead: warningsAhead(images, policy.earlyWarningHours, now),
		enforcement: policy.enforcement,
		reportId: reportIdOf(images),
	};
}

/** What one image is judged by. */
interface Circumstances {
	readonly policy: Policy;
	/** Empty when the image has no name. */
	readonly repository: string;
	readonly feeds: Feeds;
	readonly waivers: Waivers;
	readonly today: string;
	readonly days: Calendar;
	readonly ledger: Ledger | undefined;
	readonly now: Date;
}

function decideImage(
	reference: ImageReference,
	name: CanonicalImage | undefined,
	verdicts: readonly ScanVerdict[],
	circumstances: Circumstances,
): ImageDecision {
	const {policy} = circumstances;
	const admission = admit(reference, name, policy);
	const scanned = reference.outcome === 'scan';
	const excepted: ExceptedFinding[] = [];
	const found = scanned
		? verdicts.flatMap((verdict) => {
				const judged = reasonsOf(verdict, circumstances);
				excepted.push(...judged.excepted);
				return judged.reasons;
			})
		: [];
	const all = [
		...admission,
		...found,
		...(scanned && admission.length === 0 ? missingVerdicts(reference, verdicts, policy) : []),
	];
	const reasons = sortedReasons(
		all.filter(({decision}) => decision !== 'allow'),
		verdicts.length,
	);
	return {
		reference,
		decision: strictest(reasons.map(({decision}) => decision)),
		reasons,
		excepted,
		verdicts,
	};
}

/** What break-glass makes of an image: a warning, whatever speaks against it. */
function letPass(image: ImageDecision, grant: BreakGlassGrant): ImageDecision {
	const reasons = image.reasons
		.map((reason): DecisionReason =>
			reason.decision === 'warn' ? reason : {...reason, decision: 'warn', pass: {kind: 'break-glass', grant}},
		)
		.toSorted(byReason);
	return {...image, decision: strictest(reasons.map(({decision}) => decision)), reasons};
}

function admitName({repository, tag = 'latest', digest}: CanonicalImage, policy: Policy): DecisionReason[] {
	const refusal = registryRefusal(repository, policy.registries);
	const forbidden = digest === undefined ? policy.tagsForbidden.find((pattern) => globs(pattern, tag)) : undefined;
	return [
		...(forbidden === undefined
			? []
			: [refused('tag-forbidden', `its tag ${tag} matches "${forbidden}" of tagsForbidden`)]),
		...(policy.digestRequired && digest === undefined
			? [refused('digest-required', 'a tag can move between scan and pull')]
			: []),
		...(refusal === undefined ? [] : [refused('registry-denied', refusal)]),
	];
}

function refused(rule: (DecisionReason & {kind: 'reference'})['rule'], detail: string): DecisionReason {
	return {decision: 'deny', platform: undefined, kind: 'reference', rule, detail};
}

function reasonsOf(
	verdict: ScanVerdict,
	circumstances: Circumstances,
): {readonly reasons: readonly DecisionReason[]; readonly excepted: readonly ExceptedFinding[]} {
	const {platform} = verdict;
	const {policy, feeds, waivers, repository} = circumstances;
	switch (verdict.kind) {
		case 'unscanned': {
			const {reason, transient, detail} = verdict;
			return {
				reasons: [
					{
						...decideOutage(choiceFor(reason, policy), {...circumstances, image: verdict.image}),
						platform,
						kind: 'unscanned',
						reason,
						transient,
						detail,
					},
				],
				excepted: [],
			};
		}
		case 'scanned': {
			// Nobody makes fixes for such a distribution, so that none is known there says nothing.
			const abandoned = verdict.caveats.some(({kind}) => kind === 'end-of-life');
			const reasons: DecisionReason[] = verdict.caveats.map((caveat) => {
				return {decision: caveatDecision(caveat, policy), platform, kind: 'caveat', caveat};
			});
			const excepted: ExceptedFinding[] = [];
			const waive = waivers.in(repository);
			for (const finding of verdict.findings) {
				const rule = countingRule(finding, {policy, feeds, abandoned});
				if (rule === undefined) continue;
				const found = waive(finding);
				if (found?.active !== undefined) {
					excepted.push({finding, platform, exception: found.active});
					continue;
				}
				const lapsed = found?.lapsed;
				const reason = {
					kind: 'finding',
					platform,
					finding,
					rule,
					...(lapsed === undefined ? undefined : {lapsed}),
				} as const;
				const pass = passOf(finding, rule, verdict.digest, circumstances);
				if (pass === undefined) reasons.push({decision: 'deny', ...reason});
				else reasons.push({decision: 'warn', pass, ...reason});
			}
			return {reasons, excepted};
		}
	}
}

function passOf(
	finding: Finding,
	rule: FindingRule,
	digest: string,
	circumstances: Pick<Circumstances, 'policy' | 'today' | 'days' | 'ledger'>,
): Pass | undefined {
	const {ledger} = circumstances;
	const grace = graceOf(finding, rule, circumstances);
	if (grace !== undefined) return {kind: 'grace', until: grace};
	const deployed = ledger?.since(digest);
	if (ledger === undefined || deployed === undefined) return undefined;
	const until = readmissionOf(finding, rule, deployed, circumstances);
	return until === undefined ? undefined : {kind: 'readmitted', deployed, until, evidence: ledger.evidence};
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
