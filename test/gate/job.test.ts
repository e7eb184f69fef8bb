import {spawnSync} from 'node:child_process';
import {readFile} from 'node:fs/promises';
import test from 'ava';
import * as fc from 'fast-check';
import {parse} from 'yaml';
import {gateJob, printJob} from '../../src/gate/job.ts';
import {oneLineSummary} from '../../src/gate/words.ts';
import type {Policy} from '../../src/gate/policy.ts';
import type {GateDecision} from '../../src/types.ts';
import {decided, finding, origin, reference, scanned, stream} from './samples.ts';

const podless: Policy['job'] = {form: 'podless', ttlSecondsAfterFinished: 86_400};
const pod: Policy['job'] = {form: 'pod', image: 'registry.example/tools/busybox:1.37', ttlSecondsAfterFinished: 3600};

const api = 'registry.example/shop/api:1.4';
const denied = decided(
	[reference(api), reference('registry.example/shop/web:2')],
	[
		scanned(api, {
			findings: [
				finding(),
				finding({
					id: 'CVE-2023-45133',
					severity: 'HIGH',
					package: '@babel/traverse',
					installedVersion: '7.2.3',
					fixedVersion: '7.23.2',
				}),
			],
		}),
		scanned('registry.example/shop/web:2'),
	],
);
const report = `${api}  DENIED\n\n  CRITICAL  CVE-2021-44906  minimist 0.0.8 → 0.2.4\n  HIGH      CVE-2023-45133  @babel/traverse 7.2.3 → 7.23.2\n`;

const prints = test.macro({
	async exec(t, file: string, job: Policy['job'], namespace: string | undefined) {
		const {objects} = stream({
			kind: 'Job',
			name: 'migrate',
			annotations: {'helm.sh/hook': 'pre-upgrade', 'helm.sh/hook-weight': '-5'},
		});
		const expected = await readFile(new URL(`expected/${file}`, import.meta.url), 'utf8');
		t.is(printJob(gateJob({decision: denied, objects, job, application: undefined, namespace, report})), expected);
	},
	title: (_what, file: string, _job: Policy['job'], _namespace: string | undefined) => file,
});

test(prints, 'job-podless.yaml', podless, 'shop');
test(prints, 'job-podless-without-namespace.yaml', podless, undefined);
test(prints, 'job-pod.yaml', pod, 'shop');

interface Job {
	readonly metadata: {readonly annotations: Readonly<Record<string, string>>};
	readonly spec: {
		readonly podFailurePolicy: {readonly rules: readonly [{readonly onExitCodes: {readonly containerName: string}}]};
		readonly template: {
			readonly spec: {
				readonly containers: readonly [
					{readonly name: string; readonly command: readonly string[]; readonly args: readonly string[]},
				];
			};
		};
	};
}

/** The Job as a reader of either YAML version sees it. */
function read(decision: GateDecision, text: string, job = pod): Job {
	const yaml = printJob(gateJob({decision, objects: [], job, application: 'shop', namespace: 'shop', report: text}));
	const [one, other] = (['1.1', '1.2'] as const).map((version) => JSON.stringify(parse(yaml, {version})));
	if (one === undefined || one !== other) throw new Error('YAML 1.1 and 1.2 read different Jobs');
	return JSON.parse(one) as Job;
}

/** What the pod prints: Kubernetes expands the arguments, then the command runs for real. */
function printed({spec: {template}}: Job) {
	const [{command, args}] = template.spec.containers;
	const [program = '', ...rest] = [
		...command,
		...args.map((arg) => arg.replaceAll(/\$(\$|\([^)]*\))/g, (_, what) => (what === '$' ? '$' : 'EXPANDED'))),
	];
	const {status, stdout} = spawnSync(program, rest, {encoding: 'utf8'});
	return {status, stdout};
}

test('the pod prints the report and fails', (t) => {
	t.deepEqual(printed(read(denied, report)), {status: 1, stdout: report});
	t.deepEqual(printed(read(denied, '')), {status: 1, stdout: '\n'});
});

test('a hostile report is printed, not run', (t) => {
	const hostile = '"; exit 0; echo "\n$(exit 0)\n`exit 0`\n$$(HOME) $HOME ${HOME}\n%s%n\\n\n-e x\n--\n---\nkind: Pod\n';
	t.deepEqual(printed(read(denied, hostile)), {status: 1, stdout: hostile});
});

