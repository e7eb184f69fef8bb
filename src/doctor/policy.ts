import {checksOver} from './finding.ts';
import type {Trouble} from './finding.ts';
import type {ClusterFacts, PolicyFact} from './cluster-facts.ts';

/** Whether a denial stops syncs that skip hooks too, as far as is known. */
export function closesEverySync(policy: PolicyFact): boolean {
	return (policy.kind === 'read' || policy.kind === 'built-in') && isClosing(policy.enforcement);
}

/** Whether this way to refuse stops syncs that skip hooks. */
export function isClosing(enforcement: string | undefined): boolean {
	return enforcement === 'seal' || enforcement === 'fail-render';
}

const openRoads =
	'Apply-only and selective syncs, self-heal and rollbacks skip hooks, and so the gate Job; SyncFail hooks run because it failed';

/** What is to be said of the policy, wherever it was found. */
export function policyTroubles(policy: PolicyFact): readonly Trouble[] {
	switch (policy.kind) {
		case 'broken':
			return [
				{
					level: 'error',
					what: `the policy cannot be used — ${policy.where}: ${policy.problem}`,
					why: 'Nothing is rendered until it can be read',
					fix: 'Correct it; plugin/policy.yaml explains every field',
				},
			];
		case 'elsewhere':
			return [
				{
					level: 'info',
					what: `the policy ${policy.where} is not in a ConfigMap`,
					why: 'It cannot be looked at from here',
					fix: 'Run "trivy-gate doctor" in the sidecar, too',
				},
			];
		case 'built-in':
			return [
				{
					level: 'warning',
					what: 'no policy file is set (TRIVY_GATE_POLICY): CRITICAL and HIGH are denied by a Job',
					why: openRoads,
					fix: 'Start from plugin/policy.yaml, which seals',
				},
			];
		case 'read':
			return enforcementTroubles(policy);
	}
}

function enforcementTroubles({enforcement, where}: PolicyFact & {kind: 'read'}): readonly Trouble[] {
	switch (enforcement) {
		case 'warn':
			return [
				{
					level: 'warning',
					what: `the policy only warns — ${where}`,
					why: 'Denied images are deployed',
					fix: 'Set enforcement: seal when the teams have had their time',
				},
			];
		case 'job':
			return [
				{
					level: 'warning',
					what: `the policy refuses by a Job alone — ${where}`,
					why: openRoads,
					fix: 'Set enforcement: seal',
				},
			];
		case 'seal':
		case 'fail-render':
			return [];
	}
}

export const policy = checksOver<ClusterFacts>()({
	name: 'policy',
	needs: ['policy'],
	fine: 'the policy can be read, and refuses every kind of sync',
	find: (facts) => policyTroubles(facts.policy),
});
