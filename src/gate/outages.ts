import type {Decision, Pass, UnscannedReason} from '../types.ts';
import type {Ledger} from './ledger.ts';
import type {Policy} from './policy.ts';

/** In order of strictness. `readmit` is a warning for what was allowed lately, and else not known. */
export const outageChoices = ['warn', 'readmit', 'unknown', 'deny'] as const;
export type OutageChoice = (typeof outageChoices)[number];

export type Outage = 'registry' | 'scanner' | 'busy';

/** Whose failure it is that an image could not be scanned; undefined when it is the image's or the operator's own. */
export function outageOf(reason: UnscannedReason): Outage | undefined {
	switch (reason) {
		case 'unreachable':
		case 'rate-limited':
		case 'registry-error':
			return 'registry';
		case 'scanner-failed':
		case 'scanner-timeout':
		case 'report-invalid':
			return 'scanner';
		case 'deadline':
		case 'canceled':
			return 'busy';
		case 'address-refused':
		case 'unauthorized':
		case 'not-found':
		case 'platform-missing':
			return undefined;
	}
}

/** What the policy makes of an image that could not be scanned for a reason. */
export function choiceFor(reason: UnscannedReason, {outages, unscannable}: Policy): OutageChoice {
	const outage = outageOf(reason);
	return (outage === undefined ? undefined : outages[outage]) ?? unscannable;
}

/** What becomes of an image in an outage: only `readmit` looks at what was allowed before. */
export function decideOutage(
	choice: OutageChoice,
	{
		image,
		policy,
		ledger,
		now,
	}: {
		/** As it is written in the manifests. */
		readonly image: string;
		readonly policy: Policy;
		readonly ledger: Ledger | undefined;
		readonly now: Date;
	},
): {readonly decision: Decision; readonly pass?: Pass} {
	if (choice !== 'readmit') return {decision: choice};
	const allowedAt = ledger?.allowedAt(image);
	if (allowedAt === undefined) return {decision: 'unknown'};
	const ageHours = (now.getTime() - Date.parse(allowedAt)) / 3_600_000;
	return ageHours >= 0 && ageHours <= policy.outages.allowedWithin
		? {decision: 'warn', pass: {kind: 'allowed-before', allowedAt}}
		: {decision: 'unknown'};
}
