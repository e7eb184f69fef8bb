import test from 'ava';
import {GateError} from '../src/errors.ts';
import {chooseReferences, explanationOf} from '../src/explain.ts';
import {noExceptions} from '../src/gate/exceptions.ts';
import {parsePolicy} from '../src/gate/policy.ts';
import {effectivePolicy} from '../src/gate/effective.ts';
import {formatExplanation, formatExplanationAsJson} from '../src/report/explain.ts';
import type {ImageReference, Platform, ScanVerdict} from '../src/types.ts';
import {decided, finding, origin, policy, reference, scanned, unscanned} from './gate/samples.ts';

const references = [
	reference('nginx:1'),
	reference('registry.example/shop/api:1.4'),
	reference('registry.example/shop/web:2'),
];

const means = test.macro({
	exec(t, image: string, expected: string) {
		t.deepEqual(
			chooseReferences(references, image).map((one) => one.image),
			[expected],
		);
	},
	title: (_, image: string, expected: string) => `${image} means ${expected}`,
});

test(means, 'nginx:1', 'nginx:1');
test(means, 'docker.io/library/nginx:1', 'nginx:1');
test(means, 'shop/api', 'registry.example/shop/api:1.4');

test('an image that is not there is answered with the nearest name', (t) => {
	const error = t.throws(() => chooseReferences(references, 'registry.example/shop/abi:1.4'), {instanceOf: GateError});
	t.is(error.code, 'usage');
	t.regex(error.message, /Did you mean registry\.example\/shop\/api:1\.4\?$/);
	t.regex(t.throws(() => chooseReferences([], 'nginx'))?.message ?? '', /images --all/);
	t.regex(t.throws(() => chooseReferences(references, 'nothing-like-it'))?.message ?? '', /images --all/);
});

test('a text that several names contain is answered with them', (t) => {
	const error = t.throws(() => chooseReferences(references, 'shop'), {instanceOf: GateError});
	t.is(error.output, 'registry.example/shop/api:1.4\nregistry.example/shop/web:2');
	t.regex(error.message, /Write more of the name/);
});

const file = {
	path: 'policy.yaml',
	text: 'apiVersion: trivy-gate/v1alpha1\nkind: Policy\nspec:\n  severities: [CRITICAL]\n',
};

function explained(
	image: ImageReference,
	verdicts: readonly ScanVerdict[],
	...severities: readonly ('HIGH' | 'LOW')[]
) {
	const scope = {application: 'api', project: 'shop', namespace: 'shop'};
	const wish = {by: 'tightened by a parameter of the application', wish: {severities}};
	const inForce = effectivePolicy(parsePolicy(file.text, file.path), scope, [wish]);
	const [only] = decided([image], verdicts, inForce.policy).images;
	if (only === undefined) throw new Error('nothing was decided');
	return explanationOf(only, {...inForce, exceptions: noExceptions, file});
}

const api = reference('registry.example/shop/api:1.4', {
	origins: [
		origin({rule: 'pod/containers', file: 'shop/templates/api.yaml', platforms: ['linux/amd64' as Platform]}),
		origin({
			rule: 'text/config',
			object: 'ConfigMap/shop/api',
			path: 'data.image',
			outcome: 'potential',
			reason: 'It reads like an image.',
		}),
	],
});

test('the story of a denied image', (t) => {
	t.is(
		formatExplanation(explained(api, [scanned(api.image, {findings: [finding()]})])),
		`registry.example/shop/api:1.4

Found
  Deployment/shop/api  spec.template.spec.containers[0].image
    in shop/templates/api.yaml
    a container, by the shape of a pod (pod/containers), so the outcome is scan
    its selectors keep the pod on linux/amd64
  ConfigMap/shop/api  data.image
    an entry of a ConfigMap that speaks of an image (text/config), so the
    outcome is potential: It reads like an image.

Scanned
  platforms: linux/amd64
  linux/amd64
    sha256:${'a'.repeat(64)}
    debian 12.4, 88 packages, 1 finding, database of 2026-11-20T06:00:00Z

Decided
  DENIED
  linux/amd64: it has CVE-2021-44906 (CRITICAL), minimist 0.0.8 is fixed in
  0.2.4
    policy.yaml, line 4: severities: CRITICAL

What to do
  → Raise minimist from 0.0.8 to 0.2.4 in the image, and deploy the new image.
`,
	);
});

