import test from 'ava';
import * as fc from 'fast-check';
import {parse, parseAllDocuments} from 'yaml';
import {GateError} from '../../src/errors.ts';
import {sealEdits, type TextEdit} from '../../src/gate/seal.ts';
import type {GateDecision, ImageOrigin, ManifestObject} from '../../src/types.ts';
import {decided, finding, origin, reference, scanned, stream, unscanned, type ObjectOptions} from './samples.ts';

type Stream = ReturnType<typeof stream>;

const api = 'shop/api:1.4';
const bad = scanned(api, {
	findings: [
		finding(),
		finding({id: 'CVE-2022-7598'}),
		finding({id: 'CVE-2022-7599'}),
		finding({id: 'CVE-2020-7600', severity: 'HIGH'}),
	],
});

const seals = test.macro((t, {text, objects}: Stream, decision: GateDecision, expected: string) => {
	const seal = sealEdits({objects, decision});
	t.is(applied(text, seal.edits).replaceAll(decision.reportId, 'ID'), expected);
});

test(
	'the version becomes the verdict, the group stays',
	seals,
	stream({}),
	decided([reference(api)], [bad]),
	`---
apiVersion: "apps/denied: shop∕api:1.4 has CVE-2021-44906 (CRITICAL), minimist 0.0.8 is fixed in 0.2.4 (+3 more) report ID"
kind: Deployment
metadata:
  name: api
  namespace: shop
`,
);

test(
	'a kind of the core has no group before it, and none after',
	seals,
	stream({apiVersion: 'v1', kind: 'Pod'}),
	decided([reference(api)], [scanned(api, {findings: [finding()]})]),
	`---
apiVersion: "denied: shop∕api:1.4 has CVE-2021-44906 (CRITICAL), minimist 0.0.8 is fixed in 0.2.4 report ID"
kind: Pod
metadata:
  name: api
  namespace: shop
`,
);

test(
	'only objects that use a denied image change',
	seals,
	stream({}, {name: 'web'}),
	decided(
		[reference(api), reference('shop/web:2', {origins: [origin({objectIndex: 1})]})],
		[scanned(api), scanned('shop/web:2', {findings: [finding()]})],
	),
	`---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: api
  namespace: shop
---
apiVersion: "apps/denied: shop∕web:2 has CVE-2021-44906 (CRITICAL), minimist 0.0.8 is fixed in 0.2.4 report ID"
kind: Deployment
metadata:
  name: web
  namespace: shop
`,
);

const invalid = reference('UPPER/case', {name: undefined, outcome: 'invalid', origins: [origin({outcome: 'invalid'})]});
test(
	'what is no image is sealed as well',
	seals,
	stream({}),
	decided([invalid], []),
	`---
apiVersion: "apps/denied: UPPER∕case is not a valid image reference (it does not satisfy the grammar of image references) report ID"
kind: Deployment
metadata:
  name: api
  namespace: shop
`,
);

test(
	'the worst of several images is told, whatever their order',
	seals,
	stream({}),
	decided(
		[reference('shop/a:1'), reference(api), reference('shop/c:1')],
		[
			scanned('shop/a:1', {findings: [finding({severity: 'HIGH'})]}),
			bad,
			scanned('shop/c:1', {findings: [finding({severity: 'HIGH'})]}),
		],
	),
	`---
apiVersion: "apps/denied: shop∕api:1.4 has CVE-2021-44906 (CRITICAL), minimist 0.0.8 is fixed in 0.2.4 (+3 more, +2 more images) report ID"
kind: Deployment
metadata:
  name: api
  namespace: shop
`,
);

test(
	'where one image is denied, objects with unknown ones cannot be synced either',
	seals,
	stream({}, {name: 'web'}),
	decided(
		[reference(api, {origins: [origin({objectIndex: 1})]}), reference('shop/web:2')],
		[scanned(api, {findings: [finding()]}), unscanned('shop/web:2')],
	),
	`---
apiVersion: "apps/unknown: shop∕web:2 could not be scanned for linux∕amd64: its registry limits the rate of requests (429 Too Many Requests) report ID"
kind: Deployment
metadata:
  name: api
  namespace: shop
---
apiVersion: "apps/denied: shop∕api:1.4 has CVE-2021-44906 (CRITICAL), minimist 0.0.8 is fixed in 0.2.4 report ID"
kind: Deployment
metadata:
  name: web
  namespace: shop
`,
);

