import {checksOver} from './finding.ts';
import type {Check, Trouble} from './finding.ts';
import {memoryTroubles} from './memory-needed.ts';
import {configurationTroubles} from './plugin-configuration.ts';
import {policyTroubles} from './policy.ts';
import type {Reached, SidecarFacts} from './sidecar-facts.ts';
import {count, megabytes} from './words.ts';

const sidecarCheck = checksOver<SidecarFacts>();
const hourMs = 3_600_000;

const tools = sidecarCheck({
	name: 'tools',
	needs: ['tools'],
	fine: 'helm, kustomize and trivy are the pinned ones',
	find: (facts) =>
		facts.tools.flatMap(({name, pinned, found}): readonly Trouble[] => {
			if (found.kind === 'unusable') {
				return [
					{
						level: 'error',
						what: `${name} cannot be used — ${found.why}`,
						why: 'Applications that need it are not rendered or not scanned',
						fix: found.fix === '' ? `Install ${name} ${pinned}; the image has it` : found.fix,
					},
				];
			}
			if (found.version === pinned) return [];
			return [
				{
					level: 'info',
					what: `${name} is ${found.version}, and the gate is tested with ${pinned}`,
					why: 'Another version may render or report otherwise',
					fix: `Use ${pinned}, or run the tests with yours (plugin/tools.json)`,
				},
			];
		}),
});

const policy = sidecarCheck({
	name: 'policy',
	needs: ['policy'],
	fine: 'the policy can be read, and refuses every kind of sync',
	find: (facts) => policyTroubles(facts.policy),
});

const database = sidecarCheck({
	name: 'database',
	needs: ['database', 'databaseRepositories', 'downloads', 'maxDatabaseAge', 'now'],
	fine: 'the vulnerability database is fresh, and the next one can be had',
	find(facts) {
		const {database: stored, downloads, maxDatabaseAge, now} = facts;
		const found: Trouble[] = [];
		const ageHours = stored.kind === 'stored' ? (now.getTime() - stored.updatedAt.getTime()) / hourMs : undefined;
		if (stored.kind === 'unusable' || (stored.kind === 'none' && !downloads)) {
			found.push({
				level: downloads ? 'warning' : 'error',
				what: `no vulnerability database can be used: ${stored.kind === 'none' ? 'none is stored, and downloads are off' : stored.problem}`,
				why: downloads
					? 'A new one is downloaded at the next scan'
					: 'Nothing can be scanned, so nothing is let through',
				fix: 'Fill the cache directory again, or allow downloads (TRIVY_GATE_DATABASE_UPDATE)',
			});
		} else if (ageHours !== undefined && ageHours > maxDatabaseAge) {
			found.push({
				level: 'error',
				what: `the vulnerability database is ${Math.round(ageHours)} hours old, and the policy allows ${maxDatabaseAge}`,
				why: 'Every image is refused with the caveat stale-database, unless the policy says otherwise',
				fix: downloads ? 'See what is said about its repositories' : 'Bring a new one into the cache directory',
			});
		}
		return downloads ? [...found, ...repositoryTroubles(facts)] : found;
	},
});

function repositoryTroubles({databaseRepositories: all}: Pick<SidecarFacts, 'databaseRepositories'>) {
	const failed = all.filter(({result}) => result.kind === 'failed');
	if (failed.length === 0) return [];
	const none = failed.length === all.length;
	return [
		{
			level: none ? 'error' : 'info',
			what: none
				? 'no repository of the vulnerability database answers'
				: `${count(failed.length, 'repository').replace('repositorys', 'repositories')} of the vulnerability database ${failed.length === 1 ? 'does' : 'do'} not answer`,
			why: none
				? 'What is stored is used until it is stale; then every image is refused'
				: 'The others are asked instead, in their order',
			fix: 'Check TRIVY_GATE_DATABASE_REPOSITORY, the network policy of the repo-server, the proxy (HTTPS_PROXY) and the certificates (TRIVY_GATE_CA_FILE)',
			where: failed.map(describe),
		},
	] satisfies readonly Trouble[];
}

const credentials = sidecarCheck({
	name: 'credentials',
	needs: ['credentials'],
	fine: 'the registry credentials can be read',
	find: ({credentials: given}): readonly Trouble[] => {
		switch (given.kind) {
			case 'none':
				return [
					{
						level: 'info',
						what: 'there are no registry credentials',
						why: 'Images of private registries cannot be scanned, so they are not let through',
						fix: 'Mount a Docker config.json and name it with TRIVY_GATE_DOCKER_CONFIG, if you have such images',
					},
				];
			case 'broken':
				return [
					{
						level: 'error',
						what: `the registry credentials cannot be used — ${given.file}: ${given.problem}`,
						why: 'Nothing can be scanned while the file is named and cannot be read',
						fix: 'Mount a Docker config.json with an "auths" entry per registry, readable by uid 999',
					},
				];
			case 'file':
				return given.helpers
					? [
							{
								level: 'warning',
								what: `${given.file} names credential helpers`,
								why: 'They are not run: registries without an "auths" entry are asked anonymously',
								fix: 'Write the credentials into "auths"',
							},
						]
					: [];
		}
	},
});

