import * as z from 'zod';
import {decisions, severities} from '../types.ts';

/**
 * What every report format is made from: data alone, so that it can be kept, sent and read again. Version 1 may gain
 * fields; one that changes its meaning or goes away makes a version 2.
 */
const text = z.string();
const optionalText = text.optional();
const count = z.int().min(0);
const decision = z.enum(decisions);
const enforcement = z.enum(['job', 'seal', 'fail-render', 'warn']);
const severity = z.enum(severities);
const database = z.object({
	version: z.number(),
	updatedAt: text.describe('ISO 8601, when its makers built it'),
});

const origin = z
	.object({
		object: text.describe('Kind/namespace/name, or Kind/name without a namespace'),
		path: text.describe('The field, as spec.template.spec.containers[0].image'),
		rule: text.describe('The rule of the finder'),
		outcome: text,
		file: optionalText.describe('The template, where Helm says it'),
		at: z
			.object({file: text, line: z.int().min(1)})
			.optional()
			.describe('Where it is written, from the root of the repository'),
	})
	.describe('One place that names the image');

const exception = z
	.object({
		source: text.describe('The file’s name and the number of the entry, as shop.yaml#2'),
		owner: text,
		reason: text,
		expires: text.describe('YYYY-MM-DD: the last day, in UTC, on which it holds'),
		ticket: optionalText,
	})
	.describe('What the operator lets pass, and who answers for it');

const breakGlass = z.object({
	source: text,
	approver: text,
	reason: text,
	ticket: optionalText,
	until: text.describe('ISO 8601'),
});

const day = text.describe('YYYY-MM-DD: the last day, in UTC, on which it passes');
const pass = z
	.discriminatedUnion('kind', [
		z.object({kind: z.literal('grace'), until: day}),
		z.object({
			kind: z.literal('readmitted'),
			deployed: text.describe('YYYY-MM-DD'),
			until: day,
			evidence: z.enum(['live', 'allowed']).describe('Seen in the cluster, or only what the gate allowed'),
		}),
		z.object({kind: z.literal('allowed-before'), allowedAt: text.describe('ISO 8601')}),
		z.object({kind: z.literal('break-glass'), grant: breakGlass}),
	])
	.describe('Why something that the policy refuses is not refused now');

const reasonFields = {
	decision: decision.describe('What this reason alone would decide'),
	platform: optionalText.describe('os/arch[/variant]'),
	text: text.describe('To be read after the image’s name'),
	pass: pass.optional(),
};

const findingFields = {
	id: text,
	severity,
	package: text,
	installedVersion: text,
	fixedVersion: optionalText.describe('As Trivy writes it; may list several'),
	fix: optionalText.describe('The nearest fixed version above the installed one'),
	status: text.describe('Trivy’s: fixed, affected, will_not_fix, end_of_life, …'),
	target: text.describe('What was looked at, as Node.js or debian 12.4'),
	packagePath: optionalText,
	purl: optionalText,
	title: optionalText,
	url: optionalText,
	publishedDate: optionalText,
	layer: z
		.enum(['base', 'application'])
		.optional()
		.describe('Whether the base image or what was built on it brings the package, as far as the history tells'),
	type: z.enum(['os', 'library']).optional().describe('Of an operating system’s package manager, or of a language’s'),
	score: z.number().optional().describe('The highest CVSS score, version 3 or 4, of all sources'),
};

const finding = z.object({
	kind: z.literal('finding'),
	...reasonFields,
	...findingFields,
	rule: optionalText.describe('The field of the policy by which it counts'),
	lapsed: exception.optional().describe('The exception that covered it until it ran out'),
	note: optionalText.describe('Why it passes now, or which exception of it has ended, in words'),
});

