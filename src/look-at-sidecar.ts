import {access, constants, readdir, readFile, statfs} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {basename, dirname, join} from 'node:path';
import {parse} from 'yaml';
import * as z from 'zod';
import type {PolicyFact} from './doctor/cluster-facts.ts';
import type {Read, Reads} from './doctor/finding.ts';
import {pluginSockets} from './doctor/installation.ts';
import type {
	Credentials,
	Directory,
	FailureReason,
	PluginPlace,
	Reached,
	ServiceFact,
	SidecarFacts,
	SourceCredentials,
	StoredDatabase,
	ToolFact,
} from './doctor/sidecar-facts.ts';
import {GateError} from './errors.ts';
import {defaultPolicy, parsePolicy} from './gate/policy.ts';
import type {Policy} from './gate/policy.ts';
import {parseReference} from './images/reference.ts';
import {judgePolicy} from './judge-policy.ts';
import {withoutCredentials} from './log.ts';
import {addressOf} from './render/source-address.ts';
import {storedDatabase} from './scan/database.ts';
import {createRegistryClient} from './scan/registry-client.ts';
import type {RegistryClient} from './scan/registry-client.ts';
import {readDocument} from './scan/registry.ts';
import {openServiceClient} from './scanner.ts';
import {reachableFromHere} from './service/address.ts';
import {defaultSocket} from './settings.ts';
import type {Settings} from './settings.ts';
import {readAllSourceCredentials} from './source-credentials.ts';
import {checkTool, pinnedVersion} from './tools.ts';
import {toolNames} from './types.ts';
import type {ToolContext, ToolName, UnscannedReason} from './types.ts';

export interface SidecarRequest {
	readonly settings: Settings;
	/** Images to ask the registries about. */
	readonly images: readonly string[];
	readonly environment: Readonly<Record<string, string | undefined>>;
	readonly paths: Readonly<Record<ToolName, string>>;
	readonly context: ToolContext;
}

/** Looks at the place in which this runs as the gate does when it scans, and changes nothing. */
export async function lookAtSidecar(request: SidecarRequest): Promise<Reads<SidecarFacts>> {
	const {settings, environment} = request;
	const {fact, policy} = await policyOf(settings);
	const {credentials, hosts} = await credentialsOf(settings);
	const [tools, database, databaseRepositories, registries, images, directories, plugin, service, sourceCredentials] =
		await Promise.all([
			Promise.all(toolNames.map((name) => toolOf(name, request))),
			databaseOf(settings),
			probeAll(repositoriesOf(settings), request),
			probeAll(
				registriesOf(hosts, policy).map((host) => ({name: host, references: [`${host}/trivy-gate/doctor:none`]})),
				request,
			),
			probeAll(
				request.images.map((image) => ({name: image, references: referencesOf(image, policy)})),
				request,
			),
			directoriesOf(settings),
			pluginOf(environment['ARGOCD_PLUGINSOCKFILEPATH'] || pluginSockets),
			serviceOf(settings),
			sourceCredentialsOf(settings),
		]);
	return {
		tools: read(tools),
		policy: read(fact),
		maxDatabaseAge: read(policy.maxDatabaseAgeHours),
		database: read(database),
		downloads: read(settings.databaseUpdate),
		databaseRepositories: read(databaseRepositories),
		credentials: read(credentials),
		sourceCredentials: read(sourceCredentials),
		registries: read(registries),
		images: read(images),
		now: read(new Date()),
		directories: read(directories),
		memoryLimit: read(memoryLimit()),
		concurrency: read(settings.concurrency),
		plugin: read(plugin),
		service: read(service),
	};
}

function read<Value>(value: Value): Read<Value> {
	return {kind: 'read', value};
}

async function policyOf({policyFile}: Settings): Promise<{readonly fact: PolicyFact; readonly policy: Policy}> {
	if (policyFile === undefined) {
		return {fact: {kind: 'built-in', enforcement: defaultPolicy.enforcement}, policy: defaultPolicy};
	}
	const text = await readFile(policyFile, 'utf8').catch(() => undefined);
	const fact: PolicyFact =
		text === undefined
			? {kind: 'broken', where: policyFile, problem: 'it cannot be read'}
			: judgePolicy(text, policyFile);
	// The other facts are of use without it.
	const usable = text !== undefined && fact.kind === 'read';
	return {fact, policy: usable ? parsePolicy(text, policyFile) : defaultPolicy};
}

async function toolOf(name: ToolName, {paths, context}: SidecarRequest): Promise<ToolFact> {
	const pinned = pinnedVersion(name);
	try {
		return {name, pinned, found: {kind: 'usable', version: await checkTool(name, paths[name], context)}};
	} catch (error) {
		if (!(error instanceof GateError)) throw error;
		const {what, where, hint = ''} = error.explanation;
		const why = where === undefined ? what : `${what} — ${where}`;
		return {name, pinned, found: {kind: 'unusable', why, fix: hint}};
	}
}

