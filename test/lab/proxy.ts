import {Agent, createServer, request as httpRequest, type IncomingMessage, type ServerResponse} from 'node:http';
import {createServer as createTlsServer} from 'node:https';
import {once} from 'node:events';
import type {AddressInfo} from 'node:net';
import {pipeline} from 'node:stream/promises';
import {setTimeout as sleep} from 'node:timers/promises';
import {activate, type ActiveRule, type ProxyRule, type RuleHandle, type Shape} from './faults.ts';
import {createLoginGate, type Login, type LoginGate} from './login.ts';
import {isLike, recordAnswer, toEntry, type Entry, type ProxyRequest} from './requests.ts';

export type {ProxyRequest, RequestKind} from './requests.ts';
export type {Fault, Headers, ProxyRule, RuleHandle} from './faults.ts';
export type {Credentials, Login} from './login.ts';

export interface Proxy {
	/** `127.0.0.1:PORT`. */
	readonly address: string;
	/** Every request since the start or the last reset, oldest first. */
	readonly requests: readonly ProxyRequest[];
	/** How many requests were of this kind, to this repository, …: of those that have all that is given. */
	readonly count: (like?: Partial<ProxyRequest>) => number;
	/** Bytes of bodies that were sent for requests that have all that is given. */
	readonly bytes: (like?: Partial<ProxyRequest>) => number;
	/** Rules are tried in the order in which they were added; one that does not answer leaves it to the next. */
	readonly add: (rule: ProxyRule) => RuleHandle;
	/** Asks for a login from now on. */
	readonly requireLogin: (login: Login) => void;
	/** Forgets rules, login and requests, and ends what hangs. */
	readonly reset: () => void;
	readonly stop: () => Promise<void>;
}

export interface ProxyOptions {
	/** The registry behind it, as `127.0.0.1:PORT`. */
	readonly upstream: string;
	/** PEM texts; with them the proxy speaks TLS only. */
	readonly tls?: {readonly key: string; readonly cert: string};
}

/** Starts a registry on loopback that passes everything on to another, counts it, and fails as it is told to. */
export async function startProxy({upstream, tls}: ProxyOptions): Promise<Proxy> {
	const state = {requests: [] as Entry[], rules: [] as ActiveRule[], login: undefined as LoginGate | undefined};
	const agent = new Agent({keepAlive: true});
	const server = tls === undefined ? createServer(handle) : createTlsServer(tls, handle);
	// Clients try TLS first. An answer that is no TLS tells them at once; a mere end of the connection they would retry.
	server.on('clientError', (_, socket) => socket.end('HTTP/1.0 400 Bad Request\r\n\r\n'));
	server.on('tlsClientError', () => {});
	// Faults may last longer than Node's own patience with a client.
	server.requestTimeout = 0;
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;

	return {
		address,
		get requests() {
			return state.requests;
		},
		count: (like = {}) => state.requests.filter((entry) => isLike(entry, like)).length,
		bytes: (like = {}) =>
			state.requests.filter((entry) => isLike(entry, like)).reduce((sum, entry) => sum + entry.bytes, 0),
		add(rule) {
			const active = activate(rule, () => {
				state.rules = state.rules.filter((other) => other !== active);
			});
			state.rules = [...state.rules, active];
			return active.handle;
		},
		requireLogin(login) {
			state.login = createLoginGate(login, `${tls === undefined ? 'http' : 'https'}://${address}`);
		},
		reset() {
			Object.assign(state, {requests: [], rules: [], login: undefined});
			server.closeAllConnections();
		},
		async stop() {
			const closed = once(server, 'close');
			server.close();
			server.closeAllConnections();
			agent.destroy();
			await closed;
		},
	};

	function handle(request: IncomingMessage, response: ServerResponse): void {
		serve(request, response).catch((error: unknown) => {
			if (!response.headersSent) response.writeHead(502);
			response.end(String(error));
		});
	}

	async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const entry = toEntry(request);
		state.requests.push(entry);
		recordAnswer(response, entry);
		const shape: {-readonly [Key in keyof Shape]: Shape[Key]} = {};
		for (const rule of state.rules) {
			if (!rule.fits(entry)) continue;
			const outcome = await rule.apply(entry, request, response);
			if (outcome === 'answered') return;
			Object.assign(shape, outcome);
		}
		if (state.login?.(request, response, entry.repository) === true) return;
		await pass(request, response, shape);
	}

	async function pass(request: IncomingMessage, response: ServerResponse, shape: Shape): Promise<void> {
		const [hostname, port] = upstream.split(':');
		const {method, url: path, headers} = request;
		const forwarded = httpRequest({agent, hostname, port, method, path, headers});
		// Before the answer it rejects `once`; after it, the answer's own end tells.
		forwarded.on('error', () => {});
		request.pipe(forwarded);
		const [answer] = (await once(forwarded, 'response')) as [IncomingMessage];
		response.writeHead(answer.statusCode ?? 502, answer.headers);
		// A client that goes away is the client's business.
		await pipeline(answer, (source: AsyncIterable<Buffer>) => shaped(source, shape, request), response).catch(() => {});
	}
}

async function* shaped(source: AsyncIterable<Buffer>, shape: Shape, request: IncomingMessage): AsyncGenerator<Buffer> {
	const {bytesPerSecond = Infinity, resetAfter = Infinity} = shape;
	const stepMs = 20;
	const step = Math.max(1, Math.floor((bytesPerSecond * stepMs) / 1000));
	let left = resetAfter;
	for await (const chunk of source) {
		for (let from = 0; from < chunk.length; from += step) {
			const piece = chunk.subarray(from, Math.min(chunk.length, from + step, from + left));
			if (piece.length > 0) yield piece;
			left -= piece.length;
			// The bytes so far go out before the reset, and drops keep their distance.
			if (left <= 0 || bytesPerSecond < Infinity) await sleep(stepMs);
			if (left <= 0) request.socket.resetAndDestroy();
		}
	}
}
