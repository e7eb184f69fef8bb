import type {IncomingMessage, ServerResponse} from 'node:http';
import {setTimeout as sleep} from 'node:timers/promises';
import type {ProxyRequest, RequestKind} from './requests.ts';

/** What happens to a request instead of, or before, being passed on. */
export type Fault =
	/** An answer of our own. Without a body it is the registry's error document for the status. */
	| {readonly kind: 'status'; readonly status: number; readonly headers?: Headers; readonly body?: string}
	/** Other content than the registry has: with the digest in the path this is a registry that lies. */
	| {readonly kind: 'content'; readonly body: string | Uint8Array; readonly headers?: Headers}
	/** The connection is reset, after so many bytes of the answer's body (0: before the answer begins). */
	| {readonly kind: 'reset'; readonly afterBytes?: number}
	/** No answer, ever. */
	| {readonly kind: 'hang'}
	/** The answer comes late. */
	| {readonly kind: 'delay'; readonly milliseconds: number}
	/** The answer comes slowly. */
	| {readonly kind: 'drip'; readonly bytesPerSecond: number}
	/**
	 * The requests wait until those of so many distinct clients wait, then all go on, and later ones do not wait:
	 * it opens only for work that is done in parallel. When it does not open in time, those that wait get a 504.
	 */
	| {
			readonly kind: 'barrier';
			readonly clients: number;
			/** What tells clients apart; default `repository`. */
			readonly distinct?: 'connection' | 'repository' | 'path';
			/** Default 10 000. */
			readonly timeoutMs?: number;
	  };

export type Headers = Readonly<Record<string, string>>;

/** A fault and the requests that it is for: those that fit everything that is given. */
export interface ProxyRule {
	readonly fault: Fault;
	readonly kind?: RequestKind;
	readonly method?: string;
	/** How the path begins; a RegExp is searched in it. */
	readonly path?: string | RegExp;
	/** For so many requests; default for ever. */
	readonly times?: number;
}

export interface RuleHandle {
	/** Requests that the rule was used for. */
	readonly hits: number;
	/** Whether a barrier has opened. */
	readonly opened: boolean;
	readonly remove: () => void;
}

/** How the registry's answer is passed on. */
export interface Shape {
	readonly bytesPerSecond?: number;
	readonly resetAfter?: number;
}

/** A rule in force. `apply` says `answered` when nothing is left to do, or how to go on. */
export interface ActiveRule {
	readonly handle: RuleHandle;
	readonly fits: (seen: ProxyRequest) => boolean;
	readonly apply: (
		seen: ProxyRequest,
		request: IncomingMessage,
		response: ServerResponse,
	) => Promise<'answered' | Shape>;
}

/** Puts a rule in force; `remove` is called for its handle. */
export function activate(rule: ProxyRule, remove: () => void): ActiveRule {
	const state = {hits: 0, opened: false};
	const waiting = new Map<string, (() => void)[]>();
	return {
		handle: {
			get hits() {
				return state.hits;
			},
			get opened() {
				return state.opened;
			},
			remove,
		},
		fits: (seen) => state.hits < (rule.times ?? Infinity) && matches(rule, seen),
		async apply(seen, request, response) {
			state.hits += 1;
			const {fault} = rule;
			switch (fault.kind) {
				case 'status':
					answer(request, response, fault.status, fault.body ?? errorDocument(fault.status), fault.headers);
					return 'answered';
				case 'content':
					answer(request, response, 200, fault.body, fault.headers);
					return 'answered';
				case 'reset':
					if ((fault.afterBytes ?? 0) > 0) return {resetAfter: fault.afterBytes ?? 0};
					request.socket.resetAndDestroy();
					return 'answered';
				case 'hang':
					return 'answered';
				case 'delay':
					await sleep(fault.milliseconds);
					return {};
				case 'drip':
					return {bytesPerSecond: fault.bytesPerSecond};
				case 'barrier':
					if (state.opened || (await pass(fault, seen))) return {};
					answer(request, response, 504, `only ${waiting.size} of ${fault.clients} clients came`);
					return 'answered';
			}
		},
	};

	async function pass(fault: Fault & {kind: 'barrier'}, seen: ProxyRequest): Promise<boolean> {
		const client = String(seen[fault.distinct ?? 'repository']);
		const {promise, resolve} = Promise.withResolvers<void>();
		waiting.set(client, [...(waiting.get(client) ?? []), resolve]);
		if (waiting.size >= fault.clients) {
			state.opened = true;
			for (const go of [...waiting.values()].flat()) go();
		}
		await Promise.race([promise, sleep(fault.timeoutMs ?? 10_000, undefined, {ref: false})]);
		return state.opened;
	}
}

function matches({kind, method, path}: ProxyRule, seen: ProxyRequest): boolean {
	if (kind !== undefined && kind !== seen.kind) return false;
	if (method !== undefined && method !== seen.method) return false;
	return path === undefined || (typeof path === 'string' ? seen.path.startsWith(path) : path.test(seen.path));
}

function answer(
	request: IncomingMessage,
	response: ServerResponse,
	status: number,
	body: string | Uint8Array,
	headers: Headers = {},
): void {
	response.writeHead(status, {
		'content-type': 'application/json',
		'content-length': Buffer.byteLength(body),
		...headers,
	});
	response.end(request.method === 'HEAD' ? undefined : body);
}

/** https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes */
function errorDocument(status: number): string {
	const codes: Readonly<Record<number, string>> = {
		401: 'UNAUTHORIZED',
		403: 'DENIED',
		404: 'MANIFEST_UNKNOWN',
		429: 'TOOMANYREQUESTS',
	};
	return JSON.stringify({errors: [{code: codes[status] ?? 'UNKNOWN', message: `the lab answers ${status}`}]});
}
