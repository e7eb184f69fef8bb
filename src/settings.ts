import {existsSync} from 'node:fs';
import {availableParallelism, homedir, tmpdir} from 'node:os';
import {delimiter, join, resolve} from 'node:path';
import {GateError} from './errors.ts';
import {checkValues, parameters, parseArgoParameters} from './parameters.ts';
import type {ApplicationContext, ParameterName, ParameterValue, ParameterValues} from './parameters.ts';
import {formatOfFile, isReportFormat, reportFormats} from './report/format-names.ts';
import type {ReportFormat} from './report/format-names.ts';
import {parseListenAddress, parseServiceAddress} from './service/address.ts';
import type {ServiceAddress} from './service/address.ts';
import {tokenProblem} from './service/token.ts';
import {toolNames} from './types.ts';
import type {BuildEnvironment, ToolName} from './types.ts';

type Environment = Readonly<Record<string, string | undefined>>;
/** Those that look at one application, and end. */
export type GateCommand = 'generate' | 'scan' | 'images' | 'explain' | 'render';
export type Command = GateCommand | 'reports' | 'announce' | 'doctor' | 'policy' | 'serve' | 'sidecar' | 'status';

/** An operator's setting: a flag, and a `TRIVY_GATE_*` variable with the same meaning. The flag wins. */
export interface Option {
	readonly name: string;
	readonly kind: 'string' | 'number' | 'boolean' | 'list';
	readonly describe: string;
	/** Shown in the help when it is not a plain default. */
	readonly defaultText?: string;
	readonly commands?: readonly Command[];
}

