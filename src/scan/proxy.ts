import {BlockList, isIP} from 'node:net';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The proxy through which an address is reached, or undefined for none: HTTPS_PROXY, HTTP_PROXY and NO_PROXY as Go's
 * programs read them, Trivy and helm among them (golang.org/x/net/http/httpproxy).
 */
export function proxyFor({protocol, hostname, port}: URL, environment: Environment): string | undefined {
	const of = (name: string) => environment[name.toUpperCase()] || environment[name] || undefined;
	const proxy = of(protocol === 'https:' ? 'https_proxy' : 'http_proxy');
	if (proxy === undefined) return undefined;
	const host = hostname.replace(/^\[|\]$/g, '').toLowerCase();
	const usual = port === '' ? (protocol === 'https:' ? '443' : '80') : port;
	if (host === 'localhost' || isLoopback(host)) return undefined;
	const excepted = (of('no_proxy') ?? '').split(',').some((entry) => covers(entry.trim().toLowerCase(), host, usual));
	if (excepted) return undefined;
	return proxy.includes('://') ? proxy : `http://${proxy}`;
}

function isLoopback(host: string): boolean {
	const list = new BlockList();
	list.addSubnet('127.0.0.0', 8, 'ipv4');
	list.addAddress('::1', 'ipv6');
	return isIP(host) !== 0 && list.check(host, isIP(host) === 6 ? 'ipv6' : 'ipv4');
}

/** `example` also covers what is below it, `.example` and `*.example` only that. */
function covers(entry: string, host: string, port: string): boolean {
	if (entry === '') return false;
	if (entry === '*') return true;
	const range = /^(.+)\/(\d{1,3})$/.exec(entry);
	if (range !== null) return isInRange(host, range[1] ?? '', Number(range[2]));
	const [, bracketed, plain, entryPort] = /^(?:\[([^\]]+)\]|([^:]+|.*:.*:.*))(?::(\d+))?$/.exec(entry) ?? [];
	const name = bracketed ?? plain ?? entry;
	if (entryPort !== undefined && entryPort !== port) return false;
	if (isIP(name) !== 0) return name === host;
	if (name.startsWith('*.')) return host.endsWith(name.slice(1));
	return name.startsWith('.') ? host.endsWith(name) : host === name || host.endsWith(`.${name}`);
}

function isInRange(host: string, network: string, prefix: number): boolean {
	const [version, hostVersion] = [isIP(network), isIP(host)];
	if (version === 0 || hostVersion === 0 || prefix > (version === 6 ? 128 : 32)) return false;
	const list = new BlockList();
	list.addSubnet(network, prefix, version === 6 ? 'ipv6' : 'ipv4');
	return list.check(host, hostVersion === 6 ? 'ipv6' : 'ipv4');
}
