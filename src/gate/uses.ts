import type {ExceptionGrant, GateDecision, ImageDecision} from '../types.ts';
import {byText} from './order.ts';

/**
 * Every exception that was used, with the number of findings that it covers. A finding counts once an image, however many
 * platforms and paths have it.
 */
export function usesOf(images: readonly ImageDecision[]): GateDecision['exceptions'] {
	const uses = new Map<string, {readonly exception: ExceptionGrant; readonly findings: Set<string>}>();
	for (const {reference, excepted} of images) {
		for (const {exception, finding} of excepted) {
			const use = uses.get(exception.source) ?? {exception, findings: new Set()};
			uses.set(exception.source, use);
			use.findings.add(JSON.stringify([reference.image, finding.id, finding.package, finding.installedVersion]));
		}
	}
	return [...uses.values()]
		.map(({exception, findings}) => ({exception, findings: findings.size}))
		.toSorted((one, other) => byText(one.exception.source, other.exception.source));
}
