import * as fc from 'fast-check';
import type {Arbitrary} from 'fast-check';
import type {Exceptions} from '../../src/gate/exceptions.ts';
import type {ApplicationScope} from '../../src/gate/grants.ts';
import {enforcements} from '../../src/gate/fields.ts';
import {outageChoices} from '../../src/gate/outages.ts';
import type {PolicyScope} from '../../src/gate/effective.ts';
import type {Layer} from '../../src/gate/policy-layers.ts';
import type {Policy} from '../../src/gate/policy.ts';
import type {TighteningParameters} from '../../src/gate/tighten.ts';
import {
	severities,
	unscannedReasons,
	type Caveat,
	type Finding,
	type ImageReference,
	type Platform,
	type ScanVerdict,
} from '../../src/types.ts';
import {finding, origin, policy, reference, scanned, unscanned} from './samples.ts';

/** Random values of the gate. Few names, so that policies, references and verdicts meet. */

const images = [
	'registry.example/a:1',
	'registry.example/b:2',
	'other.example/c',
	`other.example/d@sha256:${'d'.repeat(64)}`,
];
const platforms = ['linux/amd64', 'linux/arm64', 'linux/arm/v7'] as Platform[];
const denyOrWarn = fc.constantFrom('deny' as const, 'warn' as const);
const someSeverities = fc.subarray([...severities], {minLength: 1});
const somePlatforms = fc.subarray(platforms, {minLength: 1});

export const policies: Arbitrary<Policy> = fc
	.record({
		severities: someSeverities,
		ignoreUnfixed: fc.boolean(),
		unfixedSeverities: fc.constantFrom(undefined, ['CRITICAL' as const]),
		ignoreStatuses: fc.subarray(['will_not_fix' as const, 'affected' as const]),
		score: fc.constantFrom(undefined, 5, 9),
		packages: fc.record({
			types: fc.subarray(['os' as const, 'library' as const], {minLength: 1}),
			deny: fc.subarray(['pkg:npm/minimist', 'pkg:npm/x*']),
		}),
		grace: fc.record({HIGH: fc.constantFrom(24, 240), CRITICAL: fc.constantFrom(1, 48)}, {requiredKeys: []}),
		readmit: fc.constantFrom(
			undefined,
			{within: 240, exceptSeverities: ['CRITICAL' as const]},
			{within: 48, exceptSeverities: []},
		),
		knownExploited: fc.constantFrom('ignore' as const, 'deny' as const),
		exploitProbability: fc.constantFrom(undefined, 0.1, 0.9),
		tagsForbidden: fc.subarray(['latest', '1', '*2']),
		unscannable: fc.constantFrom('unknown' as const, 'deny' as const, 'warn' as const),
		outages: fc
			.record(
				{
					registry: fc.constantFrom(...outageChoices),
					scanner: fc.constantFrom(...outageChoices),
					busy: fc.constantFrom(...outageChoices),
				},
				{requiredKeys: []},
			)
			.map((choices) => ({...choices, allowedWithin: 72})),
		noPackages: denyOrWarn,
		endOfLife: denyOrWarn,
		staleDatabase: denyOrWarn,
		maxDatabaseAgeHours: fc.nat(200),
		registries: fc.constantFrom(
			{allow: [], deny: [], permitAddresses: [], mirrors: {}},
			{allow: ['registry.example'], deny: ['registry.example/b'], permitAddresses: [], mirrors: {}},
		),
		platforms: somePlatforms,
		digestRequired: fc.boolean(),
		enforcement: fc.constantFrom(...enforcements),
	})
	.map(policy);

