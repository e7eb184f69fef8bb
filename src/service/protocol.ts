import * as z from 'zod';
import {errorCodes} from '../errors.ts';
import {decisions, severities, unscannedReasons} from '../types.ts';
import type {Platform, Stage} from '../types.ts';

/** What client and service say to each other, version 1. Limits are part of it. */
export const limits = {
	bodyBytes: 2 * 1024 * 1024,
	images: 5000,
	platforms: 64,
	/** Of a decision; the rest is counted. */
	decidedImages: 200,
	waitMs: 60 * 60 * 1000,
	/** One line of an answer: the verdict of an image with some hundred thousand findings. */
	lineBytes: 64 * 1024 * 1024,
	answerBytes: 1024 * 1024 * 1024,
	/** Of a report that is handed over to be kept, and of one that is read again, with its line breaks. */
	reportBytes: 16 * 1024 * 1024,
	keptReportBytes: 64 * 1024 * 1024,
	applicationLength: 512,
} as const;

export const paths = {
	scans: '/v1/scans',
	decisions: '/v1/decisions',
	/** Trivy's own, of one image. */
	reports: '/v1/reports',
	/** The gate's, of one application. */
	gateReports: '/reports',
	status: '/v1/status',
	health: '/v1/health',
	ready: '/v1/ready',
	metrics: '/metrics',
} as const;

/** Joins the lines of client and service about one call. */
export const requestIdHeader = 'x-request-id';
export const requestIdPattern = /^[\w-]{1,64}$/;

const stages = [
	'settings',
	'tools',
	'render',
	'read',
	'find',
	'scan',
	'gate',
	'report',
] as const satisfies readonly Stage[];

const application = z.string().max(limits.applicationLength).describe('Who asks, for fairness and the log');
const image = z.string().min(1).max(1024);
/** As gate/policy.ts reads it. */
const platformPattern = /^[a-z0-9]{1,20}\/[a-z0-9_]{1,20}(?:\/[a-z0-9.]{1,20})?$/;
const platform = z
	.string()
	.regex(platformPattern)
	.describe('os/arch[/variant]')
	.transform((value) => (isPlatform(value) ? value : z.NEVER));
const platforms = z.array(platform).min(1).max(limits.platforms);
const digest = z.string().regex(/^[a-z0-9+._-]{1,32}:[a-f0-9]{32,128}$/);
const count = z.int().min(0);

/** POST /v1/scans */
export const scanBody = z.strictObject({
	application: application.default(''),
	images: z
		.array(z.strictObject({image, platforms: platforms.optional()}))
		.max(limits.images)
		.describe('Each with the platforms that it is scanned for, when they differ'),
	platforms,
	maxDatabaseAgeHours: z.number().min(0).describe('Older databases give the caveat stale-database'),
	waitMs: count.max(limits.waitMs).describe('After how many milliseconds the answer tells what is known by then'),
});
export type ScanBody = z.input<typeof scanBody>;

const text = z.string();
const optionalText = text.optional();

const finding = z.object({
	id: text,
	severity: z.enum(severities),
	package: text,
	installedVersion: text,
	fixedVersion: optionalText,
	status: text,
	target: text,
	packagePath: optionalText,
	purl: optionalText,
	title: optionalText,
	url: optionalText,
	publishedDate: optionalText,
	layer: z.enum(['base', 'application']).optional(),
	type: z.enum(['os', 'library']).optional(),
	score: z.number().optional(),
});

const caveat = z.discriminatedUnion('kind', [
	z.object({kind: z.literal('no-os')}),
	z.object({kind: z.literal('no-packages'), os: text}),
	z.object({kind: z.literal('end-of-life'), os: text}),
	z.object({kind: z.literal('unsupported-os'), os: text}),
	z.object({kind: z.literal('stale-database'), updatedAt: text, maxAgeHours: z.number()}),
]);

const database = z.object({version: z.number(), updatedAt: z.iso.datetime({offset: true})});

const verdict = z.discriminatedUnion('kind', [
	z.object({
		kind: z.literal('scanned'),
		image,
		platform,
		digest,
		findings: z.array(finding),
		caveats: z.array(caveat),
		os: optionalText,
		packages: count,
		database,
		cached: z.boolean(),
	}),
	z.object({
		kind: z.literal('unscanned'),
		image,
		platform,
		reason: z.enum(unscannedReasons),
		transient: z.boolean(),
		detail: text,
	}),
]);
export type VerdictLine = z.output<typeof verdict>;

const failure = z.object({
	stage: z.enum(stages),
	code: z.enum(errorCodes),
	what: text,
	where: optionalText,
	hint: optionalText,
	output: optionalText,
});

/** The body of an answer that is no success. */
export const failureBody = z.object({error: failure});
export type Failure = z.output<typeof failure>;

