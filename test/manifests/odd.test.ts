// Documents in which readers of YAML disagree: what they are passed on as. test/oracle compares the meaning with Go's.
import test from 'ava';
import type {OddReason} from '../../src/manifests/odd.ts';
import {oddLines} from '../../src/manifests/odd.ts';
import {readManifests} from '../../src/manifests/read.ts';
import {pod, valuesOf} from './samples.ts';

const passesAsJson = test.macro({
	exec(t, text: string, reasons: readonly OddReason[], line: number, printed: string) {
		const read = readManifests(text);
		t.deepEqual([...new Set(read.odd.flatMap((document) => document.reasons))], reasons);
		t.is(read.odd[0]?.line, line);
		t.is(read.text, printed);
	},
	title: (what = '', text: string) => `passes on as JSON ${what}: ${JSON.stringify(text.replace(pod, ''))}`,
});

const passes = test.macro({
	exec(t, text: string, values: readonly unknown[]) {
		const read = readManifests(text);
		t.deepEqual(read.odd, []);
		t.is(read.text, text);
		t.deepEqual(valuesOf(text), values);
	},
	title: (what = '', text: string) => `passes on as it is ${what}: ${JSON.stringify(text.replace(pod, ''))}`,
});

test(
	'a tag',
	passesAsJson,
	`${pod}spec: !!binary YQ==\n`,
	['tag'],
	5,
	'---\n{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web"},"spec":"a"}\n',
);
test(
	'a tag in disguise',
	passesAsJson,
	`${pod}spec: !<tag:yaml.org,2002:binary> YQ==\n`,
	['tag'],
	5,
	'---\n{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web"},"spec":"a"}\n',
);
test(
	'a tag with an escape',
	passesAsJson,
	`${pod}spec: !!bin%61ry YQ==\n`,
	['tag'],
	5,
	'---\n{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web"},"spec":"a"}\n',
);
test(
	'a tag on a key',
	passesAsJson,
	`${pod}!!binary aW1hZ2U=: nginx\n`,
	['tag'],
	5,
	'---\n{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web"},"image":"nginx"}\n',
);
test(
	'a tag on a collection',
	passesAsJson,
	`${pod}spec: !!omap\n  - a: 1\n`,
	['tag'],
	5,
	'---\n{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web"},"spec":[{"a":1}]}\n',
);
test(
	'a tag in a flow collection',
	passesAsJson,
	`${pod}spec: {a: [!!set {b}]}\n`,
	['tag'],
	5,
	'---\n{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web"},"spec":{"a":[{"b":null}]}}\n',
);
test(
	'a bare tag',
	passesAsJson,
	`${pod}spec: ! "12"\n`,
	['tag'],
	5,
	'---\n{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web"},"spec":"12"}\n',
);
test(
	'a merge key',
	passesAsJson,
	`${pod}a: &a {b: 1}\nc:\n  <<: *a\n`,
	['merge'],
	7,
	'---\n{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web"},"a":{"b":1},"c":{"b":1}}\n',
);
test(
	'a merge key without an alias',
	passesAsJson,
	`${pod}a: {<<: {b: 1}}\n`,
	['merge'],
	5,
	'---\n{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web"},"a":{"b":1}}\n',
);
test(
	'a duplicate key in other quotes',
	passesAsJson,
	`${pod}"kind": Job\n`,
	['duplicate-key'],
	5,
	'---\n{"apiVersion":"v1","kind":"Job","metadata":{"name":"web"}}\n',
);
test(
	'a duplicate key in an escape',
	passesAsJson,
	`${pod}"k\\u0069nd": Job\n`,
	['duplicate-key'],
	5,
	'---\n{"apiVersion":"v1","kind":"Job","metadata":{"name":"web"}}\n',
);
test(
	'a boolean and its text as keys',
	passesAsJson,
	`${pod}on: 1\n"true": 2\n`,
	['colliding-keys', 'duplicate-key'],
	6,
	'---\n{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web"},"true":2}\n',
);
test(
	'two booleans as keys',
	passesAsJson,
	`${pod}y: 1\nyes: 2\n`,
	['duplicate-key'],
	6,
	'---\n{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web"},"true":2}\n',
);
test(
	'a number and its text as keys',
	passesAsJson,
	`${pod}1: a\n"1": b\n`,
	['colliding-keys', 'duplicate-key'],
	6,
	'---\n{"1":"b","apiVersion":"v1","kind":"Pod","metadata":{"name":"web"}}\n',
);
test(
	'two spellings of a number as keys',
	passesAsJson,
	`${pod}a: {0x10: a, 16: b}\n`,
	['duplicate-key'],
	5,
	'---\n{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web"},"a":{"16":"b"}}\n',
);
test(
	'a float key',
	passesAsJson,
	`${pod}1.10: a\n`,
	['key-no-text'],
	5,
	'---\n{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web"},"1.1":"a"}\n',
);
test(
	'an infinite key',
	passesAsJson,
	`${pod}.inf: a\n`,
	['key-no-text'],
	5,
	'---\n{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web"},".inf":"a"}\n',
);
test(
	'an alias as a key',
	passesAsJson,
	`${pod}a: &a b\n*a : c\n`,
	['key-no-text'],
	6,
	'---\n{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web"},"a":"b","b":"c"}\n',
);
test(
	'an explicit key',
	passesAsJson,
	`${pod}? a\n: b\n`,
	['explicit-key'],
	5,
	'---\n{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web"},"a":"b"}\n',
);
test(
	'an explicit key in a list',
	passesAsJson,
	`${pod}spec: [? a : b]\n`,
	['explicit-key'],
	5,
	'---\n{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web"},"spec":[{"a":"b"}]}\n',
);
test(
	'a question mark in a flow collection',
	passesAsJson,
	`${pod}spec: {?a: b}\n`,
	['explicit-key'],
	5,
	'---\n{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web"},"spec":{"a":"b"}}\n',
);
test(
	'a question mark in a flow list',
	passesAsJson,
	`${pod}spec: [?a]\n`,
	['explicit-key'],
	5,
	'---\n{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web"},"spec":[{"a":null}]}\n',
);
test(
	'a line separator in a comment',
	passesAsJson,
	`${pod}# c\u2028image: evil\n`,
	['line-break'],
	5,
	'---\n{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web"},"image":"evil"}\n',
);
test(
	'a lone carriage return',
	passesAsJson,
	`${pod}# c\rimage: evil\n`,
	['line-break'],
	5,
	'---\n{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web"},"image":"evil"}\n',
);
test(
	'a byte order mark',
	passesAsJson,
	`\uFEFF${pod}`,
	['byte-order-mark'],
	1,
	'---\n{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web"}}\n',
);
test(
	'a byte order mark inside',
	passesAsJson,
	`${pod}---\n\uFEFF${pod}`,
	['byte-order-mark'],
	6,
	'apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\n---\n{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web"}}\n',
);
test(
	'an escaped next line',
	passesAsJson,
	`${pod}a: "b\\Nc"\n`,
	['control'],
	5,
	'---\n{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web"},"a":"b c"}\n',
);
test(
	'an anchor inside its own node',
	passesAsJson,
	`${pod}a: &b\n  c: &b d\ne: *b\n`,
	['anchor'],
	6,
	'---\n{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web"},"a":{"c":"d"},"e":"d"}\n',
);
test(
	'an anchored key',
	passesAsJson,
	`${pod}&a b: c\n`,
	['key-no-text'],
	5,
	'---\n{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web"},"b":"c"}\n',
);
test(
	'an anchored object',
	passesAsJson,
	`&a\n${pod}`,
	['edited'],
	1,
	'---\n{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web"}}\n',
);
test(
	'an anchored apiVersion',
	passesAsJson,
	`apiVersion: &a v1\nkind: Pod\n`,
	['edited'],
	1,
	'---\n{"apiVersion":"v1","kind":"Pod"}\n',
);
test(
	'an anchored list of items',
	passesAsJson,
	`apiVersion: v1\nkind: List\nitems: &a []\n`,
	['edited'],
	1,
	'---\n{"apiVersion":"v1","kind":"List","items":[]}\n',
);
test(
	'an aliased item',
	passesAsJson,
	`apiVersion: v1\nkind: List\na: &a {apiVersion: v1, kind: A}\nitems: [*a]\n`,
	['edited'],
	1,
	'---\n{"apiVersion":"v1","kind":"List","a":{"apiVersion":"v1","kind":"A"},"items":[{"apiVersion":"v1","kind":"A"}]}\n',
);
test(
	'an apiVersion on two lines',
	passesAsJson,
	`apiVersion:\n  "a\n  b"\nkind: Pod\n`,
	['edited'],
	1,
	'---\n{"apiVersion":"a b","kind":"Pod"}\n',
);
test(
	'a hook as a block scalar',
	passesAsJson,
	`${pod}  annotations:\n    helm.sh/hook: >-\n      test\n`,
	['edited'],
	6,
	'---\n{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web","annotations":{"helm.sh/hook":"test"}}}\n',
);
test(
	'a hook without a value',
	passesAsJson,
	`${pod}  annotations:\n    argocd.argoproj.io/hook:\n`,
	['edited'],
	6,
	'---\n{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web","annotations":{"argocd.argoproj.io/hook":null}}}\n',
);
test(
	'two JSON objects',
	passesAsJson,
	'{"apiVersion":"v1","kind":"A"}{"apiVersion":"v1","kind":"B"}',
	['json-stream'],
	1,
	'{"apiVersion":"v1","kind":"A"}\n{"apiVersion":"v1","kind":"B"}\n',
);
test(
	'JSON lines',
	passesAsJson,
	'{"apiVersion":"v1","kind":"A"}\n{"apiVersion":"v1","kind":"B"}\n',
	['json-stream'],
	1,
	'{"apiVersion":"v1","kind":"A"}\n{"apiVersion":"v1","kind":"B"}\n',
);
test(
	'YAML after JSON',
	passesAsJson,
	`{"apiVersion":"v1","kind":"A"}\n${pod}`,
	['json-stream'],
	1,
	'{"apiVersion":"v1","kind":"A"}\n{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web"}}\n',
);
test(
	'a document after JSON',
	passesAsJson,
	`{"apiVersion":"v1","kind":"A"}\n---\n${pod}`,
	['json-stream'],
	1,
	'{"apiVersion":"v1","kind":"A"}\n{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web"}}\n',
);
test(
	'a flow mapping first',
	passesAsJson,
	'\n {apiVersion: v1, kind: A}\n',
	['json-stream'],
	2,
	'---\n{"apiVersion":"v1","kind":"A"}\n',
);
test(
	'text after a flow mapping',
	passesAsJson,
	`---\n{apiVersion: v1, kind: A}\n${pod}`,
	['end'],
	3,
	'---\n{"apiVersion":"v1","kind":"A"}\n',
);

