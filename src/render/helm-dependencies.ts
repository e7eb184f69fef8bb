import {mkdir, realpath, writeFile} from 'node:fs/promises';
import {join, relative} from 'node:path';
import {GateError} from '../errors.ts';
import {outside, isInside, notFound} from './confine.ts';
import {readBounded} from './read-bounded.ts';
import {copyRepository} from './private-copy.ts';
import {addressOf, basicLogin, credentialFor, parseSourceAddress, secretMasks} from './source-address.ts';
import {runTool} from './tool.ts';
import {isMapping, readYaml, stringsOf} from './yaml-values.ts';
import type {Mask} from './tool.ts';
import type {Source, SourceCredential, ToolContext} from '../types.ts';

interface Build {
	readonly source: Source & {readonly kind: 'helm'};
	readonly context: ToolContext;
	/** With the private HELM_CONFIG_HOME. */
	readonly environment: Readonly<Record<string, string>>;
	readonly home: string;
	readonly where: string;
	readonly hint: string;
	readonly credentials: readonly SourceCredential[];
	/** Whether the application asks that a repository may lead to other hosts with its credentials. */
	readonly passCredentials: boolean;
}

/** Whether helm's words mean that `helm dependency build` may help (Argo CD: util/helm/helm.go, IsMissingDependencyErr). */
export function isMissingDependency(stderr: string): boolean {
	return /found in (?:Chart|requirements)\.yaml, but missing in charts/.test(stderr);
}

/**
 * Copies the repository and runs `helm dependency build` on the chart in the copy, with the operator's credentials for
 * the addresses that the chart declares.
 * Returns the chart's directory in the copy. Throws dependency-missing with helm's words, or path-outside for a
 * `file://` dependency that is not in the repository.
 */
export async function buildDependencies({
	source,
	context,
	environment,
	home,
	where,
	hint,
	credentials,
	passCredentials,
}: Build): Promise<{readonly directory: string; readonly masks: readonly Mask[]}> {
	const copy = await realpath(await context.makeDirectory('copy'));
	await copyRepository(source.root, copy);
	const directory = join(copy, relative(source.root, source.directory));
	const masks = [{path: directory, as: '.'}, {path: copy, as: '.'}, ...secretMasks(credentials)];
	const {local, remote, named, registries} = await declaredRepositories(directory);
	await Promise.all(local.map((repository) => confineDependency(repository, directory, copy)));
	const configHome = environment['HELM_CONFIG_HOME'] ?? home;
	await writeRepositories(configHome, {remote, named}, credentials, passCredentials);
	await writeRegistryLogins(configHome, registries, credentials);
	await runTool({
		tool: 'helm',
		args: ['dependency', 'build', '.'],
		directory,
		environment,
		context,
		masks: [...masks, {path: home, as: '.'}],
		where,
		explain: () => ({code: 'dependency-missing', what: 'the chart’s dependencies cannot be built', hint}),
	});
	return {directory, masks};
}

