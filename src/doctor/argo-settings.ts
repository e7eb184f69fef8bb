import * as z from 'zod';
import {checksOver} from './finding.ts';
import type {Trouble} from './finding.ts';
import type {ClusterFacts} from './cluster-facts.ts';
import {customizationsOf, yamlOf} from './customizations.ts';
import {globMatches} from './glob.ts';
import {settingOf, workloadsOf} from './installation.ts';
import {closesEverySync} from './policy.ts';
import {count} from './words.ts';

const clusterCheck = checksOver<ClusterFacts>();
type Settings = Readonly<Record<string, string>>;

/** Argo CD's own settings. */
function settingsOf({configMaps}: Pick<ClusterFacts, 'configMaps'>, name: string): Settings {
	return configMaps[name] ?? {};
}

export const jobHealth = clusterCheck({
	name: 'job-health',
	needs: ['configMaps', 'policy'],
	fine: 'Argo CD judges Jobs itself: one that failed has failed',
	find: (facts) =>
		customizationsOf(settingsOf(facts, 'argocd-cm'), 'health')
			.filter(({pattern, text}) => globMatches(pattern, 'batch/Job') && /\S/.test(text))
			.map(({key}) => ({
				level: closesEverySync(facts.policy) ? 'warning' : 'error',
				what: `argocd-cm has a health check of its own for Jobs: ${key}`,
				why: 'It can call the gate Job that failed healthy, and then the sync goes on',
				fix: 'Remove it, or let it call a Job Degraded as soon as it has the condition Failed; and set enforcement: seal',
			})),
});

const filters = z.array(
	z.looseObject({
		apiGroups: z.array(z.string()).default([]),
		kinds: z.array(z.string()).default([]),
		clusters: z.array(z.string()).default([]),
	}),
);

export const jobExclusions = clusterCheck({
	name: 'job-exclusions',
	needs: ['configMaps', 'policy'],
	fine: 'Argo CD deploys Jobs',
	find(facts) {
		const settings = settingsOf(facts, 'argocd-cm');
		const excluded = coversJobs(settings['resource.exclusions']) === true;
		const notIncluded = coversJobs(settings['resource.inclusions']) === false;
		return [
			...(excluded ? ['resource.exclusions covers Jobs'] : []),
			...(notIncluded ? ['resource.inclusions does not cover Jobs'] : []),
		].map((what): Trouble => ({
			level: closesEverySync(facts.policy) ? 'warning' : 'error',
			what: `${what} (argocd-cm)`,
			why: 'Argo CD drops the gate Job with a warning, and the sync goes on without it',
			fix: 'Take batch/Job out of it, or set enforcement: seal, which needs no Job',
		}));
	},
});

/** Whether a list of filters names Jobs (util/settings/filtered_resource.go); undefined when there is no list. */
function coversJobs(text: string | undefined): boolean | undefined {
	const list = filters.safeParse(yamlOf(text ?? ''));
	if (!list.success || list.data.length === 0) return undefined;
	return list.data.some(
		({apiGroups, kinds}) =>
			(apiGroups.length === 0 || apiGroups.some((group) => globMatches(group, 'batch'))) &&
			(kinds.length === 0 || kinds.some((kind) => kind === '*' || kind === 'Job')),
	);
}

export const serverSideDiff = clusterCheck({
	name: 'server-side-diff',
	needs: ['workloads', 'applications', 'plugins'],
	fine: 'differences are made by Argo CD, so that a sealed object shows one',
	find(facts) {
		const everywhere = workloadsOf(facts, 'application-controller').filter(({containers}) =>
			containers.some(
				(container) =>
					settingOf(container, '--server-side-diff-enabled', 'ARGOCD_APPLICATION_CONTROLLER_SERVER_SIDE_DIFF') ===
					'true',
			),
		);
		const single = facts.applications.filter(({annotations}) =>
			(annotations['argocd.argoproj.io/compare-options'] ?? '')
				.split(',')
				.some((option) => option.trim() === 'ServerSideDiff=true'),
		);
		if (everywhere.length === 0 && single.length === 0) return [];
		return [
			{
				level: 'info',
				what: 'ServerSideDiff is on',
				why: 'The API server refuses to compare a sealed object: while a revision is denied, the application shows a ComparisonError with the text, and no other differences',
				fix: 'Leave it off for Applications that the gate renders, or tell their owners',
				where: [...everywhere.map(({name}) => name), ...single.map(({name}) => name)],
			},
		];
	},
});

export const localSyncs = clusterCheck({
	name: 'local-syncs',
	needs: ['configMaps', 'bindings', 'applications'],
	fine: 'nobody but administrators may sync files of a laptop, or nothing comes of it',
	find(facts) {
		const refused = facts.bindings.some(({policyExists, actions}) => policyExists && actions.includes('Deny'));
		const rbac = settingsOf(facts, 'argocd-rbac-cm');
		const grants = (refused ? [] : overrideGrants(rbac)).map((line): Trouble => ({
			level: 'warning',
			what: `argocd-rbac-cm lets others than administrators sync local manifests: ${line}`,
			why: '"argocd app sync --local" deploys files that nothing has rendered or scanned',
			fix: 'Do not grant the action "override" on applications, or install plugin/require-plugin, which refuses such syncs',
		}));
		const synced = facts.applications.filter(({syncedLocally}) => syncedLocally);
		if (synced.length === 0) return grants;
		return [
			...grants,
			{
				level: 'warning',
				what: `the last sync of ${count(synced.length, 'Application')} was one of local manifests`,
				why: 'What it deployed was not scanned',
				fix: 'Sync it from Git',
				where: synced.map(({name}) => name),
			},
		];
	},
});

/** Lines of the policy, and the default role, that allow it. `role:admin` is built in and may do everything. */
function overrideGrants(rbac: Settings): readonly string[] {
	const policies = Object.entries(rbac).filter(([key]) => key === 'policy.csv' || /^policy\..*\.csv$/.test(key));
	const lines = policies.flatMap(([, text]) => text.split('\n').map((line) => line.trim()));
	const granting = lines.filter((line) => {
		const [type, role = '', resource = '', action = '', , effect] = line.split(',').map((word) => word.trim());
		return (
			type === 'p' &&
			role !== 'role:admin' &&
			effect === 'allow' &&
			globMatches(resource, 'applications') &&
			globMatches(action, 'override')
		);
	});
	return rbac['policy.default'] === 'role:admin' ? ['policy.default is role:admin', ...granting] : granting;
}
