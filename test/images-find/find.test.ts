import test from 'ava';
import * as fc from 'fast-check';
import {GateError} from '../../src/errors.ts';
import {findImages} from '../../src/images/find.ts';
import {shortJson} from '../../src/images/json.ts';
import type {IgnoreCause, ImageOutcome, JsonObject, JsonValue} from '../../src/types.ts';
import {annotation, object} from './samples.ts';

const finds = test.macro({
	exec(t, value: JsonObject, expected: readonly (readonly [image: string, path: string, rule: string])[]) {
		const found = findImages([object(value)]).flatMap(({image, origins}) =>
			origins.map(({path, rule}) => [image, path, rule] as const),
		);
		t.deepEqual(found, expected);
	},
	title: (what = '') => `finds ${what}`,
});

test(
	'the images of a pod',
	finds,
	{spec: {containers: [{name: 'a', image: 'b1'}, {image: 'a1'}], initContainers: [{image: 'c1'}]}},
	[
		['a1', 'spec.containers[1].image', 'pod/containers'],
		['b1', 'spec.containers[0].image', 'pod/containers'],
		['c1', 'spec.initContainers[0].image', 'pod/initContainers'],
	],
);
test('ephemeral containers', finds, {spec: {ephemeralContainers: [{image: 'a1'}]}}, [
	['a1', 'spec.ephemeralContainers[0].image', 'pod/ephemeralContainers'],
]);
test(
	'image volumes, not Ceph images',
	finds,
	{
		spec: {
			volumes: [
				{name: 'a', image: {reference: 'a1', pullPolicy: 'Always'}},
				{rbd: {image: 'b1'}},
				{image: 'c1'},
				{image: {}},
			],
		},
	},
	[['a1', 'spec.volumes[0].image.reference', 'pod/image-volume']],
);
test("a CronJob's", finds, {spec: {jobTemplate: {spec: {template: {spec: {containers: [{image: 'a1'}]}}}}}}, [
	['a1', 'spec.jobTemplate.spec.template.spec.containers[0].image', 'pod/containers'],
]);
test(
	"a custom resource's, at any depth",
	finds,
	{
		spec: {'odd.key/a': [{templates: [[{podTemplate: {spec: {containers: [{image: 'a1'}]}}}]]}]},
	},
	[['a1', 'spec["odd.key/a"][0].templates[0][0].podTemplate.spec.containers[0].image', 'pod/containers']],
);
test('containers in containers', finds, {containers: [{image: 'a1', containers: [{image: 'b1'}]}]}, [
	['a1', 'containers[0].image', 'pod/containers'],
	['b1', 'containers[0].containers[0].image', 'pod/containers'],
]);
test(
	'nothing where the shape is not a pod’s',
	finds,
	{
		spec: {
			image: 'a1',
			containers: {a: {image: 'b1'}},
			initContainers: ['c1', null, 1, {name: 'd'}, {image: null}, [{image: 'e1'}]],
			volumes: 'f1',
		},
	},
	[],
);
test(
	'nothing in the schema of a custom resource',
	finds,
	{
		spec: {
			versions: [
				{
					schema: {
						openAPIV3Schema: {
							properties: {
								containers: {type: 'array', items: {required: ['image'], properties: {image: {type: 'string'}}}},
								volumes: {type: 'array', items: {properties: {image: {properties: {reference: {type: 'string'}}}}}},
							},
							required: ['containers'],
						},
					},
				},
			],
		},
	},
	[],
);
test(
	'the default values of a schema, which the API server fills in',
	finds,
	{
		schema: {
			properties: {
				containers: {type: 'array', default: [{image: 'a1'}]},
				pod: {default: {containers: [{image: 'b1'}]}},
			},
		},
	},
	[['b1', 'schema.properties.pod.default.containers[0].image', 'pod/containers']],
);

const judges = test.macro({
	exec(t, image: JsonValue, outcome: ImageOutcome, text: string) {
		const [found, ...others] = findImages([object({containers: [{image}]})]);
		t.deepEqual(others, []);
		t.is(found?.image, text);
		t.is(found?.outcome, outcome);
		t.is(found?.name !== undefined, outcome === 'scan');
		t.is(found?.origins[0].outcome, outcome);
		t.is(found?.origins[0].reason === undefined, outcome === 'scan');
	},
	title: (_, _image: JsonValue, outcome: ImageOutcome, text: string) => `${outcome}: ${JSON.stringify(text)}`,
});

test(judges, 'nginx:1.25', 'scan', 'nginx:1.25');
test(judges, ' nginx', 'invalid', ' nginx');
test(judges, '--input=/etc/passwd', 'invalid', '--input=/etc/passwd');
test(judges, '${IMAGE}', 'placeholder', '${IMAGE}');
test(judges, '', 'placeholder', '');
test(judges, 22, 'invalid', '22 (a number)');
test(judges, 12345678901234567890n, 'invalid', '12345678901234567890 (a number)');
test(judges, true, 'invalid', 'true (a boolean)');
test(judges, ['nginx', 1, null], 'invalid', '["nginx",1,null]');
test(judges, {repository: 'nginx', tag: '1', 'a"b': [{}]}, 'invalid', '{"repository":"nginx","tag":"1","a\\"b":[{}]}');

