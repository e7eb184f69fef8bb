import type {ClusterFacts, Component, Container, Workload} from './cluster-facts.ts';

type Workloads = Pick<ClusterFacts, 'workloads'>;

/** The parts of Argo CD that do this. */
export function workloadsOf({workloads}: Workloads, component: Component): readonly Workload[] {
	return workloads.filter((workload) => workload.component === component);
}

/** A repo-server with a container of the gate in its pod. */
export interface Installed {
	readonly workload: Workload;
	readonly gate: Container;
	/** The repo-server itself. */
	readonly server: Container | undefined;
}

/** The repo-servers that have the gate. */
export function installationsOf(facts: Workloads): readonly Installed[] {
	return workloadsOf(facts, 'repo-server').flatMap((workload) => {
		const gate = workload.containers.find(isGate);
		return gate === undefined ? [] : [{workload, gate, server: workload.containers.find((one) => !isPlugin(one))}];
	});
}

/** A container that is set up as one of the gate. */
export function isGate({name, environment}: Container): boolean {
	return name === 'trivy-gate' || Object.keys(environment).some((variable) => variable.startsWith('TRIVY_GATE_'));
}

/** A container that is a plugin of the repo-server beside it: it mounts where they put their sockets, and is none. */
export function isPlugin(container: Container): boolean {
	if (isGate(container)) return true;
	const word = container.words.some((each) => each.includes('argocd-cmp-server'));
	const socket = container.mounts.some(({path}) => path.replace(/\/$/, '') === pluginSockets);
	const server =
		container.words.some((each) => each.endsWith('argocd-repo-server')) || container.name.endsWith('repo-server');
	return word || (socket && !server);
}

/** Argo CD's common/common.go: DefaultPluginSockFilePath and DefaultPluginConfigFilePath. */
export const pluginSockets = '/home/argocd/cmp-server/plugins';
export const pluginConfiguration = '/home/argocd/cmp-server/config';

/** Seconds; what `generate` takes when it is told nothing. */
const defaultDeadline = 45;

/** How long the gate may take, in seconds. */
export function deadlineOf({environment}: Container): number {
	return Number(environment['TRIVY_GATE_DEADLINE'] ?? defaultDeadline);
}

/** What a program was told: by a flag, else by a variable. */
export function settingOf({words, environment}: Container, flag: string, variable: string): string | undefined {
	const index = words.findIndex((word) => word === flag || word.startsWith(`${flag}=`));
	if (index === -1) return environment[variable];
	const [, value] = /^[^=]*=(.*)$/s.exec(words[index] ?? '') ?? [];
	return value ?? words[index + 1];
}
