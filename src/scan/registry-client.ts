import {isIP} from 'node:net';
import type {Dispatcher} from 'undici';
import {GateError} from '../errors.ts';
import {withoutCredentials} from '../log.ts';
import type {ToolContext} from '../types.ts';
import {hostName} from './address.ts';
import {openConnections} from './connections.ts';
import type {Connections} from './connections.ts';
import {credentialsFor} from './docker-config.ts';
import type {RegistryCredentials} from './docker-config.ts';
import {addressRefused, codeOf, explainAnswer, explainConnection, isAboutCertificate} from './failure.ts';
import {createTokens, readChallenges} from './login.ts';
import type {Challenge, TokenAnswer, TokenQuestion} from './login.ts';
import type {Failed} from './retrying.ts';

/** One thing of one repository. */
export interface RegistryQuestion<Result> {
	/** `host[:port]`, and of a mirror what stands before the repository there: `mirror.example/hub`. */
	readonly server: string;
	readonly repository: string;
	readonly about:
		| {readonly kind: 'manifest'; /** `:tag` or `@digest` */ readonly version: string}
		| {readonly kind: 'blob'; readonly digest: string}
		| {readonly kind: 'tags'};
	/** For all of it, in milliseconds. */
	readonly timeoutMs: number;
	/** Reads the body as it comes; what is left of it is not waited for. */
	readonly read: (body: AsyncIterable<Uint8Array>) => Promise<Result>;
}

export type RegistryAnswer<Result> =
	| {readonly kind: 'answered'; readonly value: Result; /** The registry's clock. */ readonly date: string | undefined}
	| Failed;

/** Reads from registries as the distribution specification says, with the operator's credentials. */
export interface RegistryClient {
	/** @throws GateError settings-invalid, and whatever `read` throws on its own account. */
	readonly ask: <Result>(question: RegistryQuestion<Result>) => Promise<RegistryAnswer<Result>>;
	readonly close: () => Promise<void>;
}

export interface RegistryClientOptions {
	/** Docker's config.json; undefined: anonymous access. */
	readonly dockerConfigFile: string | undefined;
	readonly permittedAddresses: readonly string[];
	/** Milliseconds since 1970. */
	readonly now: () => number;
}

interface Client extends RegistryClientOptions {
	readonly context: ToolContext;
	readonly connections: Connections;
	readonly tokens: ReturnType<typeof createTokens>;
	/** By host; `scopes` by host and repository. */
	readonly challenges: Map<string, Challenge>;
	readonly scopes: Map<string, string>;
	readonly schemes: Map<string, 'https:' | 'http:'>;
}

const manifestTypes = [
	'application/vnd.oci.image.index.v1+json',
	'application/vnd.docker.distribution.manifest.list.v2+json',
	'application/vnd.oci.image.manifest.v1+json',
	'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');
/** Of one repository; a registry may tell fewer at once. */
const mostTags = 10_000;
const maxRedirects = 5;
/** Of an answer that says what is wrong, and of a token endpoint's. */
const maxWordsBytes = 64 * 1024;
/** Hosts are chosen by authors; so many are remembered. */
const mostRemembered = 1000;

export function createRegistryClient(context: ToolContext, options: RegistryClientOptions): RegistryClient {
	const client: Client = {
		...options,
		context,
		connections: openConnections({...options, environment: context.environment}),
		tokens: createTokens(options.now),
		challenges: new Map(),
		scopes: new Map(),
		schemes: new Map(),
	};
	return {
		ask: async (question) => {
			const timeout = AbortSignal.timeout(Math.max(1, Math.ceil(question.timeoutMs)));
			const signal = AbortSignal.any([context.signal, timeout]);
			try {
				return await answer(question, client, signal);
			} catch (error) {
				if (!(error instanceof ConnectionProblem)) throw error;
				if (context.signal.aborted)
					return {kind: 'failed', reason: 'canceled', transient: true, detail: 'the gate was stopped'};
				const {host, cause} = error;
				const seconds = Math.round(question.timeoutMs / 1000);
				if (timeout.aborted)
					return {
						kind: 'failed',
						reason: 'scanner-timeout',
						transient: true,
						detail: `${host} took longer than ${seconds} s`,
					};
				context.log.detail(
					'scan',
					`${host}: ${withoutCredentials(cause instanceof Error ? cause.message : String(cause))}`,
				);
				return {kind: 'failed', ...explainConnection(host, cause)};
			}
		},
		close: client.connections.close,
	};
}