test('cuts the JSON of what is no text', (t) => {
	const list: JsonValue = Array.from({length: 100_000}, () => 'x'.repeat(1000));
	const [found] = findImages([object({containers: [{image: list}]})]);
	t.is(found?.image.length, 201);
	const manyTimes = Array.from({length: 100}).reduce<JsonValue>((value) => ({a: [value, value]}), list);
	t.is(shortJson(manyTimes).length, 201);
	t.is(shortJson({['k'.repeat(1000)]: 1}).length, 201);
	t.is(shortJson('x'.repeat(198)).length, 200);
});

test('cuts long keys in paths', (t) => {
	const [found] = findImages([object({['k'.repeat(100_000)]: {containers: [{image: 'a1'}]}})]);
	t.is(found?.origins[0].path, `["${'k'.repeat(64)}…"].containers[0].image`);
});

test('keeps every origin of an image, in order', (t) => {
	const images = findImages([
		object(
			{spec: {containers: [{image: 'b1'}, {image: 'a1'}]}},
			{kind: 'Deployment', namespace: 'shop', file: 'a.yaml'},
		),
		object({
			spec: {
				initContainers: [{image: 'a1'}],
				containers: [...Array.from({length: 11}, () => ({name: 'x'})), {image: 'a1'}, {image: 'a1'}],
			},
		}),
	]);
	t.deepEqual(
		images.map(({image, origins}) => [
			image,
			origins.map(({object: name, objectIndex, path, file}) => [name, objectIndex, path, file]),
		]),
		[
			[
				'a1',
				[
					['Deployment/shop/web', 0, 'spec.containers[1].image', 'a.yaml'],
					['Pod/web', 1, 'spec.containers[11].image', undefined],
					['Pod/web', 1, 'spec.containers[12].image', undefined],
					['Pod/web', 1, 'spec.initContainers[0].image', undefined],
				],
			],
			['b1', [['Deployment/shop/web', 0, 'spec.containers[0].image', 'a.yaml']]],
		],
	);
});

const hookOutcome = test.macro({
	exec(
		t,
		helm: string | undefined,
		argo: string | undefined,
		outcome: 'scan' | IgnoreCause,
		annotations: JsonValue = {},
	) {
		const hooks = {
			helm: helm === undefined ? undefined : annotation(helm),
			argo: argo === undefined ? undefined : annotation(argo),
		};
		const [found] = findImages([object({metadata: {annotations}, spec: {containers: [{image: 'a1'}]}}, {hooks})]);
		t.is(found?.outcome, outcome === 'scan' ? 'scan' : 'ignored');
		t.is(found?.origins[0].ignoredBy, outcome === 'scan' ? undefined : outcome);
		t.is(found?.origins[0].reason === undefined, outcome === 'scan');
	},
	title: (
		_,
		helm: string | undefined,
		argo: string | undefined,
		outcome: 'scan' | IgnoreCause,
		annotations: JsonValue = {},
	) => `${outcome}: Helm's hook ${helm}, Argo CD's ${argo}, annotations ${JSON.stringify(annotations)}`,
});

test(hookOutcome, 'test', undefined, 'helm-test');
test(hookOutcome, 'test-success, test-failure', undefined, 'helm-test');
test(hookOutcome, 'pre-rollback,post-rollback,', undefined, 'helm-hook');
test(hookOutcome, 'test,post-rollback', undefined, 'helm-hook');
test(hookOutcome, undefined, 'Skip', 'skip');
test(hookOutcome, 'pre-install', 'Skip', 'skip');
test(hookOutcome, 'post-delete', 'Skip', 'scan');
test(hookOutcome, 'test,pre-delete', undefined, 'scan');
test(hookOutcome, undefined, undefined, 'scan');
test(hookOutcome, '', undefined, 'scan');
test(hookOutcome, ' , ', undefined, 'scan');
test(hookOutcome, 'pre-install', undefined, 'scan');
test(hookOutcome, 'test,pre-install', undefined, 'scan');
test(hookOutcome, 'crd-install', undefined, 'scan');
test(hookOutcome, 'unknown', undefined, 'scan');
test(hookOutcome, 'Test', undefined, 'scan');
test(hookOutcome, 'test', 'PreSync', 'scan');
test(hookOutcome, undefined, 'Skip,PreSync', 'scan');
test(hookOutcome, undefined, 'skip', 'scan');
test(hookOutcome, 'test', undefined, 'helm-test', null);
test(hookOutcome, 'test', undefined, 'helm-test', {a: 'text'});
test(hookOutcome, 'test', undefined, 'scan', {a: true});
test(hookOutcome, 'test', undefined, 'scan', {a: null});