export const options = [
	{
		name: 'policy',
		kind: 'string',
		describe: 'Policy file',
		defaultText: 'CRITICAL and HIGH are denied by a PreSync Job',
	},
	{
		name: 'exceptions',
		kind: 'string',
		describe: 'Directory with files of exceptions and break-glass entries',
		defaultText: 'none',
	},
	{
		name: 'ledger',
		kind: 'string',
		describe: 'Directory that remembers which images were allowed, for readmission',
		defaultText: 'ledger in the cache directory',
	},
	{
		name: 'report',
		kind: 'list',
		describe: 'Reports as JSON (scan --output): exceptions that none of them used are told (policy check)',
		commands: ['policy'],
	},
	{
		name: 'app',
		kind: 'string',
		describe: 'Application whose exceptions hold, where Argo CD does not tell it (scan, explain, policy)',
		commands: ['scan', 'explain', 'policy'],
	},
	{
		name: 'project',
		kind: 'string',
		describe: 'AppProject of the application, where Argo CD does not tell it (scan, explain, policy)',
		commands: ['scan', 'explain', 'policy'],
	},
	{
		name: 'concurrency',
		kind: 'number',
		describe: 'Images that are scanned at once',
		defaultText: 'number of CPUs, or what the memory holds',
	},
	{
		name: 'deadline',
		kind: 'number',
		describe: 'Seconds after which the gate ends by itself',
		defaultText: '45 for generate, 900 otherwise',
	},
	{
		name: 'cache-dir',
		kind: 'string',
		describe: 'Where databases and reports are kept',
		defaultText: 'argocd-trivy-gate in the user’s cache directory',
	},
	{name: 'cache-size', kind: 'number', describe: 'Megabytes of stored reports', defaultText: '512'},
	{name: 'layer-cache-size', kind: 'number', describe: 'Megabytes of analysed layers', defaultText: '1024'},
	{
		name: 'layer-space',
		kind: 'number',
		describe: 'Megabytes of unpacked layers in the temporary directory at once',
		defaultText: '10240',
	},
	{name: 'tag-memory', kind: 'number', describe: 'Seconds for which a tag’s digest is remembered', defaultText: '60'},
	{
		name: 'queue-limit',
		kind: 'number',
		describe: 'Images that may wait for the scan service at once (serve, sidecar)',
		defaultText: '10000',
	},
	{name: 'scan-timeout', kind: 'number', describe: 'Seconds for one image', defaultText: '300'},
	{name: 'retries', kind: 'number', describe: 'How often a transient failure is tried again', defaultText: '4'},
	{
		name: 'docker-config',
		kind: 'string',
		describe: 'Docker config.json with registry credentials',
		defaultText: '$DOCKER_CONFIG/config.json, else ~/.docker/config.json, when it is there',
	},
	{
		name: 'source-credentials',
		kind: 'string',
		describe: 'Directory with a directory for each private source of charts and bases: url, username, password',
	},
	{
		name: 'ca-file',
		kind: 'string',
		describe: 'Certificates of authorities to trust, for every tool',
		defaultText: '$SSL_CERT_FILE',
	},
	{
		name: 'database-repository',
		kind: 'list',
		describe: 'Repositories of the vulnerability database, in order',
		defaultText: 'Trivy’s own',
	},
	{
		name: 'java-database-repository',
		kind: 'list',
		describe: 'Repositories of the Java database, in order',
		defaultText: 'Trivy’s own',
	},
	{
		name: 'database-update',
		kind: 'boolean',
		describe: 'Download databases when they are missing or out of date',
		defaultText: 'true',
	},
	{name: 'kustomize-build-options', kind: 'string', describe: 'Options for kustomize build, separated by spaces'},
	{
		name: 'root',
		kind: 'string',
		describe: 'Root of the repository: nothing outside of it is read',
		defaultText: 'the checkout that holds the path',
	},
	{name: 'helm', kind: 'string', describe: 'The helm program', defaultText: 'from PATH, else the tool cache'},
	{name: 'kustomize', kind: 'string', describe: 'The kustomize program', defaultText: 'from PATH, else the tool cache'},
	{name: 'trivy', kind: 'string', describe: 'The trivy program', defaultText: 'from PATH, else the tool cache'},
	{
		name: 'service',
		kind: 'string',
		describe: 'Scan service that scans, instead of this process: unix:PATH or http://HOST:PORT',
		defaultText: 'none; set by sidecar for what it starts',
	},
	{
		name: 'service-token-file',
		kind: 'string',
		describe: 'File with the scan service’s token (or the token itself in TRIVY_GATE_SERVICE_TOKEN)',
	},
	{
		name: 'listen',
		kind: 'string',
		describe: 'Where the scan service listens: unix:PATH, or ADDRESS:PORT with a token (serve, sidecar)',
		defaultText: 'for sidecar a socket in the temporary directory',
	},
	{
		name: 'metrics-listen',
		kind: 'string',
		describe: 'ADDRESS:PORT of health, readiness and metrics alone, without a token (serve, sidecar)',
		defaultText: 'none',
	},
	{
		name: 'reports-kept',
		kind: 'number',
		describe: 'Reports that are kept of each application and revision; 0 keeps none (serve, sidecar)',
		defaultText: '10',
	},
	{
		name: 'reports-dir',
		kind: 'string',
		describe: 'Where reports are kept; several services may share it (serve, sidecar)',
		defaultText: 'gate-reports in the cache directory',
	},
	{
		name: 'reports-space',
		kind: 'number',
		describe: 'Megabytes of kept reports (serve, sidecar)',
		defaultText: '256',
	},
	{
		name: 'reports-listen',
		kind: 'string',
		describe: 'ADDRESS:PORT where browsers read kept reports and nothing else can be done (serve, sidecar)',
		defaultText: 'none',
	},
	{
		name: 'reports-access',
		kind: 'string',
		describe: 'Who may read reports at that port: token, or anyone who reaches it (serve, sidecar)',
		defaultText: 'token',
	},
	{
		name: 'reports-token-file',
		kind: 'string',
		describe: 'File with the token of those who read reports there (serve, sidecar)',
	},
	{
		name: 'reports-url',
		kind: 'string',
		describe: 'Where browsers find that port; a refusal links its report there (generate)',
		defaultText: 'none',
	},
	{name: 'log-format', kind: 'string', describe: 'json or text (serve, sidecar)', defaultText: 'json'},
	{
		name: 'grace-period',
		kind: 'number',
		describe: 'Seconds that the command of sidecar has to end before it is killed',
		defaultText: '20',
	},
	{
		name: 'print-schema',
		kind: 'boolean',
		describe: 'Print the JSON schema of the report (scan) or of the scan service’s API (serve)',
		commands: ['scan', 'serve'],
	},
	{name: 'verbose', kind: 'boolean', describe: 'Tell more on stderr'},
	{
		name: 'format',
		kind: 'string',
		describe: `${listed(Object.keys(reportFormats))} (scan, reports show), text or json (images, explain, doctor, policy, reports list, status)`,
		commands: ['scan', 'images', 'explain', 'doctor', 'policy', 'reports', 'status'],
	},
	{
		name: 'suggest',
		kind: 'boolean',
		describe: 'Look for later tags of denied images that would be allowed (scan, without a scan service)',
		commands: ['scan'],
	},
	{
		name: 'output',
		kind: 'list',
		describe: 'Also write the report to FILE, in the format that its name ends in or as FORMAT=FILE (scan)',
		commands: ['scan'],
	},
	{
		name: 'all',
		kind: 'boolean',
		describe: 'Also list what may be an image, and what is ignored, filled in or chosen elsewhere (images)',
		commands: ['images'],
	},
	{
		name: 'kubeconfig',
		kind: 'string',
		describe: 'Kubeconfig of the cluster in which Argo CD runs (doctor)',
		defaultText: '$KUBECONFIG, else ~/.kube/config, when it is there',
		commands: ['doctor'],
	},
	{
		name: 'context',
		kind: 'string',
		describe: 'Context of the kubeconfig (doctor)',
		defaultText: 'the current one',
		commands: ['doctor'],
	},
	{
		name: 'argocd-namespace',
		kind: 'string',
		describe: 'Namespace of Argo CD (doctor)',
		defaultText: 'argocd',
		commands: ['doctor'],
	},
	{
		name: 'plugin-names',
		kind: 'list',
		describe: 'Names of the plugin by which Applications choose the gate (doctor)',
		defaultText: 'trivy-gate',
		commands: ['doctor'],
	},
	{
		name: 'here',
		kind: 'boolean',
		describe: 'Look at this machine instead of the cluster (doctor)',
		commands: ['doctor'],
	},
] as const satisfies readonly Option[];
type OptionName = (typeof options)[number]['name'];