test('a quoted merge key', passes, `${pod}a:\n  "<<": 1\n`, [
	{apiVersion: 'v1', kind: 'Pod', metadata: {name: 'web'}, a: {'<<': 1}},
]);
test('a duplicate key', passes, `${pod}spec:\n  image: a\n  image: b\n`, [
	{apiVersion: 'v1', kind: 'Pod', metadata: {name: 'web'}, spec: {image: 'b'}},
]);
test('a colon without a blank', passes, `${pod}spec: {a:}\n`, [
	{apiVersion: 'v1', kind: 'Pod', metadata: {name: 'web'}, spec: {'a:': null}},
]);
test('a colon before a comma', passes, `${pod}spec: [a:, b]\n`, [
	{apiVersion: 'v1', kind: 'Pod', metadata: {name: 'web'}, spec: ['a:', 'b']},
]);
test('an odd character on a separator line', passes, `${pod}--- # \u0001\n`, [
	{apiVersion: 'v1', kind: 'Pod', metadata: {name: 'web'}},
]);
test('blanks after a text with written indentation', passes, `${pod}a: |-1\n   x\n  \n`, [
	{apiVersion: 'v1', kind: 'Pod', metadata: {name: 'web'}, a: '  x\n '},
]);
test('blanks between it and the next key', passes, `${pod}a: |-1\n   x\n  \nb: c\n`, [
	{apiVersion: 'v1', kind: 'Pod', metadata: {name: 'web'}, a: '  x\n ', b: 'c'},
]);
test('blanks after a text that keeps line ends', passes, `${pod}a: |+\n  x\n\n `, [
	{apiVersion: 'v1', kind: 'Pod', metadata: {name: 'web'}, a: 'x\n\n\n'},
]);
test('an aliased kind', passes, `a: &a Pod\napiVersion: v1\nkind: *a\n`, [{a: 'Pod', apiVersion: 'v1', kind: 'Pod'}]);
test('anchored metadata', passes, `apiVersion: v1\nkind: Pod\nmetadata: &a {name: b}\n`, [
	{apiVersion: 'v1', kind: 'Pod', metadata: {name: 'b'}},
]);
test('aliased annotations', passes, `a: &a {b: c}\n${pod}  annotations: *a\n`, [
	{a: {b: 'c'}, apiVersion: 'v1', kind: 'Pod', metadata: {name: 'web', annotations: {b: 'c'}}},
]);
test('an aliased annotation', passes, `a: &a b\n${pod}  annotations:\n    c: *a\n`, [
	{a: 'b', apiVersion: 'v1', kind: 'Pod', metadata: {name: 'web', annotations: {c: 'b'}}},
]);
test('a kind as a block scalar', passes, `apiVersion: v1\nkind: |-\n  Pod\n`, [{apiVersion: 'v1', kind: 'Pod'}]);
test('a hook that is no text', passes, `${pod}  annotations:\n    helm.sh/hook: true\n`, [
	{apiVersion: 'v1', kind: 'Pod', metadata: {name: 'web', annotations: {'helm.sh/hook': true}}},
]);
test('a list in a list', passes, `apiVersion: v1\nkind: List\nitems:\n  - {apiVersion: v1, kind: List, items: []}\n`, [
	{apiVersion: 'v1', kind: 'List', items: []},
]);
test('a name that is a number', passes, 'apiVersion: v1\nkind: Pod\nmetadata:\n  name: 0x1\n', [
	{apiVersion: 'v1', kind: 'Pod', metadata: {name: 1}},
]);
test('a namespace that is a boolean', passes, `${pod}  namespace: on\n`, [
	{apiVersion: 'v1', kind: 'Pod', metadata: {name: 'web', namespace: true}},
]);
test('metadata that are a list', passes, 'apiVersion: v1\nkind: Pod\nmetadata: []\n', [
	{apiVersion: 'v1', kind: 'Pod', metadata: []},
]);
test('annotations that are text', passes, `${pod}  annotations: a\n`, [
	{apiVersion: 'v1', kind: 'Pod', metadata: {name: 'web', annotations: 'a'}},
]);

