import test from 'ava';
import * as fc from 'fast-check';
import {admit, decide} from '../../src/gate/decide.ts';
import {strictest} from '../../src/gate/order.ts';
import type {Policy} from '../../src/gate/policy.ts';
import {
	decisions,
	type Decision,
	type GateDecision,
	type ImageOutcome,
	type ImageReference,
	type Platform,
	type ScanVerdict,
} from '../../src/types.ts';
import {caveats, findings, policies, scans} from './arbitraries.ts';
import {
	amd64,
	arm64,
	canonical,
	decided,
	finding,
	now,
	origin,
	policy,
	reference,
	scanned,
	unscanned,
} from './samples.ts';

const image = 'registry.example/api:1.4';

const decidesVerdict = test.macro({
	exec(t, verdict: ScanVerdict, change: Partial<Policy>, expected: Decision) {
		const decision = decided([reference(image)], [verdict], change);
		t.is(decision.decision, expected);
		t.is(decision.images[0]?.decision, expected);
		t.is(decision.images[0]?.reasons.length === 0, expected === 'allow');
	},
	title: (what = '', _verdict: ScanVerdict, change: Partial<Policy>, expected: Decision) =>
		`${what} under ${JSON.stringify(change)}: ${expected}`,
});

test('no finding', decidesVerdict, scanned(image), {}, 'allow');
test('a critical finding', decidesVerdict, scanned(image, {findings: [finding()]}), {}, 'deny');
test('a medium finding', decidesVerdict, scanned(image, {findings: [finding({severity: 'MEDIUM'})]}), {}, 'allow');
test(
	'a medium finding',
	decidesVerdict,
	scanned(image, {findings: [finding({severity: 'MEDIUM'})]}),
	{severities: ['MEDIUM']},
	'deny',
);

const unfixed = finding({fixedVersion: undefined, status: 'affected'});
test('an unfixed finding', decidesVerdict, scanned(image, {findings: [unfixed]}), {}, 'deny');
test('an unfixed finding', decidesVerdict, scanned(image, {findings: [unfixed]}), {ignoreUnfixed: true}, 'allow');
test(
	'an empty fixed version',
	decidesVerdict,
	scanned(image, {findings: [finding({fixedVersion: ' '})]}),
	{ignoreUnfixed: true},
	'allow',
);
test('a fixed finding', decidesVerdict, scanned(image, {findings: [finding()]}), {ignoreUnfixed: true}, 'deny');

const endOfLife = {kind: 'end-of-life', os: 'debian 9.13'} as const;
test(
	'an unfixed finding on a dead distribution',
	decidesVerdict,
	scanned(image, {findings: [unfixed], caveats: [endOfLife]}),
	{ignoreUnfixed: true, endOfLife: 'warn'},
	'deny',
);

test('no OS', decidesVerdict, scanned(image, {caveats: [{kind: 'no-os'}]}), {}, 'deny');
test('no OS', decidesVerdict, scanned(image, {caveats: [{kind: 'no-os'}]}), {noPackages: 'warn'}, 'warn');
const noPackages = {kind: 'no-packages', os: 'debian 12.4'} as const;
test('no packages', decidesVerdict, scanned(image, {caveats: [noPackages]}), {}, 'deny');
test('no packages', decidesVerdict, scanned(image, {caveats: [noPackages]}), {noPackages: 'warn'}, 'warn');
test('end of life', decidesVerdict, scanned(image, {caveats: [endOfLife]}), {}, 'deny');
test('end of life', decidesVerdict, scanned(image, {caveats: [endOfLife]}), {endOfLife: 'warn'}, 'warn');
const stale = {kind: 'stale-database', updatedAt: '2026-11-01T00:00:00Z', maxAgeHours: 72} as const;
test('a stale database', decidesVerdict, scanned(image, {caveats: [stale]}), {}, 'deny');
test('a stale database', decidesVerdict, scanned(image, {caveats: [stale]}), {staleDatabase: 'warn'}, 'warn');
test(
	'a finding beside a tolerated caveat',
	decidesVerdict,
	scanned(image, {findings: [finding()], caveats: [stale]}),
	{staleDatabase: 'warn'},
	'deny',
);

test('not scanned', decidesVerdict, unscanned(image), {}, 'unknown');
test('not scanned', decidesVerdict, unscanned(image), {unscannable: 'deny'}, 'deny');
test('not scanned', decidesVerdict, unscanned(image), {unscannable: 'warn'}, 'warn');

const admits = test.macro({
	exec(t, subject: ImageReference, change: Partial<Policy>, rules: readonly string[]) {
		const reasons = admit(subject, subject.name && canonical(subject.name), policy(change));
		t.deepEqual(
			reasons.map((reason) => (reason.kind === 'reference' ? reason.rule : reason.kind)),
			[...rules],
		);
		t.true(reasons.every(({decision}) => decision === 'deny'));
		t.is(decided([subject], [scanned(subject.image)], change).decision, rules.length === 0 ? 'allow' : 'deny');
	},
	title: (_what, {image: text, outcome}: ImageReference, change: Partial<Policy>, rules: readonly string[]) =>
		`${text} (${outcome}) under ${JSON.stringify(change)}: ${rules.join(', ') || 'admitted'}`,
});

