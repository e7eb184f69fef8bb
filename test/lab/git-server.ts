import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {createServer, type IncomingMessage, type ServerResponse} from 'node:http';
import {createServer as createTlsServer} from 'node:https';
import {join} from 'node:path';
import type {AddressInfo} from 'node:net';
import {run} from '../../plugin/build-tools.mjs';

export interface GitServer {
	/** `http://127.0.0.1:PORT`, or https; a repository's path below it is that below the directory. */
	readonly url: string;
	readonly stop: () => Promise<void>;
}

export interface GitServerOptions {
	/** Answers a request itself, and says so; for logins and redirects. */
	readonly answers?: (request: IncomingMessage, response: ServerResponse) => boolean;
	/** PEM texts. */
	readonly tls?: {readonly key: string; readonly cert: string};
}

/** Serves the repositories below a directory by git's own program, for anybody to read. */
export async function startGitServer(
	directory: string,
	{answers = () => false, tls}: GitServerOptions = {},
): Promise<GitServer> {
	const program = join((await run('git', ['--exec-path'])).stdout.trim(), 'git-http-backend');
	const listener = (request: IncomingMessage, response: ServerResponse) => {
		if (!answers(request, response)) answer(request, response).catch(() => response.destroy());
	};
	const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	return {
		url: `http${tls === undefined ? '' : 's'}://127.0.0.1:${(server.address() as AddressInfo).port}`,
		async stop() {
			server.closeAllConnections();
			await once(server.close(), 'close');
		},
	};

	/** As RFC 3875 has it: variables and the body in, header fields, an empty line and the body out. */
	async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const {pathname, searchParams} = new URL(request.url ?? '', 'http://127.0.0.1');
		const child = spawn(program, {
			stdio: ['pipe', 'pipe', 'ignore'],
			env: {
				GIT_PROJECT_ROOT: directory,
				GIT_HTTP_EXPORT_ALL: '1',
				// The repositories may belong to another user.
				GIT_CONFIG_COUNT: '1',
				GIT_CONFIG_KEY_0: 'safe.directory',
				GIT_CONFIG_VALUE_0: '*',
				PATH_INFO: pathname,
				QUERY_STRING: searchParams.toString(),
				REQUEST_METHOD: request.method,
				CONTENT_TYPE: request.headers['content-type'],
				GIT_PROTOCOL: request.headers['git-protocol']?.toString(),
				HTTP_CONTENT_ENCODING: request.headers['content-encoding'],
			},
		});
		request.pipe(child.stdin);
		const chunks: Buffer[] = [];
		for await (const chunk of child.stdout) chunks.push(chunk as Buffer);
		const output = Buffer.concat(chunks);
		const end = output.indexOf('\r\n\r\n');
		const fields = output.subarray(0, end).toString().split('\r\n');
		const headers = fields.map((field) => /^([^:]+): (.*)$/.exec(field)?.slice(1) as [string, string]);
		const status = headers.find(([name]) => name === 'Status')?.[1] ?? '200';
		response.writeHead(Number.parseInt(status, 10), Object.fromEntries(headers));
		response.end(output.subarray(end + 4));
	}
}
