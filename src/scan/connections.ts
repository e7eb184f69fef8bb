import {lookup} from 'node:dns';
import {isIP} from 'node:net';
import type {LookupFunction} from 'node:net';
import {Agent, ProxyAgent, request} from 'undici';
import type {Dispatcher} from 'undici';
import {createLookup, hostName, refusedAddress, whyRefused} from './address.ts';
import {trustedAuthorities} from './authorities.ts';
import {addressRefused} from './failure.ts';
import {proxyFor} from './proxy.ts';

export interface Connections {
	/**
	 * Sends one request and waits for the head of the answer; redirects are the caller's. Whoever gets an answer reads its
	 * body to the end or destroys it.
	 * @throws an error with the system's code, or ADDRESS_REFUSED; the signal's reason; GateError settings-invalid.
	 */
	readonly send: (url: URL, message: Message) => Promise<Dispatcher.ResponseData>;
	/** Ends all connections. */
	readonly close: () => Promise<void>;
}

export interface Message {
	readonly authorization: string | undefined;
	readonly accept: string;
	/** Makes it a POST. */
	readonly form?: Readonly<Record<string, string>> | undefined;
	readonly signal: AbortSignal;
}

interface Options {
	/** Proxies and authorities. */
	readonly environment: Readonly<Record<string, string>>;
	/** Addresses and ranges that are allowed although they are the gate's own or its cloud's. */
	readonly permittedAddresses: readonly string[];
}

const connectTimeoutMs = 10_000;
const connectionsToOne = 32;
const maxHeaderBytes = 32 * 1024;

/**
 * Keeps connections to registries and to what they redirect to. Each address is looked at when it is connected to, so
 * that neither a redirect nor a name that has changed meanwhile leads to where no connection may go; behind a proxy, the
 * proxy connects, and the name is looked up before.
 */
export function openConnections({environment, permittedAddresses}: Options): Connections {
	const dispatchers = new Map<string, Promise<Dispatcher>>();
	const guarded = guardedLookup(permittedAddresses);
	let authorities: ReturnType<typeof trustedAuthorities> | undefined;
	const makeDispatcher = async (secure: boolean, proxy: string | undefined): Promise<Dispatcher> => {
		const secureContext = secure ? {secureContext: await (authorities ??= trustedAuthorities(environment))} : {};
		// How long an answer may take is for the signal to say.
		const patience = {headersTimeout: 0, bodyTimeout: 0};
		// Over HTTP/2 a stream that is canceled looks like one that has ended, and undici does not limit the headers.
		const http1 = {allowH2: false};
		const limits = {...patience, ...http1, connections: connectionsToOne, maxHeaderSize: maxHeaderBytes};
		const connect = {timeout: connectTimeoutMs, ...http1, ...secureContext};
		return proxy === undefined
			? new Agent({...limits, connect: {...connect, lookup: guarded}})
			: new ProxyAgent({...limits, uri: proxy, requestTls: connect, proxyTls: connect});
	};
	const dispatcherFor = async (url: URL, proxy: string | undefined): Promise<Dispatcher> => {
		const secure = url.protocol === 'https:' || proxy?.startsWith('https:') === true;
		const key = JSON.stringify([secure, proxy]);
		const known = dispatchers.get(key);
		if (known !== undefined) return known;
		const made = makeDispatcher(secure, proxy);
		dispatchers.set(key, made);
		made.catch(() => dispatchers.delete(key));
		return made;
	};
	return {
		send: async (url, {authorization, accept, form, signal}) => {
			signal.throwIfAborted();
			if (url.protocol !== 'https:' && url.protocol !== 'http:')
				throw refused(`${url.protocol} is no way to a registry`);
			const proxy = proxyFor(url, environment);
			const why =
				proxy === undefined && isIP(hostName(url.host)) === 0
					? undefined
					: await refusedAddress(url.host, permittedAddresses, createLookup(signal));
			if (why !== undefined) throw refused(why);
			return request(url, {
				dispatcher: await dispatcherFor(url, proxy),
				method: form === undefined ? 'GET' : 'POST',
				headers: {
					accept,
					'user-agent': 'trivy-gate',
					...(authorization === undefined ? {} : {authorization}),
					...(form === undefined ? {} : {'content-type': 'application/x-www-form-urlencoded'}),
				},
				...(form === undefined ? {} : {body: new URLSearchParams(form).toString()}),
				signal,
			});
		},
		close: async () => {
			const made = await Promise.allSettled(dispatchers.values());
			dispatchers.clear();
			await Promise.all(made.map(async (each) => each.status === 'fulfilled' && each.value.destroy()));
		},
	};
}

/** Looks a name up and refuses it when any of its addresses is refused. */
function guardedLookup(permitted: readonly string[]): LookupFunction {
	return (name, options, answer) => {
		lookup(name, {...options, all: true}, (error, addresses) => {
			const why =
				error === null
					? whyRefused(
							name,
							addresses.map(({address}) => address),
							permitted,
						)
					: undefined;
			const problem = why === undefined ? error : refused(why);
			const [first] = addresses ?? [];
			if (problem !== null) answer(problem, '');
			else if (options.all === true) answer(null, addresses);
			else answer(null, first?.address ?? '', first?.family);
		});
	};
}

function refused(why: string): Error {
	return Object.assign(new Error(why), {code: addressRefused});
}