/** Something about a connection, and not about who reads what comes over it. */
class ConnectionProblem extends Error {
	readonly host: string;

	constructor(host: string, cause: unknown) {
		super('the connection failed', {cause});
		this.host = host;
	}
}

async function answer<Result>(
	question: RegistryQuestion<Result>,
	client: Client,
	signal: AbortSignal,
): Promise<RegistryAnswer<Result>> {
	const place = placeOf(question);
	const {host, repository} = place;
	const credentials = await credentialsFor(client.dockerConfigFile, place.name, question.repository);
	// Who has credentials shows them before a registry says that something is not there for anybody else.
	if (credentials !== undefined && !client.challenges.has(host)) await ping(host, client, signal);
	const path = `/v2/${repository}/${pathOf(question.about)}`;
	for (let attempt = 1; ; attempt += 1) {
		const authorization = await authorize(place, credentials, client, signal);
		if (authorization.kind === 'failed') return authorization;
		const {header} = authorization;
		const accept = question.about.kind === 'manifest' ? manifestTypes : '*/*';
		const {response, date, isOwn} = await follow(
			host,
			path,
			{authorization: header, accept, isChecked: question.about.kind === 'blob' || path.includes('/sha256:')},
			client,
			signal,
		);
		if (response.statusCode === 200) return await readBody(host, response, date, question.read);
		if (response.statusCode !== 401 || !isOwn || attempt > 1) return await refusal(host, response, client);
		if (header !== undefined) client.tokens.forget(header);
		const challenge = readChallenges(response.headers['www-authenticate']);
		const useless = challenge === undefined || (challenge.kind === 'basic' && credentials?.kind !== 'password');
		if (useless) return await refusal(host, response, client);
		discard(response);
		learn(place, challenge, client);
	}
}

interface Place {
	/** As images name it, for the credentials. */
	readonly name: string;
	/** Where its API is. */
	readonly host: string;
	/** As its API has it. */
	readonly repository: string;
}

function placeOf({server, repository}: Pick<RegistryQuestion<unknown>, 'server' | 'repository'>): Place {
	const [name = '', ...before] = server.split('/');
	// Docker Hub's API has a name of its own (distribution/reference's and containerd's default host).
	const host = name === 'docker.io' || name === 'index.docker.io' ? 'registry-1.docker.io' : name;
	return {name, host, repository: [...before, repository].join('/')};
}

function pathOf(about: RegistryQuestion<unknown>['about']): string {
	switch (about.kind) {
		case 'blob':
			return `blobs/${about.digest}`;
		case 'manifest':
			return `manifests/${about.version.slice(1)}`;
		case 'tags':
			return `tags/list?n=${mostTags}`;
	}
}

/** Learns how a registry wants to be logged in to, before anything is asked. */
async function ping(host: string, client: Client, signal: AbortSignal): Promise<void> {
	const message = {authorization: undefined, accept: '*/*', isChecked: true};
	const {response, isOwn} = await follow(host, '/v2/', message, client, signal);
	const wantsLogin = response.statusCode === 401 && isOwn;
	const challenge = wantsLogin ? readChallenges(response.headers['www-authenticate']) : undefined;
	discard(response);
	if (challenge !== undefined) remember(client.challenges, host, withoutScope(challenge));
}

function learn({host, repository}: Place, challenge: Challenge, {challenges, scopes}: Client): void {
	remember(challenges, host, withoutScope(challenge));
	if (challenge.kind === 'bearer' && challenge.scope !== undefined)
		remember(scopes, `${host}/${repository}`, challenge.scope);
}

