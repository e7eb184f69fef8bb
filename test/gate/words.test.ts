import test from 'ava';
import {imageSentence, oneLineSummary, usingObjects} from '../../src/gate/words.ts';
import {decisiveReasons, reasonText, whatToDo} from '../../src/gate/reasons.ts';
import {
	unscannedReasons,
	type Caveat,
	type DecisionReason,
	type GateDecision,
	type UnscannedReason,
} from '../../src/types.ts';
import {amd64, arm64, decided, finding, origin, reference, scanned, unscanned} from './samples.ts';

const api = 'registry.example/api:1.4';
const web = 'registry.example/web:2';

const sums = test.macro((t, decision: GateDecision, expected: string) => {
	t.is(oneLineSummary(decision), expected);
});

test(
	'denied for findings',
	sums,
	decided(
		[reference(api), reference(web)],
		[
			scanned(api, {
				findings: [
					finding(),
					finding({id: 'CVE-2020-7598', severity: 'HIGH'}),
					finding({
						id: 'CVE-2023-5678',
						severity: 'HIGH',
						package: 'openssl',
						installedVersion: '3.0.11',
						fixedVersion: undefined,
					}),
				],
			}),
			scanned(web),
		],
	),
	'denied — 1 of 2 images: registry.example/api:1.4 (CRITICAL 1, HIGH 2), used by Deployment/shop/api. minimist 0.0.8 → 0.2.4 fixes CVE-2021-44906, CVE-2020-7598. There is no fix yet for CVE-2023-5678.',
);

test(
	'denied for findings of which none has a fix',
	sums,
	decided([reference(api)], [scanned(api, {findings: [finding({fixedVersion: undefined})]})]),
	'denied — 1 of 1 image: registry.example/api:1.4 (CRITICAL 1), used by Deployment/shop/api. There is no fixed version of minimist yet: remove it from the image, or choose a base image without it.',
);

test(
	'denied for more than fits',
	sums,
	decided(
		['a', 'b', 'c', 'd', 'e'].map((name) =>
			reference(`registry.example/${name}`, {
				origins: [origin(), origin({object: 'Deployment/shop/web'}), origin({object: 'Deployment/shop/job'})],
			}),
		),
		['a', 'b', 'c', 'd', 'e'].map((name) =>
			scanned(`registry.example/${name}`, {
				findings: ['1', '2', '3', '4', '5'].map((id) =>
					finding({id: `CVE-2026-${id}`, package: id === '5' ? name : 'minimist'}),
				),
			}),
		),
	),
	'denied — 5 of 5 images: registry.example/a (CRITICAL 5), used by Deployment/shop/api and 2 more; registry.example/b (CRITICAL 5), used by Deployment/shop/api and 2 more; registry.example/c (CRITICAL 5), used by Deployment/shop/api and 2 more; and 2 more. minimist 0.0.8 → 0.2.4 fixes CVE-2026-1, CVE-2026-2, CVE-2026-3 and 1 more; a 0.0.8 → 0.2.4 fixes CVE-2026-5; b 0.0.8 → 0.2.4 fixes CVE-2026-5; …',
);

test(
	'denied, and others unknown',
	sums,
	decided(
		[reference('a b', {name: undefined, outcome: 'invalid', origins: [origin({outcome: 'invalid'})]}), reference(web)],
		[unscanned(web)],
	),
	'denied — 1 of 2 images: a b (invalid), used by Deployment/shop/api. 1 more could not be scanned. Correct the image in the manifests or values.',
);

test(
	'unknown',
	sums,
	decided([reference(api), reference(web)], [scanned(api), unscanned(web)]),
	'not known — 1 of 2 images: registry.example/web:2 (rate-limited), used by Deployment/shop/api. Wait, or ask the operator for credentials or a mirror of this registry. Then ask again with a hard refresh.',
);

test(
	'warned',
	sums,
	decided([reference(api)], [scanned(api, {caveats: [{kind: 'end-of-life', os: 'debian 9.13'}]})], {endOfLife: 'warn'}),
	'allowed with a warning — 1 of 1 image: registry.example/api:1.4 (end-of-life), used by Deployment/shop/api. Move the image to a release of its distribution that still gets security fixes.',
);

test('allowed', sums, decided([reference(api), reference(web)], [scanned(api), scanned(web)]), 'allowed — 2 images');

test(
	'a finding counts once, on however many platforms and paths',
	sums,
	decided(
		[reference(api)],
		[
			scanned(api, {findings: [finding(), finding({packagePath: 'elsewhere'})]}),
			scanned(api, {platform: arm64, findings: [finding()]}),
		],
		{platforms: [amd64, arm64]},
	),
	'denied — 1 of 1 image: registry.example/api:1.4 (CRITICAL 1), used by Deployment/shop/api. minimist 0.0.8 → 0.2.4 fixes CVE-2021-44906.',
);