test('two images, of which one is denied and one is unknown', (t) => {
	const decision = decided(
		[reference(api), reference('shop/web:2')],
		[unscanned(api), scanned('shop/web:2', {findings: [finding()]})],
	);
	t.regex(
		sealEdits({...stream({}), decision}).edits[0]?.text ?? '',
		/^"apps\/denied: shop∕web:2 .* \(\+1 more image\) report [0-9a-f]{12}"$/,
	);
});

const argo = 'argocd.argoproj.io/hook';
const helm = 'helm.sh/hook';

const hooks = test.macro({
	exec(t, annotations: Readonly<Record<string, string>>, expected: Readonly<Record<string, string>> | 'sealed') {
		const {text, objects} = stream({apiVersion: 'batch/v1', kind: 'Job', name: 'cleanup', annotations});
		const seal = sealEdits({objects, decision: decided([reference(api)], [bad])});
		const [document] = parseAllDocuments(applied(text, seal.edits)).map(
			(one) => one.toJS() as {apiVersion: string; metadata: {annotations: object}},
		);
		t.deepEqual(document?.metadata.annotations, expected === 'sealed' ? annotations : expected);
		t.is(document?.apiVersion.startsWith('batch/denied'), expected === 'sealed');
		t.is(seal.sealed.length, expected === 'sealed' ? 1 : 0);
		t.is(seal.skipped.length, expected === 'sealed' ? 0 : 1);
		t.is(seal.notes.length, seal.skipped.length);
	},
	title: (
		_what,
		annotations: Readonly<Record<string, string>>,
		expected: Readonly<Record<string, string>> | 'sealed',
	) => `${JSON.stringify(annotations)} becomes ${JSON.stringify(expected)}`,
});

test(hooks, {[argo]: 'PreSync'}, 'sealed');
test(hooks, {[helm]: 'pre-install,post-upgrade'}, 'sealed');
test(hooks, {[argo]: 'PreDelete'}, {[argo]: 'Skip'});
test(hooks, {[argo]: 'PreSync, PostDelete'}, {[argo]: 'Skip'});
test(hooks, {[helm]: 'pre-delete'}, {[argo]: 'Skip'});
test(hooks, {[helm]: 'pre-install, post-delete'}, {[argo]: 'Skip'});
test(hooks, {[argo]: 'PreDelete', [helm]: 'pre-install'}, {[argo]: 'Skip', [helm]: 'Skip'});
test(
	'Argo CD runs at deletion what either annotation names',
	hooks,
	{[argo]: 'Sync', [helm]: 'post-delete'},
	{[argo]: 'Skip', [helm]: 'Skip'},
);
test(hooks, {[argo]: 'Skip', [helm]: 'post-delete'}, {[argo]: 'Skip', [helm]: 'Skip'});

test('a test that Argo CD never runs is left alone, also when its image is denied elsewhere', (t) => {
	const {objects} = stream({}, {kind: 'Pod', name: 'test'});
	const decision = decided(
		[reference(api, {origins: [origin(), origin({objectIndex: 1, outcome: 'ignored'})]})],
		[bad],
	);
	t.deepEqual(
		sealEdits({objects, decision}).sealed.map(({object}) => object),
		['Deployment/shop/api'],
	);
});

test('an object that may use a denied image is sealed', (t) => {
	const {objects} = stream({}, {kind: 'ConfigMap', namespace: undefined, name: 'settings'});
	const decision = decided(
		[
			reference(api, {
				origins: [origin(), origin({objectIndex: 1, outcome: 'potential'}), origin({objectIndex: 1, path: 'other'})],
			}),
		],
		[bad],
	);
	t.deepEqual(sealEdits({objects, decision}).sealed, [
		{objectIndex: 0, object: 'Deployment/shop/api', images: [api]},
		{objectIndex: 1, object: 'ConfigMap/settings', images: [api]},
	]);
});

test('an object that an alias repeats is sealed once, for the images of both', (t) => {
	const {
		text,
		objects: [object],
	} = stream({});
	const twice = [object, object] as ManifestObject[];
	const decision = decided(
		[reference('shop/a:1', {origins: [origin()]}), reference(api, {origins: [origin(), origin({objectIndex: 1})]})],
		[scanned('shop/a:1', {findings: [finding({severity: 'HIGH'})]}), bad],
	);
	const seal = sealEdits({objects: twice, decision});
	t.is(seal.edits.length, 1);
	t.regex(applied(text, seal.edits), /shop∕api:1\.4 .* \(\+3 more, \+1 more image\)/);
	t.is(seal.sealed.length, 2);
	const [hook] = stream({annotations: {[argo]: 'PreDelete'}}).objects;
	t.is(sealEdits({objects: [hook, hook] as ManifestObject[], decision}).edits.length, 1);
});

