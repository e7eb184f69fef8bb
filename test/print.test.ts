// The promises about what `generate` prints, over generated manifests and verdicts; everything here is pure.
import test from 'ava';
import * as fc from 'fast-check';
import {stringify} from 'yaml';
import {GateError} from '../src/errors.ts';
import {decide} from '../src/gate/decide.ts';
import {defaultPolicy} from '../src/gate/policy.ts';
import {findImages} from '../src/images/find.ts';
import {readManifests} from '../src/manifests/read.ts';
import {printGate} from '../src/print.ts';
import {canonicalOf} from '../src/scan-targets.ts';
import {parseSettings} from '../src/settings.ts';
import type {Enforcement, Finding, ImageName, Platform, ScanVerdict} from '../src/types.ts';

const platform = 'linux/amd64' as Platform;
const finding: Finding = {
	id: 'CVE-2021-44906',
	severity: 'CRITICAL',
	package: 'minimist',
	installedVersion: '0.0.8',
	fixedVersion: '0.2.4',
	status: 'fixed',
	target: 'Node.js',
	packagePath: undefined,
	purl: undefined,
	title: undefined,
	url: undefined,
	publishedDate: undefined,
};

type Outcome = 'clean' | 'vulnerable' | 'unscanned' | 'late';

function verdictOf(image: string, outcome: Outcome): ScanVerdict {
	const name = image as ImageName;
	if (outcome === 'unscanned')
		return {image: name, platform, kind: 'unscanned', reason: 'not-found', transient: false, detail: 'no'};
	if (outcome === 'late')
		return {
			image: name,
			platform,
			kind: 'unscanned',
			reason: 'deadline',
			transient: true,
			detail: 'the deadline came first',
		};
	return {
		image: name,
		platform,
		kind: 'scanned',
		digest: 'sha256:1',
		findings: outcome === 'vulnerable' ? [finding] : [],
		caveats: [],
		os: 'debian 12.2',
		packages: 9,
		database: {version: 2, updatedAt: '2026-06-01T00:00:00.000Z'},
		cached: false,
	};
}

/** The whole way from rendered text to what is printed, with verdicts by image. */
function generate(
	text: string,
	outcomes: Readonly<Record<string, Outcome>>,
	enforcement: Enforcement,
	secondsLeft?: number,
) {
	const read = readManifests(text);
	const references = findImages(read.objects);
	const policy = {...defaultPolicy, enforcement};
	const verdicts = references.map(({image}) => verdictOf(image, outcomes[image] ?? 'clean'));
	const decision = decide({
		references,
		verdicts,
		policy,
		canonical: canonicalOf,
		now: new Date('2026-11-21T12:00:00Z'),
	});
	return printGate({
		manifests: {source: {kind: 'stdin'}, bytes: new TextEncoder().encode(text), text},
		read,
		decision,
		policy,
		report: '',
		secondsLeft,
		settings: parseSettings(
			'generate',
			'-',
			{},
			{ARGOCD_APP_NAME: 'shop', ARGOCD_APP_NAMESPACE: 'shop', KUBE_VERSION: '1.36.1'},
		),
		log: {info: () => {}, warn: () => {}, detail: () => {}},
	});
}

const names = [
	'registry.example/api:1',
	'registry.example/proxy:2',
	'nginx',
	'registry.example/job@sha256:' + 'a'.repeat(64),
];
const image = fc.constantFrom(...names);
const object = fc.record({
	kind: fc.constantFrom('Deployment', 'Pod', 'Rollout', 'ConfigMap'),
	name: fc.stringMatching(/^[a-z]{1,8}$/),
	images: fc.array(image, {maxLength: 3}),
	hook: fc.constantFrom(undefined, 'PreSync', 'PostDelete', 'PreDelete,PostSync', 'SyncFail'),
	style: fc.constantFrom('block', 'flow', 'json'),
});
const outcomes = fc.dictionary(image, fc.constantFrom<Outcome>('clean', 'vulnerable'));
const enforcement = fc.constantFrom<Enforcement>('job', 'seal', 'fail-render', 'warn');

