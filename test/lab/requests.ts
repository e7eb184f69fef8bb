import type {IncomingMessage, ServerResponse} from 'node:http';

/** `ping` is `/v2/`, where clients learn how to log in. */
export type RequestKind = 'ping' | 'token' | 'manifest-head' | 'manifest-get' | 'blob-head' | 'blob-get' | 'other';

/** One request, as it came in and as it ended. */
export interface ProxyRequest {
	readonly kind: RequestKind;
	readonly method: string;
	readonly path: string;
	readonly repository: string | undefined;
	/** The client's port: one for each connection. */
	readonly connection: number;
	readonly userAgent: string;
	/** Undefined while there is no answer: it is under way, hangs, or was reset. */
	readonly status: number | undefined;
	/** Of the answer's body, as far as they were sent. */
	readonly bytes: number;
}

/** A request's record while it is being written. */
export type Entry = {-readonly [Key in keyof ProxyRequest]: ProxyRequest[Key]};

/** What is known of a request when it comes. */
export function toEntry(request: IncomingMessage): Entry {
	const method = request.method ?? 'GET';
	const path = request.url ?? '/';
	const [, repository, place] = /^\/v2\/(.+)\/(manifests|blobs|tags|referrers)\//.exec(path) ?? [];
	return {
		kind: kindOf(method, path, place),
		method,
		path,
		repository,
		connection: request.socket.remotePort ?? 0,
		userAgent: request.headers['user-agent'] ?? '',
		status: undefined,
		bytes: 0,
	};
}

/** Keeps status and bytes of what is sent in the entry, before the client can have them. */
export function recordAnswer(response: ServerResponse, entry: Entry): void {
	const write = response.write.bind(response) as (...args: unknown[]) => boolean;
	const end = response.end.bind(response) as (...args: unknown[]) => ServerResponse;
	const count = (chunk: unknown): void => {
		entry.status = response.statusCode;
		if (typeof chunk === 'string' || chunk instanceof Uint8Array) entry.bytes += Buffer.byteLength(chunk);
	};
	response.write = (...args: unknown[]) => {
		count(args[0]);
		return write(...args);
	};
	response.end = (...args: unknown[]) => {
		count(args[0]);
		return end(...args);
	};
}

/** Whether a request has everything that is given. */
export function isLike(entry: ProxyRequest, like: Partial<ProxyRequest>): boolean {
	return Object.entries(like).every(([key, value]) => entry[key as keyof ProxyRequest] === value);
}

function kindOf(method: string, path: string, place: string | undefined): RequestKind {
	if (path === '/v2/') return 'ping';
	if (path.startsWith('/token')) return 'token';
	const reads = method === 'HEAD' || method === 'GET';
	if (!reads || (place !== 'manifests' && place !== 'blobs')) return 'other';
	return `${place === 'manifests' ? 'manifest' : 'blob'}-${method === 'HEAD' ? 'head' : 'get'}`;
}