test('nothing is sealed where nothing is refused', (t) => {
	const decision = decided([reference(api)], [scanned(api, {caveats: [{kind: 'no-os'}]})], {noPackages: 'warn'});
	t.deepEqual(sealEdits({...stream({}), decision}), {edits: [], sealed: [], skipped: [], notes: []});
});

test('an origin of an object that was not read is an error, not an unsealed object', (t) => {
	const decision = decided([reference(api, {origins: [origin({objectIndex: 7})]})], [bad]);
	t.is(t.throws(() => sealEdits({...stream({}), decision}), {instanceOf: GateError}).code, 'internal');
});

test('property: a text has no further slash, no control character, and at most 200 characters', (t) => {
	const text = fc.string({unit: 'binary', maxLength: 300, size: 'max'});
	fc.assert(
		fc.property(text, text, text, (image, id, name) => {
			const decision = decided(
				[reference(image)],
				[scanned(image, {findings: [finding({id, package: name}), finding()]})],
			);
			const version = JSON.parse(sealEdits({...stream({}), decision}).edits[0]?.text ?? '') as string;
			t.regex(version, /^apps\/denied: [\x20-\x2E\x30-\x7E∕…’→]{1,192}$/);
			t.true(version.endsWith(` (+1 more) report ${decision.reportId}`) || id === 'CVE-2021-44906');
		}),
	);
});

test('property: every refused image’s object is sealed or skipped, and no other byte changes', (t) => {
	const kinds = fc.constantFrom<ObjectOptions[]>(
		{},
		{apiVersion: 'v1', kind: 'Pod'},
		{annotations: {[argo]: 'PreSync'}},
		{annotations: {[argo]: 'PreDelete', [helm]: 'pre-install'}},
		{annotations: {[helm]: 'post-delete'}},
	);
	const images = fc.array(
		fc.record({
			verdict: fc.constantFrom('allow', 'deny', 'unknown', 'invalid'),
			uses: fc.uniqueArray(fc.nat(5), {minLength: 1, maxLength: 4}),
		}),
		{maxLength: 5},
	);
	fc.assert(
		fc.property(fc.array(kinds, {minLength: 6, maxLength: 6}), images, (list, some) => {
			const {text, objects} = stream(...list);
			const references = some.map(({verdict, uses}, index) => {
				const outcome = verdict === 'invalid' ? 'invalid' : 'scan';
				const [first, ...more] = uses.map((objectIndex) => origin({objectIndex, outcome}));
				return reference(`shop/${index}:1`, {
					outcome,
					origins: [first as ImageOrigin, ...more],
					...(verdict === 'invalid' ? {name: undefined} : {}),
				});
			});
			const verdicts = some.flatMap(({verdict}, index) =>
				verdict === 'unknown' ? [] : [scanned(`shop/${index}:1`, {findings: verdict === 'deny' ? [finding()] : []})],
			);
			const seal = sealEdits({objects, decision: decided(references, verdicts)});
			const changed = new Set([...seal.sealed, ...seal.skipped].map(({objectIndex}) => objectIndex));
			const refused = new Set(some.flatMap(({verdict, uses}) => (verdict === 'allow' ? [] : uses)));
			t.deepEqual([...changed].toSorted(byNumber), [...refused].toSorted(byNumber));
			const before = text.split('---\n');
			const after = applied(text, seal.edits).split('---\n');
			for (const index of objects.keys()) {
				t.is(after[index + 1] === before[index + 1], !refused.has(index));
				if (refused.has(index)) t.true(isRefused(after[index + 1] ?? ''));
			}
		}),
	);
});

/** Whether Argo CD neither applies nor runs it: a hook of type Skip alone, or a version that no cluster serves. */
function isRefused(document: string): boolean {
	const {apiVersion, metadata} = parse(document) as {
		apiVersion: string;
		metadata: {annotations?: Readonly<Record<string, string>>};
	};
	const {[argo]: argoHook, [helm]: helmHook = 'Skip'} = metadata.annotations ?? {};
	return /^(?:apps\/)?denied: |^(?:apps\/)?unknown: /.test(apiVersion) !== (argoHook === 'Skip' && helmHook === 'Skip');
}

function applied(text: string, edits: readonly TextEdit[]): string {
	let result = '';
	let position = 0;
	for (const {range, text: replacement} of edits) {
		if (range.start < position) throw new Error('edits overlap or are out of order');
		result += text.slice(position, range.start) + replacement;
		position = range.end;
	}
	return result + text.slice(position);
}

function byNumber(one: number, other: number): number {
	return one - other;
}