test('a quoted text with escaped line breaks', passes, `${pod}a: "b\\\n  \\ c"\n`, [
	{apiVersion: 'v1', kind: 'Pod', metadata: {name: 'web'}, a: 'b c'},
]);

test('what stands around an odd document stays as it is', (t) => {
	const before = `# first\n---   # a separator\n${pod}# a comment\n`;
	const odd = '---\n# Source: shop/templates/b.yaml\napiVersion: v1\nkind: Pod\n? a\n: b\n';
	const after = `---\r\n${pod}`;
	const read = readManifests(before + odd + after);
	const printed = '---\n{"apiVersion":"v1","kind":"Pod","a":"b"}\n';
	t.is(read.text, before + printed + after);
	t.is(read.objects[1]?.file, 'shop/templates/b.yaml');
	t.deepEqual(
		read.objects.map(({apiVersionAt: {start, end}}) => read.text.slice(start, end)),
		['v1', '"v1"', 'v1'],
	);
});

test('says which documents and why', (t) => {
	const text = `${pod}---\n# Source: shop/templates/b.yaml\n${pod}a: &a {b: 1}\nc: {<<: *a, ? d : e}\n`;
	t.deepEqual(oddLines(readManifests(text).odd), [
		'document 2 is passed on as JSON of what was read, because it has a key that is marked with "?"; ' +
			'a merge key ("<<") — line 12 (file: shop/templates/b.yaml).',
	]);
	const many = readManifests(`---\n${pod}? a\n`.repeat(12)).odd;
	t.is(oddLines(many).length, 11);
	t.is(oddLines(many)[10], '2 more documents are passed on as JSON of what was read.');
});

