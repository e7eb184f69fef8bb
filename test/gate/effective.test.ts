// The lattice: what tightens joins, what loosens names a project, and nothing of an author makes anything pass.
import test from 'ava';
import * as fc from 'fast-check';
import {GateError} from '../../src/errors.ts';
import {decide} from '../../src/gate/decide.ts';
import {effectivePolicy, type PolicyScope} from '../../src/gate/effective.ts';
import {enforcements} from '../../src/gate/fields.ts';
import {parsePolicy, type Policy} from '../../src/gate/policy.ts';
import type {Layer} from '../../src/gate/policy-layers.ts';
import {parseWish} from '../../src/gate/repository-wish.ts';
import {tighten, type TighteningParameters} from '../../src/gate/tighten.ts';
import {decisions, type GateDecision} from '../../src/types.ts';
import {exceptionLists, layers, policies, policyScopes, scans, wishes} from './arbitraries.ts';
import {canonical, now, policy} from './samples.ts';

const head = 'apiVersion: trivy-gate/v1alpha1\nkind: Policy\nspec:\n';
const written = parsePolicy(
	`${head}  severities: [CRITICAL]
  layers:
    - {name: payments, match: {projects: [pay*]}, tighten: {severities: [HIGH], digestRequired: true}}
    - {name: production, match: {namespaces: [prod]}, tighten: {enforcement: seal, maxDatabaseAge: 24h}}
    - {name: old, match: {projects: [legacy], applications: [shop-*]}, override: {owner: jane, reason: ends in March, set: {severities: [CRITICAL], endOfLife: warn, enforcement: warn}}}
    - {name: base images, match: {projects: [legacy], images: [registry.example/base/*]}, override: {owner: joe, reason: rebuilt on Monday, set: {noPackages: warn}}}
    - {name: hub, match: {images: [docker.io]}, tighten: {tagsForbidden: [latest], registries: {allow: [docker.io/library/*]}}}
`,
	'policy.yaml',
);

const holds = test.macro({
	exec(t, scope: Partial<PolicyScope>, expected: Partial<Policy>, image?: readonly [string, Partial<Policy>]) {
		const effective = effectivePolicy(
			written,
			{application: 'shop-web', project: 'shop', namespace: 'test', ...scope},
			[],
		);
		t.like(effective.policy, expected);
		if (image !== undefined) t.like(effective.forImage(image[0]).policy, image[1]);
	},
	title: (_what, scope: object, expected: object, image?: readonly [string, object]) =>
		`${JSON.stringify(scope)} has ${JSON.stringify(expected)}${image === undefined ? '' : `, and ${image[0]} ${JSON.stringify(image[1])}`}`,
});

test(holds, {}, {layers: []});
test(holds, {project: 'payments'}, {severities: ['CRITICAL', 'HIGH'], digestRequired: true});
test(holds, {namespace: 'prod'}, {enforcement: 'seal', maxDatabaseAgeHours: 24});
test(holds, {project: 'legacy'}, {endOfLife: 'warn', enforcement: 'warn'});
test(holds, {project: 'legacy', application: 'bank'}, {endOfLife: 'deny', enforcement: 'job'});
test(holds, {project: 'legacy', namespace: 'prod'}, {endOfLife: 'warn', enforcement: 'seal'});
test(holds, {project: 'legacy'}, {noPackages: 'deny'}, ['registry.example/base/debian', {noPackages: 'warn'}]);
test(holds, {project: 'shop'}, {noPackages: 'deny'}, ['registry.example/base/debian', {noPackages: 'deny'}]);
test(holds, {}, {tagsForbidden: []}, ['docker.io/library/nginx', {tagsForbidden: ['latest']}]);
test(
	'nobody tells the project: it is every one that tightens, and none that loosens',
	holds,
	{project: undefined},
	{
		digestRequired: true,
		endOfLife: 'deny',
	},
);
test('a layer that tightens and loosens does the one and not the other when nobody tells the project', (t) => {
	const layer =
		'{name: both, match: {projects: [shop]}, tighten: {severities: [LOW]}, override: {owner: jane, reason: ends in March, set: {endOfLife: warn}}}';
	const own = parsePolicy(`${head}  layers: [${layer}]\n`, 'policy.yaml');
	const {policy: unknown} = effectivePolicy(own, {application: 'a', project: undefined, namespace: undefined}, []);
	t.like(unknown, {severities: ['CRITICAL', 'HIGH', 'LOW'], endOfLife: 'deny'});
	const {policy: known} = effectivePolicy(own, {application: 'a', project: 'shop', namespace: undefined}, []);
	t.like(known, {severities: ['CRITICAL', 'HIGH', 'LOW'], endOfLife: 'warn'});
});
test('a registry’s other ports are tightened too', holds, {}, {tagsForbidden: []}, [
	'docker.io:8443/library/nginx',
	{tagsForbidden: ['latest']},
]);
test('a registry’s other ports are not loosened', holds, {project: 'legacy'}, {noPackages: 'deny'}, [
	'registry.example:5000/base/debian',
	{noPackages: 'deny'},
]);
test('nobody tells the namespace', holds, {namespace: undefined}, {enforcement: 'seal'});