/** Flags as yargs hands them over: nothing is defaulted there, so that a variable can still speak. */
export type Flags = Readonly<Record<string, unknown>>;

export interface Settings {
	readonly command: Command;
	/** `-` reads manifests from stdin. */
	readonly path: string;
	/** What `explain` is asked about. */
	readonly image: string | undefined;
	/** `images` lists everything that was found. */
	readonly all: boolean;
	readonly root: string | undefined;
	readonly policyFile: string | undefined;
	/** Directory with files of exceptions. */
	readonly exceptions: string | undefined;
	/** Directory of what was allowed to each application. */
	readonly ledger: string;
	/** Of `policy check`: reports that tell which exceptions are used. */
	readonly reports: readonly string[];
	readonly concurrency: number;
	readonly deadlineMs: number;
	readonly cacheDirectory: string;
	readonly cacheBytes: number;
	readonly layerCacheBytes: number;
	readonly layerSpaceBytes: number;
	readonly tagMemoryMs: number;
	readonly queueLimit: number;
	readonly scanTimeoutMs: number;
	readonly retries: number;
	readonly dockerConfigFile: {readonly path: string; readonly required: boolean};
	readonly sourceCredentials: string | undefined;
	readonly caFile: string | undefined;
	readonly databaseRepositories: readonly string[];
	readonly javaDatabaseRepositories: readonly string[];
	readonly databaseUpdate: boolean;
	readonly kustomizeBuildOptions: readonly string[];
	readonly tools: Partial<Readonly<Record<ToolName, string>>>;
	/** Who scans instead of this process. */
	readonly service: ServiceAddress | undefined;
	readonly serviceToken: TokenSource | undefined;
	readonly listen: ServiceAddress | undefined;
	readonly metricsListen: ServiceAddress | undefined;
	readonly keptReports: ReportSettings;
	readonly logFormat: 'json' | 'text';
	readonly gracePeriodMs: number;
	readonly printSchema: boolean;
	readonly doctor: DoctorSettings;
	readonly verbose: boolean;
	/** What stdout gets. */
	readonly format: ReportFormat | 'text';
	/** `scan` looks for what could be used instead of denied images. */
	readonly suggest: boolean;
	/** The files that get the report too. */
	readonly outputs: readonly ReportFile[];
	readonly parameters: ParameterValues;
	readonly application: ApplicationContext;
	/** ARGOCD_APP_NAME is set. */
	readonly calledByArgo: boolean;
	readonly build: BuildEnvironment;
}