function withoutScope(challenge: Challenge): Challenge {
	if (challenge.kind === 'basic') return challenge;
	const {kind, realm, service} = challenge;
	return {kind, realm, service};
}

function remember<Value>(values: Map<string, Value>, key: string, value: Value): void {
	values.delete(key);
	values.set(key, value);
	const [oldest] = values.keys();
	if (values.size > mostRemembered && oldest !== undefined) values.delete(oldest);
}

async function authorize(
	{host, repository}: Place,
	credentials: RegistryCredentials | undefined,
	client: Client,
	signal: AbortSignal,
) {
	const known = client.challenges.get(host);
	if (known === undefined) return {kind: 'given', header: undefined} as const;
	const scope = client.scopes.get(`${host}/${repository}`);
	const challenge = known.kind === 'bearer' && scope !== undefined ? {...known, scope} : known;
	const ask = (question: TokenQuestion) => askForToken(question, host, client, signal);
	return client.tokens.authorize({challenge, repository, credentials, ask});
}

/** What stands in the way of a token is said of the registry that wants one. */
async function askForToken(
	{url, authorization, form}: TokenQuestion,
	registry: string,
	client: Client,
	signal: AbortSignal,
): Promise<TokenAnswer> {
	if (url.protocol !== 'https:' && client.schemes.get(registry) !== 'http:') {
		const detail = `${registry} wants its credentials to be sent over a connection that anybody can read`;
		return {kind: 'failed', reason: 'registry-error', transient: false, detail};
	}
	const host = `the token endpoint of ${registry}`;
	const message = {authorization, accept: 'application/json', form, signal};
	const response = await connected(host, () => client.connections.send(url, message));
	if (response.statusCode !== 200) return await refusal(host, response, client);
	return await readBody(host, response, undefined, async (body) => firstBytes(body)).then((read) =>
		read.kind === 'answered' ? {kind: 'answered', body: read.value} : read,
	);
}

/** An answer, and whether it is the registry's own: whoever it redirects to has no say in where its credentials go. */
interface Followed {
	readonly response: Dispatcher.ResponseData;
	readonly date: string | undefined;
	readonly isOwn: boolean;
}

/**
 * Follows redirects, as registries send clients to where blobs are kept. Credentials go to the registry itself alone, and
 * from https to http it goes only for what its digest will prove.
 */
async function follow(
	host: string,
	path: string,
	message: {readonly authorization: string | undefined; readonly accept: string; readonly isChecked: boolean},
	client: Client,
	signal: AbortSignal,
): Promise<Followed> {
	const {accept, authorization, isChecked} = message;
	let {url, response} = await sendFirst(host, path, {authorization, accept, signal}, client);
	const {origin} = url;
	const date = headerOf(response, 'date');
	let isOwn = true;
	for (let redirects = 0; [301, 302, 303, 307, 308].includes(response.statusCode); redirects += 1) {
		const location = headerOf(response, 'location');
		discard(response);
		const next = location === undefined ? null : URL.parse(location, url.href);
		const downgraded = url.protocol === 'https:' && next?.protocol === 'http:';
		if (next === null || redirects === maxRedirects || (downgraded && !isChecked))
			throw new ConnectionProblem(host, Object.assign(new Error('it redirects to nowhere'), {code: 'REDIRECT'}));
		isOwn &&= next.origin === origin;
		const own = isOwn ? authorization : undefined;
		response = await connected(host, () => client.connections.send(next, {authorization: own, accept, signal}));
		url = next;
	}
	return {response, date, isOwn};
}