const reason = z.discriminatedUnion('kind', [
	finding,
	z.object({kind: z.literal('caveat'), ...reasonFields, caveat: text.describe('no-os, end-of-life, …')}),
	z.object({
		kind: z.literal('unscanned'),
		...reasonFields,
		reason: text.describe('unauthorized, not-found, deadline, …'),
		transient: z.boolean().describe('Whether asking again later may help'),
	}),
	z.object({kind: z.literal('reference'), ...reasonFields, rule: text.describe('invalid, registry-denied, …')}),
]);

const scan = z.discriminatedUnion('outcome', [
	z.object({
		outcome: z.literal('scanned'),
		platform: text,
		digest: text.describe('Of the image for this platform'),
		os: optionalText,
		packages: count,
		findings: count,
		severities: z
			.partialRecord(severity, count)
			.default({})
			.describe('How many findings of which severity, also of those that the policy does not count'),
		caveats: z.array(text),
		database,
	}),
	z.object({
		outcome: z.literal('unscanned'),
		platform: text,
		reason: text,
		transient: z.boolean(),
		detail: text,
	}),
]);

const image = z.object({
	image: text.describe('As it is written'),
	repository: optionalText.describe('Registry and repository in full, when it is an image reference'),
	outcome: text.describe('What becomes of it: scan, placeholder, invalid, potential, …'),
	decision,
	origins: z.array(origin),
	reasons: z.array(reason).describe('Those that are not allow, strictest first'),
	omitted: count.optional().describe('How many reasons and exceptions were left out when the report was kept'),
	excepted: z
		.array(z.object({...findingFields, platform: text, exception}))
		.describe('Findings that would be refused, each with the exception that lets it pass'),
	upgrades: z
		.array(z.object({package: text, from: text, to: text, fixes: z.array(text).describe('Ids of findings')}))
		.describe('The packages to raise, each far enough for all of its findings that decided'),
	advice: z.array(text).describe('What to do, in sentences: those of upgrades first, in their order'),
	suggestion: optionalText.describe('What the registry has that could be used instead, when it was asked for'),
	scans: z.array(scan),
});

export const reportSchema = z.object({
	version: z.literal(1),
	reportId: text.describe('Stands for what was decided: the same id, the same outcome'),
	application: text,
	project: optionalText.describe('The AppProject, when Argo CD calls'),
	revision: optionalText.describe('The commit, when Argo CD calls'),
	decision: decision.describe('The strictest of the images’'),
	enforcement,
	summary: text,
	gate: z.object({version: text}).optional(),
	scanner: z.object({name: z.literal('trivy'), version: text, database: database.optional()}),
	documentsPrintedAsJson: z
		.array(z.object({document: count, line: count, file: optionalText, reasons: z.array(text)}))
		.describe('Documents that are passed on as JSON, because readers of YAML disagree about them'),
	exceptions: z
		.array(z.object({exception, findings: count}))
		.describe('Every exception that was used, with the number of findings that it covers'),
	breakGlass: z
		.array(z.object({grant: breakGlass, needed: z.boolean()}))
		.describe('Those that hold for this revision now, also when nothing needed them'),
	ahead: z
		.array(
			z.object({
				kind: z.enum(['grace', 'readmission', 'exception']),
				image: text,
				until: day,
				ids: z.array(text),
				exception: exception.optional(),
			}),
		)
		.describe('What will be refused although it passes today, soonest first'),
	images: z.array(image).describe('Strictest first, then by name'),
});

export type Report = z.output<typeof reportSchema>;
export type ReportImage = Report['images'][number];
export type ReportReason = ReportImage['reasons'][number];
export type ReportFinding = Extract<ReportReason, {kind: 'finding'}>;
export type ReportException = z.output<typeof exception>;
export type ReportScan = ReportImage['scans'][number];

/** JSON Schema (draft 2020-12) of the report, as `trivy-gate scan --print-schema` prints it. */
export function reportJsonSchema(): object {
	const {$schema, ...schema} = z.toJSONSchema(reportSchema, {io: 'input'});
	return {$schema, title: 'Report of argocd-trivy-gate, version 1', ...schema};
}
