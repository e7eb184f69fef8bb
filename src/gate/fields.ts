import * as z from 'zod';
import {patternProblem} from './registries.ts';
import {purlPatternProblem} from './text-pattern.ts';

/** Fields that several kinds of files have. */

export const apiVersion = 'trivy-gate/v1alpha1';

/** Hours of a duration such as `72h` or `7d`; undefined when the text is none, or is below 1 h or above 10 years. */
export function durationHours(text: string): number | undefined {
	const [, count, unit] = /^(\d{1,5})([hd])$/.exec(text) ?? [];
	const hours = Number(count) * (unit === 'd' ? 24 : 1);
	return hours >= 1 && hours <= 87_600 ? hours : undefined;
}

export const duration = z
	.string()
	.refine((text) => durationHours(text) !== undefined, 'is not a duration in hours or days, such as 72h or 7d')
	.transform((text) => durationHours(text) ?? 0);

/** Over canonical `host/repository`. */
export const repositoryPattern = checked(patternProblem);
/** Over package URLs. */
export const purlPattern = checked(purlPatternProblem);

/** Something that a person has to write, in a line. */
export const line = z
	.string()
	.max(500)
	.regex(/^[^\n\r]*\S[^\n\r]*$/, 'must be a line of text');

/** A name of something in Argo CD; `*` stands for any characters. */
export const namePattern = z
	.string()
	.regex(/^[a-zA-Z0-9._*-]{1,253}$/, 'is not a name; * may stand for any characters');

/** The last day on which something holds, in UTC. */
export const lastDay = z.iso.date('is not a date of the form 2026-12-31');

export const metadata = {name: z.string().optional().describe('For people only.')};

function checked(problemOf: (text: string) => string | undefined) {
	return z.string().check((context) => {
		const problem = problemOf(context.value);
		if (problem !== undefined) context.issues.push({code: 'custom', message: problem, input: context.value});
	});
}
