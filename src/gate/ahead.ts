import type {EarlyWarning, ImageDecision} from '../types.ts';
import {dayAfter, dayOf} from './days.ts';
import {byText} from './order.ts';

/**
 * What passes today and will be refused within some days, soonest first: one entry an image, a cause and a day.
 * @param hours how far ahead to look.
 */
export function warningsAhead(images: readonly ImageDecision[], hours: number, now: Date): readonly EarlyWarning[] {
	const last = dayAfter(now.toISOString(), hours) ?? dayOf(now);
	return images
		.flatMap(passingOf)
		.filter(({until}) => until <= last)
		.toSorted((one, other) => byText(orderOf(one), orderOf(other)));
}

function passingOf({reference: {image}, reasons, excepted}: ImageDecision): readonly EarlyWarning[] {
	const endings = new Map<string, {readonly warning: EarlyWarning; readonly ids: Set<string>}>();
	const add = (id: string, warning: EarlyWarning) => {
		const key = orderOf(warning);
		const ending = endings.get(key) ?? {warning, ids: new Set()};
		endings.set(key, ending);
		ending.ids.add(id);
	};
	for (const reason of reasons) {
		const {pass} = reason;
		if (reason.kind !== 'finding' || pass === undefined) continue;
		if (pass.kind === 'grace') add(reason.finding.id, {kind: 'grace', image, until: pass.until, ids: []});
		if (pass.kind === 'readmitted') add(reason.finding.id, {kind: 'readmission', image, until: pass.until, ids: []});
	}
	for (const {finding, exception} of excepted) {
		const {expires: until} = exception;
		if (until !== undefined) add(finding.id, {kind: 'exception', image, until, ids: [], exception});
	}
	return [...endings.values()].map(({warning, ids}) => ({...warning, ids: [...ids].toSorted(byText)}));
}

function orderOf(warning: EarlyWarning): string {
	const source = warning.kind === 'exception' ? warning.exception.source : '';
	return JSON.stringify([warning.until, warning.image, warning.kind, source]);
}
