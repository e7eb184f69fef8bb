import test from 'ava';
import type {ErrorCode} from '../../src/errors.ts';
import {readManifests} from '../../src/manifests/read.ts';
import {pod, refused} from './samples.ts';

const refuses = test.macro({
	exec(t, text: string, code: ErrorCode, line: number) {
		const {message} = refused(t, () => readManifests(text), code, line);
		t.regex(message, /^read: document \d+ .+ — line \d+, column \d+ \(kind: .+\)\. .+[.?]$/u);
	},
	title: (what = '', text: string) => `refuses ${what}: ${JSON.stringify(text.replace(pod, ''))}`,
});
const ambiguous = 'manifests-ambiguous';
const unreadable = 'manifests-unreadable';

test('a tag', refuses, `${pod}spec: !!binary YQ==\n`, ambiguous, 5);
test('a tag in disguise', refuses, `${pod}spec: !<tag:yaml.org,2002:binary> YQ==\n`, ambiguous, 5);
test('a tag with an escape', refuses, `${pod}spec: !!bin%61ry YQ==\n`, ambiguous, 5);
test('a tag on a key', refuses, `${pod}!!binary aW1hZ2U=: nginx\n`, ambiguous, 5);
test('a tag on a collection', refuses, `${pod}spec: !!omap\n  - a: 1\n`, ambiguous, 5);
test('a tag in a flow collection', refuses, `${pod}spec: {a: [!!set {b}]}\n`, ambiguous, 5);
test('a bare tag', refuses, `${pod}spec: ! "12"\n`, ambiguous, 5);
test('a merge key', refuses, `${pod}a: &a {b: 1}\nc:\n  <<: *a\n`, ambiguous, 7);
test('a merge key without an alias', refuses, `${pod}a: {<<: {b: 1}}\n`, ambiguous, 5);
test('a quoted merge key', refuses, `${pod}a:\n  "<<": 1\n`, ambiguous, 6);
test('a duplicate key', refuses, `${pod}spec:\n  image: a\n  image: b\n`, ambiguous, 7);
test('a duplicate key in other quotes', refuses, `${pod}"kind": Job\n`, ambiguous, 5);
test('a duplicate key in an escape', refuses, `${pod}"k\\u0069nd": Job\n`, ambiguous, 5);
test('a boolean and its text as keys', refuses, `${pod}on: 1\n"true": 2\n`, ambiguous, 6);
test('two booleans as keys', refuses, `${pod}y: 1\nyes: 2\n`, ambiguous, 6);
test('a number and its text as keys', refuses, `${pod}1: a\n"1": b\n`, ambiguous, 6);
test('two spellings of a number as keys', refuses, `${pod}a: {0x10: a, 16: b}\n`, ambiguous, 5);
test('a null key', refuses, `${pod}null: a\n`, ambiguous, 5);
test('an empty key', refuses, `${pod}: a\n`, ambiguous, 5);
test('a float key', refuses, `${pod}1.10: a\n`, ambiguous, 5);
test('a key beyond int64', refuses, `${pod}18446744073709551615: a\n`, ambiguous, 5);
test('an infinite key', refuses, `${pod}.inf: a\n`, ambiguous, 5);
test('a list as a key', refuses, `${pod}[a, b]: c\n`, ambiguous, 5);
test('a mapping as a key', refuses, `${pod}spec: {{a: b}: c}\n`, ambiguous, 5);
test('an alias as a key', refuses, `${pod}a: &a b\n*a : c\n`, ambiguous, 6);
test('an explicit key', refuses, `${pod}? a\n: b\n`, ambiguous, 5);
test('an explicit key in a list', refuses, `${pod}spec: [? a : b]\n`, ambiguous, 5);
test('a question mark in a flow collection', refuses, `${pod}spec: {?a: b}\n`, ambiguous, 5);
test('a question mark in a flow list', refuses, `${pod}spec: [?a]\n`, ambiguous, 5);
test('a colon without a blank', refuses, `${pod}spec: {a:}\n`, ambiguous, 5);
test('a colon before a comma', refuses, `${pod}spec: [a:, b]\n`, ambiguous, 5);

