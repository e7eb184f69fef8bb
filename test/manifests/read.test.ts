import test from 'ava';
import {readManifests} from '../../src/manifests/read.ts';
import {pod, valuesOf} from './samples.ts';

const reads = test.macro({
	exec(t, text: string, expected: unknown) {
		t.deepEqual(valuesOf(`apiVersion: v1\nkind: A\n${text}`), [{apiVersion: 'v1', kind: 'A', ...Object(expected)}]);
	},
	title: (_, text: string) => `reads ${JSON.stringify(text)}`,
});

test(reads, 'a: nginx:1.25', {a: 'nginx:1.25'});
test(reads, 'a: {b: [c, {d: e}], "f": \'g\'}', {a: {b: ['c', {d: 'e'}], f: 'g'}});
test(reads, 'a: {"b":c, d}', {a: {b: 'c', d: null}});
test(reads, 'a:\n- b\n-\n  - c: d\n    e: f', {a: ['b', [{c: 'd', e: 'f'}]]});
test(reads, 'a: [b: c]', {a: [{b: 'c'}]});
test(reads, 'a: |\n  b\n   c\n\nd: >-\n  e\n  f', {a: 'b\n c\n', d: 'e f'});
test(reads, 'a: |2\n    b\n   c\nd: e', {a: '  b\n c\n', d: 'e'});
test(reads, 'a: "b\\n\\u00e9\n  c"', {a: 'b\né c'});
test(reads, "a: 'it''s'", {a: "it's"});
test(reads, 'a: b\n  c', {a: 'b c'});
test(reads, 'a:\nb: ~\nc: ""', {a: null, b: null, c: ''});
test(reads, 'a: [yes, "yes", 0777, 22:30, 1.10, 2001-01-01]', {a: [true, 'yes', 511, '22:30', 1.1, '2001-01-01']});
test(reads, 'a: 12345678901234567890', {a: 12345678901234567000});
test(reads, 'on: 1\n2: 3\n0x10: 4', {true: 1, '2': 3, '16': 4});
test(reads, 'a: &x-1_Y [b]\nc: *x-1_Y\nd: {e: *x-1_Y, f: g}', {a: ['b'], c: ['b'], d: {e: ['b'], f: 'g'}});
test(reads, 'a: &x b\nc: &x d\ne: *x', {a: 'b', c: 'd', e: 'd'});
test(reads, 'a: &x\nb: *x', {a: null, b: null});
test(reads, 'a: b # c\n# d\n', {a: 'b'});
test(reads, 'a: {b: "?", c: "d:"}', {a: {b: '?', c: 'd:'}});

test('reads Windows line ends as others do', (t) => {
	const text = `${pod}spec:\n  a: |\n    b\n\n    c\n  d: "e\n\n    f"\n  g: h\n    i\n  j: >\n    k\n    l\n`;
	t.deepEqual(valuesOf(text.replaceAll('\n', '\r\n')), valuesOf(text));
});

test('reads several documents and skips the empty ones', (t) => {
	const text = `---\n${pod}---\n---\n# nothing\n---\nnull\n---\n~\n---\n${pod.replace('web', 'db')}`;
	t.deepEqual(
		readManifests(text).objects.map(({document, name}) => ({document, name})),
		[
			{document: 1, name: 'web'},
			{document: 6, name: 'db'},
		],
	);
	t.deepEqual(readManifests('').objects, []);
	t.deepEqual(readManifests('\n# nothing\n').objects, []);
});

test('reads one JSON object, and JSON after a separator', (t) => {
	const json = '{\n\t"apiVersion": "v1", "kind": "Pod",\n\t"metadata": {"name": "web"}\n}\n';
	const expected = {apiVersion: 'v1', kind: 'Pod', metadata: {name: 'web'}};
	t.deepEqual(valuesOf(json), [expected]);
	t.deepEqual(valuesOf(`---\n${json}---\n${json}`), [expected, expected]);
});

test('tells the identity of an object', (t) => {
	const [object] = readManifests(
		'# Source: shop/templates/web.yaml\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n  namespace: shop\n',
	).objects;
	t.like(object, {
		document: 1,
		apiVersion: 'apps/v1',
		kind: 'Deployment',
		namespace: 'shop',
		name: 'web',
		file: 'shop/templates/web.yaml',
		hooks: {argo: undefined, helm: undefined},
	});
});

