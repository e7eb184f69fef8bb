const day = 24 * 60 * 60 * 1000;

/** The day of a moment in UTC, as `YYYY-MM-DD`: days compare as texts. */
export function dayOf(moment: Date): string {
	return moment.toISOString().slice(0, 10);
}

/** The day so many hours after a moment; undefined for what is no moment, or one beyond the calendar. */
export function dayAfter(moment: string | undefined, hours: number): string | undefined {
	const then = new Date(Date.parse(moment ?? '') + (hours * day) / 24);
	return Number.isNaN(then.getTime()) || then.getUTCFullYear() > 9999 ? undefined : dayOf(then);
}

/** `dayAfter` that remembers: many findings were published at the same moment. */
export interface Calendar {
	readonly get: (moment: string, hours: number) => string | undefined;
}

export function createCalendar(): Calendar {
	const byHours = new Map<number, Map<string, string | undefined>>();
	return {
		get: (moment, hours) => {
			const known = byHours.get(hours) ?? new Map<string, string | undefined>();
			byHours.set(hours, known);
			if (!known.has(moment)) known.set(moment, dayAfter(moment, hours));
			return known.get(moment);
		},
	};
}