test('a line separator in a comment', refuses, `${pod}# c\u2028image: evil\n`, ambiguous, 5);
test('a paragraph separator', refuses, `${pod}a: b\u2029c\n`, ambiguous, 5);
test('a next line', refuses, `${pod}a: b\u0085c\n`, ambiguous, 5);
test('a lone carriage return', refuses, `${pod}# c\rimage: evil\n`, ambiguous, 5);
test('a vertical tab', refuses, `\v{"kind":"Pod"}`, ambiguous, 1);
test('a null character', refuses, `${pod}a: "\0"\n`, ambiguous, 5);
test('a delete character', refuses, `${pod}a: \u007F\n`, ambiguous, 5);
test('a byte order mark', refuses, `\uFEFF${pod}`, ambiguous, 1);
test('a byte order mark inside', refuses, `${pod}---\n\uFEFF${pod}`, ambiguous, 6);
test('half a surrogate pair', refuses, `${pod}a: \uD83D\n`, ambiguous, 5);
test('an odd character on a separator line', refuses, `${pod}--- # \u0001\n`, ambiguous, 5);
test('a noncharacter', refuses, `${pod}a: \uFFFF\n`, ambiguous, 5);
test('an escaped next line', refuses, `${pod}a: "b\\Nc"\n`, ambiguous, 5);
test('an escaped C1 character', refuses, `${pod}a: "b\\x80c"\n`, ambiguous, 5);
test('an escaped delete character in a key', refuses, `${pod}"b\\x7f": c\n`, ambiguous, 5);
test('an escaped half of a surrogate pair', refuses, `${pod}a: "\\uD83D"\n`, ambiguous, 5);
test('blanks after a text with written indentation', refuses, `${pod}a: |-1\n   x\n  \n`, ambiguous, 5);
test('blanks between it and the next key', refuses, `${pod}a: |-1\n   x\n  \nb: c\n`, ambiguous, 5);
test('blanks after a text that keeps line ends', refuses, `${pod}a: |+\n  x\n\n `, ambiguous, 5);

test('an undefined alias', refuses, `${pod}a: *b\n`, unreadable, 5);
test('an alias from another document', refuses, `${pod}a: &b 1\n---\n${pod}a: *b\n`, unreadable, 11);
test('an alias before its anchor', refuses, `${pod}a: *b\nc: &b 1\n`, unreadable, 5);
test('an alias inside its own anchor', refuses, `${pod}a: &b\n  c: *b\n`, unreadable, 6);
test('an anchor inside its own node', refuses, `${pod}a: &b\n  c: &b d\ne: *b\n`, ambiguous, 6);
test('an anchor name with a dot', refuses, `${pod}a: &b.c d\n`, ambiguous, 5);
test('an alias name with a colon', refuses, `${pod}a: &b c\nd: *b:\n`, unreadable, 6);
test('an anchored key', refuses, `${pod}&a b: c\n`, ambiguous, 5);
test('an anchored object', refuses, `&a\n${pod}`, ambiguous, 2);
test('an anchored apiVersion', refuses, `apiVersion: &a v1\nkind: Pod\n`, ambiguous, 1);
test('an aliased kind', refuses, `a: &a Pod\napiVersion: v1\nkind: *a\n`, ambiguous, 3);
test('anchored metadata', refuses, `apiVersion: v1\nkind: Pod\nmetadata: &a {name: b}\n`, ambiguous, 3);
test('aliased annotations', refuses, `a: &a {b: c}\n${pod}  annotations: *a\n`, ambiguous, 6);
test('an aliased annotation', refuses, `a: &a b\n${pod}  annotations:\n    c: *a\n`, ambiguous, 7);
test('an anchored list of items', refuses, `apiVersion: v1\nkind: List\nitems: &a []\n`, ambiguous, 3);
test(
	'an aliased item',
	refuses,
	`apiVersion: v1\nkind: List\na: &a {apiVersion: v1, kind: A}\nitems: [*a]\n`,
	ambiguous,
	4,
);
test('an apiVersion on two lines', refuses, `apiVersion:\n  "a\n  b"\nkind: Pod\n`, ambiguous, 2);
test('a kind as a block scalar', refuses, `apiVersion: v1\nkind: |-\n  Pod\n`, ambiguous, 2);
test('a hook as a block scalar', refuses, `${pod}  annotations:\n    helm.sh/hook: >-\n      test\n`, ambiguous, 6);
test('a hook that is no text', refuses, `${pod}  annotations:\n    helm.sh/hook: true\n`, ambiguous, 6);
test('a hook without a value', refuses, `${pod}  annotations:\n    argocd.argoproj.io/hook:\n`, ambiguous, 6);
test(
	'a list in a list',
	refuses,
	`apiVersion: v1\nkind: List\nitems:\n  - {apiVersion: v1, kind: List, items: []}\n`,
	ambiguous,
	4,
);

test('two JSON objects', refuses, '{"apiVersion":"v1","kind":"A"}{"apiVersion":"v1","kind":"B"}', ambiguous, 1);
test('JSON lines', refuses, '{"apiVersion":"v1","kind":"A"}\n{"apiVersion":"v1","kind":"B"}\n', ambiguous, 1);
test('YAML after JSON', refuses, `{"apiVersion":"v1","kind":"A"}\n${pod}`, ambiguous, 1);
test('a document after JSON', refuses, `{"apiVersion":"v1","kind":"A"}\n---\n${pod}`, ambiguous, 1);
test('a flow mapping first', refuses, '\n {apiVersion: v1, kind: A}\n', ambiguous, 2);
test('text after a flow mapping', refuses, `---\n{apiVersion: v1, kind: A}\n${pod}`, unreadable, 3);

