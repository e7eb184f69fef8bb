import * as z from 'zod';
import type {Platform, ScanTarget} from '../types.ts';
import type {ScanFailure} from './failure.ts';
import {readJson} from './json.ts';
import {digestPattern, hasFoldedKeys, noOldFormat, readImageManifest, sha256} from './manifest.ts';
import type {ImageManifest} from './manifest.ts';
import {askRegistries, readDocument} from './registry.ts';
import type {Registries} from './registry.ts';

/** For each platform the digests of all images that a container runtime might choose for it. */
export type Resolution =
	| {
			readonly kind: 'resolved';
			readonly digests: ReadonlyMap<Platform, readonly string[]>;
			readonly missing: readonly Platform[];
			/** The bytes of the image's manifest, when it is not an index. */
			readonly manifest?: Uint8Array;
	  }
	| ({readonly kind: 'failed'} & ScanFailure);

const digestOf = z.string().regex(digestPattern);
const platformOf = z.object({os: z.string(), architecture: z.string(), variant: z.string().optional()});
const child = z.object({mediaType: z.string().optional(), digest: digestOf, platform: platformOf.optional()});
const manifestBody = z.union([
	z.object({...noOldFormat, manifests: z.undefined().optional()}),
	z.object({
		...noOldFormat,
		manifests: z.array(child).max(1000),
		config: z.undefined().optional(),
		layers: z.undefined().optional(),
	}),
]);
const imageTypes = [
	'application/vnd.oci.image.manifest.v1+json',
	'application/vnd.docker.distribution.manifest.v2+json',
];

/**
 * Asks the registry (its mirrors first) once for an image's manifest: the digest of what a tag means now,
 * and of an index the digests for each platform. An image that is not an index is what every platform gets.
 */
export async function resolveImage(
	target: ScanTarget,
	platforms: readonly Platform[],
	registries: Registries,
): Promise<Resolution> {
	const answer = await askRegistries(target, registries, {
		about: {kind: 'manifest', version: target.version},
		timeoutMs: registries.timeoutMs,
		read: readDocument,
	});
	if (answer.kind === 'failed') return answer;
	const {value: manifest} = answer;
	if (target.version.startsWith('@') && target.version !== `@${sha256(manifest)}`)
		return noManifest('another manifest than it was asked for');
	const resolution = chooseDigests(manifest, platforms);
	const isImage = resolution.kind === 'resolved' && [...resolution.digests.values()].flat().includes(sha256(manifest));
	// A bigger one is asked for again: what is remembered must not fill the memory.
	return isImage && manifest.length <= keptManifestBytes ? {...resolution, manifest} : resolution;
}

const keptManifestBytes = 64 * 1024;

/** Asks for the manifest of one image, by its digest. */
export async function fetchManifest(
	target: ScanTarget,
	digest: string,
	registries: Registries,
): Promise<ImageManifest | ScanFailure> {
	const answer = await askRegistries(target, registries, {
		about: {kind: 'manifest', version: `@${digest}`},
		timeoutMs: registries.timeoutMs,
		read: readDocument,
	});
	return answer.kind === 'failed' ? answer : readImageManifest(answer.value, digest);
}

/**
 * Chooses each platform's digests of the raw bytes of a manifest or an index. Runtimes differ in which child of an
 * index they take (containerd prefers by variant, and looks into children without a platform), so each that could be
 * taken counts. What Go's JSON reader would read otherwise than this one is refused.
 */
export function chooseDigests(bytes: Uint8Array, platforms: readonly Platform[]): Resolution {
	const json = readJson(bytes);
	const parsed = manifestBody.safeParse(json);
	if (!parsed.success || hasFoldedKeys(json)) return noManifest('something that is no image manifest');
	const children = parsed.data.manifests;
	if (children === undefined) {
		const digest = sha256(bytes);
		return {kind: 'resolved', digests: new Map(platforms.map((platform) => [platform, [digest]])), missing: []};
	}
	const digests = new Map<Platform, readonly string[]>();
	for (const platform of platforms) {
		const candidates = children.filter((candidate) => matches(platform, candidate.platform));
		if (candidates.some(({mediaType}) => mediaType !== undefined && !imageTypes.includes(mediaType))) {
			return noManifest(`an index whose entry for ${platform} is no image`);
		}
		if (candidates.length > 0) digests.set(platform, [...new Set(candidates.map(({digest}) => digest))].toSorted());
	}
	return {kind: 'resolved', digests, missing: platforms.filter((platform) => !digests.has(platform))};
}

function noManifest(what: string): Resolution {
	return {kind: 'failed', reason: 'registry-error', transient: false, detail: `the registry answered with ${what}`};
}

/** An entry without a platform, or of any variant when none is asked for, may be what a runtime takes. */
function matches(wanted: Platform, offered: z.infer<typeof platformOf> | undefined): boolean {
	if (offered === undefined) return true;
	const [os, architecture, variant] = wanted.split('/');
	return (
		os === offered.os &&
		architecture === offered.architecture &&
		(variant === undefined || offered.variant === undefined || variant === offered.variant)
	);
}