const secondsLeft = z.number().min(0).describe('Until everything that waits now is scanned, as far as can be told');

/**
 * A line of the answer to POST /v1/scans. The last one is `answer` or `error`; without it the answer is incomplete and
 * means nothing. `answer.verdicts` names the verdict lines that count, in their order, from 0.
 */
export const scanLine = z.discriminatedUnion('kind', [
	z.object({kind: z.literal('planned'), images: count}),
	z.object({kind: z.literal('started'), image, platform}),
	z.object({kind: z.literal('retried'), image, platform, attempt: count, detail: text}),
	z.object({
		kind: z.literal('verdict'),
		verdict,
		milliseconds: z.number().min(0).optional().describe('Absent when nothing was done for it'),
	}),
	z.object({kind: z.literal('heartbeat'), running: count, waiting: count, secondsLeft}),
	z.object({kind: z.literal('answer'), verdicts: z.array(count), trivyVersion: text, secondsLeft}),
	z.object({kind: z.literal('error'), error: failure}),
]);
export type ScanLine = z.input<typeof scanLine>;

/** POST /v1/decisions */
export const decisionBody = z.strictObject({
	application,
	decision: z.enum(decisions),
	enforcement: z.enum(['job', 'seal', 'fail-render', 'warn']),
	reportId: z.string().max(64),
	milliseconds: count,
	images: z
		.array(z.strictObject({image, decision: z.enum(decisions), digests: z.array(digest).max(limits.platforms)}))
		.max(limits.decidedImages)
		.describe('Those that are not allowed, strictest first'),
	omitted: count.describe('Images that are not allowed either and are not listed'),
	excepted: count.default(0).describe('Findings that exceptions let pass'),
	breakGlass: z.enum(['none', 'idle', 'needed']).default('none').describe('Whether break-glass held, and was needed'),
	ahead: count.default(0).describe('What passes now and will be refused soon'),
});
export type DecisionBody = z.input<typeof decisionBody>;

/** Of a report that is kept; GET /reports lists them. */
export const reportEntry = z.object({
	application: text,
	project: optionalText,
	revision: optionalText,
	reportId: text,
	decision: z.enum(decisions),
	receivedAt: z.iso.datetime(),
});
export type ReportEntry = z.output<typeof reportEntry>;
export const reportList = z.object({reports: z.array(reportEntry)});

/** GET /v1/reports/DIGEST */
export const reportQuery = z.strictObject({platform});
export const reportParameters = z.strictObject({digest});

/** GET /v1/status */
export const statusBody = z.object({
	version: text,
	trivyVersion: text,
	startedAt: z.iso.datetime(),
	/** Requests that are being answered. */
	requests: count,
	secondsLeft,
	engine: z.object({
		problem: optionalText,
		database: database.optional(),
		javaDatabase: database.optional(),
		refreshProblem: optionalText,
		trivyServer: z.enum(['starting', 'running', 'restarting', 'stopped']),
		concurrency: count,
		running: count,
		waiting: count,
		queueLimit: count,
		storeBytes: count,
		layerCacheBytes: count,
	}),
});
export type ServiceStatus = z.output<typeof statusBody>;

/** Reads something unknown. @returns the value, or every field that is wrong, as `images[2].image: …; …`. */
export function read<Schema extends z.ZodType>(
	schema: Schema,
	value: unknown,
): {readonly ok: true; readonly value: z.output<Schema>} | {readonly ok: false; readonly problems: string} {
	const result = schema.safeParse(value);
	if (result.success) return {ok: true, value: result.data};
	const problems = result.error.issues.map((issue) => `${pathText(issue.path)}: ${issue.message}`);
	const more = problems.length > mostProblems ? `; and ${problems.length - mostProblems} more` : '';
	return {ok: false, problems: `${problems.slice(0, mostProblems).join('; ')}${more}`};
}

function isPlatform(value: string): value is Platform {
	return platformPattern.test(value);
}

const mostProblems = 50;

function pathText(path: readonly PropertyKey[]): string {
	const joined = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('');
	return joined === '' ? 'all of it' : joined.replace(/^\./, '');
}

/** JSON Schema (draft 2020-12) of everything that is said, by name. */
export function protocolSchema(): object {
	const schemas = {
		ScanRequest: scanBody,
		ScanLine: scanLine,
		Decision: decisionBody,
		Status: statusBody,
		Reports: reportList,
		Error: failureBody,
	};
	return {
		$schema: 'https://json-schema.org/draft/2020-12/schema',
		title: 'The scan service of argocd-trivy-gate, version 1',
		$defs: Object.fromEntries(
			Object.entries(schemas).map(([name, schema]) => {
				const {$schema: _, ...definition} = z.toJSONSchema(schema, {io: 'input'});
				return [name, definition];
			}),
		),
	};
}
