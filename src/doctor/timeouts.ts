import {checksOver} from './finding.ts';
import type {Trouble} from './finding.ts';
import type {ClusterFacts, Component} from './cluster-facts.ts';
import {deadlineOf, installationsOf, settingOf, workloadsOf} from './installation.ts';

const clusterCheck = checksOver<ClusterFacts>();

/** Checkout, waiting, packing and unpacking count too (facts: Argo CD's cmpserver/plugin, reposerver/repository). */
const marginSeconds = 15;

/** The callers of the repo-server, each with a limit of its own: 60 s by default (their `commands` packages). */
const callers = [
	{
		component: 'application-controller',
		variable: 'ARGOCD_APPLICATION_CONTROLLER_REPO_SERVER_TIMEOUT_SECONDS',
		key: 'controller.repo.server.timeout.seconds',
	},
	{
		component: 'server',
		variable: 'ARGOCD_SERVER_REPO_SERVER_TIMEOUT_SECONDS',
		key: 'server.repo.server.timeout.seconds',
	},
] as const satisfies ReadonlyArray<{readonly component: Component; readonly variable: string; readonly key: string}>;

export const timeouts = clusterCheck({
	name: 'timeouts',
	needs: ['workloads', 'configMaps'],
	fine: 'controller and server wait for the repo-server longer than the gate may take',
	find(facts) {
		const deadlines = installationsOf(facts).map(({gate}) => deadlineOf(gate));
		if (deadlines.length === 0) return [];
		const deadline = Math.max(...deadlines);
		return callers.flatMap(({component, variable, key}) =>
			workloadsOf(facts, component).flatMap(({name, containers}): readonly Trouble[] => {
				const told = containers
					.map((container) => settingOf(container, '--repo-server-timeout-seconds', variable))
					.find((value) => value !== undefined);
				const timeout = Number(told ?? 60);
				if (timeout >= deadline + marginSeconds) return [];
				const late = timeout <= deadline;
				return [
					{
						level: late ? 'error' : 'warning',
						what: `${name} gives up on the repo-server after ${timeout} s, and the gate may take ${deadline} s (TRIVY_GATE_DEADLINE)`,
						why: late
							? 'Argo CD kills the gate before it can say why it is not done, and shows "context deadline exceeded"'
							: 'Checkout and transfer count too, so a slow scan is killed before it can say why',
						fix: `Set ${key} in argocd-cmd-params-cm to ${deadline + 30} and restart ${name}, or lower TRIVY_GATE_DEADLINE`,
					},
				];
			}),
		);
	},
});

export const errorPause = clusterCheck({
	name: 'error-pause',
	needs: ['workloads'],
	fine: 'an error is asked again, and not replayed',
	find: (facts) =>
		installationsOf(facts).flatMap(({workload, server}): readonly Trouble[] => {
			// cmd/argocd-repo-server/commands: 3 failures, then the error is replayed for 60 minutes.
			const attempts = server?.environment['ARGOCD_PAUSE_GEN_AFTER_FAILED_ATTEMPTS'] ?? '3';
			if (attempts === '0') return [];
			return [
				{
					level: 'warning',
					what: `${workload.name} replays an error after ${attempts} failures`,
					why: 'An image that could not be scanned is an error, so one outage of a registry blocks an application for up to an hour after it is over',
					fix: 'Set ARGOCD_PAUSE_GEN_AFTER_FAILED_ATTEMPTS to "0" on the repo-server container',
				},
			];
		}),
});
