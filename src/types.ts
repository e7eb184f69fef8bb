/** The data that flows through the gate, and the ports of its stages. Types only. */

declare const brand: unique symbol;

/** An image reference that satisfies distribution's grammar, as written. Only images/reference.ts makes one. */
export type ImageName = string & {readonly [brand]: 'ImageName'};

/** `os/arch[/variant]`, for example `linux/amd64`. */
export type Platform = string & {readonly [brand]: 'Platform'};

export type JsonValue = null | boolean | number | bigint | string | readonly JsonValue[] | JsonObject;
export interface JsonObject {
	readonly [key: string]: JsonValue;
}

// ── rendering ──────────────────────────────────────────────────────────────────────────────────────────────────

/** What is rendered. `root` is the repository's root: no author-given path may lead out of it. */
export type Source =
	| {readonly kind: 'helm'; readonly directory: string; readonly root: string}
	| {readonly kind: 'kustomize'; readonly directory: string; readonly root: string; readonly file: string}
	| {readonly kind: 'plain'; readonly directory: string; readonly root: string; readonly files: readonly string[]}
	| {readonly kind: 'stdin'};

/** What a renderer printed: the bytes that are passed on, and the same as text. */
export interface RenderedManifests {
	readonly source: Source;
	readonly bytes: Uint8Array;
	readonly text: string;
}

/** What an application's author may say about rendering; from plugin parameters, or flags for local use. */
export interface RenderParameters {
	readonly type: 'helm' | 'kustomize' | 'plain' | undefined;
	/** Of the destination: `--namespace` for helm, `edit set namespace` for kustomize only when `kustomize.namespace` says so. */
	readonly namespace: string | undefined;
	readonly kubeVersion: string | undefined;
	readonly apiVersions: readonly string[];
	readonly helm: {
		readonly releaseName: string;
		readonly valueFiles: readonly string[];
		readonly ignoreMissingValueFiles: boolean;
		/** Inline values: YAML text. */
		readonly values: string | undefined;
		readonly parameters: Readonly<Record<string, string>>;
		readonly stringParameters: Readonly<Record<string, string>>;
		readonly fileParameters: Readonly<Record<string, string>>;
		readonly skipCrds: boolean;
		readonly skipTests: boolean;
		readonly skipSchemaValidation: boolean;
		/** Send a chart repository's credentials to other hosts too, where the operator permits it. */
		readonly passCredentials: boolean;
	};
	readonly kustomize: {
		readonly namePrefix: string | undefined;
		readonly nameSuffix: string | undefined;
		readonly namespace: string | undefined;
		/** `name=newname:tag`, `name:tag`, `name@digest`, … as `kustomize edit set image` takes them. */
		readonly images: readonly string[];
		readonly replicas: Readonly<Record<string, string>>;
		readonly commonLabels: Readonly<Record<string, string>>;
		readonly commonAnnotations: Readonly<Record<string, string>>;
		readonly forceCommonLabels: boolean;
		readonly forceCommonAnnotations: boolean;
		/** Replace build variables in annotations; in labels they always are. */
		readonly commonAnnotationsEnvsubst: boolean;
		readonly labelWithoutSelector: boolean;
		readonly labelIncludeTemplates: boolean;
		/** YAML text of the list that a kustomization's `patches` takes. */
		readonly patches: string | undefined;
		readonly components: readonly string[];
		readonly ignoreMissingComponents: boolean;
	};
	readonly plain: {
		readonly recurse: boolean;
		readonly include: string | undefined;
		readonly exclude: string | undefined;
	};
}

/** What the operator lets a private source of charts or bases be read with. */
export interface SourceCredential {
	/** By which a chart may call it instead of by its address: `@name`. */
	readonly name: string | undefined;
	readonly scheme: 'https' | 'http' | 'oci';
	/** With the port, unless it is the scheme's own. */
	readonly host: string;
	/** It counts for this path and what is below it. */
	readonly path: readonly string[];
	readonly username: string;
	readonly password: string;
	/** Whether a chart repository may lead to other hosts with them, when an application asks for it. */
	readonly passCredentials: boolean;
}

/** `ARGOCD_APP_*` and `KUBE_*` by name: what `$ARGOCD_APP_NAME` in a Helm parameter stands for. */
export type BuildEnvironment = Readonly<Record<string, string>>;

// ── reading ────────────────────────────────────────────────────────────────────────────────────────────────────