test('each field says who made it what it is', (t) => {
	const wish = {by: 'tightened by a parameter of the application', wish: {endOfLife: 'deny', severities: []}} as const;
	const {changes} = effectivePolicy(written, {application: 'shop-web', project: 'legacy', namespace: 'prod'}, [wish]);
	t.deepEqual(
		new Map(changes.map(({field, by}) => [field, by])),
		new Map([
			['endOfLife', 'tightened by a parameter of the application'],
			['enforcement', 'tightened by the layer "production"'],
			['maxDatabaseAgeHours', 'tightened by the layer "production"'],
		]),
	);
});

test('what narrows the registries must match, too', (t) => {
	const narrowed = tighten(policy(), {registries: {allow: ['docker.io/library/*']}});
	const both = tighten(narrowed, {registries: {allow: ['docker.io'], deny: ['docker.io/library/old']}});
	t.deepEqual(both.registries.narrowedTo, [['docker.io'], ['docker.io/library/*']]);
	t.deepEqual(both.registries.deny, ['docker.io/library/old']);
	t.deepEqual(both.registries.allow, []);
});

const text = (spec: string) => `apiVersion: trivy-gate/v1alpha1\nkind: Tightening\nspec: ${spec}\n`;

test('an author’s file is read strictly, and takes nothing that loosens', (t) => {
	t.like(parseWish(text('{severities: [LOW], maxDatabaseAge: 1d, grace: {HIGH: 0h}}')), {
		severities: ['LOW'],
		maxDatabaseAgeHours: 24,
		grace: {HIGH: 0},
	});
	const error = t.throws(() => parseWish(text('{endOfLife: warn, exceptions: [], severitys: [LOW]}')), {
		instanceOf: GateError,
	});
	t.is(error.code, 'parameters-invalid');
	t.deepEqual(error.output?.split('\n'), [
		'line 3, column 19: spec.endOfLife: "warn" is not deny',
		'line 3, column 25: unknown key "exceptions" in spec; the keys are severities, ignoreUnfixed, ignoreStatuses, score, packages, grace, knownExploited, exploitProbability, readmit, unscannable, noPackages, endOfLife, staleDatabase, registries, digestRequired, tagsForbidden, placeholders, maxDatabaseAge, platforms, enforcement',
		'line 3, column 41: unknown key "severitys" in spec; did you mean severities?',
	]);
});

/** Every image was allowed a week ago. */
const ledger = {evidence: 'allowed', since: () => '2026-11-14', allowedAt: () => '2026-11-21T00:00:00Z'} as const;

function platforms(length: number): string {
	return text(`{platforms: [${Array.from({length}, (_, index) => `linux/a${index}`).join()}]}`);
}

test('an author’s file cannot ask for scans without end', (t) => {
	t.is(parseWish(platforms(8)).platforms?.length, 8);
	const error = t.throws(() => parseWish(platforms(9)), {instanceOf: GateError});
	t.is(error.output, 'line 3, column 19: spec.platforms: must not have more than 8');
});