export const wishes: Arbitrary<TighteningParameters> = fc.record(
	{
		severities: fc.subarray([...severities]),
		ignoreUnfixed: fc.boolean(),
		noPackages: denyOrWarn,
		endOfLife: denyOrWarn,
		staleDatabase: denyOrWarn,
		maxDatabaseAgeHours: fc.oneof(fc.integer(), fc.constantFrom(NaN, Infinity, -Infinity)),
		platforms: fc.subarray(platforms),
		digestRequired: fc.boolean(),
		enforcement: fc.constantFrom(...enforcements),
		ignoreStatuses: fc.subarray(['will_not_fix' as const, 'affected' as const]),
		score: fc.constantFrom(4, 8),
		packages: fc.record(
			{
				types: fc.subarray(['os' as const, 'library' as const]),
				deny: fc.subarray(['pkg:npm/minimist', 'pkg:npm/x*']),
			},
			{requiredKeys: []},
		),
		grace: fc.record({HIGH: fc.constantFrom(0, 48), CRITICAL: fc.constantFrom(0, 1)}, {requiredKeys: []}),
		knownExploited: fc.constant('deny' as const),
		exploitProbability: fc.constantFrom(0.05, 0.95),
		unscannable: fc.constantFrom('unknown' as const, 'deny' as const),
		registries: fc.constantFrom(
			{allow: ['registry.example']},
			{allow: ['other.example'], deny: ['registry.example/a']},
			{deny: ['other.example/c']},
			{},
		),
		tagsForbidden: fc.subarray(['latest', '1', '*2']),
		placeholders: fc.constant('deny' as const),
		readmit: fc.constant(false as const),
	},
	{requiredKeys: []},
);

export const findings: Arbitrary<Finding> = fc
	.record({
		id: fc.constantFrom('CVE-2021-44906', 'CVE-2020-7598', 'GHSA-xvch-5gv4-984h'),
		severity: fc.constantFrom(...severities),
		package: fc.constantFrom('minimist', 'openssl'),
		installedVersion: fc.constantFrom('0.0.8', '1.1.1'),
		fixedVersion: fc.constantFrom(undefined, '', '0.2.4'),
		packagePath: fc.constantFrom(undefined, 'app/a', 'app/b'),
		target: fc.constantFrom('Node.js', 'debian 12.4'),
		type: fc.constantFrom('os' as const, 'library' as const, undefined),
		status: fc.constantFrom('fixed', 'affected', 'will_not_fix'),
		score: fc.constantFrom(undefined, 4, 7, 9.8),
		publishedDate: fc.constantFrom(undefined, '2022-03-17T16:15:00Z', '2026-11-20T01:00:00Z', '2026-11-15T01:00:00Z'),
	})
	.map(finding);

export const caveats: Arbitrary<Caveat> = fc.constantFrom<Caveat[]>(
	{kind: 'no-os'},
	{kind: 'no-packages', os: 'debian 12.4'},
	{kind: 'end-of-life', os: 'debian 9.13'},
	{kind: 'stale-database', updatedAt: '2026-11-01T00:00:00Z', maxAgeHours: 72},
);

export function verdictsOf(image: string, list: readonly Platform[]): Arbitrary<ScanVerdict[]> {
	const one = (platform: Platform) =>
		fc.oneof(
			{
				weight: 4,
				arbitrary: fc
					.record({findings: fc.array(findings, {maxLength: 4}), caveats: fc.uniqueArray(caveats, {maxLength: 2})})
					.map((change) => scanned(image, {platform, ...change})),
			},
			{
				weight: 1,
				arbitrary: fc
					.record({reason: fc.constantFrom(...unscannedReasons), transient: fc.boolean()})
					.map((change) => unscanned(image, {platform, ...change})),
			},
		);
	return fc.tuple(...list.map(one));
}

/** References of all outcomes, with verdicts for some platforms of some. */
export const scans: Arbitrary<{references: ImageReference[]; verdicts: ScanVerdict[]}> = fc
	.subarray(images)
	.chain((some) =>
		fc.tuple(
			fc.tuple(
				...some.map((image) =>
					fc.constantFrom('scan', 'scan', 'scan', 'potential', 'unresolved', 'ignored').map((outcome) =>
						reference(image, {
							outcome: outcome as ImageReference['outcome'],
							origins: [origin({outcome: outcome as ImageReference['outcome']})],
						}),
					),
				),
			),
			fc.subarray([
				reference('UPPER/case', {name: undefined, outcome: 'invalid', origins: [origin({outcome: 'invalid'})]}),
				reference('${IMAGE}', {name: undefined, outcome: 'placeholder', origins: [origin({outcome: 'placeholder'})]}),
			]),
			fc.tuple(...some.map((image) => fc.subarray(platforms).chain((list) => verdictsOf(image, list)))),
		),
	)
	.map(([named, nameless, verdicts]) => ({references: [...named, ...nameless], verdicts: verdicts.flat()}));

