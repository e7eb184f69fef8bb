import test from 'ava';
import {fieldOf, fieldText, lineOf, type PolicyField} from '../../src/gate/policy-lines.ts';
import {defaultPolicy} from '../../src/gate/policy.ts';
import type {DecisionReason} from '../../src/types.ts';
import {amd64, finding, policy} from './samples.ts';

const base = {decision: 'deny', platform: amd64} as const;
const caveats = [
	[{kind: 'no-os'}, 'noPackages'],
	[{kind: 'no-packages', os: 'debian'}, 'noPackages'],
	[{kind: 'end-of-life', os: 'debian'}, 'endOfLife'],
	[{kind: 'stale-database', updatedAt: '', maxAgeHours: 1}, 'staleDatabase'],
] as const;
const rules = [
	['invalid', undefined],
	['placeholder', 'placeholders'],
	['digest-required', 'digestRequired'],
	['registry-denied', 'registries'],
] as const;
const reasons: readonly (readonly [DecisionReason, PolicyField | undefined])[] = [
	[{...base, kind: 'finding', finding: finding(), rule: 'severities'}, 'severities'],
	[{...base, kind: 'unscanned', reason: 'deadline', transient: true, detail: ''}, 'unscannable'],
	...caveats.map(([caveat, field]) => [{...base, kind: 'caveat', caveat}, field] as const),
	...rules.map(([rule, field]) => [{...base, kind: 'reference', rule, detail: ''}, field] as const),
];

for (const [reason, field] of reasons) {
	const what = reason.kind === 'caveat' ? reason.caveat.kind : reason.kind === 'reference' ? reason.rule : reason.kind;
	test(`${what} is what ${field ?? 'no field'} decides`, (t) => t.is(fieldOf(reason, policy()), field));
}

test('an outage that the policy tells apart is decided by outages', (t) => {
	const down: DecisionReason = {...base, kind: 'unscanned', reason: 'unreachable', transient: true, detail: ''};
	const outages = {registry: 'readmit', allowedWithin: 72} as const;
	t.is(fieldOf(down, policy({outages})), 'outages');
	t.is(fieldOf({...down, reason: 'not-found'}, policy({outages})), 'unscannable');
});

test('says on which line a field stands', (t) => {
	const text = 'apiVersion: trivy-gate/v1alpha1\nkind: Policy\nspec:\n  severities: [HIGH]\n';
	t.is(lineOf(text, 'severities'), 4);
	t.is(lineOf(text, 'noPackages'), undefined);
	t.is(lineOf('kind: Policy\n', 'severities'), undefined);
	t.is(lineOf('', 'severities'), undefined);
});

test('writes a field with its value', (t) => {
	t.is(fieldText(defaultPolicy, 'severities'), 'severities: CRITICAL, HIGH');
	t.is(fieldText(defaultPolicy, 'digestRequired'), 'digestRequired: false');
	t.regex(fieldText(defaultPolicy, 'registries'), /^registries: \{"allow":\[\]/);
});
