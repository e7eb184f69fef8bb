import {basename, relative} from 'node:path';
import type {ClusterFacts, PolicyFact, Workload} from './doctor/cluster-facts.ts';
import {
	applicationSetsOf,
	applicationsOf,
	bindingsOf,
	configMapsOf,
	mutatorsOf,
	projectsOf,
	workloadsFrom,
} from './doctor/facts-of.ts';
import type {Read, Reads} from './doctor/finding.ts';
import {installationsOf, settingOf} from './doctor/installation.ts';
import {defaultPolicy} from './gate/policy.ts';
import {judgePolicy} from './judge-policy.ts';
import type {KubernetesReader} from './kubernetes.ts';

export interface ClusterRequest {
	readonly reader: KubernetesReader;
	/** Of Argo CD. */
	readonly namespace: string;
	readonly plugins: readonly string[];
}

/**
 * Reads what the checks need, and changes nothing. plugin/doctor-role has the rights that it takes.
 * @throws GateError cluster-unavailable; what may not be read is an unread fact.
 */
export async function lookAtCluster({reader, namespace, plugins}: ClusterRequest): Promise<Reads<ClusterFacts>> {
	const inside = (api: string, plural: string) => `${api}/namespaces/${namespace}/${plural}`;
	const admission = '/apis/admissionregistration.k8s.io';
	const list = (path: string) => items(reader, path);
	const [configMapItems, deployments, statefulSets, projects, policies, bindings, webhooks, mutatingPolicies] =
		await Promise.all([
			list(inside('/api/v1', 'configmaps')),
			list(inside('/apis/apps/v1', 'deployments')),
			list(inside('/apis/apps/v1', 'statefulsets')),
			list(inside(argo, 'appprojects')),
			list(`${admission}/v1/validatingadmissionpolicies`),
			list(`${admission}/v1/validatingadmissionpolicybindings`),
			list(`${admission}/v1/mutatingwebhookconfigurations`),
			list(`${admission}/v1/mutatingadmissionpolicies`),
		]);
	const configMaps = chain(configMapItems, configMapsOf);
	const known = configMaps.kind === 'read' ? configMaps.value : {};
	const commandSettings = known['argocd-cmd-params-cm'] ?? {};
	const workloads = chain(both(deployments, statefulSets), ([one, other]) =>
		chain(both(workloadsFrom(one, 'Deployment', known), workloadsFrom(other, 'StatefulSet', known)), (all) => ({
			kind: 'read',
			value: all.flat(),
		})),
	);
	return {
		configMaps,
		// Their variables come from ConfigMaps.
		workloads: configMaps.kind === 'read' ? workloads : configMaps,
		policy: chain(both(workloads, configMaps), ([all, maps]) => ({kind: 'read', value: policyOf(all, maps)})),
		applications: chain(
			await everywhere(reader, inside(argo, 'applications'), commandSettings['application.namespaces']),
			applicationsOf,
		),
		applicationSets: chain(
			await everywhere(reader, inside(argo, 'applicationsets'), commandSettings['applicationsetcontroller.namespaces']),
			applicationSetsOf,
		),
		projects: chain(projects, projectsOf),
		bindings: chain(both(bindings, policies), ([one, other]) => bindingsOf(one, other)),
		mutators: chain(both(webhooks, mutatingPolicies), ([one, other]) => mutatorsOf(one, other)),
		plugins: {kind: 'read', value: plugins},
	};
}

const argo = '/apis/argoproj.io/v1alpha1';

type Items = Read<readonly unknown[]>;

async function items(reader: KubernetesReader, path: string): Promise<Items> {
	const listing = await reader.list(path);
	switch (listing.kind) {
		case 'listed':
			return {kind: 'read', value: listing.items};
		case 'absent':
			// Kubernetes before 1.30 has no such policies, and nothing of their kind is there.
			if (!path.startsWith(argo)) return {kind: 'read', value: []};
			return {
				kind: 'unread',
				why: `the cluster has no ${basename(path)} of Argo CD`,
				fix: 'Name the cluster in which Argo CD runs with --context',
			};
		case 'refused':
			return {
				kind: 'unread',
				why: `${basename(path)} may not be read (HTTP ${listing.status})`,
				fix: remedies[listing.status] ?? 'Try again; the log of the API server tells more',
			};
	}
}

const remedies: Readonly<Record<number, string>> = {
	401: 'Log in again: the cluster does not accept these credentials',
	403: 'Bind plugin/doctor-role to your account, or use another context',
};

/**
 * Those of every namespace; where that is not permitted, those of Argo CD's when there can be no others.
 * @param elsewhere what Argo CD is told about other namespaces.
 */
async function everywhere(reader: KubernetesReader, inside: string, elsewhere = ''): Promise<Items> {
	const all = await items(reader, `${argo}/${basename(inside)}`);
	return all.kind === 'read' || elsewhere !== '' ? all : items(reader, inside);
}

function chain<From, To>(read: Read<From>, next: (value: From) => Read<To>): Read<To> {
	return read.kind === 'read' ? next(read.value) : read;
}

function both<One, Other>(one: Read<One>, other: Read<Other>): Read<readonly [One, Other]> {
	if (one.kind === 'unread') return one;
	return other.kind === 'unread' ? other : {kind: 'read', value: [one.value, other.value]};
}

/** The policy that the sidecar's settings name, when it is in a ConfigMap. */
function policyOf(workloads: readonly Workload[], configMaps: ClusterFacts['configMaps']): PolicyFact {
	const [installed] = installationsOf({workloads});
	const path = installed === undefined ? undefined : settingOf(installed.gate, '--policy', 'TRIVY_GATE_POLICY');
	if (installed === undefined || path === undefined) {
		return {kind: 'built-in', enforcement: defaultPolicy.enforcement};
	}
	for (const mount of installed.gate.mounts) {
		const key = mount.path === path ? (mount.subPath ?? basename(path)) : relative(mount.path, path);
		const name = installed.workload.volumes.find((volume) => volume.name === mount.volume)?.configMap;
		if (name === undefined || key.startsWith('..')) continue;
		const where = `${key} of ConfigMap ${name}`;
		const text = configMaps[name]?.[key];
		if (text === undefined) return {kind: 'broken', where, problem: 'it is not there'};
		return judgePolicy(text, where);
	}
	return {kind: 'elsewhere', where: path};
}