interface Judging {
	readonly own: Policy;
	readonly scope: PolicyScope;
	readonly wish?: TighteningParameters;
}

function judge(scan: Scan, {own, scope, wish = {}}: Judging, exceptions?: Exceptions): GateDecision {
	const {policy: base, forImage} = effectivePolicy(own, scope, [{by: 'a test', wish}]);
	const policyOf = (repository: string) => forImage(repository).policy;
	const whole = {...scope, revision: undefined};
	return decide({...scan, policy: base, policyOf, canonical, now, scope: whole, exceptions, ledger});
}

type Scan = typeof scans extends fc.Arbitrary<infer Value> ? Value : never;
type Exceptions = typeof exceptionLists extends fc.Arbitrary<infer Value> ? Value : never;

function atLeast(before: GateDecision, after: GateDecision): boolean {
	const then = new Map(after.images.map(({reference, decision}) => [reference.image, decisions.indexOf(decision)]));
	return (
		before.images.every(({reference, decision}) => (then.get(reference.image) ?? -1) >= decisions.indexOf(decision)) &&
		enforcements.indexOf(after.enforcement) >= enforcements.indexOf(before.enforcement)
	);
}

const layered = fc
	.tuple(policies, fc.array(layers, {maxLength: 4}))
	.map(([own, list]): Policy => ({...own, layers: list}));

test('property: whatever an author asks for, in parameters and in the repository, no decision becomes less strict', (t) => {
	fc.assert(
		fc.property(layered, policyScopes, wishes, scans, exceptionLists, (own, scope, wish, scan, exceptions) =>
			atLeast(judge(scan, {own, scope}, exceptions), judge(scan, {own, scope, wish}, exceptions)),
		),
		{numRuns: 300},
	);
	t.pass();
});

test('property: in a project for which nothing loosens, no name and no destination makes anything pass that the policy alone refuses', (t) => {
	fc.assert(
		fc.property(layered, policyScopes, scans, exceptionLists, (own, scope, scan, exceptions) => {
			const outside = {...scope, project: 'own'};
			const bare = judge(scan, {own: {...own, layers: []}, scope: outside});
			return atLeast(bare, judge(scan, {own, scope: outside}, exceptions));
		}),
		{numRuns: 300},
	);
	t.pass();
});

/** Without what its author chooses. */
const fixed = ({match, ...layer}: Layer): Layer => {
	const {namespaces: _, applications: __, ...rest} = match;
	return {...layer, match: {...rest, projects: match.projects ?? ['*']}};
};

test('property: where layers look at projects and images alone, renaming an application changes nothing', (t) => {
	fc.assert(
		fc.property(layered, policyScopes, scans, (own, scope, scan) => {
			const robust = {...own, layers: own.layers.map(fixed)};
			const renamed = {...scope, application: 'other', namespace: 'elsewhere'};
			t.deepEqual(judge(scan, {own: robust, scope: renamed}), judge(scan, {own: robust, scope}));
		}),
	);
});

test('property: a layer that tightens never makes a decision less strict, wherever it stands', (t) => {
	const tightening = layers.filter(({override}) => override === undefined);
	fc.assert(
		fc.property(layered, tightening, fc.nat(4), policyScopes, scans, (own, layer, place, scope, scan) => {
			const more = {...own, layers: own.layers.toSpliced(place, 0, layer)};
			return atLeast(judge(scan, {own, scope}), judge(scan, {own: more, scope}));
		}),
		{numRuns: 300},
	);
	t.pass();
});

test('property: joining wishes does not depend on their order', (t) => {
	fc.assert(
		fc.property(policies, wishes, wishes, scans, policyScopes, (own, one, other, scan, scope) => {
			const there = judge(scan, {own: tighten(tighten(own, one), other), scope});
			const back = judge(scan, {own: tighten(tighten(own, other), one), scope});
			t.deepEqual(
				back.images.map(({decision}) => decision),
				there.images.map(({decision}) => decision),
			);
		}),
	);
});
