import {join} from 'node:path';
import {gunzipSync} from 'node:zlib';
import {startEngine} from '../../src/scan/engine.ts';
import type {EngineOptions} from '../../src/scan/engine.ts';
import type {
	EngineEvent,
	ImageName,
	LocalScanEngine,
	Platform,
	RunTool,
	ScanRequest,
	ScanTarget,
	ScanVerdict,
} from '../../src/types.ts';
import type {Lab} from '../lab/lab.ts';
import type {ImageManifest} from '../lab/manifest.ts';
import type {Surroundings} from './surroundings.ts';

export const amd64 = 'linux/amd64' as Platform;

/** An engine against the lab's registry, with what it told and how often Trivy looked at an image. */
export interface EngineInLab {
	readonly engine: LocalScanEngine;
	readonly events: readonly EngineEvent[];
	readonly scan: (images: readonly string[], request?: Partial<ScanRequest>) => Promise<readonly ScanVerdict[]>;
	/** Runs of `trivy image` on an image. */
	readonly scans: () => number;
	/** The most of them at once. */
	readonly mostAtOnce: () => number;
	/** Of the servers that were started, oldest first. */
	readonly servers: readonly number[];
}

export async function startInLab(
	lab: Lab,
	{context, start, home}: Surroundings,
	options: Partial<EngineOptions> & {readonly onScan?: () => void} = {},
): Promise<EngineInLab> {
	const events: EngineEvent[] = [];
	const servers: number[] = [];
	const count = {scans: 0, now: 0, most: 0};
	const run: RunTool = async (tool, args, call) => {
		const isScan = tool === 'trivy' && args.includes('--input');
		if (isScan) {
			count.scans += 1;
			count.now += 1;
			count.most = Math.max(count.most, count.now);
			options.onScan?.();
		}
		const result = await context.run(tool, args, call);
		if (isScan) count.now -= 1;
		return result;
	};
	const engine = await startEngine({
		context: {...context, run},
		start: (tool, args, call) => {
			const running = start(tool, args, call);
			servers.push(running.pid ?? 0);
			return running;
		},
		concurrency: 2,
		memoryBytes: 0,
		queueLimit: Infinity,
		retries: 2,
		scanTimeoutMs: 60_000,
		tagMemoryMs: 0,
		trivyVersion: '0.74.0',
		cacheDirectory: join(home, 'cache'),
		cacheBytes: 100_000_000,
		layerCacheBytes: 100_000_000,
		layerSpaceBytes: 100_000_000,
		dockerConfigFile: undefined,
		mirrors: {},
		permittedAddresses: ['127.0.0.0/8'],
		database: {repositories: [lab.databaseRepository], javaRepositories: [], update: true},
		readyAtOnce: false,
		now: Date.now,
		onEvent: (event) => events.push(event),
		...options,
	});
	return {
		engine,
		events,
		servers,
		scans: () => count.scans,
		mostAtOnce: () => count.most,
		scan: (images, request = {}) =>
			engine.scan({
				application: 'shop',
				targets: images.map(targetOf),
				platforms: [amd64],
				maxDatabaseAgeHours: 100,
				signal: new AbortController().signal,
				onEvent: () => {},
				...request,
			}),
	};
}

/** `127.0.0.1:5000/shop/api:1.0`, or with a digest. */
export function targetOf(image: string): ScanTarget {
	const [, host = '', repository = '', version = ''] = /^([^/]+)\/([^@]+?)((?:@|:)[^/]+)$/.exec(image) ?? [];
	return {image: image as ImageName, host, repository, version};
}

/** The layers of an image, as its manifest has them. */
export async function layersOf(lab: Lab, name: string): Promise<ImageManifest['layers']> {
	return (JSON.parse((await download(lab, name, 'manifests/1.0')).toString()) as ImageManifest).layers;
}

/** Their archives. */
export async function archivesOf(lab: Lab, name: string): Promise<readonly Buffer[]> {
	const layers = await layersOf(lab, name);
	return Promise.all(layers.map(async ({digest}) => gunzipSync(await download(lab, name, `blobs/${digest}`))));
}

async function download(lab: Lab, name: string, path: string): Promise<Buffer> {
	const headers = {accept: 'application/vnd.oci.image.manifest.v1+json'};
	const response = await fetch(`http://${lab.registry}/v2/shop/${name}/${path}`, {headers});
	return Buffer.from(await response.arrayBuffer());
}

/** What was found in an image, sorted; or why it was not scanned. */
export function outcomeOf(verdict: ScanVerdict | undefined): string {
	if (verdict === undefined) return 'no verdict';
	if (verdict.kind === 'unscanned') return `${verdict.reason}: ${verdict.detail}`;
	return verdict.findings
		.map(({id, package: name}) => `${name} ${id}`)
		.toSorted()
		.join(', ');
}
