import {isIP} from 'node:net';
import * as z from 'zod';
import {severities, type Platform} from '../types.ts';
import {images, imageKeys} from './policy-images.ts';
import {
	apiVersion,
	cvssScore,
	denyOrWarn,
	duration,
	enforcements,
	metadata,
	packageTypes,
	platform,
	probability,
	purlPattern,
	repositoryPattern,
	severityList,
	statuses,
	tagPattern,
} from './fields.ts';
import {outageChoices} from './outages.ts';
import {layer, layerKeys} from './policy-layers.ts';
import {readFileOf} from './problems.ts';

const registryHost = z
	.string()
	.regex(
		/^(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)(?::\d{1,5})?$/,
		'is not a registry host of the form name[:port]',
	);

const addresses = z.string().refine(isAddressRange, 'is neither an IP address nor a range such as 10.0.0.0/8');

const registries = {
	allow: z
		.array(repositoryPattern)
		.readonly()
		.prefault([])
		.describe(
			'Patterns over registry and repository, in full (`nginx` is `docker.io/library/nginx`), of which one must match. A host covers everything in it, a last `*` everything below, `*` any characters of one segment. Empty: everything. A host without a port means the default one.',
		),
	deny: z
		.array(repositoryPattern)
		.readonly()
		.prefault([])
		.describe('The same, of which none may match; wins over `allow`. A host without a port means every port.'),
	permitAddresses: z
		.array(addresses)
		.readonly()
		.prefault([])
		.describe(
			'Addresses and ranges (CIDR) at which registries may be called although they are loopback, link-local or metadata addresses. An author chooses the host by writing an image, so be sparing.',
		),
	mirrors: z
		.record(registryHost, z.array(registryHost).min(1).readonly())
		.readonly()
		.prefault({})
		.describe('Hosts to ask first, in this order, before the registry itself: `docker.io: [mirror.example]`.'),
};

