import {printable} from '../log.ts';
import type {Decision, DecisionReason, ImageDecision, ImageOrigin, Platform, ScanVerdict} from '../types.ts';
import {fit, wrap} from './wrap.ts';

/** The whole story of one image, with the words that explain.ts has for it. */
export interface Explanation {
	readonly image: ImageDecision;
	/** The full name that runtimes pull; undefined for what is no image reference. */
	readonly canonical: string | undefined;
	readonly platforms: readonly Platform[];
	/** What a rule of the finder looks at. */
	readonly ruleText: (rule: string) => string;
	readonly reasonText: (reason: DecisionReason) => string;
	/** The line of the policy that made a reason what it is, as `policy.yaml, line 7: severities: CRITICAL`. */
	readonly policyLine: (reason: DecisionReason) => string;
	readonly advice: readonly string[];
}

const decisionTexts: Readonly<Record<Decision, string>> = {
	allow: 'allowed',
	warn: 'allowed with a warning',
	unknown: 'not known',
	deny: 'DENIED',
};

/** The story for a person: where the image comes from, what was scanned, what was decided and why. */
export function formatExplanation(explanation: Explanation): string {
	const {image, canonical, platforms, advice} = explanation;
	const {reference, verdicts} = image;
	const scanned = reference.outcome === 'scan';
	const sections = [
		[
			reference.image,
			...(canonical === undefined || canonical === reference.image ? [] : wrap(`in full: ${canonical}`, 2)),
			...(scanned ? [] : [`  outcome: ${reference.outcome}`]),
		],
		['Found', ...reference.origins.flatMap((origin) => originLines(origin, explanation))],
		...(scanned
			? [['Scanned', ...wrap(`platforms: ${platforms.join(', ')}`, 2), ...verdicts.flatMap(verdictLines)]]
			: []),
		['Decided', ...decisionLines(explanation)],
		...(advice.length === 0 ? [] : [['What to do', ...advice.flatMap((text) => wrap(`→ ${text}`, 2, 4))]]),
	];
	return `${sections.map((lines) => lines.map(oneLine).join('\n')).join('\n\n')}\n`;
}

/** The same for a program; `version` is raised when a field changes its meaning or goes away. */
export function formatExplanationAsJson(explanation: Explanation): string {
	const {image, canonical, platforms, ruleText, reasonText, policyLine, advice} = explanation;
	const {reference, verdicts, decision, reasons} = image;
	const document = {
		version: 1,
		image: reference.image,
		canonical,
		outcome: reference.outcome,
		origins: reference.origins.map(({object, path, rule, outcome, ignoredBy, reason, file, platforms: own}) => ({
			object,
			path,
			rule,
			ruleText: ruleText(rule),
			outcome,
			ignoredBy,
			reason,
			file,
			platforms: own,
		})),
		platforms: reference.outcome === 'scan' ? platforms : [],
		scans: verdicts.map((verdict) =>
			verdict.kind === 'scanned'
				? {
						platform: verdict.platform,
						outcome: verdict.kind,
						digest: verdict.digest,
						os: verdict.os,
						packages: verdict.packages,
					}
				: {platform: verdict.platform, outcome: verdict.kind, reason: verdict.reason, detail: verdict.detail},
		),
		decision,
		reasons: reasons.map((reason) => ({
			decision: reason.decision,
			platform: reason.platform,
			text: reasonText(reason),
			policy: policyLine(reason),
		})),
		advice,
	};
	return `${JSON.stringify(document, undefined, 2)}\n`;
}

function originLines(origin: ImageOrigin, {ruleText}: Explanation): readonly string[] {
	const {object, path, rule, outcome, ignoredBy, reason, file, platforms} = origin;
	const what = ignoredBy === undefined ? outcome : `${outcome}(${ignoredBy})`;
	const story = `${ruleText(rule)} (${rule}), so the outcome is ${what}${reason === undefined ? '' : `: ${reason}`}`;
	return [
		...fit([object, path, ...(file === undefined ? [] : [`in ${file}`])], 2),
		...wrap(story, 4),
		...(platforms === undefined ? [] : wrap(`its selectors keep the pod on ${platforms.join(', ')}`, 4)),
	];
}

function verdictLines(verdict: ScanVerdict): readonly string[] {
	const {platform} = verdict;
	if (verdict.kind === 'unscanned') return wrap(`${platform}  not scanned: ${verdict.reason} (${verdict.detail})`, 2);
	const {digest, os, packages, findings, caveats, database, cached} = verdict;
	const facts = [
		os ?? 'no operating system known',
		countOf(packages, 'package'),
		countOf(findings.length, 'finding'),
		...caveats.map(({kind}) => kind),
		`database of ${database.updatedAt}`,
		...(cached ? ['from the cache'] : []),
	];
	return [...fit([platform, digest], 2), ...wrap(facts.join(', '), 4)];
}

function countOf(count: number, what: string): string {
	return `${count} ${what}${count === 1 ? '' : 's'}`;
}

function decisionLines({image, reasonText, policyLine}: Explanation): readonly string[] {
	const {reference, decision, reasons} = image;
	if (reasons.length === 0 && reference.outcome !== 'scan') {
		return ['  nothing: the gate tells of it and does not decide about it'];
	}
	const why = reasons.flatMap((reason) => [
		...wrap(`${reason.platform === undefined ? '' : `${reason.platform}: `}it ${reasonText(reason)}`, 2),
		...wrap(policyLine(reason), 4),
	]);
	return [`  ${decisionTexts[decision]}`, ...(why.length > 0 ? why : ['  nothing of the policy speaks against it'])];
}

/** Names come from manifests and registries: no control characters, no line breaks. */
function oneLine(text: string): string {
	return printable(text).replaceAll(/[\n\t]/gu, ' ');
}