const sourceCredentials = sidecarCheck({
	name: 'source-credentials',
	needs: ['sourceCredentials'],
	fine: 'the credentials of private charts and bases, if any, can be read',
	find({sourceCredentials: given}): readonly Trouble[] {
		if (given.kind === 'broken')
			return [
				{
					level: 'error',
					what: `the credentials of private charts and bases cannot be used — ${given.directory}`,
					where: given.problems,
					why: 'No chart or kustomization is rendered while the directory is named and cannot be read',
					fix: 'Mount a directory for each source with the files url, username and password, readable by uid 999',
				},
			];
		if (given.inClear.length === 0) return [];
		return [
			{
				level: 'warning',
				what: 'credentials of private charts and bases are sent in clear',
				where: given.inClear,
				why: 'Whoever sees the network sees the password',
				fix: 'Use an address with https://',
			},
		];
	},
});

const registries = sidecarCheck({
	name: 'registries',
	needs: ['registries', 'images'],
	fine: 'the registries answer, as far as it was asked',
	find: ({registries: hosts, images}) => [
		...hosts.flatMap((host): readonly Trouble[] => {
			// Nobody knows a repository there, so that every answer counts, a refusal as well.
			if (host.result.kind === 'answered' || !['unreachable', 'rate-limited'].includes(host.result.reason)) return [];
			return [
				{
					level: host.result.reason === 'unreachable' ? 'error' : 'warning',
					what: `the registry ${describe(host)}`,
					why: 'Its images cannot be scanned, so they are not let through',
					fix: 'Check the network policy of the repo-server, the proxy (HTTPS_PROXY) and the certificates (TRIVY_GATE_CA_FILE)',
				},
			];
		}),
		...images.flatMap((image): readonly Trouble[] => {
			if (image.result.kind === 'answered') return [];
			return [
				{
					level: 'error',
					what: `the image ${describe(image)}`,
					why: 'It cannot be scanned, so it is not let through',
					fix: fixes[image.result.reason],
				},
			];
		}),
	],
});

const fixes = {
	unreachable:
		'Check the network policy of the repo-server, the proxy (HTTPS_PROXY) and the certificates (TRIVY_GATE_CA_FILE)',
	unauthorized: 'Check the "auths" entry of its registry in TRIVY_GATE_DOCKER_CONFIG, and what its account may read',
	'not-found': 'Check its name',
	'rate-limited': 'Give credentials, or a mirror in the policy',
	other: 'Run it again with --verbose',
} as const;

function describe({name, result}: Reached): string {
	return result.kind === 'answered' ? name : `${name} cannot be read: ${result.detail}`;
}

/** Tokens of registries and certificates are refused by a clock that is minutes off. */
const maxSkewMs = 5 * 60_000;

const clock = sidecarCheck({
	name: 'clock',
	needs: ['now', 'database', 'databaseRepositories', 'registries', 'images'],
	fine: 'the clock agrees with the registries’',
	find({now, database: stored, databaseRepositories, registries: hosts, images}) {
		const dates = [...databaseRepositories, ...hosts, ...images].flatMap(({name, date}) =>
			date === undefined ? [] : [{name, skew: now.getTime() - date.getTime()}],
		);
		const worst = dates.toSorted((one, other) => Math.abs(other.skew) - Math.abs(one.skew)).at(0);
		const made = stored.kind === 'stored' ? now.getTime() - stored.updatedAt.getTime() : 0;
		const wrong =
			worst !== undefined && Math.abs(worst.skew) > maxSkewMs
				? `the clock is ${minutes(worst.skew)} the one of ${worst.name}`
				: made < -maxSkewMs
					? `the vulnerability database was made ${minutes(made).replace('behind', 'after')} now`
					: undefined;
		if (wrong !== undefined) {
			return [
				{
					level: 'error',
					what: wrong,
					why: 'Certificates and tokens are refused, and the age of the database is judged wrongly',
					fix: 'Set the clock of the node (NTP)',
				},
			];
		}
		if (worst !== undefined) return [];
		return [
			{
				level: 'info',
				what: 'no registry told the time, so the clock was not compared',
				why: 'A wrong clock makes certificates, tokens and the age of the database wrong',
				fix: 'Name an image to ask about: trivy-gate doctor registry.example/image:tag',
			},
		];
	},
});

