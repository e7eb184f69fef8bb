import type {ExceptionGrant, GateDecision, ImageDecision} from '../types.ts';
import {byText} from './order.ts';

/**
 * Every exception that was used, with the number of findings that it covers. A finding counts once an image, however many
 * platforms and paths have it.
 */
export function usesOf(images: readonly ImageDecision[]): GateDecision['exceptions'] {
	const uses = new Map<ExceptionGrant, number>();
	for (const {excepted} of images) {
		const seen = new Map<ExceptionGrant, Set<string>>();
		for (const {exception, finding} of excepted) {
			const findings = seen.get(exception) ?? new Set();
			seen.set(exception, findings);
			findings.add(`${finding.id}\n${finding.package}\n${finding.installedVersion}`);
		}
		for (const [exception, findings] of seen) uses.set(exception, (uses.get(exception) ?? 0) + findings.size);
	}
	return [...uses]
		.map(([exception, findings]) => ({exception, findings}))
		.toSorted((one, other) => byText(one.exception.source, other.exception.source));
}