test('a merge key counts where it stands', (t) => {
	const base = 'base: &base {image: merged, tag: 1}\n';
	const at = (text: string) => (valuesOf(`${pod}${base}${text}`)[0] as {c: unknown}).c;
	t.deepEqual(at('c: {image: own, <<: *base}\n'), {image: 'merged', tag: 1});
	t.deepEqual(at('c: {<<: *base, image: own}\n'), {image: 'own', tag: 1});
	t.deepEqual(at('c: {<<: [{image: first}, {image: second, b: 2}]}\n'), {image: 'first', b: 2});
	t.deepEqual(at('c: {<<: {image: first}, <<: {image: second}}\n'), {image: 'second'});
	t.deepEqual(at('c: {! "<<" : *base}\n'), {image: 'merged', tag: 1});
});

test('a last line of 4,096 bytes is lost, so what it replaces counts', (t) => {
	const evil = `${pod}spec: {image: evil}\n`;
	const good = 'spec: {image: good} #'.padEnd(4096, '.');
	for (const end of ['', '\n']) {
		const read = readManifests(`${evil}${good}${end}`);
		t.deepEqual(read.odd[0]?.reasons, ['lost-line']);
		t.like(read.objects[0]?.value, {spec: {image: 'evil'}});
		t.is(read.text, '---\n{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web"},"spec":{"image":"evil"}}\n');
	}
	for (const other of [`${evil}${good}\n\n`, `${evil}${good}.`, `${evil}${good.slice(0, -1)}`]) {
		t.like(readManifests(other).objects[0]?.value, {spec: {image: 'good'}});
		t.is(readManifests(other).text, other);
	}
});

test('what is printed as JSON is no line that is lost', (t) => {
	const printed = '{"apiVersion":"v1","kind":"Pod","a":""}';
	const text = `apiVersion: v1\nkind: Pod\n? a\n: ${'x'.repeat(4096 - printed.length)}\n`;
	const read = readManifests(text);
	t.is(read.objects.length, 1);
	t.is(read.text.length, '---\n'.length + 4096 + ' \n'.length);
});
