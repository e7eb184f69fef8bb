import {createHash} from 'node:crypto';
import * as z from 'zod';
import type {ScanFailure} from './failure.ts';
import {readJson} from './json.ts';

/** A layer as an image's manifest names it: compressed. */
export interface ManifestLayer {
	readonly digest: string;
	readonly bytes: number;
}

/** What the gate needs of an image's manifest. */
export interface ImageManifest {
	readonly digest: string;
	/** The digest of the image's configuration, which Trivy calls its id. */
	readonly config: string;
	readonly layers: readonly ManifestLayer[];
}

/** What the gate needs of an image's configuration. */
export interface ImageConfig {
	readonly os: string;
	readonly architecture: string;
	/** The digest of each layer's archive, unpacked. */
	readonly diffIds: readonly string[];
	/** How many of them, from the first, are the base image's as far as the history tells; undefined when it does not. */
	readonly baseLayers: number | undefined;
}

export const digestPattern = /^sha256:[a-f0-9]{64}$/;
const digest = z.string().regex(digestPattern);
/** Layers that are archives (image-spec's layer.md, and Docker's names for the same); others are no part of a scan. */
const archives = [
	'application/vnd.oci.image.layer.v1.tar',
	'application/vnd.oci.image.layer.v1.tar+gzip',
	'application/vnd.oci.image.layer.v1.tar+zstd',
	'application/vnd.docker.image.rootfs.diff.tar',
	'application/vnd.docker.image.rootfs.diff.tar.gzip',
	'application/vnd.docker.image.rootfs.diff.tar.zstd',
];
/** More than any runtime stacks. */
const maxLayers = 1000;

/**
 * A document of two formats is read as one of them by the gate and as the other by a runtime that goes by the registry's
 * content type (CVE-2021-41190; containerd's core/images/image.go, validateMediaType).
 */
export const noOldFormat = {fsLayers: z.undefined().optional()};
const manifest = z.object({
	...noOldFormat,
	manifests: z.undefined().optional(),
	config: z.object({digest}),
	layers: z
		.array(
			z.object({mediaType: z.string(), digest, size: z.number().int().min(0), urls: z.array(z.string()).optional()}),
		)
		.max(maxLayers),
});
const config = z.object({
	os: z.string().default(''),
	architecture: z.string().default(''),
	rootfs: z.object({type: z.literal('layers'), diff_ids: z.array(digest).max(maxLayers).nullish()}),
	history: z
		.array(z.object({created_by: z.string().default(''), empty_layer: z.boolean().default(false)}))
		.optional()
		.catch(undefined),
});
type History = NonNullable<z.infer<typeof config>['history']>;

/**
 * Reads the manifest of an image for one platform.
 * @param expected the digest by which it was asked for.
 */
export function readImageManifest(bytes: Uint8Array, expected: string): ImageManifest | ScanFailure {
	if (sha256(bytes) !== expected) return refused('the registry answered with another manifest than it was asked for');
	const json = readJson(bytes);
	const parsed = manifest.safeParse(json);
	if (!parsed.success || hasFoldedKeys(json))
		return refused('the registry answered with something that is no image manifest');
	const {layers} = parsed.data;
	if (layers.some(({urls}) => urls !== undefined && urls.length > 0))
		return refused('a layer of the image is kept outside of its registry');
	if (layers.some(({mediaType}) => !archives.includes(mediaType)))
		return refused('a layer of the image is of a type that is no tar archive');
	return {
		digest: expected,
		config: parsed.data.config.digest,
		layers: layers.map((layer) => ({digest: layer.digest, bytes: layer.size})),
	};
}

/** Reads the configuration that a manifest names. */
export function readImageConfig(
	bytes: Uint8Array,
	{config: expected, layers}: ImageManifest,
): ImageConfig | ScanFailure {
	if (sha256(bytes) !== expected)
		return refused('the registry answered with another configuration than it was asked for');
	const parsed = config.safeParse(readJson(bytes));
	if (!parsed.success) return refused('the image has no configuration that says what its layers are');
	const {os, architecture, rootfs, history = []} = parsed.data;
	const diffIds = rootfs.diff_ids ?? [];
	if (diffIds.length !== layers.length)
		return refused(`the image's manifest has ${layers.length} layers, its configuration ${diffIds.length}`);
	return {os, architecture, diffIds, baseLayers: baseLayersOf(history, diffIds.length)};
}

/**
 * A base image ends with its CMD, as in Trivy's own guess (facts: pkg/fanal/image, GuessBaseImageIndex). The image's maker
 * writes the history, so it is told to people and nothing is decided by it.
 */
function baseLayersOf(history: History, layers: number): number | undefined {
	const withLayer = history.filter((step) => !step.empty_layer).length;
	const lastLayer = history.findLastIndex((step) => !step.empty_layer);
	const end = history.findLastIndex(
		(step, index) =>
			index < lastLayer && step.empty_layer && /^(?:\/bin\/sh -c #\(nop\) +)?CMD\b/.test(step.created_by),
	);
	if (withLayer !== layers || end < 0) return undefined;
	return history.slice(0, end).filter((step) => !step.empty_layer).length;
}

export function isFailure(result: object): result is ScanFailure {
	return 'reason' in result;
}

/** An image that says two things is not tried again. */
export function refused(detail: string): ScanFailure {
	return {reason: 'registry-error', transient: false, detail};
}

export function sha256(bytes: Uint8Array): string {
	return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

const readKeys = [
	'mediaType',
	'manifests',
	'digest',
	'platform',
	'os',
	'architecture',
	'variant',
	'config',
	'layers',
	'size',
	'urls',
	'fsLayers',
];

/**
 * Go's encoding/json takes `Digest` for `digest`, and the last of both: such a document says two things. One with more
 * in it than any image needs is taken for such, because a registry chooses how long looking through it would take.
 */
export function hasFoldedKeys(json: unknown): boolean {
	const values = [json];
	let seen = 0;
	for (let value = values.pop(); value !== undefined; value = values.pop()) {
		if (typeof value !== 'object' || value === null) continue;
		const keys = Object.keys(value);
		seen += keys.length;
		if (seen > mostKeys || (!Array.isArray(value) && keys.some(isFolded))) return true;
		for (const inner of Object.values(value)) if (typeof inner === 'object' && inner !== null) values.push(inner);
	}
	return false;
}

/** Of objects and lists together; an index has at most a thousand entries, and an image a thousand layers. */
const mostKeys = 100_000;

function isFolded(key: string): boolean {
	const known = knownKeys.get(fold(key));
	return known !== undefined && known !== key;
}

/** Upper case first, because Go also folds letters such as U+017F and U+212A. */
function fold(key: string): string {
	return key.toUpperCase().toLowerCase();
}

const knownKeys: ReadonlyMap<string, string> = new Map(readKeys.map((key) => [fold(key), key]));