async function databaseOf({cacheDirectory}: Settings): Promise<StoredDatabase> {
	const stored = await storedDatabase('vulnerability', `${cacheDirectory}/databases`);
	if (stored === undefined) return {kind: 'none'};
	if (typeof stored === 'string') return {kind: 'unusable', problem: stored};
	return {kind: 'stored', updatedAt: new Date(stored.info.updatedAt), nextUpdate: new Date(stored.nextUpdate)};
}

/** Trivy's own, in its order (its pkg/flag/db_flags.go); tag 2 is the schema that it reads. */
const usualRepositories = ['mirror.gcr.io/aquasec/trivy-db:2', 'ghcr.io/aquasecurity/trivy-db:2'];

function repositoriesOf({databaseRepositories, databaseUpdate}: Settings): readonly Question[] {
	if (!databaseUpdate) return [];
	const repositories = databaseRepositories.length === 0 ? usualRepositories : databaseRepositories;
	return repositories.map((name) => ({
		name,
		references: [/[:@][^/]*$/.test(name) ? name : `${name}:2`],
	}));
}

const dockerConfig = z.object({
	auths: z.record(z.string(), z.unknown()).default({}),
	credsStore: z.string().optional(),
	credHelpers: z.record(z.string(), z.unknown()).default({}),
});

async function credentialsOf({
	dockerConfigFile: {path, required},
}: Settings): Promise<{readonly credentials: Credentials; readonly hosts: readonly string[]}> {
	const broken = (problem: string) =>
		({credentials: {kind: 'broken', file: path, problem}, hosts: []}) satisfies {
			credentials: Credentials;
			hosts: readonly string[];
		};
	const text = await readFile(path, 'utf8').catch((error: unknown) => error);
	if (typeof text !== 'string') {
		const missing = text instanceof Error && 'code' in text && text.code === 'ENOENT';
		return missing && !required ? {credentials: {kind: 'none'}, hosts: []} : broken('it cannot be read');
	}
	let json: unknown;
	try {
		json = JSON.parse(text);
	} catch {
		return broken('it is not JSON');
	}
	const parsed = dockerConfig.safeParse(json);
	if (!parsed.success) return broken('"auths" must map registries to credentials');
	const {auths, credsStore, credHelpers} = parsed.data;
	const hosts = Object.keys(auths).map(hostOf);
	const helpers = credsStore !== undefined || Object.keys(credHelpers).length > 0;
	return {credentials: {kind: 'file', file: path, hosts, helpers}, hosts};
}

async function sourceCredentialsOf(settings: Settings): Promise<SourceCredentials> {
	try {
		const all = await readAllSourceCredentials(settings);
		const inClear = all.filter(({scheme}) => scheme === 'http').map(addressOf);
		return {kind: 'read', inClear};
	} catch (error) {
		if (!(error instanceof GateError)) throw error;
		return {
			kind: 'broken',
			directory: settings.sourceCredentials ?? '',
			problems: error.output?.split('\n') ?? [],
		};
	}
}

