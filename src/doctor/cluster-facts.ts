import type {Enforcement} from '../types.ts';

/** What a cluster says about an Argo CD and its gate; each part may be unreadable for itself. */
export interface ClusterFacts {
	readonly workloads: readonly Workload[];
	/** Of Argo CD's namespace, by name. */
	readonly configMaps: Readonly<Record<string, Readonly<Record<string, string>>>>;
	readonly policy: PolicyFact;
	readonly applications: readonly Application[];
	readonly applicationSets: readonly ApplicationSet[];
	readonly projects: readonly Project[];
	readonly bindings: readonly PolicyBinding[];
	readonly mutators: readonly Mutator[];
	/** Names of the plugin by which Applications choose the gate. */
	readonly plugins: readonly string[];
}

/** A part of Argo CD, by what it does. */
export type Component = 'repo-server' | 'application-controller' | 'server' | 'other';

/** A Deployment or StatefulSet of Argo CD's namespace. */
export interface Workload {
	/** `Deployment/argocd-repo-server` */
	readonly name: string;
	readonly component: Component;
	readonly containers: readonly Container[];
	readonly volumes: readonly Volume[];
}

export interface Container {
	readonly name: string;
	readonly image: string;
	/** Command and arguments. */
	readonly words: readonly string[];
	/** Variables whose value is known: written there, or taken from a ConfigMap. */
	readonly environment: Readonly<Record<string, string>>;
	readonly mounts: readonly Mount[];
	/** In bytes. */
	readonly memoryLimit: number | undefined;
}

export interface Mount {
	readonly path: string;
	readonly volume: string;
	readonly subPath: string | undefined;
}

export interface Volume {
	readonly name: string;
	/** Set when it is one. */
	readonly configMap: string | undefined;
	/** An emptyDir in memory. */
	readonly inMemory: boolean;
}

/** The policy that the sidecar's settings name. */
export type PolicyFact =
	| {readonly kind: 'read'; readonly where: string; readonly enforcement: Enforcement}
	/** No file is named. */
	| {readonly kind: 'built-in'; readonly enforcement: Enforcement}
	/** It is not in a ConfigMap. */
	| {readonly kind: 'elsewhere'; readonly where: string}
	| {readonly kind: 'broken'; readonly where: string; readonly problem: string};

export interface Application {
	/** `namespace/name` */
	readonly name: string;
	readonly project: string;
	readonly sources: readonly Source[];
	/** The source of a hydrator, which is rendered with its plugin; `sources` are then what it is synced from. */
	readonly drySource: Source | undefined;
	readonly syncOptions: readonly string[];
	readonly selfHeal: boolean;
	readonly annotations: Readonly<Record<string, string>>;
	readonly ignoredDifferences: readonly IgnoredDifference[];
	/** The last sync deployed local files. */
	readonly syncedLocally: boolean;
}

/** What makes Applications. */
export interface ApplicationSet {
	/** `namespace/name` */
	readonly name: string;
	/** Of its Applications; it may be a template. */
	readonly project: string;
	/** What its Applications are rendered from: those of its template, and those that templates of generators put there. */
	readonly sources: readonly Source[];
	/** Text that is merged over each Application. */
	readonly patch: string | undefined;
}

export interface Source {
	/** `spec.sources[1]` */
	readonly field: string;
	/** Name of its plugin; empty: one is to be discovered. */
	readonly plugin: string | undefined;
	/** Helm, Kustomize, Directory, or undefined when Argo CD finds out. */
	readonly type: string | undefined;
	/** What the author asks the gate to do. */
	readonly enforcement: string | undefined;
}

export interface IgnoredDifference {
	readonly kind: string;
	readonly jsonPointers: readonly string[];
	readonly jqPathExpressions: readonly string[];
}

export interface Project {
	readonly name: string;
	readonly labels: Readonly<Record<string, string>>;
	readonly destinations: readonly Destination[];
	/** A sync may create Jobs. */
	readonly permitsJobs: boolean;
}

export interface Destination {
	readonly server: string | undefined;
	readonly name: string | undefined;
	readonly namespace: string | undefined;
}

/** A ValidatingAdmissionPolicyBinding of plugin/require-plugin, or one that uses it. */
export interface PolicyBinding {
	readonly name: string;
	readonly policy: string;
	/** The policy itself is there. */
	readonly policyExists: boolean;
	readonly actions: readonly string[];
	/** Which AppProjects it gates. */
	readonly projects: {readonly named: string} | {readonly labelled: LabelSelector};
}

export interface LabelSelector {
	readonly matchLabels: Readonly<Record<string, string>>;
	readonly matchExpressions: ReadonlyArray<{
		readonly key: string;
		readonly operator: string;
		readonly values: readonly string[];
	}>;
}

/** Something that changes Jobs as they are created. */
export interface Mutator {
	/** `MutatingWebhookConfiguration/kueue-mutating-webhook-configuration` */
	readonly name: string;
}