export const scopes: Arbitrary<ApplicationScope> = fc.record({
	application: fc.constantFrom('api', 'web'),
	project: fc.constantFrom('shop', 'bank', undefined),
	revision: fc.constantFrom('b9e1cb0f', undefined),
});

/** Exceptions of other projects than `own`, some of them over. */
export const exceptionLists: Arbitrary<Exceptions> = fc
	.array(
		fc.record({
			id: fc.subarray(['CVE-2021-44906', 'CVE-2020-7598', 'GHSA-xvch-5gv4-984h'], {minLength: 1}),
			package: fc.constantFrom(undefined, 'pkg:npm/minimist', 'pkg:npm/other'),
			image: fc.constantFrom(undefined, 'registry.example', 'registry.example/a'),
			project: fc.constantFrom('shop', 'ba*'),
			application: fc.constantFrom(undefined, 'api'),
			expires: fc.constantFrom('2026-11-20', '2026-11-21', '2027-01-01'),
		}),
		{maxLength: 4},
	)
	.map((list) => ({
		exceptions: list.map((entry, index) => {
			return {...entry, owner: 'team', reason: 'accepted', ticket: undefined, source: `some.yaml#${index + 1}`};
		}),
		breakGlass: [],
	}));

export const policyScopes: Arbitrary<PolicyScope> = fc.record({
	application: fc.constantFrom('api', 'web'),
	project: fc.constantFrom('shop', 'bank', undefined),
	namespace: fc.constantFrom('test', 'prod', undefined),
});

/** Layers of other projects than `own`, where they loosen. */
export const layers: Arbitrary<Layer> = fc
	.tuple(
		fc.record(
			{
				projects: fc.subarray(['shop', 'ba*'], {minLength: 1}),
				namespaces: fc.subarray(['prod', 't*'], {minLength: 1}),
				applications: fc.subarray(['api', 'web'], {minLength: 1}),
				images: fc.subarray(['registry.example', 'other.example/c'], {minLength: 1}),
			},
			{requiredKeys: []},
		),
		wishes,
		fc.boolean(),
		fc.record(
			{
				severities: someSeverities,
				ignoreUnfixed: fc.boolean(),
				unfixedSeverities: someSeverities,
				noPackages: denyOrWarn,
				endOfLife: denyOrWarn,
				unscannable: fc.constantFrom('unknown' as const, 'deny' as const, 'warn' as const),
				digestRequired: fc.boolean(),
				tagsForbidden: fc.subarray(['latest', '1']),
				grace: fc.record({CRITICAL: fc.constantFrom(24, 240)}, {requiredKeys: []}),
				enforcement: fc.constantFrom(...enforcements),
			},
			{requiredKeys: []},
		),
	)
	.map(([match, wish, loosens, set]): Layer => {
		if (loosens)
			return {
				name: 'loosens',
				match: {projects: ['shop'], ...match},
				override: {owner: 'team', reason: 'agreed', set},
			};
		const {maxDatabaseAgeHours: maxDatabaseAge, ignoreUnfixed, digestRequired, ...rest} = wish;
		return {
			name: 'tightens',
			match,
			tighten: {
				...rest,
				...(maxDatabaseAge !== undefined && maxDatabaseAge >= 1 ? {maxDatabaseAge} : {}),
				...(ignoreUnfixed === false ? {ignoreUnfixed} : {}),
				...(digestRequired === true ? {digestRequired} : {}),
				noPackages: 'deny',
				endOfLife: undefined,
				staleDatabase: undefined,
			},
		};
	});