test('the story names the full name, caveats, and that a scan is from the cache', (t) => {
	const text = formatExplanation(
		explained(reference('nginx'), [scanned('nginx', {cached: true, os: undefined, caveats: [{kind: 'no-os'}]})]),
	);
	t.regex(text, /^nginx\n {2}in full: docker\.io\/library\/nginx:latest\n/);
	t.regex(text, /no operating system known, 88 packages, 0 findings, no-os, database of\n.*, from the cache\n/);
	t.regex(text, /\n {4}by default: noPackages: deny\n/);
});

test('the story of an allowed image, and of one that was not scanned', (t) => {
	t.regex(
		formatExplanation(explained(api, [scanned(api.image)])),
		/\nDecided\n {2}allowed\n {2}nothing of the policy speaks against it\n$/,
	);
	const text = formatExplanation(explained(api, [unscanned(api.image)]));
	t.regex(text, /linux\/amd64 not scanned: rate-limited \(429 Too Many Requests\)\n/);
	t.regex(text, /\nDecided\n {2}not known\n/);
});

test('what a parameter of the application tightened is said to be', (t) => {
	const text = formatExplanation(
		explained(api, [scanned(api.image, {findings: [finding({severity: 'HIGH'})]})], 'HIGH'),
	);
	t.regex(text, /\n {4}tightened by a parameter of the application: severities: CRITICAL, HIGH\n/);
});

test('the story of what is no image, and of what is only a guess', (t) => {
	const invalid = reference('UPPER/case', {
		name: undefined,
		outcome: 'invalid',
		origins: [origin({outcome: 'invalid', reason: 'It has upper-case letters.'})],
	});
	const text = formatExplanation(explained(invalid, []));
	t.regex(text, /^UPPER\/case\n {2}outcome: invalid\n/);
	t.regex(text, /\n {4}no policy can allow it\n/);
	t.false(text.includes('Scanned'));
	const guess = reference('quay.io/a/b:1', {outcome: 'potential', origins: [origin({outcome: 'potential'})]});
	t.regex(
		formatExplanation(explained(guess, [])),
		/\nDecided\n {2}nothing: the gate tells of it and does not decide about it\n$/,
	);
});

test('without a policy file the defaults are named', (t) => {
	const [only] = decided([api], [scanned(api.image, {findings: [finding()]})]).images;
	if (only === undefined) return t.fail();
	const own = {policy: policy(), changes: []};
	const unchanged = {...own, forImage: () => own};
	t.regex(
		formatExplanation(explanationOf(only, {...unchanged, exceptions: noExceptions, file: undefined})),
		/by default: severities: CRITICAL, HIGH/,
	);
});

test('the same as JSON', (t) => {
	const story = JSON.parse(
		formatExplanationAsJson(explained(api, [scanned(api.image, {findings: [finding()]})])),
	) as object;
	t.like(story, {
		version: 1,
		image: api.image,
		canonical: api.image,
		outcome: 'scan',
		platforms: ['linux/amd64'],
		decision: 'deny',
		scans: [{platform: 'linux/amd64', outcome: 'scanned', os: 'debian 12.4', packages: 88}],
		reasons: [{decision: 'deny', platform: 'linux/amd64', policy: 'policy.yaml, line 4: severities: CRITICAL'}],
	});
	const unknown = JSON.parse(formatExplanationAsJson(explained(api, [unscanned(api.image)]))) as object;
	t.like(unknown, {decision: 'unknown', scans: [{outcome: 'unscanned', reason: 'rate-limited'}]});
});
