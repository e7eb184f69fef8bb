import {mkdir, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {sha256} from './manifest.ts';
import type {ImageConfig, ImageManifest} from './manifest.ts';
import {baseLayersLabel} from './report.ts';

/** An image on disk as Trivy reads it. */
export interface ImageLayout {
	readonly directory: string;
	/** The digest of the image's configuration in the registry, which Trivy calls its id. */
	readonly imageId: string;
	/** The digest of the configuration that was written. */
	readonly writtenId: string;
	readonly diffIds: readonly string[];
}

/** Where a layer's archive belongs in a layout. */
export function blobPath(directory: string, digest: string): string {
	return join(directory, 'blobs', ...digest.split(':'));
}

/**
 * Writes an OCI layout (image-spec's image-layout.md) around layers. Manifest and configuration are written anew from
 * what was read and checked, so that nothing in the registry's own text can mean something else to another reader.
 * A layer's archive lies there unpacked under the digest that it has packed: Trivy tells packing by the content (facts:
 * go-containerregistry's pkg/v1/partial), does not compare digests, and opens no layer that its server knows.
 */
export async function writeLayout(
	directory: string,
	manifest: ImageManifest,
	{os, architecture, diffIds, baseLayers}: ImageConfig,
): Promise<ImageLayout> {
	await mkdir(join(directory, 'blobs', 'sha256'), {recursive: true});
	const config = await writeBlob(directory, {
		os,
		architecture,
		rootfs: {type: 'layers', diff_ids: diffIds},
		// Trivy's report repeats it, so that a stored report still tells it.
		...(baseLayers === undefined ? {} : {config: {Labels: {[baseLayersLabel]: String(baseLayers)}}}),
	});
	const written = await writeBlob(directory, {
		schemaVersion: 2,
		mediaType: manifestType,
		config: {mediaType: 'application/vnd.oci.image.config.v1+json', ...config},
		layers: manifest.layers.map(({digest, bytes}) => ({
			mediaType: 'application/vnd.oci.image.layer.v1.tar',
			digest,
			size: bytes,
		})),
	});
	await writeFile(join(directory, 'oci-layout'), JSON.stringify({imageLayoutVersion: '1.0.0'}));
	await writeFile(
		join(directory, 'index.json'),
		JSON.stringify({schemaVersion: 2, manifests: [{mediaType: manifestType, ...written}]}),
	);
	return {directory, imageId: manifest.config, writtenId: config.digest, diffIds};
}

const manifestType = 'application/vnd.oci.image.manifest.v1+json';

async function writeBlob(
	directory: string,
	content: unknown,
): Promise<{readonly digest: string; readonly size: number}> {
	const bytes = Buffer.from(JSON.stringify(content));
	const digest = sha256(bytes);
	await writeFile(blobPath(directory, digest), bytes);
	return {digest, size: bytes.length};
}