function minutes(skewMs: number): string {
	return `${Math.round(Math.abs(skewMs) / 60_000)} minutes ${skewMs > 0 ? 'ahead of' : 'behind'}`;
}

const disk = sidecarCheck({
	name: 'disk',
	needs: ['directories'],
	fine: 'there is room for databases, reports and layers',
	find: ({directories}) =>
		directories.flatMap(({purpose, path, free, needed, writable}): readonly Trouble[] => {
			if (!writable) {
				return [
					{
						level: 'error',
						what: `${path} cannot be written`,
						why: `It is for ${purpose}`,
						fix: 'Mount a volume there that uid 999 may write (fsGroup: 999)',
					},
				];
			}
			if (free === undefined || free >= needed) return [];
			return [
				{
					level: free < needed / 4 ? 'error' : 'warning',
					what: `${path} has ${megabytes(free)} left, and should have ${megabytes(needed)}`,
					why: `It is for ${purpose}; when it is full, nothing can be scanned`,
					fix: 'Give the volume more room, or lower TRIVY_GATE_CACHE_SIZE, TRIVY_GATE_LAYER_CACHE_SIZE or TRIVY_GATE_LAYER_SPACE',
				},
			];
		}),
});

const memory = sidecarCheck({
	name: 'memory',
	needs: ['memoryLimit', 'concurrency'],
	fine: 'the memory limit has room for the scans that run at once',
	find: ({memoryLimit, concurrency}) =>
		memoryLimit === undefined ? [] : memoryTroubles(concurrency, memoryLimit, 'this container'),
});

const plugin = sidecarCheck({
	name: 'plugin',
	needs: ['plugin'],
	fine: 'Argo CD finds the gate by its name, and no other plugin',
	find({plugin: place}) {
		if (place.kind === 'nowhere') {
			return [
				{
					level: 'info',
					what: 'this is no sidecar of Argo CD’s repo-server',
					why: 'How Argo CD sees the plugin can be told there alone',
					fix: 'kubectl -n argocd exec deploy/argocd-repo-server -c trivy-gate -- trivy-gate doctor',
				},
			];
		}
		const others = place.sockets.filter((name) => name !== place.name);
		const found = [...configurationTroubles(place.configuration, 'plugin.yaml')];
		if (place.configuration === undefined) {
			found.push({
				level: 'error',
				what: 'there is no plugin.yaml',
				why: 'argocd-cmp-server does not start without it',
				fix: 'Do not mount anything over /home/argocd/cmp-server/config; the image has it',
			});
		}
		if (place.name !== undefined && !place.sockets.includes(place.name)) {
			found.push({
				level: 'error',
				what: `the socket of the plugin ${place.name} is not there`,
				why: 'The repo-server does not find the plugin, and renders nothing that names it',
				fix: 'See the log of this container, and that the volume "plugins" is mounted in both',
			});
		}
		if (others.length > 0) {
			found.push({
				level: 'error',
				what: 'the repo-server has other plugins beside the gate',
				why: 'A file .argocd-source.yaml in the repository can switch an Application to any of them, and whoever may push may write it',
				fix: 'Remove them, or put them in front of the gate in one plugin: their output | trivy-gate generate -',
				where: others.map((name) => `plugin ${name}`),
			});
		}
		return found;
	},
});

const service = sidecarCheck({
	name: 'service',
	needs: ['service', 'plugin'],
	fine: 'the scan service can scan, where there is one',
	find({service: fact, plugin: place}) {
		// Elsewhere each run brings its own engine.
		if (place.kind === 'nowhere') return [];
		if (fact.kind === 'silent') {
			return [
				{
					level: 'error',
					what: `the scan service does not answer: ${fact.why}`,
					why: 'Each render asks it, and fails without it',
					fix: 'See the log of this container; its program has to be "trivy-gate sidecar"',
				},
			];
		}
		const found: Trouble[] = [];
		if (fact.problem !== undefined) {
			found.push({
				level: 'error',
				what: `the scan service cannot scan: ${fact.problem}`,
				why: 'Nothing that is not known yet is let through',
				fix: 'See what is said about the database and the tools, and the log of this container',
			});
		}
		if (fact.refreshProblem !== undefined) {
			found.push({
				level: 'warning',
				what: `the scan service could not refresh a database: ${fact.refreshProblem}`,
				why: 'The old one is used until it is stale; then every image is refused',
				fix: 'See what is said about the repositories of the database',
			});
		}
		return found;
	},
});

/** What is looked at where the program runs. */
export const sidecarChecks: ReadonlyArray<Check<SidecarFacts>> = [
	plugin,
	service,
	policy,
	tools,
	database,
	credentials,
	sourceCredentials,
	registries,
	clock,
	disk,
	memory,
];