/** A piece of the rendered text, in UTF-16 code units: `text.slice(start, end)`. */
export interface TextRange {
	readonly start: number;
	readonly end: number;
}

/** One object as Argo CD will apply it. Items of a List are objects of their own. */
export interface ManifestObject {
	/** Position of its document in the stream, from 1, empty documents counted. */
	readonly document: number;
	readonly apiVersion: string;
	readonly kind: string;
	readonly namespace: string | undefined;
	readonly name: string;
	/** The template file where Helm says it (`# Source: chart/templates/x.yaml`). */
	readonly file: string | undefined;
	readonly value: JsonObject;
	/** Where the value of its own `apiVersion` stands in the rendered text. */
	readonly apiVersionAt: TextRange;
	/** Where its hook annotations stand, for gate/seal.ts. */
	readonly hooks: {readonly argo: AnnotationAt | undefined; readonly helm: AnnotationAt | undefined};
}

/** An entry of `metadata.annotations`: replacing both ranges replaces the entry. */
export interface AnnotationAt {
	readonly key: TextRange;
	readonly value: TextRange;
	readonly text: string;
}

// ── images ─────────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * What becomes of an image string that was found, strongest last:
 * `ignored` never runs (a Helm test), `potential` may be an image, `unresolved` brings images that manifests do not
 * show, `placeholder` is filled in by somebody else, `invalid` is no image reference, `scan` is scanned.
 */
export type ImageOutcome = 'scan' | 'potential' | 'placeholder' | 'unresolved' | 'invalid' | 'ignored';

/**
 * Why a place is ignored: Argo CD never applies its object (a Helm test, another Helm hook that it leaves out, its own hook
 * `Skip`), it is known to hold no image that runs, or the operator's policy says so.
 */
export type IgnoreCause = 'helm-test' | 'helm-hook' | 'skip' | 'known' | 'policy';

/** One place that names an image. */
export interface ImageOrigin {
	/** `Kind/namespace/name`, or `Kind/name` without a namespace. */
	readonly object: string;
	/** Index into the objects that were read. */
	readonly objectIndex: number;
	/** The field, as `spec.template.spec.containers[0].image`. */
	readonly path: string;
	/** The rule that found it: images/rule-text.ts says what it looks at. */
	readonly rule: string;
	readonly outcome: ImageOutcome;
	/** Why it is not `scan`, for a person. */
	readonly reason: string | undefined;
	/** Of `ignored`. */
	readonly ignoredBy?: IgnoreCause;
	readonly file: string | undefined;
	/**
	 * Where alone the pod that is named here can run, by its own selectors; undefined when it says nothing.
	 * gate/platforms.ts tells what follows from it.
	 */
	readonly platforms?: readonly Platform[];
}

/** A distinct image string with every place that names it; `name` is set when it satisfies the grammar. */
export interface ImageReference {
	readonly image: string;
	readonly name: ImageName | undefined;
	readonly outcome: ImageOutcome;
	readonly origins: readonly [ImageOrigin, ...ImageOrigin[]];
}

/**
 * What stands at a path of an object: `image` the name of an image, `parts` a mapping that holds parts of one,
 * `artifact` an OCI artifact that is no image, `chosen` something of which an operator makes image names, `object` a whole
 * object, `text` one as YAML or JSON, `pod` a mapping with containers. The last three are searched like objects.
 */
export const imageForms = ['image', 'parts', 'artifact', 'chosen', 'object', 'text', 'pod'] as const;
export type ImageForm = (typeof imageForms)[number];

/** Keys that hold the parts of an image's name, below the field's path: `ref.tag` is a key in a mapping. */
export interface ImagePartKeys {
	/** A whole name, which wins over the parts. */
	readonly image?: string | undefined;
	readonly registry?: string | undefined;
	readonly repository?: string | undefined;
	/** Joined to the repository by a slash. */
	readonly name?: string | undefined;
	/** The first that is there counts. */
	readonly tag?: string | readonly string[] | undefined;
	readonly tagPrefix?: string | undefined;
	readonly tagSuffix?: string | undefined;
	readonly digest?: string | undefined;
	/** A boolean that adds `-jmx` to the tag. */
	readonly jmx?: string | undefined;
}

