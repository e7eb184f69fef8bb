import {once} from 'node:events';
import {readFile} from 'node:fs/promises';
import {createServer} from 'node:http';
import type {AddressInfo} from 'node:net';
import {basename, join} from 'node:path';
import type {Credentials} from './login.ts';

export interface ChartServer {
	/** `http://127.0.0.1:PORT/charts` */
	readonly url: string;
	/** What came: the path, and whether it had the login, another one or none. */
	readonly requests: {readonly path: string; readonly login: 'right' | 'wrong' | 'none'}[];
	readonly stop: () => Promise<void>;
}

/** Serves the files of a directory, `index.yaml` and charts, to who has the login. */
export async function startChartServer(directory: string, {username, password}: Credentials): Promise<ChartServer> {
	const wanted = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
	const requests: ChartServer['requests'] = [];
	const server = createServer(({url: path = '', headers: {authorization}}, response) => {
		const login = authorization === undefined ? 'none' : authorization === wanted ? 'right' : 'wrong';
		requests.push({path, login});
		if (login !== 'right') return void response.writeHead(401).end();
		readFile(join(directory, basename(path))).then(
			(content) => response.end(content),
			() => response.writeHead(404).end(),
		);
	}).listen(0, '127.0.0.1');
	await once(server, 'listening');
	return {
		url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/charts`,
		requests,
		async stop() {
			const closed = once(server, 'close');
			server.close();
			server.closeAllConnections();
			await closed;
		},
	};
}
