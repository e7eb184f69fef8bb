import {mkdir} from 'node:fs/promises';
import {join} from 'node:path';
import pLimit from 'p-limit';
import type {ScanTarget} from '../types.ts';
import type {ScanFailure} from './failure.ts';
import {blobPath, writeLayout} from './layout.ts';
import type {ImageLayout} from './layout.ts';
import {isFailure, readImageConfig, refused} from './manifest.ts';
import type {ImageConfig, ImageManifest} from './manifest.ts';
import {askRegistries} from './registry.ts';
import type {RegistryTools} from './registry.ts';
import type {Lease} from './space.ts';
import {unpackLayer} from './unpack.ts';
import type {ExpectedLayer, UnpackOutcome} from './unpack.ts';

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
	readonly registry: RegistryTools;
	readonly lease: Lease;
	/** What a known layer unpacks to. */
	readonly diffIdOf: (digest: string) => string | undefined;
	/** For all of it. */
	readonly timeoutMs: number;
}

const layersAtOnce = 3;
/** Configurations are some kilobytes; this is what crane itself reads of one at most. */
const maxConfigBytes = 4 * 1024 * 1024;

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
	{registry, timeoutMs}: FetchOptions,
): Promise<ImageConfig | ScanFailure> {
	const answer = await askRegistries(target, registry, {
		version: `@${manifest.config}`,
		arguments: (reference) => ['blob', '--', reference],
		timeoutMs: Math.min(timeoutMs, registry.timeoutMs),
		maxOutput: maxConfigBytes,
	});
	return answer.kind === 'failed' ? answer : readImageConfig(answer.stdout, manifest);
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
	{directory, registry, lease, timeoutMs}: FetchOptions,
): Promise<ScanFailure | undefined> {
	let outcome: UnpackOutcome | undefined;
	let problem: ScanFailure | undefined;
	const answer = await askRegistries(target, registry, {
		version: `@${layer.digest}`,
		arguments: (reference) => ['blob', '--', reference],
		timeoutMs: Math.max(1, Math.ceil(timeoutMs)),
		read: async (output) => {
			const file = blobPath(directory, layer.digest);
			outcome = await unpackLayer(output, layer, {file, lease}).catch((error: unknown) => {
				problem = unwritable(error);
				throw error;
			});
			if (outcome.kind !== 'cut-short') return;
			problem = outcome.failure;
			throw new Error(problem.detail);
		},
	});
	if (problem !== undefined) return problem;
	// What crane says about bytes that do not have their digest goes before what they were taken for.
	if (answer.kind === 'failed') return answer;
	return outcome?.kind === 'unpacked' ? undefined : (outcome?.failure ?? refused('a layer of the image was not read'));
}

/** A system's error is about the file; any other that the layer's stream broke off, of which crane knows the reason. */
function unwritable(error: unknown): ScanFailure | undefined {
	const code = error instanceof Error && 'code' in error ? String(error.code) : '';
	if (!/^E[A-Z]+$/.test(code)) return undefined;
	const detail =
		code === 'ENOSPC' ? 'the disk of the temporary directory is full' : `its layers cannot be written (${code})`;
	return {reason: 'scanner-failed', transient: false, detail};
}