/** One place where objects of a kind name an image. */
export interface ImageFieldRule {
	/** `a.b`, `[]` any item, `{}` any value of a mapping, `*` any key, `(a|b)`, `[key=value]`, one `**` for any depth. */
	readonly path: string;
	readonly form: ImageForm;
	/** Of `parts`, and of an `artifact` that comes in parts. */
	readonly keys?: ImagePartKeys | undefined;
	/** The path of the tag, or of the registry, from the object's root, when the parts hold none. */
	readonly tagFrom?: string | undefined;
	readonly registryFrom?: string | undefined;
	/** `k0s`: `+k0s.` of a version becomes `-k0s.`, which `-k0s.0` stands for when it is missing. */
	readonly tagStyle?: 'k0s' | undefined;
	/** What the kind's schema fills in when the field is left out. */
	readonly default?: string | undefined;
	/** Keys beside the field, with the text that each must hold for the rule to count. */
	readonly when?: Readonly<Record<string, string>> | undefined;
	/** What may stand in front of the name and is not a part of it, such as `docker://`. */
	readonly scheme?: string | undefined;
	/** A text without `:`, `/` and `@` is not a whole name here. */
	readonly partial?: boolean | undefined;
	/** Of `chosen`: what the operator does, as a sentence. */
	readonly reason?: string | undefined;
}

/** Where objects of a kind name images. */
export interface ImageKindRule {
	/** API group, empty for the core; `*` stands for any characters, here and in the kind. */
	readonly group: string;
	readonly kind: string;
	readonly fields: readonly ImageFieldRule[];
	/** Where this is known from. */
	readonly source?: string | undefined;
}

/** What the operator says about finding images. */
export interface ImageSettings {
	readonly rules: readonly ImageKindRule[];
	/** Places and names that are no images, each with its reason. All conditions that are given must hold. */
	readonly ignore: readonly ImageIgnore[];
	/** Images that objects of a kind bring although no manifest shows them. */
	readonly extra: readonly ExtraImage[];
}

export interface ImageIgnore {
	/** Compared with the text as written and with the full name; `*` stands for any characters. */
	readonly image?: string | undefined;
	readonly group?: string | undefined;
	readonly kind?: string | undefined;
	/** As in a rule. */
	readonly path?: string | undefined;
	readonly reason: string;
}

export interface ExtraImage {
	readonly group: string;
	readonly kind: string;
	readonly image: string;
	readonly reason: string;
}

// ── scanning ───────────────────────────────────────────────────────────────────────────────────────────────────

export const severities = ['UNKNOWN', 'LOW', 'MEDIUM', 'HIGH', 'CRITICAL'] as const;
export type Severity = (typeof severities)[number];

/** One vulnerability in one package. */
export interface Finding {
	readonly id: string;
	readonly severity: Severity;
	readonly package: string;
	readonly installedVersion: string;
	/** As Trivy writes it (may list several); undefined when there is no fix. */
	readonly fixedVersion: string | undefined;
	/** Trivy's status: fixed, affected, will_not_fix, end_of_life, … */
	readonly status: string;
	/** What was looked at, for example `Node.js` or `debian 12.4`. */
	readonly target: string;
	/** Where in the image the package is, when Trivy says it. */
	readonly packagePath: string | undefined;
	readonly purl: string | undefined;
	readonly title: string | undefined;
	readonly url: string | undefined;
	readonly publishedDate: string | undefined;
	/** Whether the base image or what was built on it brings the package, as far as the image's history tells. */
	readonly layer?: 'base' | 'application' | undefined;
	/** Of an operating system's package manager, or of a language's; undefined when Trivy does not say. */
	readonly type?: 'os' | 'library' | undefined;
	/** The highest CVSS score, version 3 or 4, of all sources that Trivy reports. */
	readonly score?: number | undefined;
}

/** A scan that ended but cannot be trusted wholly. */
export type Caveat =
	| {readonly kind: 'no-os'}
	| {readonly kind: 'no-packages'; readonly os: string}
	| {readonly kind: 'end-of-life'; readonly os: string}
	/** The scanner or its database knows nothing of this distribution or release. */
	| {readonly kind: 'unsupported-os'; readonly os: string}
	| {readonly kind: 'stale-database'; readonly updatedAt: string; readonly maxAgeHours: number};

export const unscannedReasons = [
	'address-refused',
	'unreachable',
	'rate-limited',
	'registry-error',
	'unauthorized',
	'not-found',
	'platform-missing',
	'scanner-failed',
	'scanner-timeout',
	'report-invalid',
	'deadline',
	'canceled',
] as const;
export type UnscannedReason = (typeof unscannedReasons)[number];

