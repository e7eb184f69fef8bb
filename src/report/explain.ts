import {printable} from '../log.ts';
import type {Decision, DecisionReason, ImageDecision, ImageOrigin, Platform, ScanVerdict} from '../types.ts';

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
	const {reference, verdicts, decision} = image;
	const scanned = reference.outcome === 'scan';
	const sections = [
		[
			reference.image,
			...(canonical === undefined || canonical === reference.image ? [] : [`  in full: ${canonical}`]),
			...(scanned ? [] : [`  outcome: ${reference.outcome}`]),
		],
		['Found', ...reference.origins.flatMap((origin) => originLines(origin, explanation))],
		...(scanned ? [['Scanned', `  platforms: ${platforms.join(', ')}`, ...verdicts.map(verdictLine)]] : []),
		['Decided', `  ${decisionTexts[decision]}`, ...reasonLines(explanation)],
		...(advice.length === 0 ? [] : [['What to do', ...advice.map((text) => `  → ${text}`)]]),
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
		origins: reference.origins.map(({object, path, rule, outcome, reason, file, platforms: own}) => ({
			object,
			path,
			rule,
			ruleText: ruleText(rule),
			outcome,
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
	const {object, path, rule, outcome, reason, file, platforms} = origin;
	const where = [object, path, ...(file === undefined ? [] : [`in ${file}`])].filter((text) => text !== '').join('  ');
	return [
		`  ${where}`,
		`    ${ruleText(rule)} (${rule}), so the outcome is ${outcome}${reason === undefined ? '' : `: ${reason}`}`,
		...(platforms === undefined ? [] : [`    its selectors keep the pod on ${platforms.join(', ')}`]),
	];
}

function verdictLine(verdict: ScanVerdict): string {
	const {platform} = verdict;
	if (verdict.kind === 'unscanned') return `  ${platform}  not scanned: ${verdict.reason} (${verdict.detail})`;
	const {digest, os, packages, findings, caveats, database, cached} = verdict;
	const facts = [
		os ?? 'no operating system known',
		`${packages} packages`,
		`${findings.length} findings`,
		...caveats.map(({kind}) => kind),
		`database of ${database.updatedAt}`,
		...(cached ? ['from the cache'] : []),
	];
	return `  ${platform}  ${digest}  ${facts.join(', ')}`;
}

function reasonLines({image, reasonText, policyLine}: Explanation): readonly string[] {
	if (image.reasons.length === 0) {
		const why =
			image.reference.outcome === 'scan'
				? 'nothing of the policy speaks against it'
				: 'the gate tells of it and does not decide about it';
		return [`  ${why}`];
	}
	return image.reasons.flatMap((reason) => [
		`  ${reason.platform === undefined ? '' : `${reason.platform}: `}it ${reasonText(reason)}`,
		`    ${policyLine(reason)}`,
	]);
}

/** Names come from manifests and registries: no control characters, no line breaks. */
function oneLine(text: string): string {
	return printable(text).replaceAll(/[\n\t]/gu, ' ');
}
