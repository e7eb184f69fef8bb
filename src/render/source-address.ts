import type {SourceCredential} from '../types.ts';

/** An address of charts or bases, as far as credentials are bound to it. */
export interface SourceAddress {
	readonly scheme: 'https' | 'http' | 'oci';
	/** In lower case, without the scheme's own port. */
	readonly host: string;
	readonly path: readonly string[];
}

/**
 * Plain addresses alone, which every program reads in the same way: no user, no escapes, no query, no dots that climb.
 * The gate binds credentials by its own reading, and helm and git send them by theirs.
 */
const plain =
	/^(?<scheme>https|http|oci):\/\/(?<name>[a-z0-9]+(?:[.-]+[a-z0-9]+)*|\[[0-9a-f:]+\])(?::(?<port>\d{1,5}))?(?<path>(?:\/[\w.~+@-]+)*)\/?$/i;
const usualPorts = {https: '443', http: '80', oci: '443'} as const;

/** Undefined when the address is not plain. */
export function parseSourceAddress(text: string): SourceAddress | undefined {
	const groups = plain.exec(text)?.groups;
	const scheme = groups?.['scheme']?.toLowerCase();
	if (groups === undefined || (scheme !== 'https' && scheme !== 'http' && scheme !== 'oci')) return undefined;
	const {name = '', port = usualPorts[scheme], path = ''} = groups;
	const segments = path.split('/').filter((segment) => segment !== '');
	if (segments.some((segment) => segment === '.' || segment === '..')) return undefined;
	const host = name.toLowerCase() + (port === usualPorts[scheme] ? '' : `:${port}`);
	return {scheme, host, path: segments};
}

/** The operator's credentials for an address that an author wrote: those for the longest part of it. */
export function credentialFor(address: string, credentials: readonly SourceCredential[]): SourceCredential | undefined {
	const wanted = parseSourceAddress(address);
	if (wanted === undefined) return undefined;
	return credentials
		.filter(
			({scheme, host, path}) =>
				scheme === wanted.scheme &&
				host === wanted.host &&
				path.every((segment, index) => segment === wanted.path[index]),
		)
		.toSorted((one, other) => other.path.length - one.path.length)[0];
}

/** As the operator wrote it, but for what can be left out. */
export function addressOf({scheme, host, path}: SourceAddress): string {
	return `${scheme}://${[host, ...path].join('/')}`;
}

/** What `Authorization: Basic` has behind it. */
export function basicLogin({username, password}: SourceCredential): string {
	return Buffer.from(`${username}:${password}`).toString('base64');
}

/** Every spelling in which a tool might say a secret, and what a person reads in its place. */
export function secretMasks(
	credentials: readonly SourceCredential[],
): ReadonlyArray<{readonly path: string; readonly as: string}> {
	return credentials.flatMap((credential) =>
		[credential.password, encodeURIComponent(credential.password), basicLogin(credential)].map((path) => ({
			path,
			as: '***',
		})),
	);
}
