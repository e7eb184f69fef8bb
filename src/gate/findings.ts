import type {Finding, FindingRule} from '../types.ts';
import type {Calendar} from './days.ts';
import type {Feeds} from './feeds.ts';
import type {Policy} from './policy.ts';
import {purlMatches} from './text-pattern.ts';
import {hasFix} from './upgrades.ts';

interface Circumstances {
	readonly policy: Policy;
	readonly feeds: Feeds;
	/** Nobody makes fixes for the image's distribution any more. */
	readonly abandoned: boolean;
}

/** The rule of the policy by which a finding counts; undefined when it does not. */
export function countingRule(finding: Finding, circumstances: Circumstances): FindingRule | undefined {
	const {policy, feeds} = circumstances;
	const {severities, score: least, packages} = policy;
	// What is exploited, or in a package that is refused, counts whatever else the policy leaves out.
	if (policy.knownExploited === 'deny' && isExploited(finding, feeds)) return 'knownExploited';
	if (isLookedAt(finding, circumstances)) {
		if (severities.includes(finding.severity)) return 'severities';
		if (least !== undefined && finding.score !== undefined && finding.score >= least) return 'score';
	}
	if (isLikelyExploited(finding, policy, feeds)) return 'exploitProbability';
	const {purl} = finding;
	return purl !== undefined && packages.deny.some((pattern) => purlMatches(pattern, purl)) ? 'packages' : undefined;
}

/**
 * The last day on which a finding that counts passes, because it was published so lately; undefined when it does not, when
 * nobody says when it was published, and when that is still to come.
 */
export function graceOf(
	finding: Finding,
	rule: FindingRule,
	{policy, today, days}: {readonly policy: Policy; readonly today: string; readonly days: Calendar},
): string | undefined {
	const hours = policy.grace[finding.severity];
	if (hours === undefined || rule === 'knownExploited') return undefined;
	const {publishedDate} = finding;
	if (publishedDate === undefined) return undefined;
	const published = days.get(publishedDate, 0);
	const until = days.get(publishedDate, hours);
	return published !== undefined && until !== undefined && published <= today && today <= until ? until : undefined;
}

/**
 * The last day on which a finding passes that was disclosed since its image was first allowed; undefined when it does not.
 * @param since the day on which the image was first allowed for the application.
 */
export function readmissionOf(
	{publishedDate, severity}: Finding,
	rule: FindingRule,
	since: string,
	{policy: {readmit}, today, days}: {readonly policy: Policy; readonly today: string; readonly days: Calendar},
): string | undefined {
	if (readmit === undefined || publishedDate === undefined || rule === 'knownExploited') return undefined;
	if (readmit.exceptSeverities.includes(severity)) return undefined;
	const published = days.get(publishedDate, 0);
	const until = days.get(publishedDate, readmit.within);
	if (published === undefined || until === undefined || published > today) return undefined;
	return since <= published && today <= until ? until : undefined;
}

/** Whether severity and score are asked at all. */
function isLookedAt(finding: Finding, {policy, abandoned}: Circumstances): boolean {
	const {packages, ignoreStatuses, ignoreUnfixed, unfixedSeverities} = policy;
	if (finding.type !== undefined && !packages.types.includes(finding.type)) return false;
	if (abandoned) return true;
	if (ignoreStatuses.some((status) => status === finding.status)) return false;
	if (hasFix(finding)) return true;
	return !ignoreUnfixed && (unfixedSeverities === undefined || unfixedSeverities.includes(finding.severity));
}

function isExploited({id}: Finding, {exploited}: Feeds): boolean {
	return exploited === undefined || exploited.has(id);
}

function isLikelyExploited({id}: Finding, {exploitProbability: least}: Policy, {probability}: Feeds): boolean {
	if (least === undefined) return false;
	return probability === undefined || (probability.get(id) ?? 0) >= least;
}