test('an annotation counts on the object itself only', (t) => {
	const template = {metadata: {annotations: {'helm.sh/hook': 'test'}}, spec: {containers: [{image: 'a1'}]}};
	t.is(findImages([object({spec: {template}})])[0]?.outcome, 'scan');
	t.is(
		findImages([object({metadata: null, ...template.spec}, {hooks: {helm: annotation('test'), argo: undefined}})])[0]
			?.outcome,
		'ignored',
	);
});

test('an image that one place ignores and another runs is scanned', (t) => {
	const value = {containers: [{image: 'a1'}]};
	const hooks = {helm: annotation('test'), argo: undefined};
	const [found] = findImages([object(value, {hooks}), object(value)]);
	t.is(found?.outcome, 'scan');
	t.deepEqual(
		found?.origins.map(({outcome}) => outcome),
		['ignored', 'scan'],
	);
});

test('a number is never taken for the image of the same digits', (t) => {
	const images = findImages([object({containers: [{image: '22'}, {image: 22}]})]);
	t.deepEqual(
		images.map(({image, outcome}) => [image, outcome]),
		[
			['22', 'scan'],
			['22 (a number)', 'invalid'],
		],
	);
});

test('bounds the number of places', (t) => {
	const containers = Array.from({length: 20_000}, () => ({image: 'a1'}));
	t.is(findImages([object({containers})])[0]?.origins.length, 20_000);
	const error = t.throws(() => findImages([object({containers}), object({containers: [{image: 'b1'}]})]), {
		instanceOf: GateError,
	});
	t.is(error.code, 'limit-exceeded');
});

const junk = fc.letrec<{tree: JsonValue}>((tie) => ({
	tree: fc.oneof(
		{depthSize: 'small'},
		fc.constantFrom<JsonValue>('text', 1, true, null),
		fc.array(tie('tree'), {maxLength: 3}),
		fc.dictionary(fc.constantFrom('a', 'spec', 'template', 'items', 'image', '__proto__', 'x.y/z'), tie('tree'), {
			maxKeys: 3,
		}),
	),
})).tree;
const planted = fc.record({
	list: fc.constantFrom('containers', 'initContainers', 'ephemeralContainers', 'volumes'),
	before: fc.array(junk, {maxLength: 2}),
	way: fc.array(fc.oneof(fc.constantFrom('spec', 'template', 'containers', 'a.b'), fc.nat(2)), {maxLength: 12}),
	around: junk,
});

test('every image planted at any depth is found', (t) => {
	fc.assert(
		fc.property(planted, ({list, before, way, around}) => {
			const image = 'registry.example/planted:1';
			const element = list === 'volumes' ? {image: {reference: image}} : {image, other: around};
			const pod: JsonValue = {other: around, [list]: [...before, element]};
			const root = way.reduceRight<JsonValue>(
				(value, step) =>
					typeof step === 'number' ? [...Array<JsonValue>(step).fill(around), value] : {[step]: value, z: around},
				pod,
			);
			const found = findImages([object({root})]).find((reference) => reference.image === image);
			t.is(found?.outcome, 'scan');
			t.is(found?.origins.length, 1);
			t.regex(
				found?.origins[0].path ?? '',
				new RegExp(String.raw`${list}\[${before.length}\]\.image(?:\.reference)?$`, 'u'),
			);
		}),
		{numRuns: 500},
	);
});

const beside = fc.dictionary(
	fc.constantFrom(
		'registry',
		'hub',
		'repository',
		'repo',
		'name',
		'tag',
		'version',
		'digest',
		'sha',
		'newTag',
		'newName',
		'imageTag',
		'imageRegistry',
		'imageRepository',
		'image_repository',
		'rbd',
		'values',
	),
	fc.constantFrom<JsonValue>('quay.io', 'quay.io/a/b', 'acme/shop', 'word', '1.2', '', 1.1, null, {a: 1}, [{a: 1}]),
);

test('a field named image is never lost, whatever stands beside it', (t) => {
	fc.assert(
		fc.property(beside, fc.constantFrom('spec', 'image', 'myImage', 'status'), (siblings, key) => {
			for (const image of ['registry.example/planted:1', 'registry.example/planted']) {
				const root = {apiVersion: 'x.example/v1', kind: 'X', spec: {[key]: {...siblings, image}}};
				const found = findImages([object(root, {apiVersion: 'x.example/v1', kind: 'X'})]);
				const outcomes = found.flatMap((one) => (one.image.startsWith(image) ? [one.outcome] : []));
				t.true(outcomes.includes('scan') || outcomes.includes('invalid'), JSON.stringify({siblings, key, found}));
			}
		}),
		{numRuns: 2000},
	);
});
