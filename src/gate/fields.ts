import * as z from 'zod';
import {severities, type Platform, type Severity} from '../types.ts';
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
	.regex(
		/^[a-z0-9._*-]{1,253}$/,
		'is not a name as Kubernetes has them, in small letters; * may stand for any characters',
	);

/** The last day on which something holds, in UTC. */
export const lastDay = z.iso.date('is not a date of the form 2026-12-31');

export const metadata = {name: z.string().optional().describe('For people only.')};

export const denyOrWarn = z.enum(['deny', 'warn']);
/** In order of strictness: each refuses at least what the ones before it refuse. */
export const enforcements = ['warn', 'job', 'seal', 'fail-render'] as const;

/** That somebody may ask for beyond the policy's. */
export const mostPlatforms = 8;

export const platform = z.string().transform((text, context) => {
	if (isPlatform(text)) return text;
	const message = 'is not a platform of the form os/arch[/variant], such as linux/amd64';
	context.issues.push({code: 'custom', message, input: text});
	return z.NEVER;
});

/** Worst first. */
export const severityList = z
	.array(z.enum(severities))
	.min(1)
	.transform((list): readonly Severity[] => severities.filter((severity) => list.includes(severity)).toReversed());

/** Trivy's, without `fixed`, which says that there is something to do. */
export const statuses = [
	'affected',
	'under_investigation',
	'will_not_fix',
	'fix_deferred',
	'end_of_life',
	'not_affected',
	'unknown',
] as const;

export const packageTypes = ['os', 'library'] as const;

export const tagPattern = z.string().regex(/^[\w.*-]{1,128}$/, 'is not a tag; * may stand for any characters');
export const cvssScore = z.number().min(0.1).max(10);
export const probability = z.number().min(0.0001).max(1);

/** Whether a text is `os/arch` or `os/arch/variant`. */
export function isPlatform(text: string): text is Platform {
	return /^[a-z0-9]{1,20}\/[a-z0-9_]{1,20}(?:\/[a-z0-9.]{1,20})?$/.test(text);
}

function checked(problemOf: (text: string) => string | undefined) {
	return z.string().check((context) => {
		const problem = problemOf(context.value);
		if (problem !== undefined) context.issues.push({code: 'custom', message: problem, input: context.value});
	});
}
