import type {PolicyFact} from './cluster-facts.ts';

/** What the place says in which the program runs: the sidecar, or a machine that scans as it does. */
export interface SidecarFacts {
	readonly tools: readonly ToolFact[];
	readonly policy: PolicyFact;
	/** In hours: when the policy calls a database stale. */
	readonly maxDatabaseAge: number;
	readonly database: StoredDatabase;
	/** False: what is stored is used, and nothing downloaded. */
	readonly downloads: boolean;
	/** The repositories of the database, in order. */
	readonly databaseRepositories: readonly Reached[];
	readonly credentials: Credentials;
	/** Of private charts and bases: the addresses without TLS, or why none can be used. */
	readonly sourceCredentials: SourceCredentials;
	/** The registries that have credentials or are mirrors. */
	readonly registries: readonly Reached[];
	/** The images that were asked about. */
	readonly images: readonly Reached[];
	readonly now: Date;
	readonly directories: readonly Directory[];
	/** In bytes; undefined when the container has none. */
	readonly memoryLimit: number | undefined;
	/** Scans at once. */
	readonly concurrency: number;
	readonly plugin: PluginPlace;
	readonly service: ServiceFact;
}

export interface ToolFact {
	readonly name: string;
	readonly pinned: string;
	/** Its version, or why it cannot be used and what to do. */
	readonly found:
		| {readonly kind: 'usable'; readonly version: string}
		| {readonly kind: 'unusable'; readonly why: string; readonly fix: string};
}

export type StoredDatabase =
	| {readonly kind: 'stored'; readonly updatedAt: Date; readonly nextUpdate: Date}
	| {readonly kind: 'unusable'; readonly problem: string}
	| {readonly kind: 'none'};

/** What a registry was asked about, and what came of it. */
export interface Reached {
	/** A host, a repository or an image. */
	readonly name: string;
	readonly result:
		| {readonly kind: 'answered'}
		| {readonly kind: 'failed'; readonly reason: FailureReason; readonly detail: string};
	/** By the registry's clock; undefined when it did not say. */
	readonly date: Date | undefined;
}

export type FailureReason = 'unreachable' | 'unauthorized' | 'not-found' | 'rate-limited' | 'other';

export type Credentials =
	| {readonly kind: 'file'; readonly file: string; readonly hosts: readonly string[]; readonly helpers: boolean}
	| {readonly kind: 'broken'; readonly file: string; readonly problem: string}
	| {readonly kind: 'none'};

export type SourceCredentials =
	| {readonly kind: 'read'; readonly inClear: readonly string[]}
	| {readonly kind: 'broken'; readonly directory: string; readonly problems: readonly string[]};

export interface Directory {
	/** What it is for. */
	readonly purpose: 'databases and reports' | 'layers that are being scanned';
	readonly path: string;
	/** In bytes; undefined when it could not be asked. */
	readonly free: number | undefined;
	/** In bytes: what it should have, with what it may keep. */
	readonly needed: number;
	readonly writable: boolean;
}

/** How Argo CD sees the plugin, when this is its sidecar. */
export type PluginPlace =
	| {readonly kind: 'nowhere'}
	| {
			readonly kind: 'sidecar';
			/** Content of plugin.yaml; undefined when there is none. */
			readonly configuration: unknown;
			/** Of the repo-server's plugins, without .sock. */
			readonly sockets: readonly string[];
			/** Of this plugin. */
			readonly name: string | undefined;
	  };

/** The scan service that these settings name, or that a sidecar with them would run. */
export type ServiceFact =
	| {
			readonly kind: 'answers';
			/** Why no image can be scanned now. */
			readonly problem: string | undefined;
			/** Why the last refresh of a database failed. */
			readonly refreshProblem: string | undefined;
	  }
	| {readonly kind: 'silent'; readonly why: string};
