import {lookup} from 'node:dns/promises';
import {BlockList, isIP} from 'node:net';
import {setTimeout as wait} from 'node:timers/promises';

/** Looks a host name up; injected so that a test can answer. */
export type Lookup = (host: string) => Promise<readonly string[]>;

const lookupMs = 5000;

/** Asks the system, no longer than a few seconds or until the signal: its own patience is longer than any deadline. */
export function createLookup(signal: AbortSignal): Lookup {
	return async (host) => {
		signal.throwIfAborted();
		const stop = new AbortController();
		const tooLate = wait(lookupMs, undefined, {signal: AbortSignal.any([signal, stop.signal])}).then(() => {
			throw new Error(`${host} could not be looked up in time`);
		});
		try {
			const found = await Promise.race([lookup(host, {all: true}), tooLate]);
			return found.map(({address}) => address);
		} finally {
			tooLate.catch(() => {});
			stop.abort();
		}
	};
}

type Range = readonly [address: string, prefix: number, what: string];

const metadata = 'a cloud’s metadata';
const refusedIpv4: readonly Range[] = [
	['0.0.0.0', 8, 'this host'],
	['127.0.0.0', 8, 'loopback'],
	['169.254.0.0', 16, 'link-local, where clouds keep their metadata'],
	['100.100.100.200', 32, metadata],
	// Azure's, which hands out a machine's configuration (learn.microsoft.com: What is IP address 168.63.129.16).
	['168.63.129.16', 32, metadata],
	['192.0.0.192', 32, metadata],
];
const refusedRanges: readonly Range[] = [
	...refusedIpv4,
	// What translates IPv6 to IPv4 reaches the same from where it stands (RFC 6052).
	...refusedIpv4.map(([address, prefix, what]): Range => [`64:ff9b::${address}`, 96 + prefix, what]),
	['::', 128, 'this host'],
	['::1', 128, 'loopback'],
	['fe80::', 10, 'link-local'],
	['fd00:ec2::', 112, metadata],
	['fd20:ce::254', 128, metadata],
	['fd00:42::42', 128, metadata],
];

/**
 * Why no connection may be opened to a registry host, or undefined when it may.
 * An author chooses the host by writing an image reference, so addresses at which only the gate's own pod or its cloud
 * listens are refused. A name that cannot be looked up is let through: the connection, or a proxy, will tell.
 * @param host as in a reference, `name[:port]` or `[v6]:port`.
 * @param permitted addresses and CIDR ranges that the operator allows.
 */
export async function refusedAddress(
	host: string,
	permitted: readonly string[],
	look: Lookup,
): Promise<string | undefined> {
	const name = hostName(host);
	const addresses = isIP(name) === 0 ? await look(name).catch(() => []) : [name];
	return whyRefused(host, addresses, permitted);
}

/** The same for a host whose addresses are known. */
export function whyRefused(
	host: string,
	addresses: readonly string[],
	permitted: readonly string[],
): string | undefined {
	const allowed = blockList(permitted);
	for (const address of addresses) {
		const range = refusedRange(address);
		if (range !== undefined && !contains(allowed, address)) {
			return `${host} is ${address} (${range})`;
		}
	}
	return undefined;
}

/** Without the port, and without brackets. */
export function hostName(host: string): string {
	if (host.startsWith('[')) return host.slice(1, host.indexOf(']'));
	return host.replace(/:\d+$/, '');
}

function refusedRange(address: string): string | undefined {
	return refusedRanges.find(([network, prefix]) => {
		const list = new BlockList();
		list.addSubnet(network, prefix, family(network));
		return contains(list, address);
	})?.[2];
}

/** Also looks through IPv4 addresses that are written as IPv6 (`::ffff:127.0.0.1`), as BlockList does itself. */
function contains(list: BlockList, address: string): boolean {
	return list.check(address, family(address));
}

function blockList(ranges: readonly string[]): BlockList {
	const list = new BlockList();
	for (const range of ranges) {
		const [address = '', prefix] = range.split('/');
		if (prefix === undefined) list.addAddress(address, family(address));
		else list.addSubnet(address, Number(prefix), family(address));
	}
	return list;
}

function family(address: string): 'ipv4' | 'ipv6' {
	return isIP(address) === 6 ? 'ipv6' : 'ipv4';
}
