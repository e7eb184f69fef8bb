import {join} from 'node:path';
import type {ScanFailure} from './failure.ts';
import {askRegistries} from './registry.ts';
import type {RegistryTools} from './registry.ts';
import type {ScanTarget} from '../types.ts';

/**
 * Fetches an image by digest into an OCI layout. crane checks every blob against its digest, where Trivy stops reading
 * at the end of a layer's archive: a registry could show it other bytes than a container runtime accepts.
 * @param timeoutMs for each registry that is asked.
 * @returns the layout's directory below `directory`, or why there is none.
 */
export async function pullImage(
	target: ScanTarget,
	digest: string,
	{
		directory,
		registry,
		timeoutMs,
	}: {
		readonly directory: string;
		readonly registry: RegistryTools;
		readonly timeoutMs: number;
	},
): Promise<{readonly kind: 'pulled'; readonly layout: string} | ({readonly kind: 'failed'} & ScanFailure)> {
	const layout = (attempt: number) => join(directory, `image-${attempt}`);
	const answer = await askRegistries(target, registry, {
		version: `@${digest}`,
		arguments: (reference, attempt) => ['pull', '--format', 'oci', '--', reference, layout(attempt)],
		timeoutMs,
	});
	return answer.kind === 'failed' ? answer : {kind: 'pulled', layout: layout(answer.attempt)};
}