/** The vulnerability database that a scan used. */
export interface DatabaseInfo {
	readonly version: number;
	/** ISO 8601, when its makers built it. */
	readonly updatedAt: string;
}

export type ScanVerdict = {readonly image: ImageName; readonly platform: Platform} & (
	| {
			readonly kind: 'scanned';
			/** Of the image for this platform. */
			readonly digest: string;
			readonly findings: readonly Finding[];
			readonly caveats: readonly Caveat[];
			/** For example `debian 12.4`; undefined when none was recognised. */
			readonly os: string | undefined;
			readonly packages: number;
			readonly database: DatabaseInfo;
			/** From the verdict cache, without a Trivy run. */
			readonly cached: boolean;
	  }
	| {
			readonly kind: 'unscanned';
			readonly reason: UnscannedReason;
			/** Whether asking again later may help. */
			readonly transient: boolean;
			readonly detail: string;
	  }
);

/** An image reference in the parts that a registry needs. */
export interface ScanTarget {
	readonly image: ImageName;
	/** The registry, as `docker.io` or `registry.example:5000`. */
	readonly host: string;
	/** As `library/nginx`. */
	readonly repository: string;
	/** `:tag` or `@digest`; the digest wins when a reference has both. */
	readonly version: string;
	/** Instead of the platforms of the run. */
	readonly platforms?: readonly Platform[];
}

/** What the scan engine tells while it works; for progress displays. */
export type ScanEvent =
	| {readonly kind: 'planned'; readonly images: number}
	| {readonly kind: 'started'; readonly image: ImageName; readonly platform: Platform}
	| {
			readonly kind: 'retried';
			readonly image: ImageName;
			readonly platform: Platform;
			readonly attempt: number;
			readonly detail: string;
	  }
	| {readonly kind: 'finished'; readonly verdict: ScanVerdict; readonly milliseconds: number};

/** A caller's set of images. */
export interface ScanRequest {
	/** Who asks, for fairness between applications and for the log; empty for local use. */
	readonly application: string;
	readonly targets: readonly ScanTarget[];
	/** Of targets that name none of their own. */
	readonly platforms: readonly Platform[];
	/** Older databases give the caveat `stale-database`. */
	readonly maxDatabaseAgeHours: number;
	/** Aborted with the reason `deadline` or `canceled` when the caller goes: what it still waits for is answered as unscanned. */
	readonly signal: AbortSignal;
	readonly onEvent: (event: ScanEvent) => void;
}

/** What scans images: an engine in this process, or the scan service behind a socket. */
export interface ScanEngine {
	/**
	 * One verdict for every target, platform and digest. Work that is under way when the signal aborts goes on in the
	 * background until `close`.
	 * @throws GateError database-unavailable, service-unreachable, service-busy; nothing else.
	 */
	readonly scan: (request: ScanRequest) => Promise<readonly ScanVerdict[]>;
	/** Stops everything that was started; resolves when it has ended. */
	readonly close: () => Promise<void>;
}

/** The engine of this process, which the scan service serves. */
export interface LocalScanEngine extends ScanEngine {
	/** Trivy's raw report as JSON text; undefined when the store has none. */
	readonly storedReport: (digest: string, platform: Platform) => Promise<string | undefined>;
	/** The tags of a repository; none when its registry does not tell them. */
	readonly tags: (repository: Pick<ScanTarget, 'host' | 'repository'>) => Promise<readonly string[]>;
	readonly status: () => EngineStatus;
}

export interface EngineStatus {
	/** Why no image can be scanned now, for a person; undefined when one can. */
	readonly problem: string | undefined;
	readonly database: DatabaseInfo | undefined;
	readonly javaDatabase: DatabaseInfo | undefined;
	/** Why the last refresh of a database failed; undefined when it did not. */
	readonly refreshProblem: string | undefined;
	readonly trivyServer: 'starting' | 'running' | 'restarting' | 'stopped';
	readonly concurrency: number;
	readonly running: number;
	readonly waiting: number;
	readonly queueLimit: number;
	/** Bytes on disk of the verdict store and of Trivy's layer cache. */
	readonly storeBytes: number;
	readonly layerCacheBytes: number;
}

