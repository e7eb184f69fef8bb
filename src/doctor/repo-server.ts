import {parse} from 'yaml';
import {checksOver} from './finding.ts';
import type {Trouble} from './finding.ts';
import type {ClusterFacts, Container, Volume, Workload} from './cluster-facts.ts';
import {
	installationsOf,
	isGate,
	isPlugin,
	pluginConfiguration,
	settingOf,
	workloadsOf,
	type Installed,
} from './installation.ts';
import {configurationTroubles} from './plugin-configuration.ts';
import {memoryTroubles} from './memory-needed.ts';

const clusterCheck = checksOver<ClusterFacts>();

export const sidecar = clusterCheck({
	name: 'sidecar',
	needs: ['workloads'],
	fine: 'every repo-server has the gate',
	find(facts) {
		const servers = workloadsOf(facts, 'repo-server');
		if (servers.length === 0) {
			return [
				{
					level: 'error',
					what: 'there is no repo-server in this namespace',
					why: 'The gate is a sidecar of Argo CD’s repo-server',
					fix: 'Name the namespace of Argo CD with --argocd-namespace',
				},
			];
		}
		return servers
			.filter(({containers}) => !containers.some(isGate))
			.map(({name}) => ({
				level: 'error',
				what: `${name} has no sidecar of the gate`,
				why: 'Applications that name the plugin are not rendered at all by it',
				fix: 'Install it: "Install" in the README',
			}));
	},
});

export const image = clusterCheck({
	name: 'image',
	needs: ['workloads'],
	fine: 'the gate’s image is pinned by its digest',
	find: (facts) =>
		installationsOf(facts)
			.filter(({gate}) => !gate.image.includes('@sha256:'))
			.map(({workload, gate}) => ({
				level: 'warning',
				what: `the image of the gate in ${workload.name} is a tag: ${gate.image}`,
				why: 'Whoever can move the tag decides what is let through, and pods of one Deployment may differ',
				fix: 'Give the image with its digest (@sha256:…)',
			})),
});

/** The releases that the scenarios of test/argocd ran on, and those that were read. */
const known = {from: [3, 2], to: [3, 5]} as const;

export const version = clusterCheck({
	name: 'version',
	needs: ['workloads'],
	fine: 'Argo CD is a release that the gate was tried with',
	find: (facts) =>
		workloadsOf(facts, 'repo-server').flatMap(({name, containers}): readonly Trouble[] => {
			const images = containers.filter((container) => !isPlugin(container)).map((container) => container.image);
			const [, major, minor] = images.map((text) => /:v?(\d+)\.(\d+)\.\d+/.exec(text)).find((match) => match) ?? [];
			if (major === undefined || minor === undefined) return [];
			const number = Number(major) * 1000 + Number(minor);
			const inside = number >= known.from[0] * 1000 + known.from[1] && number <= known.to[0] * 1000 + known.to[1];
			if (inside) return [];
			return [
				{
					level: 'info',
					what: `${name} is Argo CD ${major}.${minor}, which the gate was not tried with`,
					why: `What is known of Argo CD was read in and tried with ${known.from.join('.')} to ${known.to.join('.')}`,
					fix: 'Sync an application with a denied image by every road before you rely on it',
				},
			];
		}),
});

export const otherPlugins = clusterCheck({
	name: 'other-plugins',
	needs: ['workloads'],
	fine: 'the gate is the only plugin of its repo-server',
	find: (facts) =>
		workloadsOf(facts, 'repo-server').flatMap(({name, containers}): readonly Trouble[] => {
			const others = containers.filter((container) => isPlugin(container) && !isGate(container));
			if (others.length === 0 || !containers.some(isGate)) return [];
			return [
				{
					level: 'error',
					what: `${name} has other plugins beside the gate`,
					why: 'A file .argocd-source.yaml in the repository can switch an Application to any of them, and whoever may push may write it',
					fix: 'Remove them, or put them in front of the gate in one plugin: their output | trivy-gate generate -',
					where: others.map((container) => `container ${container.name}`),
				},
			];
		}),
});

