import type {BreakGlassGrant, ExceptionGrant, Finding} from '../types.ts';
import type {Exception, Exceptions} from './exceptions.ts';
import {repositoryMatches} from './registries.ts';
import {globs, purlMatcher} from './text-pattern.ts';

/** What Argo CD tells of the application that is rendered. */
export interface ApplicationScope {
	/** As Argo CD names it; its author's choice. */
	readonly application: string;
	/** The AppProject; undefined when nobody tells it. */
	readonly project: string | undefined;
	readonly revision: string | undefined;
}

/** What lets a finding of an image pass, and what did until it ran out. */
export interface Waivers {
	/** @param repository of the image, canonical `host/repository`. */
	readonly in: (repository: string) => (finding: Finding) => Found | undefined;
}

/** At least one of both. */
interface Found {
	readonly active: ExceptionGrant | undefined;
	readonly lapsed: ExceptionGrant | undefined;
}

interface Waiver {
	/** Whether the package's URL is meant; every package is when it is left out. */
	readonly isPackage: ((purl: string) => boolean) | undefined;
	readonly image: string | undefined;
	readonly grant: ExceptionGrant;
	readonly active: boolean;
}

/**
 * The exceptions of one application on one day, found by the finding's id. Of several that cover a finding the one that
 * holds longest is told.
 * @param today in UTC, as `YYYY-MM-DD`. An exception holds to the end of its day.
 */
export function waiversFor({exceptions}: Exceptions, scope: ApplicationScope, today: string): Waivers {
	const byId = new Map<string, Waiver[]>();
	for (const exception of exceptions.filter((one) => covers(one, scope)).toSorted(longestFirst)) {
		const waiver = waiverOf(exception, today);
		for (const id of exception.id) {
			const others = byId.get(id);
			if (others === undefined) byId.set(id, [waiver]);
			else others.push(waiver);
		}
	}
	return {
		in: (repository) => {
			// An image has many findings, and a pattern over images means the same for all of them.
			const places = new Map<string, boolean>();
			const isHere = (pattern: string) => {
				const known = places.get(pattern) ?? repositoryMatches(pattern, repository);
				places.set(pattern, known);
				return known;
			};
			return ({id, purl}) => {
				let lapsed: ExceptionGrant | undefined;
				for (const waiver of byId.get(id) ?? []) {
					if (waiver.image !== undefined && !isHere(waiver.image)) continue;
					if (waiver.isPackage !== undefined && (purl === undefined || !waiver.isPackage(purl))) continue;
					if (waiver.active) return {active: waiver.grant, lapsed};
					lapsed ??= waiver.grant;
				}
				return lapsed === undefined ? undefined : {active: undefined, lapsed};
			};
		},
	};
}

/** The break-glass entries that hold for a revision at a moment. */
export function breakGlassFor(
	{breakGlass}: Exceptions,
	{project = '', application, revision}: ApplicationScope,
	now: Date,
): readonly BreakGlassGrant[] {
	return breakGlass
		.map((entry) => ({...entry, until: Date.parse(entry.from) + entry.hours * 3_600_000}))
		.filter(
			(entry) =>
				globs(entry.project, project) &&
				entry.application === application &&
				entry.revision === revision &&
				Date.parse(entry.from) <= now.getTime() &&
				now.getTime() < entry.until,
		)
		.map(({source, approver, reason, ticket, until}) => {
			return {source, approver, reason, ticket, until: new Date(until).toISOString()};
		});
}

/** Whether an exception is meant for an application, on whatever day. */
export function covers(exception: Exception, {project = '', application}: ApplicationScope): boolean {
	return (
		globs(exception.project, project) &&
		(exception.application === undefined || globs(exception.application, application))
	);
}

function waiverOf(exception: Exception, today: string): Waiver {
	const {source, owner, reason, expires, ticket} = exception;
	return {
		isPackage: exception.package === undefined ? undefined : purlMatcher(exception.package),
		image: exception.image,
		grant: {source, owner, reason, expires, ticket},
		active: today <= expires,
	};
}

function longestFirst(one: Exception, other: Exception): number {
	if (one.expires !== other.expires) return one.expires < other.expires ? 1 : -1;
	return one.source < other.source ? -1 : Number(one.source > other.source);
}