/** What becomes of the reports that the scan service is told. */
export interface ReportSettings {
	/** Of each application and revision. */
	readonly kept: number;
	/** Undefined: in the cache directory. */
	readonly directory: string | undefined;
	readonly bytes: number;
	readonly listen: ServiceAddress | undefined;
	readonly access: 'token' | 'anyone';
	readonly tokenFile: TokenSource | undefined;
	/** Without a slash at its end. */
	readonly url: string | undefined;
}

export interface ReportFile {
	readonly format: ReportFormat;
	readonly file: string;
}

/** Never a flag: every process of the machine can read those. */
export type TokenSource =
	| {readonly kind: 'file'; readonly path: string}
	| {readonly kind: 'text'; readonly text: string};
/** What `doctor` looks at. */
export interface DoctorSettings {
	/** In order, as kubectl takes them; none: this machine. */
	readonly kubeconfigs: readonly string[];
	readonly context: string | undefined;
	/** Of Argo CD. */
	readonly namespace: string;
	readonly plugins: readonly string[];
	readonly here: boolean;
}

/** The variable of an option: `cache-dir` is TRIVY_GATE_CACHE_DIR. */
export function variableOf(name: string): string {
	return `TRIVY_GATE_${name.toUpperCase().replaceAll('-', '_')}`;
}

/**
 * Makes settings of flags and environment, once, at the edge.
 * @throws GateError settings-invalid with every problem at once; parameters-invalid for the application's own.
 */
