import * as z from 'zod';
import type {GateDecision, LedgerEvidence} from '../types.ts';
import {dayOf} from './days.ts';

const entry = z.object({
	/** The day, in UTC, on which it was allowed first, as `YYYY-MM-DD`. */
	first: z.iso.date(),
	/** And last. */
	last: z.iso.date(),
});

/** What one application was allowed to deploy, by the digests of its images. */
const ledgerDocument = z.object({
	version: z.literal(1),
	application: z.string(),
	project: z.string().optional(),
	digests: z.record(z.string(), entry),
	/** By the text in the manifests, the moment at which it was allowed last. */
	images: z.record(z.string(), z.iso.datetime()).default({}),
});

type LedgerDocument = z.output<typeof ledgerDocument>;

/** Since when an application may have run an image, and how that is known. */
export interface Ledger {
	readonly evidence: LedgerEvidence;
	/** The day, in UTC, as `YYYY-MM-DD`; undefined for an image that it has not had. */
	readonly since: (digest: string) => string | undefined;
	/** ISO 8601, by the image as it is written: when it was scanned and allowed last. */
	readonly allowedAt: (image: string) => string | undefined;
}

/** Of one application; more than a year of daily deployments of some images. */
const mostDigests = 2000;

/** @returns undefined when the text is none: a ledger that is lost costs readmissions, and nothing else. */
export function parseLedger(text: string): LedgerDocument | undefined {
	try {
		return ledgerDocument.safeParse(JSON.parse(text)).data;
	} catch {
		return undefined;
	}
}

export function ledgerOf(document: LedgerDocument | undefined): Ledger {
	const digests = new Map(Object.entries(document?.digests ?? {}));
	const images = new Map(Object.entries(document?.images ?? {}));
	return {
		evidence: 'allowed',
		since: (digest) => digests.get(digest)?.first,
		allowedAt: (image) => images.get(image),
	};
}

/**
 * The ledger with what a decision allowed. Nothing of a refused application is written, and nothing that passed by
 * break-glass: what an author renders must have passed the policy to be known here.
 * @returns undefined when there is nothing to write.
 */
export function withAllowed(
	document: LedgerDocument | undefined,
	{decision, images}: GateDecision,
	about: {readonly application: string; readonly project: string | undefined; readonly now: Date},
): LedgerDocument | undefined {
	if (decision === 'deny' || decision === 'unknown') return undefined;
	const today = dayOf(about.now);
	const passed = images.filter(
		({reasons, verdicts}) =>
			verdicts.length > 0 &&
			verdicts.every(({kind}) => kind === 'scanned') &&
			reasons.every(({pass}) => pass?.kind !== 'break-glass'),
	);
	const allowed = passed.flatMap(({verdicts}) =>
		verdicts.flatMap((verdict) => (verdict.kind === 'scanned' ? [verdict.digest] : [])),
	);
	if (passed.length === 0) return undefined;
	const known = document?.digests ?? {};
	const digests = new Map(Object.entries(known));
	for (const digest of allowed) digests.set(digest, {first: digests.get(digest)?.first ?? today, last: today});
	const kept = [...digests].toSorted(([, one], [, other]) => (one.last < other.last ? 1 : -1)).slice(0, mostDigests);
	const {application, project} = about;
	const lately = new Map(Object.entries(document?.images ?? {}));
	for (const {reference} of passed) lately.set(reference.image, about.now.toISOString());
	const remembered = [...lately].toSorted(([, one], [, other]) => (one < other ? 1 : -1)).slice(0, mostDigests);
	return {
		version: 1,
		application,
		...(project === undefined ? {} : {project}),
		digests: Object.fromEntries(kept),
		images: Object.fromEntries(remembered),
	};
}
