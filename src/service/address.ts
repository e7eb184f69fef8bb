import {isIP} from 'node:net';

/** Where the scan service listens. */
export type ServiceAddress =
	| {readonly kind: 'unix'; readonly path: string}
	| {readonly kind: 'tcp'; readonly host: string; readonly port: number};

/** Linux takes 107 bytes and a final zero (`sun_path`), others a little less. */
const longestPath = 103;

/** Reads `unix:/PATH`. @returns what is wrong, as words that follow the setting's name. */
export function parseUnixAddress(text: string): ServiceAddress | string {
	const path = text.replace(/^unix:/, '');
	if (!path.startsWith('/') || path.endsWith('/')) return `must name a socket by its whole path, not "${text}"`;
	if (Buffer.byteLength(path) > longestPath) return `names a socket with more than ${longestPath} bytes in its path`;
	return {kind: 'unix', path};
}

/**
 * Reads an address to listen at: `unix:/PATH` or `HOST:PORT`, where HOST is an IP address (`0.0.0.0` and `[::]` are all
 * of the machine) or `localhost`. A name would listen wherever a name server says.
 */
export function parseListenAddress(text: string): ServiceAddress | string {
	if (text.startsWith('unix:')) return parseUnixAddress(text);
	const [, host = '', port = ''] = /^(\[[0-9a-f:.]+\]|[^:[\]]+):(\d{1,5})$/i.exec(text) ?? [];
	const bare = host.replaceAll(/[[\]]/g, '');
	const known = bare === 'localhost' || isIP(bare) !== 0;
	if (!known || Number(port) > 65_535) return `must be unix:PATH or ADDRESS:PORT, not "${text}"`;
	return {kind: 'tcp', host: bare, port: Number(port)};
}

/** Reads the address of a service to ask: `unix:/PATH` or `http://HOST:PORT`. */
export function parseServiceAddress(text: string): ServiceAddress | string {
	if (text.startsWith('unix:')) return parseUnixAddress(text);
	const problem = `must be unix:PATH or http://HOST:PORT, not "${text.replaceAll(/\/\/[^/]*@/g, '//***@')}"`;
	const url = URL.parse(text);
	if (url?.protocol !== 'http:' || url.hostname === '' || `${url.username}${url.password}` !== '') return problem;
	if (url.pathname !== '/' || `${url.search}${url.hash}` !== '') return problem;
	return {kind: 'tcp', host: url.hostname.replaceAll(/[[\]]/g, ''), port: Number(url.port || 80)};
}

/** As {@link parseServiceAddress} reads it. */
export function addressText(address: ServiceAddress): string {
	switch (address.kind) {
		case 'unix':
			return `unix:${address.path}`;
		case 'tcp':
			return `http://${isIP(address.host) === 6 ? `[${address.host}]` : address.host}:${address.port}`;
	}
}

/** Where this machine reaches what listens at an address: all addresses of a machine are none to connect to. */
export function reachableFromHere(address: ServiceAddress): ServiceAddress {
	const loopback: Readonly<Record<string, string>> = {'0.0.0.0': '127.0.0.1', '::': '::1'};
	return address.kind === 'unix' ? address : {...address, host: loopback[address.host] ?? address.host};
}