/** Registries of this machine and of private addresses may speak plain http (go-containerregistry's pkg/name/registry.go). */
async function sendFirst(
	host: string,
	path: string,
	message: {readonly authorization: string | undefined; readonly accept: string; readonly signal: AbortSignal},
	{connections, schemes}: Client,
): Promise<{readonly url: URL; readonly response: Dispatcher.ResponseData}> {
	const send = async (scheme: 'https:' | 'http:') => {
		const url = new URL(`${scheme}//${host}${path}`);
		return {url, response: await connections.send(url, message)};
	};
	const known = schemes.get(host) ?? (mayBePlain(host) ? undefined : 'https:');
	return connected(host, async () => {
		if (known !== undefined) {
			return send(known).catch((error: unknown) => {
				schemes.delete(host);
				throw error;
			});
		}
		const secure = await send('https:').catch((error: unknown) => {
			const code = codeOf(error);
			if (message.signal.aborted || error instanceof GateError || code === addressRefused || isAboutCertificate(code))
				throw error;
			return undefined;
		});
		if (secure !== undefined) {
			remember(schemes, host, 'https:');
			return secure;
		}
		const sent = await send('http:');
		// A registry that speaks https and was away for a moment says something else over http.
		if ([200, 401].includes(sent.response.statusCode)) remember(schemes, host, 'http:');
		return sent;
	});
}

function mayBePlain(host: string): boolean {
	const name = hostName(host);
	if (isIP(name) === 6) return name === '::1';
	if (isIP(name) === 4) return /^(?:127|10)\.|^192\.168\.|^172\.(?:1[6-9]|2\d|3[01])\./.test(name);
	return name === 'localhost' || /\.local(?:host)?$/.test(name);
}

/** Marks what goes wrong on the way. */
async function connected<Result>(host: string, work: () => Promise<Result>): Promise<Result> {
	try {
		return await work();
	} catch (error) {
		if (error instanceof GateError) throw error;
		throw new ConnectionProblem(host, error);
	}
}

async function readBody<Result>(
	host: string,
	{body}: Dispatcher.ResponseData,
	date: string | undefined,
	read: (body: AsyncIterable<Uint8Array>) => Promise<Result>,
): Promise<RegistryAnswer<Result>> {
	const broken: unknown[] = [];
	const pieces = async function* () {
		try {
			for await (const piece of body as AsyncIterable<Uint8Array>) yield piece;
		} catch (error) {
			broken.push(error);
			throw error;
		}
	};
	// Whoever stops reading ends it, and that is no error.
	body.on('error', () => {});
	try {
		const value = await read(pieces());
		if (broken.length === 0) return {kind: 'answered', value, date};
	} catch (error) {
		if (broken.length === 0) throw error;
	} finally {
		if (!body.readableEnded) body.destroy();
	}
	throw new ConnectionProblem(host, broken[0]);
}

/** Its words are for the operator's log alone: a registry may put anything into them. */
async function refusal(host: string, response: Dispatcher.ResponseData, {context, now}: Client): Promise<Failed> {
	const {statusCode: status} = response;
	const read = await readBody(host, response, undefined, firstBytes);
	const body = read.kind === 'answered' ? read.value : Buffer.alloc(0);
	const words = withoutCredentials(body.toString('utf8').trim()).slice(0, 4000);
	context.log.detail('scan', `${host} answered ${status}: ${words}`);
	const retryAfter = headerOf(response, 'retry-after');
	const about = {status, body, ...(retryAfter === undefined ? {} : {retryAfter})};
	return {kind: 'failed', ...explainAnswer(host, about, now())};
}

async function firstBytes(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
	const pieces: Uint8Array[] = [];
	let bytes = 0;
	for await (const piece of body) {
		pieces.push(piece);
		bytes += piece.length;
		if (bytes > maxWordsBytes) break;
	}
	return Buffer.concat(pieces).subarray(0, maxWordsBytes);
}

function discard({body}: Dispatcher.ResponseData): void {
	body.on('error', () => {});
	// A short rest is read, so that the connection can be used again.
	body.dump({limit: maxWordsBytes}).catch(() => {});
}

function headerOf({headers}: Dispatcher.ResponseData, name: string): string | undefined {
	const value = headers[name];
	return typeof value === 'string' ? value : value?.[0];
}