const identifies = test.macro({
	exec(t, metadata: string, name: string) {
		t.like(readManifests(`apiVersion: v1\nkind: A\n${metadata}`).objects[0], {name, namespace: undefined});
	},
	title: (_, metadata: string, name: string) => `takes "${name}" for the name of ${JSON.stringify(metadata)}`,
});

test(identifies, '', '');
test(identifies, 'metadata:\n', '');
test(identifies, 'metadata: {name: null, namespace: "", annotations: null}\n', '');
test(identifies, 'metadata: {generateName: web-, namespace: null}\n', 'web-');
test(identifies, 'metadata: {name: "", generateName: web-}\n', 'web-');

test('flattens anything with items, one level', (t) => {
	const text =
		'# Source: a.yaml\napiVersion: example.org/v1\nkind: Innocent\nspec: {lost: true}\nitems:\n' +
		'- apiVersion: v1\n  kind: Pod\n  metadata: {name: a}\n- {"apiVersion":"v1", "kind":"Pod", "items": null}\n';
	const objects = readManifests(text).objects;
	t.deepEqual(
		objects.map(({kind, name, file, document}) => ({kind, name, file, document})),
		[
			{kind: 'Pod', name: 'a', file: 'a.yaml', document: 1},
			{kind: 'Pod', name: '', file: 'a.yaml', document: 1},
		],
	);
	t.deepEqual(
		objects.map(({apiVersionAt: {start, end}}) => text.slice(start, end)),
		['v1', '"v1"'],
	);
});

test('drops a null list, as Argo CD does', (t) => {
	const list = 'apiVersion: v1\nkind: List\nitems: null\n';
	t.is(readManifests(list).objects.length, 0);
	t.is(readManifests(`${list}spec: null\n`).objects.length, 1);
	t.is(readManifests(`${list}status: {}\n`).objects.length, 1);
	t.is(readManifests('apiVersion: v1\nkind: List\nitems: []\n').objects.length, 0);
	t.is(readManifests('apiVersion: v1\nkind: A\nitems: {}\n').objects.length, 1);
});

test('tells where apiVersion and hooks stand', (t) => {
	const text = `---\n${pod}---\n"apiVersion" : 'batch/v1' # c\r\nkind: Job\r\nmetadata:\n  annotations: {"helm.sh/hook":test, "argocd.argoproj.io/hook": 'PreSync' }\n`;
	const object = readManifests(text).objects[1];
	const at = (range: {start: number; end: number} | undefined) => text.slice(range?.start, range?.end);
	t.is(at(object?.apiVersionAt), "'batch/v1'");
	t.is(at(object?.hooks.helm?.key), '"helm.sh/hook"');
	t.is(at(object?.hooks.helm?.value), 'test');
	t.is(object?.hooks.helm?.text, 'test');
	t.is(at(object?.hooks.argo?.key), '"argocd.argoproj.io/hook"');
	t.is(at(object?.hooks.argo?.value), "'PreSync'");
	t.is(object?.hooks.argo?.text, 'PreSync');
});

const seesHook = test.macro({
	exec(t, other: string, hook: string | undefined) {
		const [object] = readManifests(`${pod}  annotations: {helm.sh/hook: test, a: ${other}}\n`).objects;
		t.is(object?.hooks.helm?.text, hook);
	},
	title: (_, other: string, hook: string | undefined) =>
		`beside the annotation ${other}, the hook is ${hook}, as for Argo CD`,
});

test(seesHook, 'text', 'test');
test(seesHook, 'null', 'test');
test(seesHook, 'true', undefined);
test(seesHook, '{}', undefined);

test('a key named __proto__ is a key', (t) => {
	const [object] = readManifests(`${pod}__proto__: {polluted: true}\nconstructor: a\n`).objects;
	t.deepEqual(Object.keys(object?.value ?? {}), ['apiVersion', 'kind', 'metadata', '__proto__', 'constructor']);
	t.is(Object.getOwnPropertyDescriptor({}, 'polluted'), undefined);
	t.false('polluted' in {});
	t.false('toString' in (object?.value ?? {}));
});