test(admits, reference(image), {}, []);
test(admits, reference(image), {digestRequired: true}, ['digest-required']);
test(admits, reference(`${image}@sha256:${'a'.repeat(64)}`), {digestRequired: true}, []);
const onlyOther = {registries: {allow: ['other.example'], deny: [], permitAddresses: [], mirrors: {}}};
test(admits, reference(image), onlyOther, ['registry-denied']);
test(admits, reference('other.example/x:1'), onlyOther, []);
test(admits, reference(image), {...onlyOther, digestRequired: true}, ['digest-required', 'registry-denied']);
for (const outcome of ['potential', 'unresolved', 'ignored'] as const) {
	test(admits, reference(image, {outcome, origins: [origin({outcome})]}), {...onlyOther, digestRequired: true}, []);
}
test(
	admits,
	reference('UPPER/case', {name: undefined, outcome: 'invalid', origins: [origin({outcome: 'invalid'})]}),
	{},
	['invalid'],
);
test(
	admits,
	reference('${IMAGE}', {name: undefined, outcome: 'placeholder', origins: [origin({outcome: 'placeholder'})]}),
	{},
	['placeholder'],
);
test(admits, reference('no name', {name: undefined}), {}, ['invalid']);

function named(outcome: ImageOutcome): readonly ImageReference[] {
	return [reference('${IMAGE}', {name: undefined, outcome, origins: [origin({outcome})]})];
}

test('a placeholder is denied, or warned of when the policy says so; what only may be an image is neither', (t) => {
	t.is(decided(named('placeholder'), []).decision, 'deny');
	t.is(decided(named('placeholder'), [], {placeholders: 'warn'}).decision, 'warn');
	for (const outcome of ['potential', 'unresolved', 'ignored'] as const) {
		t.is(decided(named(outcome), []).decision, 'allow');
	}
});

test('the reason of a refusal is the origin’s', (t) => {
	const origins = [
		origin({outcome: 'ignored', reason: 'a test'}),
		origin({outcome: 'invalid', reason: 'has a space'}),
	] as const;
	const [reason] = admit(reference('a b', {name: undefined, outcome: 'invalid', origins}), undefined, policy());
	t.like(reason, {detail: 'has a space'});
});

test('an image must pass on every platform', (t) => {
	const verdicts = [scanned(image), scanned(image, {platform: arm64, findings: [finding()]})];
	const decision = decided([reference(image)], verdicts, {platforms: [amd64, arm64]});
	t.is(decision.decision, 'deny');
	t.is(decision.images[0]?.reasons[0]?.platform, arm64);
});

test('a platform without a verdict is not known, even where what cannot be scanned may pass', (t) => {
	const decision = decided([reference(image)], [scanned(image)], {platforms: [amd64, arm64], unscannable: 'warn'});
	t.is(decision.decision, 'unknown');
	t.like(decision.images[0]?.reasons[0], {kind: 'unscanned', reason: 'canceled', platform: arm64});
});

test('an image that is refused without a scan is not told to be missing one', (t) => {
	const decision = decided([reference(image)], [], {digestRequired: true});
	t.deepEqual(
		decision.images[0]?.reasons.map(({kind}) => kind),
		['reference'],
	);
});

test('one image can have several troubles; the strictest counts and comes first', (t) => {
	const verdict = scanned(image, {findings: [finding({severity: 'HIGH'}), finding()], caveats: [stale, endOfLife]});
	const decision = decided([reference(image)], [verdict], {staleDatabase: 'warn'});
	t.deepEqual(
		decision.images[0]?.reasons.map((reason) =>
			reason.kind === 'finding' ? reason.finding.severity : reason.kind === 'caveat' && reason.caveat.kind,
		),
		['CRITICAL', 'HIGH', 'end-of-life', 'stale-database'],
	);
});

test('images come strictest first, then by name', (t) => {
	const names = ['registry.example/z:1', 'registry.example/b:1', 'registry.example/a:1', 'registry.example/unknown:1'];
	const verdicts = [
		scanned('registry.example/z:1', {findings: [finding()]}),
		scanned('registry.example/b:1'),
		scanned('registry.example/a:1'),
	];
	const decision = decided(
		names.map((name) => reference(name)),
		verdicts,
	);
	t.deepEqual(
		decision.images.map((one) => [one.reference.image, one.decision]),
		[
			['registry.example/z:1', 'deny'],
			['registry.example/unknown:1', 'unknown'],
			['registry.example/a:1', 'allow'],
			['registry.example/b:1', 'allow'],
		],
	);
	t.is(decision.decision, 'deny');
});

test('an application without images is allowed', (t) => {
	t.is(decided([], []).decision, 'allow');
});

