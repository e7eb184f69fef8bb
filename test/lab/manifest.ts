import {digestOf, type Layer} from './layer.ts';

export const mediaTypes = {
	index: 'application/vnd.oci.image.index.v1+json',
	manifest: 'application/vnd.oci.image.manifest.v1+json',
	config: 'application/vnd.oci.image.config.v1+json',
	layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
} as const;

/** What a registry is given under a tag or a digest. */
export interface Manifest {
	readonly digest: string;
	readonly mediaType: string;
	readonly text: string;
}

export interface Descriptor {
	readonly mediaType: string;
	readonly digest: string;
	readonly size: number;
	readonly annotations?: Readonly<Record<string, string>>;
	readonly platform?: {readonly os: string; readonly architecture: string};
}

export interface ImageManifest {
	readonly schemaVersion: 2;
	readonly mediaType: string;
	readonly config: Descriptor;
	readonly layers: readonly Descriptor[];
}

export interface ImageConfig {
	readonly architecture: string;
	readonly os: string;
	readonly created: string;
	readonly config: Readonly<Record<string, unknown>>;
	readonly rootfs: {readonly type: 'layers'; readonly diff_ids: readonly string[]};
	readonly history: readonly {readonly created: string; readonly created_by: string; readonly empty_layer?: true}[];
}

/** A manifest with the config that it names, for one platform. */
export interface PlatformImage extends Manifest {
	readonly config: Buffer;
}

const epoch = '1970-01-01T00:00:00Z';

/** The image of some layers; `createdBy` says for each where it comes from. */
export function platformImage(platform: string, layers: readonly Layer[], createdBy: readonly string[]): PlatformImage {
	const [os = '', architecture = ''] = platform.split('/');
	return assemble(
		{
			architecture,
			os,
			created: epoch,
			config: {},
			rootfs: {type: 'layers', diff_ids: layers.map(({diffId}) => diffId)},
			history: createdBy.map((line) => ({created: epoch, created_by: line})),
		},
		layers.map(layerDescriptor),
	);
}

/** The image with one more layer on top, as a build would make it that starts from this one. */
export function withLayer(
	{manifest, config}: {readonly manifest: ImageManifest; readonly config: ImageConfig},
	layer: Layer,
	createdBy: string,
): PlatformImage {
	return assemble(
		{
			...config,
			rootfs: {type: 'layers', diff_ids: [...config.rootfs.diff_ids, layer.diffId]},
			history: [
				...config.history,
				{created: epoch, created_by: 'CMD ["sh"]', empty_layer: true},
				{created: epoch, created_by: createdBy},
			],
		},
		[...manifest.layers, layerDescriptor(layer)],
	);
}

/** The index of an image for several platforms. */
export function indexOf(images: readonly (readonly [platform: string, image: Manifest])[]): Manifest {
	const manifests = images.map(([platform, image]) => {
		const [os = '', architecture = ''] = platform.split('/');
		return {...describe(image.mediaType, image.text), platform: {os, architecture}};
	});
	return toManifest({schemaVersion: 2, mediaType: mediaTypes.index, manifests});
}

/** Writes a manifest down. */
export function toManifest(content: {readonly mediaType: string; readonly [key: string]: unknown}): Manifest {
	const text = JSON.stringify(content);
	return {digest: digestOf(text), mediaType: content.mediaType, text};
}

/** The descriptor of some content. */
export function describe(mediaType: string, content: string | Uint8Array): Descriptor {
	return {mediaType, digest: digestOf(content), size: Buffer.byteLength(content)};
}

function assemble(config: ImageConfig, layers: readonly Descriptor[]): PlatformImage {
	const text = JSON.stringify(config);
	const manifest = toManifest({
		schemaVersion: 2,
		mediaType: mediaTypes.manifest,
		config: describe(mediaTypes.config, text),
		layers,
	});
	return {...manifest, config: Buffer.from(text)};
}

function layerDescriptor({blob, digest}: Layer): Descriptor {
	return {mediaType: mediaTypes.layer, digest, size: blob.length};
}
