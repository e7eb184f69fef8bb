import type {
	Application,
	ApplicationSet,
	ClusterFacts,
	Container,
	Project,
	Source,
	Workload,
} from '../../src/doctor/cluster-facts.ts';
import type {Reads} from '../../src/doctor/finding.ts';

// An installation in which everything is in order, and ways to change it.

export const gate: Container = {
	name: 'trivy-gate',
	image: `registry.example/gate@sha256:${'0'.repeat(64)}`,
	words: [],
	environment: {
		TRIVY_GATE_DEADLINE: '150',
		TRIVY_GATE_CONCURRENCY: '4',
		TRIVY_GATE_POLICY: '/etc/trivy-gate/policy.yaml',
	},
	mounts: [
		{path: '/home/argocd/cmp-server/plugins', volume: 'plugins', subPath: undefined},
		{path: '/var/cache/trivy-gate', volume: 'cache', subPath: undefined},
		{path: '/tmp', volume: 'gate-tmp', subPath: undefined},
	],
	memoryLimit: 3 * 1024 ** 3,
};

export const server: Container = {
	name: 'argocd-repo-server',
	image: 'quay.example/argoproj/argocd:v3.5.1',
	words: ['/usr/local/bin/argocd-repo-server'],
	environment: {ARGOCD_PAUSE_GEN_AFTER_FAILED_ATTEMPTS: '0'},
	mounts: [
		{path: '/home/argocd/cmp-server/plugins', volume: 'plugins', subPath: undefined},
		{path: '/tmp', volume: 'tmp', subPath: undefined},
	],
	memoryLimit: undefined,
};

export const volumes = ['plugins', 'cache', 'gate-tmp', 'tmp'].map((name) => ({
	name,
	configMap: undefined,
	inMemory: false,
}));

export const repoServer: Workload = {
	name: 'Deployment/argocd-repo-server',
	component: 'repo-server',
	containers: [server, gate],
	volumes,
};

/** A caller of the repo-server that waits so long, in seconds. */
export function caller(component: 'application-controller' | 'server', seconds: string | undefined): Workload {
	const variable = {
		'application-controller': 'ARGOCD_APPLICATION_CONTROLLER_REPO_SERVER_TIMEOUT_SECONDS',
		server: 'ARGOCD_SERVER_REPO_SERVER_TIMEOUT_SECONDS',
	}[component];
	return {
		name: `Deployment/argocd-${component}`,
		component,
		containers: [
			{
				...server,
				name: `argocd-${component}`,
				words: [],
				environment: seconds === undefined ? {} : {[variable]: seconds},
				mounts: [],
			},
		],
		volumes: [],
	};
}

export function source(changes: Partial<Source> = {}): Source {
	return {field: 'spec.source', plugin: 'trivy-gate', type: undefined, enforcement: undefined, ...changes};
}

export function application(name: string, changes: Partial<Application> = {}): Application {
	return {
		name: `argocd/${name}`,
		project: 'shop',
		sources: [source()],
		drySource: undefined,
		syncOptions: [],
		selfHeal: false,
		annotations: {},
		ignoredDifferences: [],
		syncedLocally: false,
		...changes,
	};
}

export function applicationSet(name: string, changes: Partial<ApplicationSet> = {}): ApplicationSet {
	return {
		name: `argocd/${name}`,
		project: 'shop',
		sources: [source({field: 'spec.template.spec.source'})],
		patch: undefined,
		...changes,
	};
}

export function project(name: string, changes: Partial<Project> = {}): Project {
	return {
		name,
		labels: {'trivy-gate/gated': 'true'},
		destinations: [{server: 'https://kubernetes.default.svc', name: undefined, namespace: `${name}-*`}],
		permitsJobs: true,
		...changes,
	};
}

export const binding: ClusterFacts['bindings'][number] = {
	name: 'trivy-gate-applications',
	policy: 'trivy-gate-applications',
	policyExists: true,
	actions: ['Deny'],
	projects: {labelled: {matchLabels: {'trivy-gate/gated': 'true'}, matchExpressions: []}},
};

export const inOrder: ClusterFacts = {
	workloads: [repoServer, caller('application-controller', '180'), caller('server', '180')],
	configMaps: {'argocd-cm': {}, 'argocd-rbac-cm': {}, 'argocd-cmd-params-cm': {}},
	policy: {kind: 'read', where: 'policy.yaml of ConfigMap trivy-gate-policy', enforcement: 'seal'},
	applications: [application('shop')],
	applicationSets: [applicationSet('shops')],
	projects: [project('shop')],
	bindings: [binding],
	mutators: [],
	plugins: ['trivy-gate'],
};

/** All of it could be read. */
export function allRead<Facts extends object>(facts: Facts): Reads<Facts> {
	const entries = Object.entries(facts) as readonly (readonly [string, unknown])[];
	return Object.fromEntries(entries.map(([name, value]) => [name, {kind: 'read', value}])) as Reads<Facts>;
}
