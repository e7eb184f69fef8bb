import type {EarlyWarning, ExceptionGrant, ImageDecision} from '../types.ts';
import {dayAfter, dayOf} from './days.ts';
import {byText} from './order.ts';

/**
 * What passes today and will be refused within some days, soonest first: one entry an image, a cause and a day.
 * @param hours how far ahead to look.
 */
export function warningsAhead(images: readonly ImageDecision[], hours: number, now: Date): readonly EarlyWarning[] {
	// From the start of the day, because a report may depend on the day alone.
	const last = dayAfter(dayOf(now), hours) ?? dayOf(now);
	return images
		.flatMap(passingOf)
		.filter(({until}) => until <= last)
		.toSorted((one, other) => byText(orderOf(one), orderOf(other)));
}

function passingOf({reference: {image}, reasons, excepted}: ImageDecision): readonly EarlyWarning[] {
	const passes = {grace: new Map<string, Set<string>>(), readmitted: new Map<string, Set<string>>()};
	const exceptions = new Map<ExceptionGrant, Set<string>>();
	for (const reason of reasons) {
		const {pass} = reason;
		if (reason.kind !== 'finding' || pass === undefined) continue;
		if (pass.kind !== 'grace' && pass.kind !== 'readmitted') continue;
		addTo(passes[pass.kind], pass.until, reason.finding.id);
	}
	for (const {finding, exception} of excepted) {
		addTo(exceptions, exception, finding.id);
	}
	return [
		...[...passes.grace].map(([until, ids]) => ({kind: 'grace', image, until, ids: sorted(ids)}) as const),
		...[...passes.readmitted].map(([until, ids]) => ({kind: 'readmission', image, until, ids: sorted(ids)}) as const),
		...[...exceptions].flatMap(([exception, ids]): EarlyWarning[] => {
			const {expires: until} = exception;
			return until === undefined ? [] : [{kind: 'exception', image, until, ids: sorted(ids), exception}];
		}),
	];
}

function addTo<Key>(sets: Map<Key, Set<string>>, key: Key, id: string): void {
	const ids = sets.get(key);
	if (ids === undefined) sets.set(key, new Set([id]));
	else ids.add(id);
}

function sorted(ids: ReadonlySet<string>): readonly string[] {
	return [...ids].toSorted(byText);
}

function orderOf(warning: EarlyWarning): string {
	const source = warning.kind === 'exception' ? warning.exception.source : '';
	return JSON.stringify([warning.until, warning.image, warning.kind, source]);
}