test('a hostile registry cannot write to the terminal, or at length', (t) => {
	const hostile = `\u001B[2J\n${'x'.repeat(100_000)}`;
	const findings = Array.from({length: 50}, (_, index) =>
		finding({
			id: `${index}${hostile}`,
			package: `${index}${hostile}`,
			installedVersion: hostile,
			fixedVersion: hostile,
		}),
	);
	const summary = oneLineSummary(
		decided([reference(hostile, {origins: [origin({object: hostile})]})], [scanned(hostile, {findings})]),
	);
	t.true(summary.length <= 2000);
	t.notRegex(summary, /\p{Cc}/u);
});

test('an image and the worst about it', (t) => {
	const [image] = decided(
		[reference(api)],
		[scanned(api, {findings: [finding({severity: 'HIGH', id: 'CVE-2020-7598'}), finding()]})],
	).images;
	t.is(
		image && imageSentence(image),
		'registry.example/api:1.4 has CVE-2021-44906 (CRITICAL), minimist 0.0.8 is fixed in 0.2.4',
	);
	t.is(image && decisiveReasons(image).length, 2);
	const [allowed] = decided([reference(api)], [scanned(api)]).images;
	t.is(allowed && imageSentence(allowed), 'registry.example/api:1.4 is allowed');
});

test('objects in which an image never runs do not use it', (t) => {
	const [image] = decided(
		[reference(api, {origins: [origin({object: 'Pod/test', outcome: 'ignored'}), origin(), origin({path: 'other'})]})],
		[scanned(api)],
	).images;
	t.deepEqual(image && usingObjects(image), ['Deployment/shop/api']);
	const [never] = decided(
		[reference(api, {origins: [origin({outcome: 'ignored'})]})],
		[scanned(api, {findings: [finding()]})],
	).images;
	t.regex(
		oneLineSummary({
			decision: 'deny',
			images: never ? [never] : [],
			enforcement: 'job',
			exceptions: [],
			breakGlass: [],
			ahead: [],
			reportId: '',
		}),
		/used by nothing that runs/,
	);
});

const says = test.macro({
	exec(t, reason: DecisionReason, text: string, advice: RegExp) {
		t.is(reasonText(reason), text);
		t.regex(whatToDo(reason), advice);
	},
	title: (_what, _reason: DecisionReason, text: string, _advice: RegExp) => text,
});

const deny = {decision: 'deny', platform: amd64} as const;
test(
	says,
	{...deny, kind: 'finding', finding: finding(), rule: 'severities'},
	'has CVE-2021-44906 (CRITICAL), minimist 0.0.8 is fixed in 0.2.4',
	/^Raise minimist from 0\.0\.8 to 0\.2\.4/,
);
test(
	says,
	{...deny, kind: 'finding', finding: finding({fixedVersion: ''}), rule: 'severities'},
	'has CVE-2021-44906 (CRITICAL), minimist 0.0.8 has no fix yet',
	/no fixed version of minimist/,
);

const caveat = (value: Caveat): DecisionReason => ({...deny, kind: 'caveat', caveat: value});
test(
	says,
	caveat({kind: 'no-os'}),
	'has no operating system and no packages that the scanner knows',
	/package database or lock files/,
);
test(
	says,
	caveat({kind: 'no-packages', os: 'debian 12.4'}),
	'is debian 12.4 without a package database',
	/must not be deleted/,
);
test(
	says,
	caveat({kind: 'end-of-life', os: 'debian 9.13'}),
	'is on debian 9.13, which gets no security fixes any more',
	/still gets security fixes/,
);
test(
	says,
	caveat({kind: 'stale-database', updatedAt: '2026-11-01T00:00:00Z', maxAgeHours: 72}),
	'was scanned with a vulnerability database of 2026-11-01T00:00:00Z, older than 72 h',
	/hard refresh/,
);

const rule = (name: (DecisionReason & {kind: 'reference'})['rule']): DecisionReason => ({
	...deny,
	platform: undefined,
	kind: 'reference',
	rule: name,
	detail: 'why',
});
test(says, rule('invalid'), 'is not a valid image reference (why)', /^Correct/);
test(says, rule('placeholder'), 'is a placeholder, not an image (why)', /^Fill/);
test(says, rule('digest-required'), 'is named without a digest (why)', /@sha256/);
test(says, rule('registry-denied'), 'is not in an allowed registry (why)', /allowed registry/);

const missing = (reason: UnscannedReason, transient: boolean): DecisionReason => ({
	decision: 'unknown',
	platform: amd64,
	kind: 'unscanned',
	reason,
	transient,
	detail: 'why',
});
test(
	says,
	missing('deadline', true),
	'could not be scanned for linux/amd64: the time for this attempt was over (why)',
	/hard refresh/,
);
test(
	says,
	{...missing('not-found', false), platform: undefined},
	'could not be scanned: its registry does not have it (why)',
	/deployed\.$/,
);

for (const reason of unscannedReasons) {
	test(`what to do about ${reason}, and to ask again only when that may help`, (t) => {
		t.false(whatToDo(missing(reason, false)).includes('refresh'));
		t.true(whatToDo(missing(reason, true)).endsWith('Then ask again with a hard refresh.'));
	});
}