/** Docker names its own registry `https://index.docker.io/v1/`. */
function hostOf(key: string): string {
	const host = key.replace(/^https?:\/\//, '').split('/')[0] ?? key;
	return host === 'docker.io' ? 'index.docker.io' : host;
}

function registriesOf(hosts: readonly string[], {registries: {mirrors}}: Policy): readonly string[] {
	return [...new Set([...hosts, ...Object.values(mirrors).flat()])].filter((host) => host !== '').toSorted();
}

/** Where an image is looked for: the mirrors of its registry, then the registry. None: it is no image's name. */
function referencesOf(image: string, {registries: {mirrors}}: Policy): readonly string[] {
	const parsed = parseReference(image);
	if (parsed.kind !== 'image') return [];
	const {domain, path, tag, digest} = parsed;
	const version = digest === undefined ? `:${tag ?? 'latest'}` : `@${digest}`;
	return [...(mirrors[domain] ?? []), domain].map((host) => `${host}/${path}${version}`);
}

interface Question {
	readonly name: string;
	/** Asked in order, until one answers. */
	readonly references: readonly string[];
}

const probeTimeoutMs = 20_000;

async function probeAll(
	questions: readonly Question[],
	{settings, context}: SidecarRequest,
): Promise<readonly Reached[]> {
	const {path, required} = settings.dockerConfigFile;
	const client = createRegistryClient(context, {
		dockerConfigFile: required || (await exists(path)) ? path : undefined,
		// The operator names them.
		permittedAddresses: ['0.0.0.0/0', '::/0'],
		now: Date.now,
	});
	try {
		return await Promise.all(
			questions.map(async ({name, references}) => {
				let last: Reached = {
					name: withoutCredentials(name),
					result: {kind: 'failed', reason: 'other', detail: 'it is no name of an image'},
					date: undefined,
				};
				for (const reference of references) {
					last = {...(await probe(reference, client)), name: withoutCredentials(name)};
					if (last.result.kind === 'answered') break;
				}
				return last;
			}),
		);
	} finally {
		await client.close();
	}
}

/** Asks for a manifest with the credentials that scans have. */
async function probe(reference: string, client: RegistryClient): Promise<Omit<Reached, 'name'>> {
	const [, server, repository, version] = /^([^/]+)\/(.+?)([:@][^/]*)$/.exec(reference) ?? [];
	if (server === undefined || repository === undefined || version === undefined)
		return failed('other', 'it is no name of an image');
	try {
		const about = {kind: 'manifest', version} as const;
		const answer = await client.ask({server, repository, about, timeoutMs: probeTimeoutMs, read: readDocument});
		if (answer.kind === 'failed') return failed(reasons[answer.reason] ?? 'other', answer.detail);
		const date = new Date(answer.date ?? '');
		return {result: {kind: 'answered'}, date: Number.isNaN(date.getTime()) ? undefined : date};
	} catch (error) {
		if (!(error instanceof GateError)) throw error;
		return failed('other', 'the registry credentials cannot be used');
	}
}

function failed(reason: FailureReason, detail: string): Omit<Reached, 'name'> {
	return {result: {kind: 'failed', reason, detail}, date: undefined};
}

const reasons: Partial<Readonly<Record<UnscannedReason, FailureReason>>> = {
	unreachable: 'unreachable',
	'scanner-timeout': 'unreachable',
	unauthorized: 'unauthorized',
	'not-found': 'not-found',
	'rate-limited': 'rate-limited',
};

/** A database is some hundreds of megabytes, Java's a gigabyte or more, and each is there twice while it is replaced. */
const databaseBytes = 3 * 1024 ** 3;

function directoriesOf({
	cacheDirectory,
	cacheBytes,
	layerCacheBytes,
	layerSpaceBytes,
}: Settings): Promise<readonly Directory[]> {
	return Promise.all([
		directoryOf({
			purpose: 'databases and reports',
			path: cacheDirectory,
			needed: databaseBytes + cacheBytes + layerCacheBytes,
		}),
		directoryOf({purpose: 'layers that are being scanned', path: tmpdir(), needed: layerSpaceBytes}),
	]);
}

async function directoryOf(wanted: Pick<Directory, 'purpose' | 'path' | 'needed'>): Promise<Directory> {
	// The program makes what is not there yet.
	let there = wanted.path;
	while (!(await exists(there)) && dirname(there) !== there) there = dirname(there);
	const space = await statfs(there).catch(() => undefined);
	const writable = await access(there, constants.W_OK | constants.X_OK).then(
		() => true,
		() => false,
	);
	return {...wanted, free: space === undefined ? undefined : space.bavail * space.bsize, writable};
}

function exists(path: string): Promise<boolean> {
	return access(path).then(
		() => true,
		() => false,
	);
}

function memoryLimit(): number | undefined {
	const limit = process.constrainedMemory();
	return limit > 0 && limit < Number.MAX_SAFE_INTEGER ? limit : undefined;
}

const configuration = z.object({
	metadata: z.object({name: z.string()}),
	spec: z.object({version: z.string().optional()}).optional(),
});

/** plugin.yaml is beside the sockets, as Argo CD's common/common.go has it. */
async function pluginOf(sockets: string): Promise<PluginPlace> {
	const names = await readdir(sockets).catch(() => undefined);
	if (names === undefined) return {kind: 'nowhere'};
	const text = await readFile(join(dirname(sockets), 'config', 'plugin.yaml'), 'utf8').catch(() => undefined);
	let content: unknown;
	try {
		content = text === undefined ? undefined : parse(text);
	} catch {
		content = undefined;
	}
	const parsed = configuration.safeParse(content);
	const version = parsed.data?.spec?.version;
	const name = parsed.data?.metadata.name;
	return {
		kind: 'sidecar',
		configuration: content,
		sockets: names.filter((each) => each.endsWith('.sock')).map((each) => basename(each, '.sock')),
		name: name === undefined || !version ? name : `${name}-${version}`,
	};
}

async function serviceOf(settings: Settings): Promise<ServiceFact> {
	const service = settings.service ?? reachableFromHere(settings.listen ?? defaultSocket());
	try {
		const client = await openServiceClient({...settings, service}, () => Infinity);
		const {problem, refreshProblem} = (await client.status()).engine;
		return {kind: 'answers', problem, refreshProblem};
	} catch (error) {
		if (!(error instanceof GateError)) throw error;
		return {kind: 'silent', why: error.explanation.what};
	}
}