test('a stray log line', refuses, `${pod}---\nWARNING: something is deprecated\n`, unreadable, 6);
test('a log line with a colon', refuses, 'walk.go:75: found symbolic link\n', unreadable, 1);
test('a list at the top', refuses, '- a\n- b\n', unreadable, 1);
test('a JSON list at the top', refuses, '[{"apiVersion":"v1","kind":"A"}]', unreadable, 1);
test('no kind', refuses, 'apiVersion: v1\nmetadata: {}\n', unreadable, 1);
test('no apiVersion', refuses, 'kind: Pod\n', unreadable, 1);
test('an empty kind', refuses, 'apiVersion: v1\nkind: ""\n', unreadable, 2);
test('a kind that YAML 1.1 reads as true', refuses, 'apiVersion: v1\nkind: Yes\n', unreadable, 2);
test('an apiVersion that is a number', refuses, 'apiVersion: 1\nkind: A\n', unreadable, 1);
test('an item that is no object', refuses, 'apiVersion: v1\nkind: List\nitems:\n  - 1\n', unreadable, 4);
test('an item without kind', refuses, 'apiVersion: v1\nkind: List\nitems:\n  - apiVersion: v1\n', unreadable, 4);
test('a name that is a number', refuses, 'apiVersion: v1\nkind: Pod\nmetadata:\n  name: 0x1\n', unreadable, 4);
test('a namespace that is a boolean', refuses, `${pod}  namespace: on\n`, unreadable, 5);
test('metadata that are a list', refuses, 'apiVersion: v1\nkind: Pod\nmetadata: []\n', unreadable, 3);
test('annotations that are text', refuses, `${pod}  annotations: a\n`, unreadable, 5);
test('infinity', refuses, `${pod}a: .inf\n`, unreadable, 5);
test('not a number', refuses, `${pod}a: [.nan]\n`, unreadable, 5);
test('an open quote', refuses, `${pod}a: "b\n`, unreadable, 6);
test('a tab for indentation', refuses, `${pod}a:\n\tb: c\n`, unreadable, 6);
test('a stray bracket', refuses, `${pod}a: ]\n`, unreadable, 5);
test('a mapping in a value', refuses, `${pod}a: b: c\n`, unreadable, 5);
test('a flow list without an end', refuses, `${pod}a: [b\n`, unreadable, 6);
test('an unknown escape', refuses, `${pod}a: "\\z"\n`, unreadable, 5);
test('a reserved character', refuses, `${pod}a: @b\n`, unreadable, 5);
test(
	'an error in the second document',
	refuses,
	`${pod}---\n# Source: shop/templates/a.yaml\n${pod}a: 'b\n`,
	unreadable,
	12,
);

test('says what is wrong and where', (t) => {
	const text = `${pod}---\n# Source: shop/templates/a.yaml\napiVersion: apps/v1\nkind: Deployment\nspec:\n\timage: "nginx\n`;
	const {message, output} = refused(t, () => readManifests(text), unreadable, 10);
	t.is(
		message,
		'read: document 2 is not valid YAML: Tabs are not allowed as indentation — ' +
			'line 10, column 1 (kind: Deployment, file: shop/templates/a.yaml). Fix the template that printed it.',
	);
	t.is(output, ' image: "nginx\n^');
});

test('points into a long line', (t) => {
	const {output} = refused(
		t,
		() => readManifests(`${pod}a: ["${'x'.repeat(500)}", ], ${'y'.repeat(500)}\n`),
		unreadable,
	);
	const [line = '', caret = ''] = (output ?? '').split('\n');
	t.true(line.length < 130);
	t.true(caret.endsWith('^'));
	t.is(line[caret.length - 1], ',');
});

test('guesses the kind in JSON', (t) => {
	const {message} = refused(t, () => readManifests('{"apiVersion":"v1", "kind":"Pod", "a":[1,}'), ambiguous);
	t.regex(message, /\(kind: Pod\)/u);
});

const keepsSecret = test.macro({
	exec(t, line: string) {
		const secret = `apiVersion: v1\nstringData:\n  ${line}\nkind: Secret\n`;
		const {message, output} = refused(t, () => readManifests(secret), unreadable);
		t.is(output, undefined);
		t.false(message.includes('hunter2'), message);
	},
	title: (_, line: string) => `shows nothing of a Secret's text: ${line}`,
});

test(keepsSecret, 'password: "hunter2\\z"');
test(keepsSecret, 'password: @hunter2');
test(keepsSecret, 'password: "a" hunter2');
test(keepsSecret, 'password: ] hunter2');
test(keepsSecret, 'password: "hunter2');