export function parseSettings(
	command: Command,
	path: string,
	flags: Flags,
	environment: Environment,
	image?: string,
): Settings {
	const problems = unknownVariables(environment);
	const read = reader(flags, environment, problems);
	const seconds = (name: OptionName, fallback: number) => (read.number(name, 1, 86_400) ?? fallback) * 1000;
	const cacheDirectory = resolve(
		read.string('cache-dir') ?? join(environment['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'argocd-trivy-gate'),
	);
	const settings: Settings = {
		command,
		path,
		image,
		all: read.boolean('all') ?? false,
		root: read.string('root'),
		policyFile: read.string('policy'),
		exceptions: read.string('exceptions'),
		ledger: resolve(read.string('ledger') ?? join(cacheDirectory, 'ledger')),
		reports: command === 'policy' ? read.list('report') : [],
		concurrency: read.number('concurrency', 1, 256) ?? availableParallelism(),
		deadlineMs: Math.min(seconds('deadline', command === 'generate' ? 45 : 900), longest[command] ?? Infinity),
		cacheDirectory,
		cacheBytes: (read.number('cache-size', 0, 1_000_000) ?? 512) * megabyte,
		layerCacheBytes: (read.number('layer-cache-size', 1, 1_000_000) ?? 1024) * megabyte,
		layerSpaceBytes: (read.number('layer-space', 1, 1_000_000) ?? 10_240) * megabyte,
		tagMemoryMs: (read.number('tag-memory', 0, 86_400) ?? 60) * 1000,
		queueLimit: read.number('queue-limit', 1, 1_000_000) ?? 10_000,
		scanTimeoutMs: seconds('scan-timeout', 300),
		retries: read.number('retries', 0, 20) ?? 4,
		dockerConfigFile: dockerConfig(read.string('docker-config'), environment),
		sourceCredentials: pathOf(read.string('source-credentials')),
		caFile: read.string('ca-file') ?? (environment['SSL_CERT_FILE'] || undefined),
		databaseRepositories: read.list('database-repository'),
		javaDatabaseRepositories: read.list('java-database-repository'),
		databaseUpdate: read.boolean('database-update') ?? true,
		kustomizeBuildOptions: (read.string('kustomize-build-options') ?? '')
			.split(/\s+/)
			.filter((option) => option !== ''),
		tools: toolSettings(read),
		service: addressOf(read, 'service', parseServiceAddress, problems),
		serviceToken: tokenSource(read.string('service-token-file'), environment, problems),
		listen: addressOf(read, 'listen', parseListenAddress, problems),
		metricsListen: addressOf(read, 'metrics-listen', parseListenAddress, problems),
		keptReports: reportSettings(read, problems),
		logFormat: logFormatOf(read, problems),
		gracePeriodMs: seconds('grace-period', 20),
		printSchema: read.boolean('print-schema') ?? false,
		doctor: doctorSettings(read, environment),
		verbose: read.boolean('verbose') ?? false,
		format: formatOf(command, read.string('format'), problems),
		suggest: command === 'scan' && (read.boolean('suggest') ?? false),
		outputs: command === 'scan' ? read.list('output').flatMap((text) => reportFile(text, problems)) : [],
		parameters: {},
		application: applicationOf(path, environment, {name: read.string('app'), project: read.string('project')}),
		calledByArgo: (environment['ARGOCD_APP_NAME'] ?? '') !== '',
		build: buildEnvironment(environment),
	};
	// An empty policy variable is an unset value in somebody's template, and must not mean the built-in policy.
	for (const name of ['policy', 'exceptions'] as const) {
		if (environment[variableOf(name)] === '' && flags[name] === undefined)
			problems.push(`${variableOf(name)} is empty`);
	}
	for (const {name, commands} of options as readonly Option[]) {
		if (flags[name] !== undefined && commands !== undefined && !commands.includes(command)) {
			problems.push(`--${name} is not for ${command}`);
		}
	}
	problems.push(...addressProblems(command, settings));
	if (problems.length > 0) throw invalid(problems);
	return {
		...settings,
		parameters: {...parseArgoParameters(environment['ARGOCD_APP_PARAMETERS']), ...checkValues(parameterFlags(flags))},
	};
}

function invalid(problems: readonly string[]): GateError {
	return new GateError({
		stage: 'settings',
		code: 'settings-invalid',
		what: problems.length === 1 ? 'a setting cannot be used' : `${problems.length} settings cannot be used`,
		hint: '"trivy-gate --help" lists them.',
		output: problems.join('\n'),
	});
}

/** Set-up's variable, the token, and those that Kubernetes makes for a Service called trivy-gate. */
const otherVariables = /^TRIVY_GATE_(?:TOOL_CACHE|SERVICE_TOKEN|SERVICE_HOST|SERVICE_PORT.*|PORT(?:_.*)?)$/;

function unknownVariables(environment: Environment): string[] {
	const known = options.map(({name}) => variableOf(name));
	return Object.keys(environment)
		.filter((name) => name.startsWith('TRIVY_GATE_') && !known.includes(name) && !otherVariables.test(name))
		.map((name) => `${name} is not a setting of the gate`);
}

const megabyte = 1024 * 1024;

/** Whatever the deadline of renders is: a person waits for a form. */
const longest: Partial<Readonly<Record<Command, number>>> = {announce: 20_000};

type Reader = ReturnType<typeof reader>;

function reader(flags: Flags, environment: Environment, problems: string[]) {
	const raw = (name: OptionName): {readonly text: string; readonly from: string} | undefined => {
		const flag = flags[name];
		if (Array.isArray(flag)) return {text: flag.join(','), from: `--${name}`};
		if (typeof flag === 'string' || typeof flag === 'boolean') return {text: String(flag), from: `--${name}`};
		const text = environment[variableOf(name)];
		return text === undefined || text === '' ? undefined : {text, from: variableOf(name)};
	};
	return {
		raw,
		string: (name: OptionName) => {
			const value = raw(name);
			if (value?.text === '') problems.push(`${value.from} is empty`);
			return value?.text;
		},
		number: (name: OptionName, least: number, most: number) => {
			const value = raw(name);
			if (value === undefined) return undefined;
			const number = Number(value.text);
			if (/^\d+$/.test(value.text) && number >= least && number <= most) return number;
			problems.push(`${value.from} must be a whole number from ${least} to ${most}, not "${value.text}"`);
			return undefined;
		},
		boolean: (name: OptionName) => {
			const value = raw(name);
			if (value === undefined) return undefined;
			if (value.text !== 'true' && value.text !== 'false')
				problems.push(`${value.from} must be true or false, not "${value.text}"`);
			return value.text === 'true';
		},
		list: (name: OptionName) =>
			(raw(name)?.text ?? '')
				.split(',')
				.map((item) => item.trim())
				.filter((item) => item !== ''),
	};
}

function toolSettings(read: Reader): Settings['tools'] {
	const paths: Partial<Record<ToolName, string>> = {};
	for (const name of toolNames) {
		const path = read.string(name);
		if (path !== undefined) paths[name] = resolve(path);
	}
	return paths;
}

function doctorSettings(read: Reader, environment: Environment): DoctorSettings {
	const plugins = read.list('plugin-names');
	return {
		kubeconfigs: kubeconfigs(read.string('kubeconfig'), environment),
		context: read.string('context'),
		namespace: read.string('argocd-namespace') ?? 'argocd',
		plugins: plugins.length === 0 ? ['trivy-gate'] : plugins,
		here: read.boolean('here') ?? false,
	};
}

function kubeconfigs(asked: string | undefined, environment: Environment): readonly string[] {
	if (asked !== undefined) return [resolve(asked)];
	const named = (environment['KUBECONFIG'] ?? '').split(delimiter).filter((file) => file !== '');
	if (named.length > 0) return named.map((file) => resolve(file));
	const usual = join(environment['HOME'] || homedir(), '.kube', 'config');
	return existsSync(usual) ? [usual] : [];
}

function pathOf(path: string | undefined): string | undefined {
	return path === undefined ? undefined : resolve(path);
}

/** A file that was asked for must be there; the usual places may be empty. */
function dockerConfig(path: string | undefined, environment: Environment): Settings['dockerConfigFile'] {
	if (path !== undefined) return {path: resolve(path), required: true};
	return {path: join(environment['DOCKER_CONFIG'] || join(homedir(), '.docker'), 'config.json'), required: false};
}

function addressOf(
	read: Reader,
	name: OptionName,
	parse: (text: string) => ServiceAddress | string,
	problems: string[],
): ServiceAddress | undefined {
	const value = read.raw(name);
	const address = value === undefined ? undefined : parse(value.text);
	if (typeof address !== 'string') return address;
	problems.push(`${value?.from} ${address}`);
	return undefined;
}

function tokenSource(path: string | undefined, environment: Environment, problems: string[]): TokenSource | undefined {
	const text = environment['TRIVY_GATE_SERVICE_TOKEN'];
	if (path !== undefined) return {kind: 'file', path: resolve(path)};
	if (text === undefined || text === '') return undefined;
	const problem = tokenProblem(text);
	if (problem !== undefined) problems.push(`TRIVY_GATE_SERVICE_TOKEN ${problem}`);
	return {kind: 'text', text};
}

/** A port can be reached by others than this user, also on loopback, where the whole pod is at home. */
function addressProblems(command: Command, settings: Settings): readonly string[] {
	const {service, listen, metricsListen, keptReports: reports, serviceToken, printSchema} = settings;
	const hint = 'needs a token: set TRIVY_GATE_SERVICE_TOKEN_FILE';
	const serves = command === 'serve' || command === 'sidecar';
	return [
		...(service?.kind === 'tcp' && serviceToken === undefined ? [`a service behind http:// ${hint}`] : []),
		...(serves && listen?.kind === 'tcp' && serviceToken === undefined ? [`listening at a port ${hint}`] : []),
		...(serves && metricsListen?.kind === 'unix' ? ['--metrics-listen takes ADDRESS:PORT only'] : []),
		...(serves && reports.listen?.kind === 'unix' ? ['--reports-listen takes ADDRESS:PORT only'] : []),
		...(serves && reports.listen !== undefined && reports.access === 'token' && reports.tokenFile === undefined
			? [
					'reading reports at a port needs a token: set TRIVY_GATE_REPORTS_TOKEN_FILE, or TRIVY_GATE_REPORTS_ACCESS to anyone',
				]
			: []),
		...(settings.suggest && service !== undefined ? ['--suggest asks registries itself, and not a scan service'] : []),
		...(command === 'serve' && listen === undefined && !printSchema ? ['serve needs --listen'] : []),
	];
}

/** Where sidecar listens and status asks unless they are told: below the temporary directory, for this user alone. */
export function defaultSocket(): ServiceAddress {
	return {kind: 'unix', path: join(tmpdir(), `trivy-gate-service-${process.getuid?.() ?? 0}`, 'socket')};
}

function reportSettings(read: Reader, problems: string[]): ReportSettings {
	const access = read.raw('reports-access');
	if (access !== undefined && access.text !== 'token' && access.text !== 'anyone')
		problems.push(`${access.from} must be token or anyone, not "${access.text}"`);
	const tokenFile = read.string('reports-token-file');
	const directory = read.string('reports-dir');
	return {
		kept: read.number('reports-kept', 0, 1000) ?? 10,
		directory: directory === undefined ? undefined : resolve(directory),
		bytes: (read.number('reports-space', 1, 1_000_000) ?? 256) * megabyte,
		listen: addressOf(read, 'reports-listen', parseListenAddress, problems),
		access: access?.text === 'anyone' ? 'anyone' : 'token',
		tokenFile: tokenFile === undefined ? undefined : {kind: 'file', path: resolve(tokenFile)},
		url: reportsUrl(read, problems),
	};
}

function reportsUrl(read: Reader, problems: string[]): string | undefined {
	const value = read.raw('reports-url');
	if (value === undefined) return undefined;
	const url = URL.parse(value.text);
	const plain = url !== null && /^https?:$/.test(url.protocol) && `${url.username}${url.search}${url.hash}` === '';
	if (!plain) problems.push(`${value.from} must be an address such as https://trivy-gate.example, not "${value.text}"`);
	return url?.href.replace(/\/+$/, '');
}

function logFormatOf(read: Reader, problems: string[]): 'json' | 'text' {
	const value = read.raw('log-format');
	if (value === undefined || value.text === 'json') return 'json';
	if (value.text !== 'text') problems.push(`${value.from} must be json or text, not "${value.text}"`);
	return 'text';
}

function formatOf(command: Command, format: string | undefined, problems: string[]): Settings['format'] {
	const texts = ['images', 'explain', 'doctor', 'policy', 'status'].includes(command);
	const plain = texts ? 'text' : 'table';
	if (format === undefined || format === 'table' || format === 'text') return plain;
	if (isReportFormat(format) && (!texts || format === 'json')) return format;
	problems.push(`--format must be ${listed(texts ? ['text', 'json'] : Object.keys(reportFormats))}, not "${format}"`);
	return plain;
}

function reportFile(text: string, problems: string[]): readonly ReportFile[] {
	const [prefix = '', ...rest] = text.split('=');
	const named = rest.length > 0 && isReportFormat(prefix) ? prefix : undefined;
	const file = named === undefined ? text : rest.join('=');
	const format = named ?? formatOfFile(file);
	if (format !== undefined && file !== '') return [{format, file: resolve(file)}];
	const endings = Object.values(reportFormats).flat();
	problems.push(
		`--output takes FORMAT=FILE (${listed(Object.keys(reportFormats))}) or a FILE that ends in ${listed(endings)}, not "${text}"`,
	);
	return [];
}

/** `a, b or c` */
function listed(words: readonly string[]): string {
	return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}

function applicationOf(
	path: string,
	environment: Environment,
	local: {readonly name: string | undefined; readonly project: string | undefined},
): ApplicationContext {
	const text = (name: string) => environment[name] || undefined;
	const directory = resolve(path).split(/[\\/]/).at(-1) ?? '';
	return {
		// Argo CD names the release after the application; on a laptop the directory's name is the nearest thing.
		name:
			text('ARGOCD_APP_NAME') ??
			local.name ??
			(directory
				.toLowerCase()
				.replaceAll(/[^a-z0-9-]+/g, '-')
				.replaceAll(/^-+|-+$/g, '')
				.slice(0, 53) ||
				'release'),
		// What Argo CD tells is the truth: where it calls, nothing else may name a project.
		project: text('ARGOCD_APP_NAME') === undefined ? local.project : text('ARGOCD_APP_PROJECT_NAME'),
		revision: text('ARGOCD_APP_REVISION'),
		namespace: text('ARGOCD_APP_NAMESPACE'),
		kubeVersion: text('KUBE_VERSION'),
		// An unset variable split at commas would give one empty version.
		apiVersions: (text('KUBE_API_VERSIONS') ?? '').split(',').filter((version) => version !== ''),
	};
}

function buildEnvironment(environment: Environment): BuildEnvironment {
	return Object.fromEntries(
		Object.entries(environment).flatMap(([name, value]) =>
			value !== undefined && /^(?:ARGOCD_APP_|KUBE_)/.test(name) && name !== 'ARGOCD_APP_PARAMETERS'
				? [[name, value]]
				: [],
		),
	);
}

/** The parameters that were given as flags; maps as `name=value`. */
function parameterFlags(flags: Flags): ParameterValues {
	const values: ParameterValues = {};
	const problems: string[] = [];
	for (const parameter of parameters) {
		const given = flags[parameter.name];
		if (given === undefined) continue;
		const items = (Array.isArray(given) ? given : [given]).map(String);
		const value: ParameterValue | undefined =
			parameter.collection === 'string'
				? items.at(-1)
				: parameter.collection === 'array'
					? items
					: pairs(items, parameter.name, problems);
		if (value !== undefined) values[parameter.name satisfies ParameterName] = value;
	}
	if (problems.length > 0) throw invalid(problems);
	return values;
}

function pairs(items: readonly string[], name: string, problems: string[]): Readonly<Record<string, string>> {
	return Object.fromEntries(
		items.map((item) => {
			const at = item.indexOf('=');
			if (at < 1) problems.push(`--${name} takes name=value, not "${item}"`);
			return [item.slice(0, at), item.slice(at + 1)];
		}),
	);
}

/**
 * What every tool's environment starts from: where programs are, how to leave the network, whom to trust. No
 * credentials, no HOME, none of Argo CD's or the author's variables.
 */
export function toolEnvironment(
	environment: Environment,
	caFile: string | undefined,
): Readonly<Record<string, string>> {
	const names = [
		'PATH',
		'HTTP_PROXY',
		'HTTPS_PROXY',
		'NO_PROXY',
		'http_proxy',
		'https_proxy',
		'no_proxy',
		'SSL_CERT_DIR',
		'TZ',
		'LANG',
	];
	const taken = names.flatMap((name) => (environment[name] === undefined ? [] : [[name, environment[name]] as const]));
	return {...Object.fromEntries(taken), ...(caFile === undefined ? {} : {SSL_CERT_FILE: resolve(caFile)})};
}
