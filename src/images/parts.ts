import type {ImageFieldRule, ImagePartKeys, JsonValue} from '../types.ts';
import {valueAt} from './place.ts';
import {hasVersion} from './reference.ts';

/** What the parts of an image's name make together. */
export type JoinedParts =
	/** None of the keys is there. */
	| {readonly kind: 'nothing'}
	| {readonly kind: 'image'; readonly text: string; readonly keys: readonly string[]; readonly byDefault: boolean}
	/** A version alone: whoever reads it has a repository for it. */
	| {readonly kind: 'version'; readonly text: string}
	/** A repository alone: whoever reads it adds the rest. */
	| {readonly kind: 'incomplete'; readonly text: string; readonly keys: readonly string[]; readonly byDefault: boolean}
	/** A tag or another part is a number or a mapping; `text` shows it. */
	| {readonly kind: 'not-text'; readonly text: string; readonly keys: readonly string[]; readonly reason: string};

type JoinRule = Pick<ImageFieldRule, 'keys' | 'tagFrom' | 'registryFrom' | 'tagStyle' | 'default'>;

const bareDigest = /^[a-f0-9]{64}$/u;

interface Part {
	/** Its path below the parts; undefined for a schema's default. */
	readonly key: string | undefined;
	readonly value: JsonValue;
}

/**
 * Joins the parts of an image's name as operators do (prometheus-operator pkg/operator/image.go, NVIDIA gpu-operator
 * internal/image/image.go, argocd-operator controllers/argoutil/resource.go, datadog-operator pkg/images/images.go,
 * system-upgrade-controller pkg/upgrade/container/container.go): a whole name wins, a repository that already has a tag
 * or a digest is whole, a digest may lack its `sha256:`, and a version with a colon is a digest.
 * @param parts the mapping that holds the parts. @param root the object, for tagFrom and registryFrom.
 */
export function joinParts(rule: JoinRule, parts: JsonValue, root: JsonValue): JoinedParts {
	const keys = rule.keys ?? {};
	const whole = partAt(parts, keys.image);
	if (whole !== undefined) return complete([whole], [], rule);
	const repository = [partAt(parts, keys.repository), partAt(parts, keys.name)].flatMap((part) => part ?? []);
	const name = repository.length === 0 ? defaultPart(rule) : repository;
	if (name.length === 0) {
		const version = tagPart(keys, parts) ?? partAt(parts, keys.digest);
		return version === undefined ? {kind: 'nothing'} : {kind: 'version', text: partText(version.value)};
	}
	const registry = partAt(parts, keys.registry) ?? (hasHostOf(name) ? undefined : partAt(root, rule.registryFrom));
	const tag = tagPart(keys, parts) ?? partAt(root, rule.tagFrom);
	const digest = partAt(parts, keys.digest);
	return complete(
		[registry, ...name].flatMap((part) => part ?? []),
		[tag, digest],
		{...rule, parts},
	);
}

function complete(
	name: readonly Part[],
	[tag, digest]: readonly (Part | undefined)[],
	rule: JoinRule & {readonly parts?: JsonValue},
): JoinedParts {
	const used = [...name, tag, digest].flatMap((part) => part ?? []);
	const keys = used.flatMap(({key}) => key ?? []);
	const byDefault = used.some(({key}) => key === undefined);
	const base = name.map(({value}) => partText(value).replace(/\/+$/u, '')).join('/');
	const whole = hasVersion(base);
	const odd = (whole ? name : used).find(({value}) => typeof value !== 'string');
	const text = whole ? base : `${base}${tagText(tag, digest, rule)}`;
	if (odd !== undefined)
		return {kind: 'not-text', text: `${text} (${oddName(odd.value)})`, keys, reason: oddReason(odd)};
	return {kind: whole || text !== base ? 'image' : 'incomplete', text, keys, byDefault};
}

function tagText(
	tag: Part | undefined,
	digest: Part | undefined,
	{keys = {}, tagStyle, parts}: JoinRule & {readonly parts?: JsonValue},
): string {
	const hash = digest === undefined ? '' : `@${withAlgorithm(partText(digest.value))}`;
	// prometheus-operator's digests are bare, and stand alone.
	if (tag === undefined || (digest !== undefined && bareDigest.test(partText(digest.value)))) return hash;
	const own = partText(tag.value);
	const styled = tagStyle === 'k0s' ? k0sTag(own) : own;
	if (styled.includes(':')) return `@${styled}`;
	const around = (key: string | undefined) => partText(partAt(parts, key)?.value ?? '');
	const jmx = keys.jmx !== undefined && valueAt(parts ?? null, keys.jmx) === true ? '-jmx' : '';
	return `:${around(keys.tagPrefix)}${styled}${around(keys.tagSuffix)}${jmx}${hash}`;
}

/** `GetImage` of k0smotron (api/k0smotron.io/v1beta1/k0smotroncluster_types.go). */
function k0sTag(version: string): string {
	const tag = version.replace('+k0s.', '-k0s.');
	return tag.includes('-k0s.') ? tag : `${tag}-k0s.0`;
}

function withAlgorithm(digest: string): string {
	return bareDigest.test(digest) ? `sha256:${digest}` : digest;
}

function tagPart(keys: ImagePartKeys, parts: JsonValue): Part | undefined {
	const candidates = typeof keys.tag === 'string' ? [keys.tag] : (keys.tag ?? []);
	return candidates.map((key) => partAt(parts, key)).find((part) => part !== undefined);
}

/** The part at `a.b`; empty text and null are absent, as operators take them. */
function partAt(value: JsonValue | undefined, path: string | undefined): Part | undefined {
	if (path === undefined) return undefined;
	const found = path.split('.').reduce<JsonValue | undefined>((inner, key) => valueAt(inner, key), value);
	return found === undefined || found === null || found === '' ? undefined : {key: path, value: found};
}

function defaultPart({default: text}: JoinRule): Part[] {
	return text === undefined ? [] : [{key: undefined, value: text}];
}

function hasHostOf([first]: readonly Part[]): boolean {
	return typeof first?.value === 'string' && /^[^/]*[.:][^/]*\/|^localhost\//u.test(first.value);
}

function partText(value: JsonValue): string {
	return typeof value === 'object' ? '…' : String(value).replace(/^oci:\/\//u, '');
}

function oddName(value: JsonValue): string {
	return typeof value === 'number' || typeof value === 'bigint' ? 'a number' : 'not text';
}

function oddReason({key = '', value}: Part): string {
	if (typeof value !== 'number' && typeof value !== 'bigint') return 'A part of its name is not text.';
	const what = /tag|version/iu.test(key) ? 'Its tag' : 'A part of its name';
	return `${what} is the number ${value} and not text; it may have been written as ${otherSpelling(value)}, and reads as ${value}. Put it in quotes.`;
}

/** How YAML 1.1 lets the same number be written: 1.10 for 1.1, 014 for 12. */
function otherSpelling(number: number | bigint): string {
	const text = String(number);
	if (/^\d+$/u.test(text)) return `${text} or as 0${number.toString(8)}`;
	return /^\d+\.\d+$/u.test(text) ? `${text}0` : Number(number).toExponential(2);
}
