import * as z from 'zod';
import {severities} from '../types.ts';
import {
	cvssScore,
	denyOrWarn,
	duration,
	durationHours,
	enforcements,
	line,
	namePattern,
	packageTypes,
	mostPlatforms,
	platform,
	probability,
	purlPattern,
	repositoryPattern,
	severityList,
	statuses,
	tagPattern,
} from './fields.ts';

const durationOrNone = z
	.string()
	.refine(
		(text) => text === '0h' || durationHours(text) !== undefined,
		'is not a duration in hours or days, such as 72h or 7d; 0h is none',
	)
	.transform((text) => durationHours(text) ?? 0);

const tighterPackages = {
	types: z.array(z.enum(packageTypes)).readonly().optional().describe('Types in which findings count, too.'),
	deny: z.array(purlPattern).readonly().optional().describe('Packages in which every finding is denied, too.'),
};

const tighterRegistries = {
	allow: z.array(repositoryPattern).readonly().optional().describe('One of these must match, too.'),
	deny: z.array(repositoryPattern).readonly().optional().describe('None of these may match either.'),
};

/** What can be asked for beyond a policy; looser wishes have no effect. */
export const tighterFields = {
	severities: z.array(z.enum(severities)).readonly().optional().describe('Severities that are denied, too.'),
	ignoreUnfixed: z.boolean().optional().describe('`false`: findings without a fixed version count as others do.'),
	ignoreStatuses: z
		.array(z.enum(statuses))
		.readonly()
		.optional()
		.describe('Only of these statuses findings may be left out.'),
	score: cvssScore.optional().describe('Findings with this CVSS score or a higher one are denied, too.'),
	packages: z.strictObject(tighterPackages).readonly().optional().describe('In which packages findings count, too.'),
	grace: z
		.partialRecord(z.enum(severities), durationOrNone)
		.readonly()
		.optional()
		.describe('The longest grace of a severity; `0h` is none.'),
	knownExploited: z.literal('deny').optional().describe('`deny`: findings that are known to be exploited are denied.'),
	exploitProbability: probability
		.optional()
		.describe('Findings with this probability of exploitation or a higher one are denied, too.'),
	readmit: z.literal(false).optional().describe('`false`: nothing is readmitted.'),
	unscannable: z
		.enum(['unknown', 'deny'])
		.optional()
		.describe('What becomes of what could not be scanned, when it would be less.'),
	noPackages: z.literal('deny').optional().describe('`deny` images in which no packages are seen.'),
	endOfLife: z.literal('deny').optional().describe('`deny` images of distributions at their end of life.'),
	staleDatabase: z.literal('deny').optional().describe('`deny` scans with a stale vulnerability database.'),
	registries: z.strictObject(tighterRegistries).readonly().optional().describe('Where images may come from.'),
	digestRequired: z.literal(true).optional().describe('`true`: images without a digest are denied.'),
	tagsForbidden: z.array(tagPattern).readonly().optional().describe('Tags that are denied, too.'),
	placeholders: z.literal('deny').optional().describe('`deny` images that something else fills in.'),
};

/** What holds for a whole application, and so not for some of its images alone. */
export const tighterForAll = {
	maxDatabaseAge: duration.optional().describe('When a vulnerability database is stale, when that is earlier.'),
	// Each is another scan of every image.
	platforms: z
		.array(platform)
		.max(mostPlatforms)
		.readonly()
		.optional()
		.describe('Platforms on which images must pass, too.'),
	enforcement: z
		.enum(enforcements)
		.optional()
		.describe('What a denial does, when that is stricter: `warn`, `job`, `seal`, `fail-render`, in this order.'),
};

const match = {
	projects: z.array(namePattern).min(1).readonly().optional().describe('AppProjects; `*` stands for any characters.'),
	namespaces: z
		.array(namePattern)
		.min(1)
		.readonly()
		.optional()
		.describe('Destination namespaces, which the application’s author chooses.'),
	applications: z
		.array(namePattern)
		.min(1)
		.readonly()
		.optional()
		.describe('Applications as Argo CD names them, which their authors choose.'),
	images: z
		.array(repositoryPattern)
		.min(1)
		.readonly()
		.optional()
		.describe(
			'Patterns over registry and repository, in full, as in `registries`. A host without a port means every port for `tighten`, and the default one for `override`.',
		),
};