/** What the engine tells its observer, for metrics and the log. */
export type EngineEvent =
	| {
			readonly kind: 'scan-finished';
			readonly image: ImageName;
			readonly digest: string;
			readonly platform: Platform;
			readonly outcome: 'scanned' | UnscannedReason;
			readonly waitedMs: number;
			readonly scanMs: number;
	  }
	| {readonly kind: 'store-read'; readonly hit: boolean}
	/** `saved` layers were known already and were not fetched. */
	| {readonly kind: 'layer'; readonly outcome: 'fetched' | 'saved'; readonly bytes: number}
	| {readonly kind: 'database-refreshed'; readonly database: 'vulnerability' | 'java'; readonly info: DatabaseInfo}
	| {readonly kind: 'database-refresh-failed'; readonly database: 'vulnerability' | 'java'; readonly problem: string}
	| {readonly kind: 'trivy-server'; readonly state: EngineStatus['trivyServer']; readonly detail: string};

// ── deciding ───────────────────────────────────────────────────────────────────────────────────────────────────

/** In order of strictness for one image. */
export const decisions = ['allow', 'warn', 'unknown', 'deny'] as const;
export type Decision = (typeof decisions)[number];

/** What the operator lets pass on purpose, and who answers for it. */
export interface ExceptionGrant {
	/** Where it is written, as `shop.yaml#2`: the file's name and the number of the entry, from 1. */
	readonly source: string;
	readonly owner: string;
	readonly reason: string;
	/** `YYYY-MM-DD`: the last day, in UTC, on which it holds. */
	readonly expires: string;
	readonly ticket: string | undefined;
}

/** An application's revision that is let pass whatever is found, for some hours. */
export interface BreakGlassGrant {
	/** As of an exception. */
	readonly source: string;
	readonly approver: string;
	readonly reason: string;
	readonly ticket: string | undefined;
	/** ISO 8601, the moment at which it ends. */
	readonly until: string;
}

/**
 * Why something that the policy refuses is not refused now. `until` is the last day, in UTC, on which that holds, as
 * `YYYY-MM-DD`.
 */
export type Pass =
	/** Its grace period, counted from its publication, runs. */
	| {readonly kind: 'grace'; readonly until: string}
	/** It was disclosed after this application had deployed the very same image, on the day `deployed`. */
	| {readonly kind: 'readmitted'; readonly deployed: string; readonly until: string; readonly evidence: LedgerEvidence}
	/** It could not be scanned, and was allowed at `allowedAt` (ISO 8601). */
	| {readonly kind: 'allowed-before'; readonly allowedAt: string}
	| {readonly kind: 'break-glass'; readonly grant: BreakGlassGrant};

/** How the ledger knows that an image was deployed: from the cluster, or only from what the gate allowed. */
export type LedgerEvidence = 'live' | 'allowed';

/** One reason of an image's decision, with the decision that it alone would give. */
export type DecisionReason = {
	readonly decision: Decision;
	readonly platform: Platform | undefined;
	/** Why the decision is not stricter; such a reason is a warning, and is always shown. */
	readonly pass?: Pass;
} & (
	| {
			readonly kind: 'finding';
			readonly finding: Finding;
			/** The rule by which it counts. */
			readonly rule: FindingRule;
			/** The exception that covered it until it ran out. */
			readonly lapsed?: ExceptionGrant;
	  }
	| {readonly kind: 'caveat'; readonly caveat: Caveat}
	| {readonly kind: 'unscanned'; readonly reason: UnscannedReason; readonly transient: boolean; readonly detail: string}
	| {
			readonly kind: 'reference';
			readonly rule: 'invalid' | 'placeholder' | 'digest-required' | 'tag-forbidden' | 'registry-denied';
			readonly detail: string;
	  }
);

/** What makes a finding count, by the name of its field in the policy; the first that holds is told. */
export type FindingRule = 'knownExploited' | 'severities' | 'score' | 'exploitProbability' | 'packages';

/** A finding that would be refused, and the exception that lets it pass. */
export interface ExceptedFinding {
	readonly finding: Finding;
	readonly platform: Platform;
	readonly exception: ExceptionGrant;
}

export interface ImageDecision {
	readonly reference: ImageReference;
	readonly decision: Decision;
	/** Those that are not `allow`, strictest first. */
	readonly reasons: readonly DecisionReason[];
	/** In the order of findings. */
	readonly excepted: readonly ExceptedFinding[];
	readonly verdicts: readonly ScanVerdict[];
}

