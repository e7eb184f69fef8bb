import {isIP} from 'node:net';
import * as z from 'zod';
import {severities, type Platform, type Severity} from '../types.ts';
import {images, imageKeys} from './policy-images.ts';
import {problemsOf, readDocument} from './problems.ts';
import {patternProblem} from './registries.ts';
import {GateError} from '../errors.ts';

export const policyApiVersion = 'trivy-gate/v1alpha1';

const yesOrNo = z.boolean();
const denyOrWarn = z.enum(['deny', 'warn']);
/** In order of strictness: each refuses at least what the ones before it refuse. */
export const enforcements = ['warn', 'job', 'seal', 'fail-render'] as const;

const duration = z
	.string()
	.refine((text) => durationHours(text) !== undefined, 'is not a duration in hours or days, such as 72h or 7d')
	.transform((text) => durationHours(text) ?? 0);

const platform = z.string().transform((text, context) => {
	if (isPlatform(text)) return text;
	const message = 'is not a platform of the form os/arch[/variant], such as linux/amd64';
	context.issues.push({code: 'custom', message, input: text});
	return z.NEVER;
});

const registryPattern = z.string().check((context) => {
	const problem = patternProblem(context.value);
	if (problem !== undefined) context.issues.push({code: 'custom', message: problem, input: context.value});
});

const registryHost = z
	.string()
	.regex(
		/^(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)(?::\d{1,5})?$/,
		'is not a registry host of the form name[:port]',
	);

const addresses = z.string().refine(isAddressRange, 'is neither an IP address nor a range such as 10.0.0.0/8');

const registries = {
	allow: z.array(registryPattern).readonly().prefault([]),
	deny: z.array(registryPattern).readonly().prefault([]),
	permitAddresses: z.array(addresses).readonly().prefault([]),
	mirrors: z.record(registryHost, z.array(registryHost).min(1).readonly()).readonly().prefault({}),
};

const job = {
	form: z.enum(['podless', 'pod']).default('podless'),
	// A reference is checked by the cluster that pulls it; this keeps flags and slips of the pen out.
	image: z
		.string()
		.regex(/^[A-Za-z0-9[][^\s]{0,499}$/, 'is not an image reference')
		.optional(),
	ttlSecondsAfterFinished: z.int().min(0).max(2_147_483_647).default(86_400),
};

const spec = {
	severities: z
		.array(z.enum(severities))
		.min(1)
		.prefault(['CRITICAL', 'HIGH'])
		.transform((list): readonly Severity[] => severities.filter((severity) => list.includes(severity)).toReversed()),
	ignoreUnfixed: yesOrNo.default(false),
	unscannable: z.enum(['unknown', 'deny', 'warn']).default('unknown'),
	noPackages: denyOrWarn.default('deny'),
	endOfLife: denyOrWarn.default('deny'),
	staleDatabase: denyOrWarn.default('deny'),
	// Trivy's database is rebuilt every 6 h and fetched again after 24 h, so a healthy one is never older than 30 h;
	// 72 h leaves room for a mirror that is down over a weekend, and not for one that nobody looks after.
	maxDatabaseAge: duration.prefault('72h'),
	registries: z.strictObject(registries).readonly().prefault({}),
	platforms: z
		.array(platform)
		.min(1)
		.prefault(['linux/amd64'])
		.transform((list): readonly Platform[] => [...new Set(list)]),
	digestRequired: yesOrNo.default(false),
	placeholders: denyOrWarn.default('deny'),
	images,
	enforcement: z.enum(enforcements).default('job'),
	job: z
		.strictObject(job)
		.refine(({form, image}) => form !== 'pod' || image !== undefined, {
			path: ['image'],
			error: 'is missing; job.form "pod" needs the image that prints the report',
			// Also beside other mistakes, so that one reading of the messages mends the file.
			when: ({value}) => typeof value === 'object' && value !== null,
		})
		.readonly()
		.prefault({}),
};

const metadata = {name: z.string().optional()};

const document = {
	apiVersion: z.literal(policyApiVersion),
	kind: z.literal('Policy'),
	metadata: z.strictObject(metadata).optional(),
	spec: z
		.strictObject(spec)
		.transform(({maxDatabaseAge, ...rest}) => ({...rest, maxDatabaseAgeHours: maxDatabaseAge}))
		.readonly(),
};

const documentSchema = z.strictObject(document);

/** What the operator decided, complete: every field that the file leaves out has its default. */
export type Policy = z.output<typeof document.spec>;

/** What holds without a policy file. */
export const defaultPolicy: Policy = document.spec.parse({});

/** The keys that each map of the document may have, by the path of the map; `[]` stands for any item. */
const knownKeys: ReadonlyMap<string, readonly string[]> = new Map(
	Object.entries({
		'': document,
		metadata,
		spec,
		'spec.registries': registries,
		'spec.job': job,
		...imageKeys,
	}).map(([path, shape]) => [path, Object.keys(shape)]),
);

/**
 * Reads a policy file: one YAML 1.2 document with `apiVersion`, `kind` and `spec`.
 * @param file its name, for messages.
 * @throws GateError policy-invalid that names every mistake with line and column, one a line, in `output`.
 */
export function parsePolicy(text: string, file: string): Policy {
	const {value, problems, place} = readDocument(text);
	const parsed = value === undefined ? undefined : documentSchema.safeParse(value, {reportInput: true});
	if (parsed?.success === true && problems.length === 0) return parsed.data.spec;
	const all = [...problems, ...problemsOf(parsed?.error?.issues ?? [], knownKeys, place)]
		.toSorted((one, other) => one.line - other.line || one.column - other.column)
		.map(({line, column, message}) => `line ${line}, column ${column}: ${message}`);
	throw new GateError({
		stage: 'gate',
		code: 'policy-invalid',
		what: `the policy has ${all.length === 1 ? 'a mistake' : `${all.length} mistakes`}`,
		where: file,
		hint: `Correct ${all.length === 1 ? 'it' : 'all of them'}; nothing is allowed until the policy can be read.`,
		output: all.join('\n'),
	});
}

/** Hours of a duration such as `72h` or `7d`; undefined when the text is none, or is below 1 h or above 10 years. */
export function durationHours(text: string): number | undefined {
	const [, count, unit] = /^(\d{1,5})([hd])$/.exec(text) ?? [];
	const hours = Number(count) * (unit === 'd' ? 24 : 1);
	return hours >= 1 && hours <= 87_600 ? hours : undefined;
}

/** Whether a text is `os/arch` or `os/arch/variant`. */
export function isPlatform(text: string): text is Platform {
	return /^[a-z0-9]{1,20}\/[a-z0-9_]{1,20}(?:\/[a-z0-9.]{1,20})?$/.test(text);
}

function isAddressRange(text: string): boolean {
	const [address = '', prefix, ...more] = text.split('/');
	const version = isIP(address);
	if (version === 0 || more.length > 0) return false;
	return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (version === 4 ? 32 : 128));
}
