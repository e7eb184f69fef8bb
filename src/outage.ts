import {GateError} from './errors.ts';
import type {ErrorCode} from './errors.ts';
import {outageOf} from './gate/outages.ts';
import type {Policy} from './gate/policy.ts';
import type {Platform, ScanTarget, ScanVerdict, UnscannedReason} from './types.ts';

/** Errors that keep everything from being scanned, and what they are for one image. */
const reasons: Partial<Readonly<Record<ErrorCode, UnscannedReason>>> = {
	'service-busy': 'canceled',
	'service-unreachable': 'scanner-failed',
	'database-unavailable': 'scanner-failed',
};

/**
 * A verdict for each image when the whole scan failed and the policy has a choice of its own for that outage. Without one
 * the error itself says best what to do.
 * @returns undefined when the error is to be told.
 */
export function verdictsOfOutage(
	error: unknown,
	targets: readonly (ScanTarget & {readonly platforms: readonly Platform[]})[],
	{outages}: Policy,
): readonly ScanVerdict[] | undefined {
	if (!(error instanceof GateError)) return undefined;
	const reason = reasons[error.code];
	const outage = reason === undefined ? undefined : outageOf(reason);
	const choice = outage === undefined ? undefined : outages[outage];
	if (reason === undefined || choice === undefined || choice === 'unknown') return undefined;
	const {what} = error.explanation;
	return targets.flatMap(({image, platforms}) =>
		platforms.map((platform) => ({image, platform, kind: 'unscanned', reason, transient: true, detail: what}) as const),
	);
}