export const discovery = clusterCheck({
	name: 'discovery',
	needs: ['workloads', 'configMaps'],
	fine: 'Applications choose the gate by its name',
	find: ({workloads, configMaps}) =>
		installationsOf({workloads}).flatMap(({workload, gate}) =>
			mountedConfigurations(workload, gate).flatMap(({configMap, key}) => {
				const text = configMaps[configMap]?.[key];
				const where = `ConfigMap ${configMap}, which ${workload.name} mounts`;
				return text === undefined ? [] : configurationTroubles(readYaml(text), where);
			}),
		),
});

/** The ConfigMaps from which a container has its plugin.yaml, when not from its image. */
function mountedConfigurations({volumes}: Workload, {mounts}: Container) {
	return mounts
		.filter(({path}) => path.startsWith(pluginConfiguration))
		.flatMap(({volume, subPath}) => {
			const configMap = volumes.find(({name}) => name === volume)?.configMap;
			return configMap === undefined ? [] : [{configMap, key: subPath ?? 'plugin.yaml'}];
		});
}

function readYaml(text: string): unknown {
	try {
		return parse(text);
	} catch {
		return undefined;
	}
}

const cacheDirectory = '/var/cache/trivy-gate';

export const volumes = clusterCheck({
	name: 'volumes',
	needs: ['workloads'],
	fine: 'databases and reports outlive the container, and its temporary files are its own',
	find: (facts) =>
		installationsOf(facts).flatMap((installed) => [...cacheTroubles(installed), ...temporaryTroubles(installed)]),
});

function cacheTroubles({workload, gate}: Installed): readonly Trouble[] {
	const directory = settingOf(gate, '--cache-dir', 'TRIVY_GATE_CACHE_DIR') ?? cacheDirectory;
	const volume = volumeAt(directory, workload, gate);
	if (volume === undefined) {
		return [
			{
				level: 'warning',
				what: `nothing is mounted at ${directory} in the gate of ${workload.name}`,
				why: 'Databases and reports go with the container: each start downloads and scans everything again',
				fix: 'Mount a volume there, as plugin/repo-server.yaml does',
			},
		];
	}
	if (!volume.inMemory) return [];
	return [
		{
			level: 'warning',
			what: `the volume ${volume.name} of ${workload.name} is kept in memory`,
			why: 'The vulnerability databases take gigabytes, which count as the container’s memory',
			fix: 'Leave "medium: Memory" away',
		},
	];
}

function temporaryTroubles({workload, gate, server}: Installed): readonly Trouble[] {
	const volume = volumeAt('/tmp', workload, gate);
	const shared = server !== undefined && volume !== undefined && volumeAt('/tmp', workload, server) === volume;
	if (!shared) return [];
	return [
		{
			level: 'error',
			what: `the gate and the repo-server of ${workload.name} share the volume ${volume.name} at /tmp`,
			why: 'Checkouts of all applications and the credentials helper of the repo-server are there; Argo CD asks for a volume of the plugin’s own',
			fix: 'Give the gate an emptyDir of its own at /tmp',
		},
	];
}

/** The volume of the longest mount that holds a path. */
function volumeAt(path: string, {volumes: all}: Workload, {mounts}: Container): Volume | undefined {
	const holding = mounts
		.filter((mount) => path === mount.path || path.startsWith(`${mount.path.replace(/\/$/, '')}/`))
		.toSorted((one, other) => other.path.length - one.path.length);
	return all.find(({name}) => name === holding[0]?.volume);
}

export const memory = clusterCheck({
	name: 'memory',
	needs: ['workloads'],
	fine: 'the memory limit has room for the scans that run at once',
	find: (facts) =>
		installationsOf(facts).flatMap(({workload, gate}): readonly Trouble[] => {
			if (gate.memoryLimit === undefined) {
				return [
					{
						level: 'info',
						what: `the gate of ${workload.name} has no memory limit`,
						why: 'A few large images at once can take the node’s memory, and the repo-server with it',
						fix: 'Set resources.limits.memory, about 300 MB for each scan at once and 500 MB beside',
					},
				];
			}
			// Without a number it takes as many as fit.
			const concurrency = Number(gate.environment['TRIVY_GATE_CONCURRENCY'] ?? 1);
			return memoryTroubles(concurrency, gate.memoryLimit, `the gate of ${workload.name}`);
		}),
});
