import {mkdir} from 'node:fs/promises';
import {join} from 'node:path';
import pLimit from 'p-limit';
import type {ScanTarget} from '../types.ts';
import {codeOf} from './failure.ts';
import type {ScanFailure} from './failure.ts';
import {blobPath, writeLayout} from './layout.ts';
import type {ImageLayout} from './layout.ts';
import {isFailure, readImageConfig, refused} from './manifest.ts';
import type {ImageConfig, ImageManifest} from './manifest.ts';
import {askRegistries, readDocument} from './registry.ts';
import type {Registries} from './registry.ts';
import type {Failed} from './retrying.ts';
import type {Lease} from './space.ts';
import {unpackLayer} from './unpack.ts';
import type {ExpectedLayer} from './unpack.ts';

/** An image whose unknown layers are on disk, checked. */
export interface FetchedImage {
	readonly layout: ImageLayout;
	readonly layers: readonly ExpectedLayer[];
	/** Those of them that were fetched. */
	readonly fetched: readonly ExpectedLayer[];
}

export interface FetchOptions {
	/** An empty directory. */
	readonly directory: string;
	readonly registries: Registries;
	readonly lease: Lease;
	/** What a known layer unpacks to. */
	readonly diffIdOf: (digest: string) => string | undefined;
	/** For all of it. */
	readonly timeoutMs: number;
}

const layersAtOnce = 3;

/** Fetches an image's configuration and those of its layers that are not known, each once, and checks them all. */
export async function fetchImage(
	target: ScanTarget,
	manifest: ImageManifest,
	options: FetchOptions,
): Promise<FetchedImage | ScanFailure> {
	const deadline = performance.now() + options.timeoutMs;
	const config = await fetchConfig(target, manifest, options);
	if (isFailure(config)) return config;
	const layers = manifest.layers.map((layer, index) => ({...layer, diffId: config.diffIds[index] ?? ''}));
	const missing = missingLayers(layers, options.diffIdOf);
	if (isFailure(missing)) return missing;
	const directory = join(options.directory, 'image');
	await mkdir(join(directory, 'blobs', 'sha256'), {recursive: true});
	const limit = pLimit(layersAtOnce);
	const failures = await Promise.all(
		missing.map(async (layer) =>
			limit(() => fetchLayer(target, layer, {...options, directory, timeoutMs: deadline - performance.now()})),
		),
	);
	const failure = failures.find((result) => result !== undefined);
	return failure ?? {layout: await writeLayout(directory, manifest, config), layers, fetched: missing};
}

async function fetchConfig(
	target: ScanTarget,
	manifest: ImageManifest,
	{registries, timeoutMs}: FetchOptions,
): Promise<ImageConfig | ScanFailure> {
	const answer = await askRegistries(target, registries, {
		about: {kind: 'blob', digest: manifest.config},
		timeoutMs: Math.min(timeoutMs, registries.timeoutMs),
		read: readDocument,
	});
	return answer.kind === 'failed' ? answer : readImageConfig(answer.value, manifest);
}

/** Each layer that has to be fetched once; a layer that is said to be two things is refused. */
function missingLayers(
	layers: readonly ExpectedLayer[],
	diffIdOf: FetchOptions['diffIdOf'],
): readonly ExpectedLayer[] | ScanFailure {
	const missing = new Map<string, ExpectedLayer>();
	for (const layer of layers) {
		const known = diffIdOf(layer.digest) ?? missing.get(layer.digest)?.diffId;
		if (known !== undefined && known !== layer.diffId)
			return refused('a layer of the image is something else, unpacked, than its configuration says (its diff id)');
		if (known === undefined) missing.set(layer.digest, layer);
	}
	return [...missing.values()];
}

async function fetchLayer(
	target: ScanTarget,
	layer: ExpectedLayer,
	{directory, registries, lease, timeoutMs}: FetchOptions,
): Promise<ScanFailure | undefined> {
	const answer = await askRegistries(target, registries, {
		about: {kind: 'blob', digest: layer.digest},
		timeoutMs,
		read: (body) => unpackLayer(body, layer, {file: blobPath(directory, layer.digest), lease}),
	}).catch(unwritable);
	if (answer.kind === 'failed') return answer;
	return answer.value.kind === 'unpacked' ? undefined : answer.value.failure;
}

/** A layer that was sent well and could not be written. @throws any other error. */
function unwritable(error: unknown): Failed {
	const code = codeOf(error);
	if (!/^E[A-Z]+$/.test(code)) throw error;
	const detail =
		code === 'ENOSPC' ? 'the disk of the temporary directory is full' : `its layers cannot be written (${code})`;
	return {kind: 'failed', reason: 'scanner-failed', transient: false, detail};
}
