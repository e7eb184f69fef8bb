import {mkdir, mkdtemp, rm, symlink, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import type {ExecutionContext} from 'ava';
import {GateError} from '../src/errors.ts';
import {loadExceptions} from '../src/exception-files.ts';
import {policyCommand} from '../src/policy-command.ts';
import {parseSettings} from '../src/settings.ts';
import {loadWish} from '../src/wish-file.ts';
import {now} from './gate/samples.ts';

const entry = (id: string, expires = '2027-03-01') =>
	`apiVersion: trivy-gate/v1alpha1\nkind: Exceptions\nspec:\n  exceptions:\n    - {id: ${id}, project: shop, owner: team, reason: r, expires: ${expires}}\n`;

async function place(t: ExecutionContext, files: Readonly<Record<string, string>>): Promise<string> {
	const directory = await mkdtemp(join(tmpdir(), 'policy-'));
	t.teardown(() => rm(directory, {recursive: true, force: true}));
	for (const [name, text] of Object.entries(files)) {
		await mkdir(join(directory, name, '..'), {recursive: true});
		await writeFile(join(directory, name), text);
	}
	return directory;
}

const run = (words: readonly string[], flags: Readonly<Record<string, unknown>> = {}) =>
	policyCommand({settings: parseSettings('policy', '.', flags, {}), words, now});

test('exceptions are read from every YAML file at any depth, as Kubernetes mounts them too', async (t) => {
	const directory = await place(t, {
		'..2026_11_21/shop.yaml': entry('CVE-2021-1'),
		'bank/team.yml': entry('CVE-2021-2'),
		'README.md': 'not read',
	});
	await symlink('..2026_11_21', join(directory, '..data'));
	await symlink(join('..data', 'shop.yaml'), join(directory, 'shop.yaml'));
	const {exceptions} = await loadExceptions(directory);
	t.deepEqual(
		exceptions.map(({source, id}) => [source, id]),
		[
			['bank/team.yml#1', ['CVE-2021-2']],
			['shop.yaml#1', ['CVE-2021-1']],
		],
	);
});

test('a directory of exceptions that is not there, or has one broken file, is an error', async (t) => {
	const missing = await t.throwsAsync(loadExceptions('/nowhere/exceptions'), {instanceOf: GateError});
	t.is(missing.code, 'policy-invalid');
	t.regex(missing.message, /TRIVY_GATE_EXCEPTIONS/);
	const directory = await place(t, {'a.yaml': entry('CVE-2021-1'), 'b.yaml': 'kind: Exceptions\n'});
	const broken = await t.throwsAsync(loadExceptions(directory), {instanceOf: GateError});
	t.regex(broken.message, /b\.yaml/);
});

test('policy check: 0 when nothing is odd, 1 with a doubt, 2 with a mistake, which are all told', async (t) => {
	const directory = await place(t, {
		'a/fine.yaml': entry('CVE-2021-1'),
		'b/over.yaml': entry('CVE-2021-1', '2026-01-01'),
	});
	t.deepEqual(await run(['check', join(directory, 'a')]), {stdout: '1 file, 0 mistakes, 0 doubts\n', exitCode: 0});
	const doubtful = await run(['check', directory]);
	t.is(doubtful.exitCode, 1);
	t.regex(doubtful.stdout, /^doubt: .*over\.yaml: line 5, column \d+: the exception of team ended on 2026-01-01\./);
	await writeFile(join(directory, 'broken.yaml'), entry('nonsense!'));
	const broken = await run(['check', directory]);
	t.is(broken.exitCode, 2);
	t.regex(
		broken.stdout,
		/^error: .*broken\.yaml: line 5, column \d+: spec\.exceptions\[0\]\.id: "nonsense!" is not an id/,
	);
	t.true(broken.stdout.endsWith('3 files, 1 mistake, 1 doubt\n'));
	const json = JSON.parse((await run(['check', directory], {format: 'json'})).stdout) as {doubts: unknown[]};
	t.is(json.doubts.length, 1);
});

test('policy check tells the exceptions that no report used', async (t) => {
	const use = {exception: {source: 'team/used.yaml#1'}};
	const directory = await place(t, {
		'exceptions/team/used.yaml': entry('CVE-2021-1'),
		'exceptions/team/idle.yaml': entry('CVE-2021-2'),
		'report.json': JSON.stringify({exceptions: [use]}),
		'other.json': '[]',
	});
	const {stdout} = await run(['check', join(directory, 'exceptions')], {report: join(directory, 'report.json')});
	t.regex(stdout, /^doubt: .*idle\.yaml: line 5, column 7: the exception of team was used by none of the reports\./);
	t.true(stdout.endsWith('2 files, 0 mistakes, 1 doubt\n'));
	const report = join(directory, 'other.json');
	await t.throwsAsync(run(['check', directory], {report}), {instanceOf: GateError});
});

test('policy schema prints a JSON schema', async (t) => {
	const {stdout} = await run(['schema']);
	t.like(JSON.parse(stdout), {$defs: {Policy: {type: 'object'}, Exceptions: {type: 'object'}}});
});

for (const words of [[], ['chek'], ['check'], ['check', '/nowhere.yaml']]) {
	test(`policy ${words.join(' ')} cannot be used`, async (t) => {
		const error = await t.throwsAsync(run(words), {instanceOf: GateError});
		t.is(error.code, 'usage');
	});
}

const layered = `apiVersion: trivy-gate/v1alpha1
kind: Policy
spec:
  severities: [CRITICAL]
  layers:
    - {name: bank, match: {projects: [bank]}, tighten: {severities: [HIGH], maxDatabaseAge: 24h}}
    - {name: base, match: {projects: [bank], images: [registry.example/base/*]}, override: {owner: joe, reason: rebuilt on Monday, set: {noPackages: warn}}}
`;

test('policy explain tells the policy of an application, and where each line comes from', async (t) => {
	const directory = await place(t, {
		'policy.yaml': layered,
		'exceptions/shop.yaml': entry('CVE-2021-1'),
		'exceptions/over.yaml': entry('CVE-2021-2', '2026-01-01'),
	});
	const policy = join(directory, 'policy.yaml');
	const flags = {policy, exceptions: join(directory, 'exceptions'), app: 'api'};
	const shop = (await run(['explain'], {...flags, project: 'shop'})).stdout.split('\n');
	t.is(shop[0], 'application api, project shop');
	t.true(shop.includes(`${policy}, line 4: severities: CRITICAL`));
	t.true(shop.includes('by default: maxDatabaseAge: 72h'));
	t.deepEqual(
		shop.filter((line) => line.startsWith('CVE-')),
		['CVE-2021-1 excepted by team until 2027-03-01 (r): shop.yaml#1'],
	);
	const bank = (await run(['explain', 'registry.example/base/debian:12'], {...flags, project: 'bank'})).stdout;
	t.regex(bank, /^application api, project bank, image registry\.example\/base\/debian:12\n/);
	t.regex(bank, /\ntightened by the layer "bank": severities: CRITICAL, HIGH\n/);
	t.regex(bank, /\ntightened by the layer "bank": maxDatabaseAge: 24h\n/);
	t.regex(bank, /\noverridden by the layer "base" \(joe: rebuilt on Monday\): noPackages: warn\n/);
	t.notRegex(bank, /CVE-2021/);
	const {policy: own} = JSON.parse((await run(['explain'], {...flags, project: 'bank', format: 'json'})).stdout) as {
		policy: {noPackages: string};
	};
	t.is(own.noPackages, 'deny');
	await t.throwsAsync(run(['explain', 'UPPER/case'], flags), {instanceOf: GateError});
	await t.throwsAsync(run(['explain', 'a', 'b'], flags), {instanceOf: GateError});
});

test('an author’s file that is a link or too big is refused, and its place is not told', async (t) => {
	const directory = await place(t, {'big/.trivy-gate.yaml': '#'.repeat(70_000), 'link/chart.yaml': ''});
	await symlink('/etc/passwd', join(directory, 'link', '.trivy-gate.yaml'));
	t.is(await loadWish(directory), undefined);
	for (const name of ['big', 'link']) {
		const error = await t.throwsAsync(loadWish(join(directory, name)), {instanceOf: GateError});
		t.is(error.code, 'parameters-invalid');
		t.false(error.message.includes(directory));
	}
});
