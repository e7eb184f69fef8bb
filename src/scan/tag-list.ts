import * as z from 'zod';
import type {ScanTarget} from '../types.ts';
import type {ScanFailure} from './failure.ts';
import {readJson} from './json.ts';
import {refused} from './manifest.ts';
import {askRegistries, readDocument} from './registry.ts';
import type {Registries} from './registry.ts';

const tagList = z.object({tags: z.array(z.string()).nullish()});
/** distribution/reference's grammar. */
const tagPattern = /^\w[\w.-]{0,127}$/;

/** The tags of an image's repository, as many as its registry (its mirrors first) tells at once. */
export async function listTags(
	target: Pick<ScanTarget, 'host' | 'repository'>,
	registries: Registries,
): Promise<readonly string[] | ScanFailure> {
	const answer = await askRegistries(target, registries, {
		about: {kind: 'tags'},
		timeoutMs: registries.timeoutMs,
		read: readDocument,
	});
	if (answer.kind === 'failed') return answer;
	const parsed = tagList.safeParse(readJson(answer.value));
	if (!parsed.success) return refused('the registry answered with something that is no list of tags');
	return (parsed.data.tags ?? []).filter((tag) => tagPattern.test(tag));
}
