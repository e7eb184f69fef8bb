import type {Finding, FindingRule} from '../types.ts';
import type {Policy} from './policy.ts';
import {fixOf} from './upgrades.ts';

/**
 * The rule of the policy by which a finding counts; undefined when it does not.
 * @param abandoned nobody makes fixes for the image's distribution any more.
 */
export function countingRule(finding: Finding, policy: Policy, abandoned: boolean): FindingRule | undefined {
	if (!policy.severities.includes(finding.severity)) return undefined;
	return policy.ignoreUnfixed && !abandoned && fixOf(finding) === undefined ? undefined : 'severities';
}