test('property: whatever a report and names hold, the Job can be read, and the report stays text', (t) => {
	const text = fc.string({unit: 'binary', maxLength: 60});
	fc.assert(
		fc.property(
			text,
			text,
			text,
			fc.array(text).map((lines) => lines.join('\n')),
			(image, object, id, lines) => {
				const decision = decided(
					[reference(image, {origins: [origin({object})]})],
					[scanned(image, {findings: [finding({id, package: object})]})],
				);
				const job = read(decision, lines);
				t.is(job.metadata.annotations['trivy-gate/summary'], oneLineSummary(decision));
				t.is(job.spec.template.spec.containers[0].command.length, 4);
				t.like(JSON.parse(job.metadata.annotations['trivy-gate/denied-images'] ?? ''), {omitted: 0});
				t.notRegex(JSON.stringify(job), /[\p{Cc}\p{Cs}\uFFFE\uFFFF]/u);
				t.regex(job.spec.template.spec.containers[0].name, /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/);
			},
		),
	);
});

test('the container’s name tells the verdict within 63 characters', (t) => {
	const nameFor = (decision: GateDecision) => {
		const {spec} = read(decision, report);
		const [{name}] = spec.template.spec.containers;
		t.is(spec.podFailurePolicy.rules[0].onExitCodes.containerName, name);
		return name;
	};
	t.is(nameFor(denied), 'denied-1-of-2-images-cve-2021-44906-critical-1-high-1');
	t.is(nameFor(decided([reference('a b', {name: undefined, outcome: 'invalid'})], [])), 'denied-1-of-1-images-invalid');
	t.is(
		nameFor(decided([reference(api)], [scanned(api, {findings: [finding({id: `CVE-${'9'.repeat(37)}-x`})]})])),
		`denied-1-of-1-images-cve-${'9'.repeat(37)}`,
	);
	t.is(nameFor(decided([], [])), 'denied-0-of-0-images');
});

test('without an image the form is podless', (t) => {
	const {spec} = gateJob({
		application: 'shop',
		decision: denied,
		objects: [],
		job: {form: 'pod', ttlSecondsAfterFinished: 60},
		namespace: undefined,
		report,
	});
	t.like(spec, {parallelism: 0});
});

test('the denied images are whole JSON of at most 16 KiB, and say what was left out', (t) => {
	const names = Array.from({length: 300}, (_, index) => `registry.example/${'😀'.repeat(80)}${index}`);
	const many = decided(
		names.map((name) =>
			reference(name, {
				origins: Array.from({length: 9}, (_, index) => origin({object: `Deployment/shop/${index}`})) as never,
			}),
		),
		names.map((name) =>
			scanned(name, {findings: Array.from({length: 9}, (_, index) => finding({id: `CVE-2026-${index}`}))}),
		),
	);
	const text = read(many, '').metadata.annotations['trivy-gate/denied-images'] ?? '';
	t.true(Buffer.byteLength(text) <= 16 * 1024);
	const {images, omitted} = JSON.parse(text) as {
		images: readonly {reasons: unknown[]; usedBy: unknown[]; moreReasons: number; moreUses: number}[];
		omitted: number;
	};
	t.true(images.length > 0);
	t.is(images.length + omitted, 300);
	for (const {reasons, usedBy, moreReasons, moreUses} of images)
		t.deepEqual([reasons.length, moreReasons, usedBy.length, moreUses], [5, 4, 5, 4]);
});

for (const [what, text] of [
	['many lines', 'x'.repeat(400).concat('\n').repeat(100)],
	['more than is looked at', 'x\n'.repeat(100_000)],
	['wide characters', '😀'.repeat(200).concat('\n').repeat(60)],
] as const) {
	test(`a report of ${what} is cut at 32 KiB, and says so`, (t) => {
		const {args} = read(denied, text).spec.template.spec.containers[0];
		t.true(Buffer.byteLength(args.join('\n')) <= 32 * 1024 + 100);
		t.true(args.length > 10);
		t.is(args.at(-1), `… the report goes on; its id is ${denied.reportId}`);
	});
}

test('a long line is cut', (t) => {
	t.is(read(denied, 'x'.repeat(501)).spec.template.spec.containers[0].args[0], `${'x'.repeat(500)}…`);
});

const nameOf = (application: string, decision: GateDecision) =>
	(
		gateJob({decision, objects: [], job: podless, application, namespace: 'shop', report}) as unknown as {
			readonly metadata: {readonly generateName: string};
		}
	).metadata.generateName;

test('applications, and decisions of one application, have Jobs of their own', (t) => {
	const other = {...denied, reportId: '000000000000'};
	const names = [nameOf('shop', denied), nameOf('shop', other), nameOf('team-b_shop', denied)];
	t.is(new Set(names).size, 3);
	for (const name of names) t.regex(name, /^trivy-gate-denied-[0-9a-f]{8}-$/);
	t.true(names.includes(nameOf('shop', denied)));
});
