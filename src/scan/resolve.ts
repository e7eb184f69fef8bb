import {createHash} from 'node:crypto';
import {z} from 'zod';
import type {ImageName, Platform} from '../types.ts';
import {explainFailure} from './failure.ts';
import type {ScanFailure} from './failure.ts';
import type {RegistryTools} from './registry.ts';

/** An image reference in the parts that a registry needs. */
export interface ScanTarget {
	readonly image: ImageName;
	/** The registry, as `docker.io` or `registry.example:5000`. */
	readonly host: string;
	/** As `library/nginx`. */
	readonly repository: string;
	/** `:tag` or `@digest`; the digest wins when a reference has both. */
	readonly version: string;
	/** Instead of the platforms of the run. */
	readonly platforms?: readonly Platform[];
}

export type Resolution =
	| {readonly kind: 'resolved'; readonly digests: ReadonlyMap<Platform, string>; readonly missing: readonly Platform[]}
	| ({readonly kind: 'failed'} & ScanFailure);

const platformOf = z.object({os: z.string(), architecture: z.string(), variant: z.string().optional()});
const manifest = z.object({
	mediaType: z.string().optional(),
	manifests: z.array(z.object({digest: z.string(), platform: platformOf.optional()})).optional(),
});

/**
 * Asks the registry (its mirrors first) once for an image's manifest: the digest of what a tag means now,
 * and of an index the digest for each platform. An image that is not an index is what every platform gets.
 */
export async function resolveImage(
	target: ScanTarget,
	platforms: readonly Platform[],
	tools: RegistryTools,
): Promise<Resolution> {
	let failure: ScanFailure = {reason: 'unreachable', transient: false, detail: 'no registry was asked'};
	for (const host of [...(tools.mirrors[target.host] ?? []), target.host]) {
		const result = await tools.crane(['manifest', '--', `${host}/${target.repository}${target.version}`]);
		if (result.kind === 'exited' && result.exitCode === 0) return chooseDigests(result.stdout, platforms);
		failure = explainFailure(result, 'crane', tools.timeoutMs);
		if (failure.reason === 'canceled') break;
	}
	return {kind: 'failed', ...failure};
}

/** Chooses each platform's digest of the raw bytes of a manifest or an index. */
export function chooseDigests(bytes: Uint8Array, platforms: readonly Platform[]): Resolution {
	const parsed = manifest.safeParse(readJson(bytes));
	if (!parsed.success) {
		return {
			kind: 'failed',
			reason: 'registry-error',
			transient: false,
			detail: 'the registry answered with something that is no image manifest',
		};
	}
	const children = parsed.data.manifests;
	if (children === undefined) {
		const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
		return {kind: 'resolved', digests: new Map(platforms.map((platform) => [platform, digest])), missing: []};
	}
	const digests = new Map<Platform, string>();
	for (const platform of platforms) {
		const child = children.find(
			(candidate) => candidate.platform !== undefined && matches(platform, candidate.platform),
		);
		if (child !== undefined) digests.set(platform, child.digest);
	}
	return {kind: 'resolved', digests, missing: platforms.filter((platform) => !digests.has(platform))};
}

function readJson(bytes: Uint8Array): unknown {
	try {
		return JSON.parse(Buffer.from(bytes).toString('utf8'));
	} catch {
		return undefined;
	}
}

/** `linux/arm64` also takes an index entry with a variant, as container runtimes do. */
function matches(wanted: Platform, offered: z.infer<typeof platformOf>): boolean {
	const [os, architecture, variant] = wanted.split('/');
	return (
		os === offered.os && architecture === offered.architecture && (variant === undefined || variant === offered.variant)
	);
}