interface Generated {
	readonly kind: string;
	readonly name: string;
	readonly images: readonly string[];
	readonly hook: string | undefined;
	readonly style: string;
}

function documentOf({kind, name, images, hook, style}: Generated, index: number): string {
	const value = {
		apiVersion: kind === 'Pod' || kind === 'ConfigMap' ? 'v1' : kind === 'Rollout' ? 'argoproj.io/v1alpha1' : 'apps/v1',
		kind,
		metadata: {
			name: `${name}${index}`,
			...(hook === undefined ? {} : {annotations: {'argocd.argoproj.io/hook': hook}}),
		},
		spec: {template: {spec: {containers: images.map((each, at) => ({name: `c${at}`, image: each}))}}},
	};
	if (style === 'json') return `${JSON.stringify(value)}\n`;
	return stringify(value, style === 'flow' ? {collectionStyle: 'flow'} : {});
}

function streamOf(objects: readonly Generated[]): string {
	return objects.map((each, index) => `---\n# document ${index}\n${documentOf(each, index)}`).join('');
}

const stream = fc.array(object, {minLength: 1, maxLength: 6});

test('unchanged means unchanged: when nothing is denied the renderer’s own bytes are printed', (t) => {
	fc.assert(
		fc.property(stream, enforcement, (objects, enforced) => {
			const text = streamOf(objects);
			const {stdout, exitCode} = generate(text, {}, enforced);
			t.is(exitCode, 0);
			t.is(Buffer.from(stdout).toString('utf8'), text);
		}),
	);
});

test('same input, same bytes', (t) => {
	fc.assert(
		fc.property(stream, outcomes, enforcement, (objects, verdicts, enforced) => {
			t.deepEqual(generate(streamOf(objects), verdicts, enforced), generate(streamOf(objects), verdicts, enforced));
		}),
	);
});

test('under job a denial is the unchanged text behind one Job', (t) => {
	fc.assert(
		fc.property(stream, (objects) => {
			const text = streamOf(objects);
			const all = Object.fromEntries(names.map((name) => [name, 'vulnerable' as const]));
			const printed = Buffer.from(generate(text, all, 'job').stdout).toString('utf8');
			if (objects.every(({images}) => images.length === 0)) return t.is(printed, text);
			t.true(printed.endsWith(text));
			const [job, ...rest] = readManifests(printed).objects;
			t.is(job?.kind, 'Job');
			return t.deepEqual(
				rest.map(({value}) => value),
				readManifests(text).objects.map(({value}) => value),
			);
		}),
	);
});

test('under seal every object with a denied image is sealed or skipped, and no other document changes by a byte', (t) => {
	fc.assert(
		fc.property(stream, outcomes, (objects, verdicts) => {
			const text = streamOf(objects);
			const printed = Buffer.from(generate(text, verdicts, 'seal').stdout).toString('utf8');
			const denied = (each: Generated) => each.images.some((name) => verdicts[name] === 'vulnerable');
			const refused = objects.some(denied);
			const after = readManifests(printed).objects.slice(refused ? 1 : 0);
			t.is(after.length, objects.length);
			for (const [index, each] of objects.entries()) {
				const now = after[index];
				const runsAtDeletion = /Delete/.test(each.hook ?? '');
				if (!denied(each)) t.true(printed.includes(`# document ${index}\n${documentOf(each, index)}`));
				else if (runsAtDeletion) t.is(now?.hooks.argo?.text, 'Skip');
				else t.regex(now?.apiVersion ?? '', /(^|\/)denied: .*CVE-2021-44906/);
			}
		}),
	);
});