test('the report’s id is the content’s: not the cache’s, not the words of an error, but database and digest', (t) => {
	const id = (...verdicts: readonly ScanVerdict[]) => decided([reference(image)], verdicts).reportId;
	t.regex(id(scanned(image)), /^[0-9a-f]{12}$/);
	t.is(id(scanned(image)), id(scanned(image, {cached: true})));
	t.is(id(unscanned(image)), id(unscanned(image, {detail: 'after 3.7 s'})));
	const different = [
		id(),
		id(scanned(image)),
		id(unscanned(image)),
		id(unscanned(image, {reason: 'deadline'})),
		id(scanned(image, {findings: [finding()]})),
		id(scanned(image, {findings: [unfixed]})),
		id(scanned(image, {findings: [finding({severity: 'LOW'})]})),
		id(scanned(image, {caveats: [stale]})),
		id(scanned(image, {digest: `sha256:${'b'.repeat(64)}`})),
		id(scanned(image, {database: {version: 2, updatedAt: '2026-11-21T06:00:00Z'}})),
		decided([reference('a b', {name: undefined, outcome: 'invalid'})], []).reportId,
	];
	t.is(new Set(different).size, different.length);
});

test('property: adding a finding never makes a decision less strict', (t) => {
	fc.assert(
		fc.property(policies, scans, findings, fc.nat(), (one, {references, verdicts}, added, position) => {
			const more = changeOne(verdicts, position, (verdict) => ({...verdict, findings: [...verdict.findings, added]}));
			return noLessStrict(
				decide({references, verdicts, policy: one, canonical, now}),
				decide({references, verdicts: more, policy: one, canonical, now}),
			);
		}),
	);
	t.pass();
});

test('property: adding a caveat never makes a decision less strict', (t) => {
	fc.assert(
		fc.property(policies, scans, caveats, fc.nat(), (one, {references, verdicts}, added, position) => {
			const more = changeOne(verdicts, position, (verdict) => ({...verdict, caveats: [...verdict.caveats, added]}));
			return noLessStrict(
				decide({references, verdicts, policy: one, canonical, now}),
				decide({references, verdicts: more, policy: one, canonical, now}),
			);
		}),
	);
	t.pass();
});

test('property: the order of references, verdicts, findings and caveats does not matter', (t) => {
	const shuffled = scans.chain(({references, verdicts}) =>
		fc.record({
			one: fc.constant({references, verdicts}),
			other: fc.record({
				references: fc.shuffledSubarray(references, {minLength: references.length}),
				verdicts: fc
					.shuffledSubarray(verdicts, {minLength: verdicts.length})
					.map((list) =>
						list.map((verdict) =>
							verdict.kind === 'scanned'
								? {...verdict, findings: verdict.findings.toReversed(), caveats: verdict.caveats.toReversed()}
								: verdict,
						),
					),
			}),
		}),
	);
	fc.assert(
		fc.property(policies, shuffled, (one, scan) => {
			t.deepEqual(
				decide({...scan.other, policy: one, canonical, now}),
				decide({...scan.one, policy: one, canonical, now}),
			);
		}),
	);
	t.pass();
});

test('property: an image that is to be scanned and lacks a verdict for a platform is never allowed', (t) => {
	fc.assert(
		fc.property(policies, scans, (one, {references, verdicts}) => {
			const {images} = decide({references, verdicts, policy: one, canonical, now});
			for (const {
				reference: {name, outcome},
				decision,
			} of images) {
				const complete = one.platforms.every((platform: Platform) =>
					verdicts.some((verdict) => verdict.image === name && verdict.platform === platform),
				);
				if (outcome === 'scan' && !complete && decision !== 'unknown' && decision !== 'deny') return false;
			}
			return true;
		}),
	);
	t.pass();
});

test('property: the application’s decision is the strictest of its images’, and an image’s that of its reasons', (t) => {
	fc.assert(
		fc.property(policies, scans, (one, scan) => {
			const {decision, images} = decide({...scan, policy: one, canonical, now});
			t.is(decision, strictest(images.map((each) => each.decision)));
			for (const each of images) t.is(each.decision, strictest(each.reasons.map((reason) => reason.decision)));
		}),
	);
});

function changeOne(
	verdicts: readonly ScanVerdict[],
	position: number,
	change: (verdict: ScanVerdict & {kind: 'scanned'}) => ScanVerdict,
): ScanVerdict[] {
	const chosen = position % Math.max(1, verdicts.length);
	return verdicts.map((verdict, index) => (index === chosen && verdict.kind === 'scanned' ? change(verdict) : verdict));
}

function noLessStrict(before: GateDecision, after: GateDecision): boolean {
	return (
		strictness(after) >= strictness(before) &&
		before.images.every((one) => {
			const same = after.images.find(({reference: {image: name}}) => name === one.reference.image);
			return same !== undefined && strictness(same) >= strictness(one);
		})
	);
}

function strictness({decision}: {decision: Decision}): number {
	return decisions.indexOf(decision);
}
