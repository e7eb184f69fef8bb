import {createHash} from 'node:crypto';
import type {DecisionReason, ImageDecision, ScanVerdict} from '../types.ts';

/**
 * 12 hex digits that stand for what was decided: images, digests, databases, reasons. Two runs with the same outcome
 * have the same id; it depends neither on the clock nor on the words of error messages.
 * @param images sorted, as in a GateDecision.
 */
export function reportIdOf(images: readonly ImageDecision[]): string {
	const hash = createHash('sha256').update('[');
	for (const [index, {reference, decision, reasons, verdicts}] of images.entries()) {
		const {image, outcome} = reference;
		const content = [image, outcome, decision, reasons.map(reasonContent), verdicts.map(verdictContent)];
		hash.update(`${index === 0 ? '' : ','}${JSON.stringify(content)}`);
	}
	return hash.update(']').digest('hex').slice(0, 12);
}

function reasonContent(reason: DecisionReason): readonly (string | null)[] {
	const {decision, platform = null} = reason;
	switch (reason.kind) {
		case 'finding': {
			const {id, severity, package: name, installedVersion, fixedVersion = null} = reason.finding;
			return [decision, platform, id, severity, name, installedVersion, fixedVersion];
		}
		case 'caveat':
			return [decision, platform, reason.caveat.kind];
		case 'unscanned':
			return [decision, platform, reason.reason];
		case 'reference':
			return [decision, platform, reason.rule];
	}
}

function verdictContent(verdict: ScanVerdict): readonly (string | number | readonly string[])[] {
	const {platform} = verdict;
	switch (verdict.kind) {
		case 'scanned':
			return [
				platform,
				verdict.digest,
				verdict.database.version,
				verdict.database.updatedAt,
				verdict.findings.map(({id}) => id),
			];
		case 'unscanned':
			return [platform, verdict.reason];
	}
}