test('not knowing prints nothing: an error is asked again, where a refusal would be remembered', (t) => {
	const text = streamOf([
		{kind: 'Pod', name: 'a', images: ['nginx', 'registry.example/api:1'], hook: undefined, style: 'block'},
	]);
	for (const enforced of ['job', 'seal', 'fail-render'] as const) {
		const error = t.throws(
			() => generate(text, {nginx: 'unscanned', 'registry.example/api:1': 'vulnerable'}, enforced),
			{instanceOf: GateError},
		);
		t.is(error.code, 'images-unknown');
		t.regex(error.output ?? '', /nginx could not be scanned[^]*denied already: registry\.example\/api:1/);
	}
});

const jsonPod = (name: string) =>
	`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"${name}"},"spec":{"containers":[{"image":"${name}"}]}}`;

test('a JSON stream stays one: the Job in front of it is JSON, and what is sealed is', (t) => {
	const text = `${jsonPod('nginx')} ${jsonPod('registry.example/api:1')}\n`;
	const printed = Buffer.from(generate(text, {nginx: 'vulnerable'}, 'seal').stdout).toString('utf8');
	const lines = printed.trimEnd().split('\n');
	t.is(lines.length, 3);
	t.like(JSON.parse(lines[0] ?? ''), {kind: 'Job', metadata: {namespace: 'shop'}});
	t.regex((JSON.parse(lines[1] ?? '') as {apiVersion: string}).apiVersion, /^denied: nginx has CVE/u);
	t.is(lines[2], jsonPod('registry.example/api:1'));
	t.true(readManifests(printed).json);
});

const sealsOnly = test.macro({
	exec(t, text: string, objects: number) {
		const before = readManifests(text);
		const printed = Buffer.from(generate(text, {denied: 'vulnerable'}, 'seal').stdout).toString('utf8');
		const [, ...after] = readManifests(printed).objects;
		t.is(before.objects.length, objects);
		t.is(after.length, objects);
		t.regex(after[0]?.apiVersion ?? '', /denied: denied has CVE/u);
	},
	title: (what = '') => `seals the object and wakes nothing: ${what}`,
});

test(
	'a group with a byte order mark, which would skip the "#" of every line behind it',
	sealsOnly,
	`apiVersion: v1\nkind: List\n#${'p'.repeat(370)}\nitems:\n - kind: Pod\n   metadata: {name: a}\n` +
		'   spec: {containers: [{name: a, image: denied}]}\n   apiVersion: "\\uFEFFg/v1"\n' +
		'#- apiVersion: v1\n#  kind: Pod\n#  spec: {containers: [{name: a, image: evil}]}\n',
	1,
);
test(
	'carriage returns that move what is behind them',
	sealsOnly,
	`kind: Pod\r\nspec: {containers: [{image: denied, name: a}]}\r\n#\r\n${'\r\r\n'.repeat(26)}` +
		'# 345678901234567890123456\r\napiVersion: v1\r\n',
	1,
);
test(
	'a line with a tab below the apiVersion',
	sealsOnly,
	'kind: Pod\nspec: {containers: [{image: denied, name: a}]}\napiVersion: example.com/v1\n  \t\nx: 1\n',
	1,
);

test('what goes on in the background is told, with the time to come back', (t) => {
	const late = (secondsLeft: number | undefined) => {
		const text = names
			.slice(0, 2)
			.map((name, index) => podOf(name, index))
			.join('');
		const last: Record<string, Outcome> = {[names[1] ?? '']: 'late'};
		return t.throws(() => generate(text, last, 'seal', secondsLeft), {instanceOf: GateError}).message;
	};
	t.is(late(38), 'scan: 1 of 2 images scanned, the rest goes on in the background; hard refresh in about 40 s.');
	t.regex(late(200), /hard refresh in about 4 min\.$/);
	t.regex(late(0), /hard refresh in about 10 s\.$/);
	t.is(
		late(undefined),
		'scan: 1 of 2 images are scanned, then the deadline of 45 s came. What is scanned is kept: a hard refresh goes on from there.',
	);
});

function podOf(name: string, index: number): string {
	return `---\napiVersion: v1\nkind: Pod\nmetadata: {name: p${index}, namespace: shop}\nspec:\n  containers: [{name: a, image: '${name}'}]\n`;
}
