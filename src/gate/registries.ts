import {globs} from './text-pattern.ts';

/** Patterns over canonical `host/repository` names. */
interface RegistryLists {
	readonly allow: readonly string[];
	readonly deny: readonly string[];
	/** Of each of these lists one must match, too. */
	readonly narrowedTo?: ReadonlyArray<readonly string[]> | undefined;
}

/**
 * Why the policy refuses a repository, for a person; undefined when it does not. `deny` wins over `allow`, and an empty
 * `allow` means everything.
 * @param repository canonical `host/repository`, for example `docker.io/library/nginx`.
 */
export function registryRefusal(repository: string, {allow, deny, narrowedTo = []}: RegistryLists): string | undefined {
	const denied = deny.find((pattern) => matches(pattern, repository, 'any'));
	if (denied !== undefined) return `${repository} matches "${denied}" of registries.deny`;
	const lists = [allow, ...narrowedTo].filter((list) => list.length > 0);
	const missed = lists.some((list) => !list.some((pattern) => matches(pattern, repository, 'default')));
	return missed ? `${repository} matches nothing of registries.allow` : undefined;
}

/**
 * Whether a canonical `host/repository` is meant by a pattern.
 * @param ports which ones a host without a port means.
 */
export function repositoryMatches(pattern: string, repository: string, ports: 'any' | 'default' = 'default'): boolean {
	return matches(pattern, repository, ports);
}

/**
 * What is wrong with a pattern over `host/repository`; undefined when nothing is. `*` is any run of characters within
 * one segment; a last segment `*` or `**`, or a pattern that is only a host, covers everything below.
 */
export function patternProblem(pattern: string): string | undefined {
	const [host = '', ...path] = pattern.split('/');
	if (!/^[^\s/@]+(?:\/[^\s/@:]+)*$/.test(pattern)) {
		return 'is not a pattern of the form host/repository, without scheme, tag and digest';
	}
	if (!/[.:*]/.test(host) && host !== 'localhost') return 'must start with a registry host, such as docker.io';
	if (
		[host, ...path.slice(0, -1)].some((segment) => segment.includes('**')) ||
		/[^*]\*\*|\*\*[^*]|\*{3}/.test(path.at(-1) ?? '')
	) {
		return 'has ** elsewhere than as its last segment';
	}
	return undefined;
}

/** `ports`: what a pattern whose host has no port covers; each list takes the reading that refuses more. */
function matches(pattern: string, repository: string, ports: 'any' | 'default'): boolean {
	const wanted = segments(pattern);
	const [host = '', ...path] = segments(repository);
	const given = [hasPort(wanted[0] ?? '') ? host : withoutPort(host, ports), ...path];
	const open = wanted.length === 1 || ['*', '**'].includes(wanted.at(-1) ?? '');
	const fixed = wanted.length > 1 && open ? wanted.slice(0, -1) : wanted;
	if (open ? given.length <= fixed.length : given.length !== fixed.length) return false;
	return fixed.every((segment, index) => globs(segment, given[index] ?? ''));
}

/** Lower case, because host names have none; Docker Hub under its one name and with the `library` it implies. */
function segments(text: string): string[] {
	const [host = '', ...path] = text.toLowerCase().split('/');
	const hub = /^(?:(?:index|registry-1)\.)?docker\.io(?::443)?$/.test(host);
	if (!hub) return [host, ...path];
	const [only = '*', ...deeper] = path;
	return path.length === 0 || deeper.length > 0 || ['*', '**'].includes(only)
		? ['docker.io', ...path]
		: ['docker.io', 'library', only];
}

function hasPort(host: string): boolean {
	return /:(?:\d+|\*)$/.test(host);
}

function withoutPort(host: string, ports: 'any' | 'default'): string {
	return host.replace(ports === 'any' ? /:\d+$/ : /:443$/, '');
}
