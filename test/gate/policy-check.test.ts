import {readFile} from 'node:fs/promises';
import test from 'ava';
import {doubtsOf} from '../../src/gate/policy-check.ts';
import {policySchema} from '../../src/gate/policy-schema.ts';
import {now} from './samples.ts';

const head = (kind: string) => `apiVersion: trivy-gate/v1alpha1\nkind: ${kind}\nspec: `;
const entry = 'id: CVE-2021-44906, project: shop, owner: team, reason: r, expires: 2027-03-01';

const doubts = test.macro({
	exec(t, kind: 'Policy' | 'Exceptions', spec: string, expected: ReadonlyArray<readonly [number, string]>) {
		const file = {path: 'files/shop.yaml', name: 'shop.yaml', text: `${head(kind)}${spec}\n`};
		const found = doubtsOf(file, {now, used: new Set(['team/shop.yaml#1', 'other.yaml#2'])});
		t.true(found.every(({path, line}) => path === 'files/shop.yaml' && line === 3));
		t.deepEqual(
			found.map(({column, message}) => [column, message]),
			expected.map(([column, message]) => [column, message]),
		);
	},
	title: (_what, _kind: string, spec: string, expected: readonly unknown[]) =>
		`${expected.length === 0 ? 'fine' : 'doubtful'}: ${spec.slice(0, 150)}`,
});

test(doubts, 'Exceptions', `{exceptions: [{${entry}}]}`, []);
test(doubts, 'Exceptions', `{exceptions: [{${entry.replace('2027-03-01', '2026-11-20')}}]}`, [
	[90, 'the exception of team ended on 2026-11-20. Remove it, or ask its owner for a new one.'],
]);
test(doubts, 'Exceptions', `{exceptions: [{${entry.replace('2027-03-01', '2026-12-05')}}]}`, [
	[90, 'the exception of team ends on 2026-12-05. Ask its owner what comes then.'],
]);
test(doubts, 'Exceptions', `{exceptions: [{${entry.replace('2027-03-01', '2028-01-01')}}]}`, [
	[90, 'the exception of team holds for more than a year. Choose a day on which somebody looks again.'],
]);
test(doubts, 'Exceptions', `{exceptions: [{${entry.replace('shop', '"*"')}}]}`, [
	[51, 'the exception of team holds in every project for every image. Name a project, images or a package.'],
]);
test(doubts, 'Exceptions', `{exceptions: [{${entry.replace('shop', '"*"')}, image: registry.example}]}`, []);
test(
	doubts,
	'Exceptions',
	`{exceptions: [{${entry.replace('CVE-2021-44906', `[${Array.from({length: 21}, (_, index) => `CVE-2021-${index}`).join(', ')}]`)}}]}`,
	[[26, 'the exception of team covers 21 ids. Use one exception for each reason.']],
);
test(doubts, 'Exceptions', `{exceptions: [{${entry}}, {${entry.replace('44906', '1')}}]}`, [
	[103, 'the exception of team was used by none of the reports. Remove it when the finding is gone.'],
]);
test(doubts, 'Exceptions', `{exceptions: [{${entry}, image: a.example}, {${entry}, image: a.example}]}`, [
	[121, 'the exception of team was used by none of the reports. Remove it when the finding is gone.'],
	[121, 'CVE-2021-44906 is excepted twice for the same, also by shop.yaml#1. Remove one.'],
]);
const glass = 'project: shop, application: api, revision: "1", approver: jane, reason: r';
test(doubts, 'Exceptions', `{breakGlass: [{${glass}, from: 2026-11-21T09:00:00Z, hours: 4}]}`, []);
test(doubts, 'Exceptions', `{breakGlass: [{${glass}, from: 2026-11-21T08:00:00Z, hours: 4}]}`, [
	[21, 'the break-glass of jane is over. Remove it; the reports keep what it was used for.'],
]);

test(doubts, 'Policy', '{}', []);
test(doubts, 'Policy', '{registries: {allow: [a.example/x/*, b.example], deny: [a.example, b.example/old]}}', [
	[29, 'nothing can be allowed by it, because registries.deny has a.example and wins.'],
]);
test(doubts, 'Policy', '{job: {image: "registry.example/busybox:1"}}', [
	[21, 'it has no effect with job.form podless. Choose the form pod, or remove it.'],
]);
test(doubts, 'Policy', '{enforcement: warn, job: {form: pod, image: "registry.example/busybox:1"}}', [
	[32, 'it has no effect, because enforcement is warn and no Job is made.'],
]);

const tighten = 'tighten: {severities: [LOW]}';
test(doubts, 'Policy', `{layers: [{name: a, match: {projects: [shop]}, ${tighten}}]}`, []);
test(doubts, 'Policy', `{layers: [{name: a, match: {projects: [shop], applications: [api]}, ${tighten}}]}`, [
	[
		34,
		'authors choose names and destinations, so that they can leave what is tightened here. Name projects or images alone.',
	],
]);
test(doubts, 'Policy', '{layers: [{name: a, match: {projects: ["*"]}, override: {owner: o, reason: r, set: {}}}]}', [
	[45, 'the override holds in every project. Change spec instead, or name the projects.'],
]);
test(
	doubts,
	'Policy',
	`{layers: [{name: a, match: {projects: [x]}, ${tighten}}, {name: b, match: {projects: [x]}, ${tighten}}]}`,
	[[34, 'the layer "b" holds for the same. Make one of both.']],
);

test('without reports nothing is said about use', (t) => {
	const text = `${head('Exceptions')}{exceptions: [{${entry}}]}\n`;
	t.deepEqual(doubtsOf({path: 'x.yaml', name: 'x.yaml', text}, {now, used: undefined}), []);
});

test('the recommended policy leaves no doubt', async (t) => {
	const text = await readFile(new URL('../../plugin/policy.yaml', import.meta.url), 'utf8');
	t.deepEqual(doubtsOf({path: 'policy.yaml', name: 'policy.yaml', text}, {now, used: new Set()}), []);
});

test('the schema for editors has all kinds, and says of every field what it means', (t) => {
	const schema = policySchema() as {$defs: Record<string, object>};
	t.deepEqual(Object.keys(schema.$defs), ['Policy', 'Exceptions', 'Tightening']);
	const bare: string[] = [];
	const walk = (value: unknown, path: string) => {
		if (typeof value !== 'object' || value === null) return;
		for (const [name, field] of Object.entries((value as {properties?: object}).properties ?? {}))
			if (typeof field !== 'object' || field === null || !('description' in field)) bare.push(`${path}.${name}`);
		for (const [key, inner] of Object.entries(value)) walk(inner, `${path}.${key}`);
	};
	walk(schema.$defs, '');
	t.deepEqual(bare, []);
});
