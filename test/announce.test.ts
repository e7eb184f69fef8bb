import {mkdir, mkdtemp, readFile, rm, symlink, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import test from 'ava';
import type {ExecutionContext} from 'ava';
import {runProgram} from '../src/exec.ts';
import {contentOf, program} from './lab/gate.ts';
import {tools} from './render/lab.ts';

const policy = `apiVersion: trivy-gate/v1alpha1
kind: Policy
spec: {severities: [CRITICAL], enforcement: job}
`;
const chart = {
	'Chart.yaml': 'apiVersion: v2\nname: api\nversion: 1.0.0\n',
	'values.yaml': 'image: {repository: registry.example/api, tag: "1.4"}\nweb: {image: "registry.example/web:2.0"}\n',
	'values-blue.yaml': 'image: {tag: "1.5"}\n',
};

interface Announcement {
	readonly name: string;
	readonly title: string;
	readonly collectionType: string;
	readonly map: Readonly<Record<string, string>>;
}

/** Runs `trivy-gate announce` as Argo CD's plugin server does, in a repository with these files. */
async function announce(
	t: ExecutionContext,
	files: Readonly<Record<string, string | {readonly link: string}>>,
	{
		parameters,
		environment = {},
		policyText = policy,
	}: {readonly parameters?: unknown; readonly environment?: Record<string, string>; readonly policyText?: string} = {},
): Promise<Readonly<Record<string, Announcement['map']>>> {
	const base = await mkdtemp(join(tmpdir(), 'announce-'));
	t.teardown(() => rm(base, {recursive: true, force: true}));
	const directory = join(base, '_cmp_server', '01234567-89ab-cdef-0123-456789abcdef');
	await mkdir(join(base, 'tmp'), {recursive: true});
	await writeFile(join(base, 'policy.yaml'), policyText);
	await writeFile(join(base, 'secret.yaml'), 'image: {tag: stolen}\n');
	for (const [name, content] of Object.entries(files)) {
		const path = join(directory, name);
		await mkdir(dirname(path), {recursive: true});
		await (typeof content === 'string' ? writeFile(path, content) : symlink(content.link, path));
	}
	const before = await contentOf(directory);
	const result = await runProgram(process.execPath, [program, 'announce'], {
		directory,
		environment: {
			PATH: process.env['PATH'] ?? '',
			HOME: base,
			TMPDIR: join(base, 'tmp'),
			TRIVY_GATE_POLICY: join(base, 'policy.yaml'),
			TRIVY_GATE_HELM: tools.helm,
			// The form does not wait as long as a render may.
			TRIVY_GATE_DEADLINE: '150',
			ARGOCD_APP_NAME: 'shop',
			...(parameters === undefined ? {} : {ARGOCD_APP_PARAMETERS: JSON.stringify(parameters)}),
			...environment,
		},
		timeoutMs: 60_000,
	});
	if (result.kind !== 'exited') throw new Error(JSON.stringify(result));
	t.is(result.exitCode, 0, result.stderr);
	t.deepEqual(await contentOf(directory), before, 'the checkout stays as it is');
	const announcements = JSON.parse(Buffer.from(result.stdout).toString('utf8')) as readonly Announcement[];
	t.false(JSON.stringify(announcements).includes(base), 'no path of the machine is shown');
	for (const {title, collectionType} of announcements) {
		t.regex(title, /\(shown only\)$/);
		t.is(collectionType, 'map');
	}
	const shown = Object.fromEntries(announcements.map(({name, map}) => [name, map]));
	const {'(as of)': date = '', ...inForce} = shown['policy'] ?? {};
	t.regex(date, /^\d{4}-\d\d-\d\d \d\d:\d\d UTC$/);
	return {...shown, policy: inForce};
}

test.serial(
	'the policy in force, with what the application tightens, and the image tags of the chart’s values',
	async (t) => {
		const shown = await announce(t, chart, {
			parameters: [
				{name: 'value-files', array: ['values-blue.yaml']},
				{name: 'helm-parameters', map: {'web.image': 'registry.example/web:3.0'}},
				{name: 'severities', array: ['HIGH']},
				{name: 'enforcement', string: 'warn'},
			],
		});
		t.is(shown['policy']?.['severities'], 'CRITICAL, HIGH');
		t.is(shown['policy']?.['enforcement'], 'job', 'a looser wish changes nothing');
		t.deepEqual(shown['image-tags'], {'image.tag': '1.5', 'web.image': 'registry.example/web:3.0'});
	},
);

function layered(layer: string): string {
	return policy.replace('enforcement: job}', `enforcement: job, layers: [${layer}]}`);
}

test.serial('what depends on the project, which Argo CD does not tell here, is said to', async (t) => {
	const strict = layered('{name: shop, match: {projects: [shop]}, tighten: {severities: [LOW]}}');
	const unknown = await announce(t, chart, {policyText: strict});
	t.is(unknown['policy']?.['severities'], 'CRITICAL, LOW');
	t.regex(unknown['policy']?.['(project not known)'] ?? '', /what tightens for some of them is counted in/);
	const known = await announce(t, chart, {policyText: strict, environment: {ARGOCD_APP_PROJECT_NAME: 'other'}});
	t.is(known['policy']?.['severities'], 'CRITICAL');
	t.false('(project not known)' in (known['policy'] ?? {}));
	const everywhere = await announce(t, chart, {
		policyText: layered('{name: all, match: {applications: ["*"]}, tighten: {severities: [LOW]}}'),
	});
	t.false('(project not known)' in (everywhere['policy'] ?? {}));
});

test.serial('a source without a chart has no image tags of values', async (t) => {
	const shown = await announce(t, {'service.yaml': 'kind: Service\n'});
	t.deepEqual(Object.keys(shown), ['policy']);
});

test.serial('a parameter that cannot be used is said in the form, where it can be corrected', async (t) => {
	const shown = await announce(t, chart, {parameters: [{name: 'value-file', array: ['x']}]});
	t.regex(
		shown['policy']?.['(without the parameters)'] ?? '',
		/"value-file" is not a parameter .* did you mean "value-files"/,
	);
	t.is(shown['policy']?.['severities'], 'CRITICAL');
	t.is(shown['image-tags']?.['image.tag'], '1.4');
});

test.serial('what is only shown cannot be set', async (t) => {
	for (const name of ['policy', 'image-tags']) {
		const shown = await announce(t, chart, {parameters: [{name, map: {severities: 'LOW'}}]});
		t.regex(shown['policy']?.['(without the parameters)'] ?? '', new RegExp(`"${name}" only shows something`));
	}
});

test.serial('a policy that cannot be read is said, without its text', async (t) => {
	const shown = await announce(t, chart, {
		policyText: 'apiVersion: trivy-gate/v1alpha1\nkind: Policy\nspec: {secret: 1}\n',
	});
	t.deepEqual(Object.keys(shown['policy'] ?? {}), ['(not known)']);
	t.regex(shown['policy']?.['(not known)'] ?? '', /^the policy has a mistake\. Correct it/);
	t.false(JSON.stringify(shown).includes('secret'));
});

test.serial('settings that cannot be used are said, too', async (t) => {
	const shown = await announce(t, chart, {environment: {TRIVY_GATE_CONCURRENCY: 'many'}});
	t.deepEqual(shown, {policy: {'(not known)': 'a setting cannot be used. "trivy-gate --help" lists them.'}});
});

test.serial('values that cannot be read are said, and read no file outside of the repository', async (t) => {
	const missing = await announce(t, chart, {parameters: [{name: 'value-files', array: ['none.yaml']}]});
	t.regex(missing['image-tags']?.['(not known)'] ?? '', /^the value file does not exist — none\.yaml/);
	const outside = await announce(t, chart, {parameters: [{name: 'value-files', array: ['../../secret.yaml']}]});
	t.regex(outside['image-tags']?.['(not known)'] ?? '', /leads out of the repository/);
	const link = await announce(t, {...chart, 'values.yaml': {link: '../../secret.yaml'}});
	t.regex(link['image-tags']?.['(not known)'] ?? '', /leads out of the repository/);
	const broken = await announce(t, {...chart, 'values.yaml': 'a: [\n'});
	t.regex(broken['image-tags']?.['(not known)'] ?? '', /^helm exited with code 1 — value files/);
});

test.serial('a helm that hangs does not keep the form from coming', async (t) => {
	const started = performance.now();
	const hanging = join(await mkdtemp(join(tmpdir(), 'announce-')), 'helm');
	t.teardown(() => rm(dirname(hanging), {recursive: true}));
	await writeFile(hanging, '#!/bin/sh\nexec sleep 60\n', {mode: 0o755});
	const shown = await announce(t, chart, {environment: {TRIVY_GATE_HELM: hanging, TRIVY_GATE_DEADLINE: '3'}});
	t.regex(shown['image-tags']?.['(not known)'] ?? '', /^helm was still at work when the deadline came/);
	t.is(shown['policy']?.['severities'], 'CRITICAL');
	t.true(performance.now() - started < 30_000);
});

test.serial('plugin.yaml has Argo CD run it', async (t) => {
	const text = await readFile(join(import.meta.dirname, '..', 'plugin.yaml'), 'utf8');
	t.regex(text, /dynamic:\n +command:\n +- trivy-gate\n +args:\n +- announce\n/);
});
