import {isIPv6} from 'node:net';
import type {ImageName} from '../types.ts';

/** What an image string is. */
export type ParsedReference =
	| {
			readonly kind: 'image';
			/** As written. */
			readonly name: ImageName;
			/** The registry's host with its port, `docker.io` when none is written. */
			readonly domain: string;
			/** The repository, with `library/` in front where Docker Hub implies it. */
			readonly path: string;
			readonly tag?: string;
			/** `sha256:` and 64 hexadecimal digits. */
			readonly digest?: string;
	  }
	/** Something else is meant to fill it in; `reason` is a sentence. */
	| {readonly kind: 'placeholder'; readonly reason: string}
	/**
	 * No container runtime takes it for an image, or Trivy does not; `reason` is a sentence. What a runtime may pull all the
	 * same is `pullable`: it is an image that nothing can scan.
	 */
	| {readonly kind: 'invalid'; readonly reason: string; readonly pullable: boolean};

const dockerHub = 'docker.io';
const maximumName = 255;
const maximumTag = 128;
/** A name, a tag, the longest digest and their separators; longer ones are not worth a regular expression's time. */
const maximumReference = maximumName + 1 + maximumTag + 1 + 'sha512:'.length + 128;

const longestPlaceholder = 1024;

const domainComponent = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const domainPattern = new RegExp(
	String.raw`^(?:${domainComponent}(?:\.${domainComponent})*|\[([a-fA-F0-9:]+)\])(?::[0-9]+)?$`,
	'u',
);
const pathComponent = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const pathPattern = new RegExp(`^${pathComponent}(?:/${pathComponent})*$`, 'u');
const tagPattern = /^\w[\w.-]{0,127}$/u;
const digestPattern = /^sha256:[a-f0-9]{64}$/u;
/** What opencontainers/go-digest takes besides (algorithm.go). */
const otherDigestPattern = /^(?:sha384:[a-f0-9]{96}|sha512:[a-f0-9]{128})$/u;

/**
 * Reads an image string as container runtimes do (distribution/reference v0.6.0: regexp.go, normalize.go), and as
 * strictly as Trivy's own parser where that is stricter (google/go-containerregistry, pkg/name). Nothing is trimmed.
 */
export function parseReference(text: string): ParsedReference {
	if (text.trim() === '') return {kind: 'placeholder', reason: 'The image is empty; something must fill it in.'};
	if (!isImageName(text)) {
		const {reason, pullable} = problemOf(text);
		const placeholder = pullable ? undefined : placeholderIn(text);
		return placeholder === undefined ? {kind: 'invalid', reason, pullable} : {kind: 'placeholder', reason: placeholder};
	}
	const {domain, path, tag, digest} = splitReference(text);
	if (domain === dockerHub && path === 'library/scratch') return {kind: 'placeholder', reason: scratchReason};
	return {
		kind: 'image',
		name: text,
		domain,
		path,
		...(tag === undefined ? {} : {tag}),
		...(digest === undefined ? {} : {digest}),
	};
}

/** The full name that a runtime pulls, `docker.io/library/nginx:latest`; a digest wins over a tag (`ParseDockerRef`). */
export function canonicalName(name: ImageName): string {
	const {domain, path, tag, digest} = splitReference(name);
	return `${domain}/${path}${digest === undefined ? `:${tag ?? 'latest'}` : `@${digest}`}`;
}

/** The registry's host with its port as written; `docker.io` for Docker Hub. */
export function registryHost(name: ImageName): string {
	return splitReference(name).domain;
}

/** Whether two texts name one image: spellings differ (`nginx`, `docker.io/library/nginx:latest`), the name does not. */
export function sameImage(one: string, other: string): boolean {
	return one === other || (isImageName(one) && isImageName(other) && canonicalName(one) === canonicalName(other));
}

/** Whether the name says its registry, as `quay.io/a`, `localhost/a` and `db:5000/a` do and `library/nginx` does not. */
export function namesRegistry(text: string): boolean {
	const slash = text.indexOf('/');
	return slash > 0 && (/[.:]/u.test(text.slice(0, slash)) || text.startsWith('localhost/'));
}

/** Whether the name has a tag or a digest. */
export function hasVersion(text: string): boolean {
	return text.includes('@') || text.lastIndexOf(':') > text.lastIndexOf('/');
}

/** Docker keeps this name for the empty image, which no registry serves. */
const scratchReason = 'It is the name of the empty image, which cannot be pulled.';

