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