const settable = {
	severities: severityList.optional().describe('As in `spec`.'),
	ignoreUnfixed: z.boolean().optional().describe('As in `spec`.'),
	unfixedSeverities: severityList.optional().describe('As in `spec`.'),
	ignoreStatuses: z.array(z.enum(statuses)).readonly().optional().describe('As in `spec`.'),
	grace: z.partialRecord(z.enum(severities), duration).readonly().optional().describe('As in `spec`.'),
	knownExploited: z.enum(['ignore', 'deny']).optional().describe('As in `spec`.'),
	exploitProbability: probability.optional().describe('As in `spec`.'),
	score: cvssScore.optional().describe('As in `spec`.'),
	unscannable: z.enum(['unknown', 'deny', 'warn']).optional().describe('As in `spec`.'),
	noPackages: denyOrWarn.optional().describe('As in `spec`.'),
	endOfLife: denyOrWarn.optional().describe('As in `spec`.'),
	staleDatabase: denyOrWarn.optional().describe('As in `spec`.'),
	digestRequired: z.boolean().optional().describe('As in `spec`.'),
	tagsForbidden: z.array(tagPattern).readonly().optional().describe('As in `spec`.'),
	placeholders: denyOrWarn.optional().describe('As in `spec`.'),
	enforcement: z.enum(enforcements).optional().describe('As in `spec`; not for some images alone.'),
};

const override = {
	owner: line.describe('Who answers for it.'),
	reason: line.describe('Why it may be looser here.'),
	ticket: line.optional().describe('Where it was agreed.'),
	set: z.strictObject(settable).readonly().describe('The fields that hold instead of those of `spec`.'),
};

const fields = {
	name: line.describe('For people, in explanations.'),
	match: z
		.strictObject(match)
		.readonly()
		.refine((lists) => Object.values(lists).some((list) => list !== undefined), {
			error: 'must name projects, namespaces, applications or images',
			when: ({value}) => typeof value === 'object' && value !== null,
		})
		.describe('For what it holds: of each list that is given one must match.'),
	tighten: z
		.strictObject({...tighterFields, ...tighterForAll})
		.readonly()
		.optional()
		.describe('What is stricter here. A project or namespace that nobody tells counts as one that matches.'),
	override: z
		.strictObject(override)
		.readonly()
		.optional()
		.describe('What is looser here. It must name projects, because everything else is its author’s to choose.'),
};

export const layer = z
	.strictObject(fields)
	.check((context) => {
		const {value} = context;
		const forAll = Object.keys(tighterForAll).filter((name) => name in (value.tighten ?? {}));
		const problems: ReadonlyArray<readonly [readonly string[], string]> = [
			...(value.tighten === undefined && value.override === undefined
				? [[[], 'must tighten or override something'] as const]
				: []),
			...(value.override !== undefined && value.match.projects === undefined
				? [[['match'], 'must name projects, because override loosens'] as const]
				: []),
			...(value.match.images === undefined
				? []
				: forAll.map((name) => [['tighten', name], 'holds for whole applications, and match names images'] as const)),
			...(value.match.images !== undefined && value.override?.set.enforcement !== undefined
				? [[['override', 'set', 'enforcement'], 'holds for whole applications, and match names images'] as const]
				: []),
		];
		for (const [path, message] of problems)
			context.issues.push({code: 'custom', path: [...path], message, input: undefined});
	})
	.readonly();

export type Layer = z.output<typeof layer>;

/** The keys of its maps, by their path in the policy. */
export const layerKeys = {
	'spec.layers[]': fields,
	'spec.layers[].match': match,
	'spec.layers[].tighten': {...tighterFields, ...tighterForAll},
	'spec.layers[].tighten.packages': tighterPackages,
	'spec.layers[].tighten.registries': tighterRegistries,
	'spec.layers[].override': override,
	'spec.layers[].override.set': settable,
} as const;