/** What stands for an image's name, or for a part of it; none of them is itself a name that a runtime takes. */
const placeholders: readonly {pattern: RegExp; reason: string}[] = [
	{pattern: /\$\{/u, reason: 'It holds a ${…} that nothing has filled in.'},
	{pattern: /\$\(/u, reason: 'It holds a $(…) that nothing has filled in.'},
	{pattern: /\{\{/u, reason: 'It holds a {{ … }} that nothing has filled in.'},
	{pattern: /\$[A-Za-z_]/u, reason: 'It holds a $VARIABLE that nothing has filled in.'},
	{pattern: /<path:/u, reason: 'It holds a <path:…> that argocd-vault-plugin has not filled in.'},
	{pattern: /<[^<>]+>|<<.+>>/u, reason: 'It holds a <…> that nothing has filled in.'},
	{pattern: /^ko:\/\//u, reason: 'It is a ko:// import path; ko has not built it.'},
	{pattern: /###[^#]+###/u, reason: 'It holds a ###…### that nothing has filled in.'},
	{pattern: /\{[^{}]+\}/u, reason: 'It holds a {…} that nothing has filled in.'},
	{pattern: /\[\[.+\]\]/u, reason: 'It holds a [[ … ]] that nothing has filled in.'},
	{pattern: /%%\w+%%|@@\w+@@|@[A-Z_]+@|__[A-Z_]+__/u, reason: 'It holds a mark that nothing has filled in.'},
	{pattern: /^[A-Z]+(?:[_-][A-Z]+)*(?::\w+)?$/u, reason: 'It is a word in capitals that something must replace.'},
];

function placeholderIn(text: string): string | undefined {
	// The expressions cost the square of a text's length.
	if (text.length > longestPlaceholder) return undefined;
	return placeholders.find(({pattern}) => pattern.test(text))?.reason;
}

/** Why a text is not an image's name, as a sentence; empty when it is one. Whether a runtime takes it all the same. */
interface Problem {
	readonly reason: string;
	readonly pullable: boolean;
}

function isImageName(text: string): text is ImageName {
	return problemOf(text).reason === '';
}

function problemOf(text: string): Problem {
	const reason = runtimeProblem(text);
	return reason === '' ? {reason: trivyProblem(text), pullable: true} : {reason, pullable: false};
}

/** Why no runtime takes a text for an image's name; empty when one does. */
function runtimeProblem(text: string): string {
	if (text.length > maximumReference) return `It is longer than ${maximumReference} characters.`;
	if (/\s/u.test(text)) return 'It contains a blank; runtimes do not trim it.';
	if (/^[a-f0-9]{64}$/u.test(text)) return '64 hexadecimal digits are an image id, not a name.';
	const {domain, written, path, tag, digest} = splitReference(text);
	if (tag !== undefined && !tagPattern.test(tag)) return `"${tag}" is not a tag.`;
	if (digest !== undefined && !digestPattern.test(digest) && !otherDigestPattern.test(digest)) return digestReason;
	return domainProblem(domain) || pathProblem(written, path);
}

/** Why Trivy does not take what a runtime takes; empty when it does (google/go-containerregistry, pkg/name). */
function trivyProblem(text: string): string {
	const {domain, written, digest} = splitReference(text);
	if (digest !== undefined && !digestPattern.test(digest)) return digestReason;
	if (!/[.:]/u.test(domain) && domain !== 'localhost') {
		return `"${domain}" has upper-case letters; Trivy takes it for a repository, in which they are not allowed.`;
	}
	return written.length < 2 ? 'Its repository has one character; Trivy takes two or more.' : '';
}

const digestReason = 'Its digest is not sha256 with 64 lower-case hexadecimal digits, the one kind that Trivy takes.';

interface Parts {
	readonly domain: string;
	/** The repository as written. */
	readonly written: string;
	/** The repository with what Docker Hub implies. */
	readonly path: string;
	readonly tag: string | undefined;
	readonly digest: string | undefined;
}

function splitReference(text: string): Parts {
	const at = text.indexOf('@');
	const beforeDigest = at === -1 ? text : text.slice(0, at);
	const colon = beforeDigest.indexOf(':', beforeDigest.lastIndexOf('/') + 1);
	const {domain, written} = splitDomain(colon === -1 ? beforeDigest : beforeDigest.slice(0, colon));
	return {
		domain,
		written,
		path: domain === dockerHub && !written.includes('/') ? `library/${written}` : written,
		tag: colon === -1 ? undefined : beforeDigest.slice(colon + 1),
		digest: at === -1 ? undefined : text.slice(at + 1),
	};
}

/** The first segment is a host when it looks like one, or could not be a repository (`splitDockerDomain`). */
function splitDomain(name: string): Pick<Parts, 'domain' | 'written'> {
	const slash = name.indexOf('/');
	const first = name.slice(0, Math.max(slash, 0));
	if (!/[.:A-Z]/u.test(first) && first !== 'localhost') return {domain: dockerHub, written: name};
	return {domain: first === 'index.docker.io' ? dockerHub : first, written: name.slice(slash + 1)};
}

function domainProblem(domain: string): string {
	const match = domainPattern.exec(domain);
	if (match === null) return `"${domain}" is not a registry's host.`;
	return match[1] === undefined || isIPv6(match[1]) ? '' : `"${match[1]}" is not an IPv6 address.`;
}

function pathProblem(written: string, path: string): string {
	if (/[A-Z]/u.test(written)) return 'Its repository has upper-case letters.';
	if (!pathPattern.test(written)) return `"${written}" is not a repository.`;
	return path.length > maximumName ? `Its repository is longer than ${maximumName} characters.` : '';
}