/** What will be refused although it passes today. */
export type EarlyWarning = {
	readonly image: string;
	/** The last day, in UTC, on which it passes, as `YYYY-MM-DD`. */
	readonly until: string;
	/** The ids of the findings concerned, each once, sorted. */
	readonly ids: readonly string[];
} & (
	| {readonly kind: 'grace'}
	| {readonly kind: 'readmission'}
	| {readonly kind: 'exception'; readonly exception: ExceptionGrant}
);

export interface GateDecision {
	/** The strictest of the images': an application with a denied image is denied, whatever else is unknown. */
	readonly decision: Decision;
	/** Sorted: strictest first, then by image. */
	readonly images: readonly ImageDecision[];
	/** Every exception that was used, with the number of findings that it covers; sorted by source. */
	readonly exceptions: ReadonlyArray<{readonly exception: ExceptionGrant; readonly findings: number}>;
	/** Those that hold for this revision now, also when nothing needed them. */
	readonly breakGlass: ReadonlyArray<{readonly grant: BreakGlassGrant; readonly needed: boolean}>;
	/** What will be refused within the days that the policy names, soonest first. */
	readonly ahead: readonly EarlyWarning[];
	readonly enforcement: Enforcement;
	/** Stable hash of the decision's content, short enough for a message. */
	readonly reportId: string;
}

export type Enforcement = 'job' | 'seal' | 'fail-render' | 'warn';

// ── ports ──────────────────────────────────────────────────────────────────────────────────────────────────────

export const toolNames = ['helm', 'kustomize', 'trivy'] as const;
export type ToolName = (typeof toolNames)[number];

export interface ToolCall {
	/** Whole environment of the program; nothing is inherited. */
	readonly environment: Readonly<Record<string, string>>;
	readonly directory: string;
	readonly timeoutMs: number;
	readonly signal?: AbortSignal;
	readonly input?: string;
	/** Bytes of stdout that are too many; default 100 MiB. */
	readonly maxOutput?: number;
}

/** How a program ended: the states cannot overlap, the first cause wins. */
export type ToolResult =
	| {
			readonly kind: 'exited';
			readonly exitCode: number;
			readonly stdout: Uint8Array;
			readonly stderr: string;
			readonly milliseconds: number;
	  }
	/** It could not be started; `code` is the system's, ENOENT when it is not there. */
	| {readonly kind: 'missing'; readonly path: string; readonly code: string}
	| {
			readonly kind: 'stopped';
			readonly reason: 'timeout' | 'canceled' | 'signal' | 'output-too-big';
			readonly signal: string | undefined;
			readonly stderr: string;
	  };

/** What every stage needs that runs tools. */
export interface ToolContext {
	readonly run: RunTool;
	/** PATH, proxies, certificates: what every tool's environment starts from. Never HOME, never credentials. */
	readonly environment: Readonly<Record<string, string>>;
	/** A new, empty, private directory that is removed when the gate ends. */
	readonly makeDirectory: (label: string) => Promise<string>;
	/** Aborted at the deadline or by a signal. */
	readonly signal: AbortSignal;
	readonly timeoutMs: number;
	readonly log: Log;
}

/** Runs one external tool with an argument array, never through a shell. Does not reject. */
export type RunTool = (tool: ToolName, args: readonly string[], call: ToolCall) => Promise<ToolResult>;

/** A tool that runs until it is stopped, such as a server. */
export interface RunningTool {
	/** Undefined when it could not be started. */
	readonly pid: number | undefined;
	/** How it ended, with the last of its words. Does not reject. */
	readonly ended: Promise<ToolResult>;
	/** SIGTERM, and SIGKILL a little later; resolves when it has ended. */
	readonly stop: () => Promise<void>;
	/** SIGKILL, for one that hangs; resolves when it has ended. */
	readonly kill: () => Promise<void>;
}

/** Starts one external tool as {@link RunTool} does, without waiting for it. */
export type StartTool = (
	tool: ToolName,
	args: readonly string[],
	call: Pick<ToolCall, 'environment' | 'directory'>,
) => RunningTool;

/** Lines on stderr, each with its stage in front. */
export interface Log {
	info(stage: Stage, message: string): void;
	warn(stage: Stage, message: string): void;
	/** Shown with --verbose only. */
	detail(stage: Stage, message: string): void;
}

export type Stage = 'settings' | 'tools' | 'render' | 'read' | 'find' | 'scan' | 'gate' | 'report';