const job = {
	form: z
		.enum(['podless', 'pod'])
		.default('podless')
		.describe(
			'`podless`: the Job fails within two seconds without any pod. `pod`: one pod prints the report, so that it is in Argo CD’s log tab.',
		),
	// A reference is checked by the cluster that pulls it; this keeps flags and slips of the pen out.
	image: z
		.string()
		.regex(/^[A-Za-z0-9[][^\s]{0,499}$/, 'is not an image reference')
		.optional()
		.describe(
			'Needed with the form `pod`: an image with `/bin/sh` and `printf` that every destination cluster can pull.',
		),
	ttlSecondsAfterFinished: z
		.int()
		.min(0)
		.max(2_147_483_647)
		.default(86_400)
		.describe('After how many seconds the failed Job is removed.'),
};

const packages = {
	types: z
		.array(z.enum(packageTypes))
		.min(1)
		.prefault([...packageTypes])
		.transform((list): ReadonlyArray<'os' | 'library'> => packageTypes.filter((type) => list.includes(type)))
		.describe('Packages of the operating system’s package manager, or of languages’.'),
	deny: z
		.array(purlPattern)
		.readonly()
		.prefault([])
		.describe(
			'Packages in which every finding is denied, whatever its severity, status and fix: `pkg:npm/event-stream`, `pkg:deb/debian/*`.',
		),
};

function feed(example: string) {
	return z
		.strictObject({
			file: z.string().min(1).describe('Its path.'),
			maxAge: duration.prefault('7d').describe('How old its makers’ date may be.'),
		})
		.readonly()
		.optional()
		.describe(example);
}

const readmit = {
	within: duration.describe('How long after their publication.'),
	exceptSeverities: z
		.array(z.enum(severities))
		.readonly()
		.prefault([])
		.describe('Of these severities they are denied at once. What is denied by `knownExploited` always is.'),
};

const outages = {
	registry: z
		.enum(outageChoices)
		.optional()
		.describe('The registry cannot be reached, fails or limits the rate of requests.'),
	scanner: z.enum(outageChoices).optional().describe('The scanner or its database fails, or takes too long.'),
	busy: z.enum(outageChoices).optional().describe('The deadline comes first, or the scan service is busy.'),
	allowedWithin: duration.prefault('72h').describe('Of `readmit`, in hours or days.'),
};

const feeds = {
	knownExploited: feed('CISA’s catalog as JSON, `known_exploited_vulnerabilities.json`.'),
	exploitProbability: feed('FIRST’s scores as CSV, `epss_scores-current.csv`, also with `.gz`.'),
};

const spec = {
	severities: severityList.prefault(['CRITICAL', 'HIGH']).describe('Findings of these severities are denied.'),
	ignoreUnfixed: z
		.boolean()
		.default(false)
		.describe(
			'`true`: findings for which no fixed version exists do not count. On a distribution that has reached its end of life they count all the same, because nobody makes fixes there.',
		),
	unfixedSeverities: severityList
		.optional()
		.describe(
			'Of findings without a fixed version only these severities are denied; some of `severities`. Left out: the same as with a fix.',
		),
	ignoreStatuses: z
		.array(z.enum(statuses))
		.readonly()
		.prefault([])
		.describe(
			'Findings for which Trivy gives one of these statuses do not count, for example `will_not_fix` and `fix_deferred`. On a distribution that has reached its end of life they count all the same.',
		),
	score: cvssScore
		.optional()
		.describe(
			'Findings with this CVSS score or a higher one are denied too, whatever their severity: the highest of versions 3 and 4 that Trivy reports.',
		),
	packages: z.strictObject(packages).readonly().prefault({}).describe('In which packages findings count.'),
	grace: z
		.partialRecord(z.enum(severities), duration)
		.readonly()
		.prefault({})
		.describe(
			'For how long after its publication a finding of a severity is warned about and not denied: `{HIGH: 7d}`. A finding without a date of publication, or known to be exploited under `knownExploited`, has no grace.',
		),
	readmit: z
		.strictObject(readmit)
		.readonly()
		.optional()
		.describe(
			'Findings disclosed since this very image was first allowed for the application are warned about for a while, so that hotfixes and rollbacks pass; left out: they are denied. Needs their date of publication. An image with another digest must pass the whole policy.',
		),
	knownExploited: z
		.enum(['ignore', 'deny'])
		.default('ignore')
		.describe(
			'`deny`: findings in CISA’s catalog of known exploited vulnerabilities are denied, whatever their severity, status and fix. Needs `feeds.knownExploited`.',
		),
	exploitProbability: probability
		.optional()
		.describe(
			'Findings with this probability of exploitation (EPSS) or a higher one are denied, whatever their severity, status and fix. Needs `feeds.exploitProbability`.',
		),
	feeds: z
		.strictObject(feeds)
		.readonly()
		.prefault({})
		.describe(
			'Files that the operator mounts and keeps fresh. A rule that needs one that is missing, not whole or too old fails the render.',
		),
	unscannable: z
		.enum(['unknown', 'deny', 'warn'])
		.default('unknown')
		.describe(
			'What becomes of an image that could not be scanned (registry or scanner failing, no credentials, not found, deadline). `unknown`: the render fails with the reason and is tried again. `deny`: like an image with findings, which Argo CD remembers for up to 24 hours. `warn`: it is deployed unscanned, and the log says so.',
		),
	outages: z
		.strictObject(outages)
		.readonly()
		.prefault({})
		.describe(
			'What becomes of an image that an outage keeps from being scanned, when that differs from `unscannable`. `readmit`: a warning when the image, by its name and tag or digest, was scanned and allowed for the application within `allowedWithin`, and else `unknown`.',
		),
	noPackages: denyOrWarn
		.default('deny')
		.describe(
			'What becomes of an image in which neither an operating system nor packages were recognised, whose package database was deleted, or of whose distribution or release the scanner knows nothing.',
		),
	endOfLife: denyOrWarn
		.default('deny')
		.describe('What becomes of an image whose distribution gets no security fixes any more.'),
	staleDatabase: denyOrWarn
		.default('deny')
		.describe('What becomes of scans with a vulnerability database that is older than `maxDatabaseAge`.'),
	// Trivy's database is rebuilt every 6 h and fetched again after 24 h, so a healthy one is never older than 30 h;
	// 72 h leaves room for a mirror that is down over a weekend, and not for one that nobody looks after.
	maxDatabaseAge: duration
		.prefault('72h')
		.describe(
			'In hours or days. Trivy’s database is built every 6 hours and fetched again after 24, so a healthy one is never older than 30 hours. Raise it where the database is carried in by hand.',
		),
	registries: z.strictObject(registries).readonly().prefault({}).describe('Where images may come from.'),
	platforms: z
		.array(platform)
		.min(1)
		.prefault(['linux/amd64'])
		.transform((list): readonly Platform[] => [...new Set(list)])
		.describe('Images must pass on every one of these, written `os/arch[/variant]`. Name those of your nodes.'),
	digestRequired: z
		.boolean()
		.default(false)
		.describe('`true`: an image without a digest is denied, so that what was scanned is what runs.'),
	tagsForbidden: z
		.array(tagPattern)
		.readonly()
		.prefault([])
		.describe(
			'An image with one of these tags and no digest is denied; `*` stands for any characters. No tag means `latest`.',
		),
	placeholders: denyOrWarn
		.default('deny')
		.describe(
			'What becomes of an image that something else fills in after rendering (`auto`, `${VAR}`, `{{ … }}`, `ko://…`) and that nobody has scanned.',
		),
	images: images.describe(
		'How images are found. The gate knows pods at any depth, and some 390 kinds of custom resources; `trivy-gate images --all` lists what it found, and by which rule.',
	),
	layers: z
		.array(layer)
		.readonly()
		.prefault([])
		.describe(
			'What holds for some projects, namespaces, applications or images: all that tighten are joined, so that the strictest wins; an `override` may loosen, and says who answers for it.',
		),
	earlyWarning: duration
		.prefault('14d')
		.describe('How far ahead reports tell what will be denied: grace periods, readmissions and exceptions that end.'),
	enforcement: z
		.enum(enforcements)
		.default('job')
		.describe(
			'What a denial does. `warn`: nothing; findings go to the log and the report. `job`: a PreSync Job is added that fails and tells why; syncs that skip hooks get past it. `seal`: the Job, and every object that uses a denied image is made invalid, so that no kind of sync applies it. `fail-render`: nothing is rendered.',
		),
	job: z
		.strictObject(job)
		.refine(({form, image}) => form !== 'pod' || image !== undefined, {
			path: ['image'],
			error: 'is missing; job.form "pod" needs the image that prints the report',
			// Also beside other mistakes, so that one reading of the messages mends the file.
			when: ({value}) => typeof value === 'object' && value !== null,
		})
		.readonly()
		.prefault({})
		.describe('The gate Job.'),
};

type Path = readonly (string | number)[];

function contradiction(path: Path, message: string, input: unknown): z.core.$ZodRawIssue {
	return {code: 'custom', path: [...path], message, input};
}

function missingFeeds(
	path: Path,
	rules: {readonly knownExploited?: string | undefined; readonly exploitProbability?: number | undefined},
	given: z.output<z.ZodObject<typeof feeds>>,
): z.core.$ZodRawIssue[] {
	const {knownExploited, exploitProbability} = rules;
	return [
		...(knownExploited === 'deny' && given.knownExploited === undefined
			? [contradiction([...path, 'knownExploited'], 'needs feeds.knownExploited', knownExploited)]
			: []),
		...(exploitProbability !== undefined && given.exploitProbability === undefined
			? [contradiction([...path, 'exploitProbability'], 'needs feeds.exploitProbability', exploitProbability)]
			: []),
	];
}

/** What cannot be meant together. */
function contradictions(policy: z.output<z.ZodObject<typeof spec>>): z.core.$ZodRawIssue[] {
	const {severities: denied, unfixedSeverities: unfixed, ignoreUnfixed, knownExploited, exploitProbability} = policy;
	const more = unfixed?.find((severity) => !denied.includes(severity));
	return [
		...(unfixed !== undefined && ignoreUnfixed
			? [contradiction(['unfixedSeverities'], 'has no effect, because ignoreUnfixed is true', unfixed)]
			: []),
		...(more === undefined
			? []
			: [contradiction(['unfixedSeverities'], `has ${more}, which severities has not`, unfixed)]),
		...missingFeeds([], {knownExploited, exploitProbability}, policy.feeds),
		...policy.layers.flatMap(({tighten, override}, index) => [
			...missingFeeds(['layers', index, 'tighten'], tighten ?? {}, policy.feeds),
			...missingFeeds(['layers', index, 'override', 'set'], override?.set ?? {}, policy.feeds),
		]),
	];
}

const document = {
	apiVersion: z.literal(apiVersion).describe('The version of this format.'),
	kind: z.literal('Policy').describe('What the file is.'),
	metadata: z.strictObject(metadata).optional().describe('About the file.'),
	spec: z
		.strictObject(spec)
		.check((context) => {
			context.issues.push(...contradictions(context.value));
		})
		.transform(({maxDatabaseAge, earlyWarning, ...rest}) => {
			return {...rest, maxDatabaseAgeHours: maxDatabaseAge, earlyWarningHours: earlyWarning};
		})
		.readonly()
		.describe('What is denied, and how. Only this file and `TRIVY_GATE_*` variables can loosen anything.'),
};

/** The whole file; from it come the checks, the JSON schema and the reference page. */
export const policyDocument = z.strictObject(document);

/** What the operator decided, complete: every field that the file leaves out has its default. */
export type Policy = Omit<z.output<typeof document.spec>, 'registries'> & {
	readonly registries: z.output<typeof document.spec>['registries'] & {
		/** Lists of patterns, of each of which one must match too; from layers and authors. */
		readonly narrowedTo?: ReadonlyArray<readonly string[]> | undefined;
	};
};

/** Every field of a policy, in the order of the file. */
export const policyFields = Object.keys({
	...spec,
	maxDatabaseAgeHours: 0,
	earlyWarningHours: 0,
}).filter(isPolicyField);

function isPolicyField(name: string): name is keyof Policy {
	return name !== 'maxDatabaseAge' && name !== 'earlyWarning';
}

/** What holds without a policy file. */
export const defaultPolicy: Policy = document.spec.parse({});

/** The keys that each map of the document may have, by the path of the map; `[]` stands for any item. */
const knownKeys: ReadonlyMap<string, readonly string[]> = new Map(
	Object.entries({
		'': document,
		metadata,
		spec,
		'spec.packages': packages,
		'spec.grace': Object.fromEntries(severities.map((severity) => [severity, 0])),
		'spec.readmit': readmit,
		'spec.outages': outages,
		'spec.feeds': feeds,
		'spec.feeds.knownExploited': {file: 0, maxAge: 0},
		'spec.feeds.exploitProbability': {file: 0, maxAge: 0},
		'spec.registries': registries,
		'spec.job': job,
		...layerKeys,
		...imageKeys,
	}).map(([path, shape]) => [path, Object.keys(shape)]),
);

/**
 * Reads a policy file: one YAML 1.2 document with `apiVersion`, `kind` and `spec`.
 * @param file its name, for messages.
 * @throws GateError policy-invalid that names every mistake with line and column, one a line, in `output`.
 */
export function parsePolicy(text: string, file: string): Policy {
	return readFileOf(policyDocument, knownKeys, text, {name: file, what: 'the policy'}).spec;
}

function isAddressRange(text: string): boolean {
	const [address = '', prefix, ...more] = text.split('/');
	const version = isIP(address);
	if (version === 0 || more.length > 0) return false;
	return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (version === 4 ? 32 : 128));
}
