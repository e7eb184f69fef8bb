import {randomUUID} from 'node:crypto';
import type {IncomingMessage, ServerResponse} from 'node:http';

export interface Credentials {
	readonly username: string;
	readonly password: string;
}

/** Who may read what. Repositories that are not named stay public, as on Docker Hub. */
export interface Login {
	readonly scheme: 'basic' | 'bearer';
	/** By the name of the repository, for example `shop/api-fixed`. */
	readonly repositories: Readonly<Record<string, Credentials>>;
}

/** Answers a request that lacks a right, and the token endpoint: true when it has answered. */
export type LoginGate = (request: IncomingMessage, response: ServerResponse, repository: string | undefined) => boolean;

/**
 * A registry's side of the login. Every login starts at `/v2/`, because that is where clients learn the scheme:
 * https://distribution.github.io/distribution/spec/auth/token/
 * @param origin what clients call this server, for example `http://127.0.0.1:5000`.
 */
export function createLoginGate({scheme, repositories}: Login, origin: string): LoginGate {
	const tokens = new Map<string, ReadonlySet<string>>();
	return (request, response, repository) => {
		const url = new URL(request.url ?? '/', origin);
		if (scheme === 'bearer' && url.pathname === '/token') {
			giveToken(url, request, response);
			return true;
		}
		const asked = url.pathname === '/v2/' ? undefined : repository;
		if (asked === undefined ? url.pathname !== '/v2/' || hasLogin(request) : mayRead(request, asked)) return false;
		refuse(response, challenge(asked));
		return true;
	};

	function giveToken(url: URL, request: IncomingMessage, response: ServerResponse): void {
		const wanted = url.searchParams.getAll('scope').map((scope) => scope.split(':')[1] ?? '');
		const given = credentialsOf(request);
		const granted = wanted.filter((name) => repositories[name] === undefined || same(repositories[name], given));
		if (given !== undefined && granted.length < wanted.length) return refuse(response, undefined);
		const token = randomUUID();
		tokens.set(token, new Set(granted));
		response.writeHead(200, {'content-type': 'application/json'});
		response.end(JSON.stringify({token, access_token: token, expires_in: 300}));
	}

	function hasLogin(request: IncomingMessage): boolean {
		return scheme === 'basic' ? credentialsOf(request) !== undefined : tokenOf(request) !== undefined;
	}

	function mayRead(request: IncomingMessage, repository: string): boolean {
		const wanted = repositories[repository];
		if (wanted === undefined) return true;
		if (scheme === 'basic') return same(wanted, credentialsOf(request));
		return tokens.get(tokenOf(request) ?? '')?.has(repository) === true;
	}

	function challenge(repository: string | undefined): string {
		if (scheme === 'basic') return 'Basic realm="lab"';
		const scope = repository === undefined ? '' : `,scope="repository:${repository}:pull"`;
		return `Bearer realm="${origin}/token",service="lab"${scope}`;
	}
}

function refuse(response: ServerResponse, wwwAuthenticate: string | undefined): void {
	response.writeHead(401, {
		'content-type': 'application/json',
		...(wwwAuthenticate === undefined ? {} : {'www-authenticate': wwwAuthenticate}),
	});
	response.end(JSON.stringify({errors: [{code: 'UNAUTHORIZED', message: 'authentication required'}]}));
}

function credentialsOf({headers}: IncomingMessage): Credentials | undefined {
	const encoded = /^basic (.+)$/i.exec(headers.authorization ?? '')?.[1];
	if (encoded === undefined) return undefined;
	const [username = '', ...password] = Buffer.from(encoded, 'base64').toString('utf8').split(':');
	return {username, password: password.join(':')};
}

function tokenOf({headers}: IncomingMessage): string | undefined {
	return /^bearer (.+)$/i.exec(headers.authorization ?? '')?.[1];
}

function same(wanted: Credentials, given: Credentials | undefined): boolean {
	return given?.username === wanted.username && given.password === wanted.password;
}
