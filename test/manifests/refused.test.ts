import test from 'ava';
import {readManifests} from '../../src/manifests/read.ts';
import {pod, refused} from './samples.ts';

const unreadable = 'manifests-unreadable';

const refuses = test.macro({
	exec(t, text: string, line: number) {
		const {message} = refused(t, () => readManifests(text), unreadable, line);
		t.regex(message, /^read: document \d+ .+ — line \d+, column \d+ \(kind: .+\)\. .+[.?]$/u);
	},
	title: (what = '', text: string) => `refuses ${what}: ${JSON.stringify(text.replace(pod, ''))}`,
});

test('a null key', refuses, `${pod}null: a\n`, 5);
test('an empty key', refuses, `${pod}: a\n`, 5);
test('a key beyond int64', refuses, `${pod}18446744073709551615: a\n`, 5);
test('a list as a key', refuses, `${pod}[a, b]: c\n`, 5);
test('a mapping as a key', refuses, `${pod}spec: {{a: b}: c}\n`, 5);
test('a paragraph separator', refuses, `${pod}a: b\u2029c\n`, 5);
test('a next line', refuses, `${pod}a: b\u0085c\n`, 5);
test('a vertical tab', refuses, `\v{"kind":"Pod"}`, 1);
test('a null character', refuses, `${pod}a: "\0"\n`, 5);
test('a delete character', refuses, `${pod}a: \u007F\n`, 5);
test('half a surrogate pair', refuses, `${pod}a: \uD83D\n`, 5);
test('a noncharacter', refuses, `${pod}a: \uFFFF\n`, 5);
test('an escaped C1 character', refuses, `${pod}a: "b\\x80c"\n`, 5);
test('an escaped delete character in a key', refuses, `${pod}"b\\x7f": c\n`, 5);
test('an escaped half of a surrogate pair', refuses, `${pod}a: "\\uD83D"\n`, 5);
test('an undefined alias', refuses, `${pod}a: *b\n`, 5);
test('an alias from another document', refuses, `${pod}a: &b 1\n---\n${pod}a: *b\n`, 11);
test('an alias before its anchor', refuses, `${pod}a: *b\nc: &b 1\n`, 5);
test('an alias inside its own anchor', refuses, `${pod}a: &b\n  c: *b\n`, 6);
test('an anchor name with a dot', refuses, `${pod}a: &b.c d\n`, 5);
test('an alias name with a colon', refuses, `${pod}a: &b c\nd: *b:\n`, 6);
test('a stray log line', refuses, `${pod}---\nWARNING: something is deprecated\n`, 6);
test('a log line with a colon', refuses, 'walk.go:75: found symbolic link\n', 1);
test('a list at the top', refuses, '- a\n- b\n', 1);
test('a JSON list at the top', refuses, '[{"apiVersion":"v1","kind":"A"}]', 1);
test('no kind', refuses, 'apiVersion: v1\nmetadata: {}\n', 1);
test('no apiVersion', refuses, 'kind: Pod\n', 1);
test('an empty kind', refuses, 'apiVersion: v1\nkind: ""\n', 2);
test('a kind that YAML 1.1 reads as true', refuses, 'apiVersion: v1\nkind: Yes\n', 2);
test('an apiVersion that is a number', refuses, 'apiVersion: 1\nkind: A\n', 1);
test('an item that is no object', refuses, 'apiVersion: v1\nkind: List\nitems:\n  - 1\n', 1);
test('an item without kind', refuses, 'apiVersion: v1\nkind: List\nitems:\n  - apiVersion: v1\n', 1);
test('infinity', refuses, `${pod}a: .inf\n`, 5);
test('not a number', refuses, `${pod}a: [.nan]\n`, 5);
test('an open quote', refuses, `${pod}a: "b\n`, 5);
test('a tab for indentation', refuses, `${pod}a:\n\tb: c\n`, 6);
test('a stray bracket', refuses, `${pod}a: ]\n`, 5);
test('a mapping in a value', refuses, `${pod}a: b: c\n`, 5);
test('a flow list without an end', refuses, `${pod}a: [b\n`, 6);
test('an unknown escape', refuses, `${pod}a: "\\z"\n`, 5);
test('a reserved character', refuses, `${pod}a: @b\n`, 5);
test('an error in the second document', refuses, `${pod}---\n# Source: shop/templates/a.yaml\n${pod}a: 'b\n`, 11);

test('two byte order marks', refuses, `\uFEFF\uFEFF${pod}`, 1);
test(
	'a byte order mark where a buffer of go-yaml ends',
	refuses,
	`${pod}a: ${'x'.repeat(462)}\uFEFF\n# image: evil\n`,
	5,
);

test('says what is wrong and where', (t) => {
	const text = `${pod}---\n# Source: shop/templates/a.yaml\napiVersion: apps/v1\nkind: Deployment\nspec:\n\timage: "nginx\n`;
	const {message, output} = refused(t, () => readManifests(text), unreadable, 10);
	t.is(
		message,
		'read: document 2 has a tab for indentation — ' +
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
	const {message} = refused(t, () => readManifests('{"apiVersion":"v1", "kind":"Pod", "a":[1,}'), unreadable);
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
test(keepsSecret, 'password: *hunter2');
test(keepsSecret, 'password: !hunter2!a b');

const keepsSecretText = test.macro({
	exec(t, text: string) {
		const {message, output} = refused(t, () => readManifests(text), unreadable);
		t.false(`${message}${output}`.includes('hunter2'), `${message}${output}`);
	},
	title: (what = '') => `shows nothing of a Secret ${what}`,
});

const secret = '{"apiVersion":"v1","kind":"Secret","data":{"password":"hunter2"}}';
test('beside the object that is wrong', keepsSecretText, `${secret} {"apiVersion":"v1","kind":5}`);
test('before what is no JSON', keepsSecretText, `{"apiVersion":"v1","kind":"A"} ${secret} x`);
test('cut by a separator', keepsSecretText, 'apiVersion: v1\ndata:\n  p: "a\n---hunter2"\nkind: Secret\n');
test('in a list', keepsSecretText, 'kind: SecretList\ndata: "hunter2\\z"\n');
test('with a tag', keepsSecretText, 'kind: !!binary U2VjcmV0\ndata: @hunter2\n');
test('with an anchor', keepsSecretText, 'kind: &a "S\\x65cret"\ndata: @hunter2\n');
test('in escapes', keepsSecretText, 'kind: "\\x53\\x65cret"\ndata: @hunter2\n');