/** Where the chart and its lock file say that dependencies are: `file://` from anywhere in them, others from `repository`. */
async function declaredRepositories(directory: string): Promise<{
	readonly local: readonly string[];
	/** http(s) */
	readonly remote: readonly string[];
	/** What stands behind `@` or `alias:`, for repositories that the operator knows by a name. */
	readonly named: readonly string[];
	/** oci */
	readonly registries: readonly string[];
}> {
	const local = new Set<string>();
	const declared = new Set<string>();
	for (const name of ['Chart.yaml', 'Chart.lock', 'requirements.yaml', 'requirements.lock']) {
		const content = await readBounded(join(directory, name), 'chart file', name).catch(() => undefined);
		if (content === undefined) continue;
		for (const value of readYaml(content, name)) {
			for (const text of stringsOf(value)) if (text.startsWith('file://')) local.add(text);
			for (const url of repositoryUrls(value)) declared.add(url);
		}
	}
	return {
		local: [...local],
		remote: [...declared].filter((url) => /^https?:\/\//.test(url)),
		named: [...declared].flatMap((url) => /^(?:@|alias:)(?<name>.+)/.exec(url)?.groups?.['name'] ?? []),
		registries: [...declared].filter((url) => url.startsWith('oci://')),
	};
}

function repositoryUrls(chart: unknown): readonly string[] {
	const dependencies = isMapping(chart) ? chart['dependencies'] : undefined;
	if (!Array.isArray(dependencies)) return [];
	return dependencies.flatMap((dependency: unknown) => {
		const repository = isMapping(dependency) ? dependency['repository'] : undefined;
		return typeof repository === 'string' ? [repository] : [];
	});
}

async function confineDependency(repository: string, chart: string, root: string): Promise<void> {
	const path = repository.slice('file://'.length);
	// helm takes a leading slash for the root of this machine.
	if (path.startsWith('/')) throw outside('chart dependency', repository);
	const wanted = join(chart, path);
	if (!isInside(root, wanted)) throw outside('chart dependency', repository);
	const found = await realpath(wanted).catch((error: unknown) => {
		throw notFound('chart dependency', repository, error);
	});
	if (!isInside(root, found)) throw outside('chart dependency', repository);
}

/**
 * What `helm repo add` would write, without an address (which may hold a password) on a command line. Those with credentials
 * come first: helm sends a repository's credentials to the host of the first one whose index names the chart's address
 * (pkg/downloader/chart_downloader.go, scanReposForURL), and that must not be another one, which the author may have made.
 * No two may have one name, under which helm keeps their indexes.
 */
async function writeRepositories(
	configHome: string,
	{remote, named}: {readonly remote: readonly string[]; readonly named: readonly string[]},
	credentials: readonly SourceCredential[],
	passCredentials: boolean,
): Promise<void> {
	const withLogin = (name: string, url: string, credential: SourceCredential) => ({
		name,
		url,
		username: credential.username,
		password: credential.password,
		pass_credentials_all: passCredentials && credential.passCredentials,
	});
	const byName = named.flatMap((name) => {
		const credential = credentials.find((one) => one.name === name && one.scheme !== 'oci');
		return credential === undefined ? [] : [withLogin(name, addressOf(credential), credential)];
	});
	const byAddress = remote.flatMap((url) => {
		const credential = credentialFor(url, credentials);
		return credential === undefined ? [] : [withLogin(nameOf(url), url, credential)];
	});
	const others = remote
		.filter((url) => credentialFor(url, credentials) === undefined)
		.map((url) => ({name: nameOf(url), url}));
	const content = {apiVersion: '', repositories: [...byName, ...byAddress, ...others]};
	await writeFile(join(configHome, 'repositories.yaml'), JSON.stringify(content), {mode: 0o600});
}

/** Readable, because helm's words show it, and another one for each address; helm takes no slash. */
function nameOf(url: string): string {
	return url.replaceAll('%', '%25').replaceAll('/', '%2F');
}

/** helm knows one login for a registry, whatever the path: it gets none that is not meant for all that it fetches there. */
async function writeRegistryLogins(
	configHome: string,
	urls: readonly string[],
	credentials: readonly SourceCredential[],
): Promise<void> {
	const logins = new Map<string, SourceCredential>();
	for (const url of urls) {
		const credential = credentialFor(url, credentials);
		if (credential !== undefined) logins.set(credential.host, credential);
	}
	for (const url of urls) {
		const login = logins.get(parseSourceAddress(url)?.host ?? hostIn(url));
		if (login !== undefined && credentialFor(url, credentials) !== login) throw severalLogins(login.host);
	}
	if (logins.size === 0) return;
	const auths = [...logins].flatMap(([host, credential]) =>
		namesOfRegistry(host).map((name) => [name, {auth: basicLogin(credential)}] as const),
	);
	await mkdir(join(configHome, 'registry'), {mode: 0o700});
	await writeFile(join(configHome, 'registry/config.json'), JSON.stringify({auths: Object.fromEntries(auths)}), {
		mode: 0o600,
	});
}

/** Of an address that is not plain: whatever may be read as its host. */
function hostIn(url: string): string {
	return url
		.slice('oci://'.length)
		.replace(/^[^/]*@/, '')
		.replace(/[/?#\\].*$/s, '')
		.toLowerCase();
}

/** Docker Hub's login stands under a name of its own. */
function namesOfRegistry(host: string): readonly string[] {
	const isDockerHub = ['docker.io', 'index.docker.io', 'registry-1.docker.io'].includes(host);
	return isDockerHub ? [host, 'https://index.docker.io/v1/'] : [host];
}

function severalLogins(host: string): GateError {
	return new GateError({
		stage: 'render',
		code: 'source-refused',
		what: 'the chart’s dependencies need several logins of one registry, or one that is not meant for all of them, and helm takes one',
		where: host,
		hint: 'Run "helm dependency build" and commit charts/, or have the operator give one login for the whole registry.',
	});
}
