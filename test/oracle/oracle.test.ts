import test from 'ava';
import {canonicalJson, parseGoJson} from './go-json.ts';
import {startOracle, type Oracle} from './oracle.ts';

let oracle: Oracle;

test.before(async () => {
	oracle = await startOracle();
});
test.after.always(() => oracle.stop());

const takes = test.macro({
	async exec(t, stream: string | Uint8Array, ...objects: readonly object[]) {
		t.deepEqual(await oracle.ask(stream), {objects});
	},
	title: (what = '') => `Argo CD takes ${what}`,
});

test('nothing', takes, '');
test('an object', takes, 'kind: Pod\nimage: a\n', {kind: 'Pod', image: 'a'});
test('JSON, and YAML behind it', takes, '{"kind":"A"}\nkind: B\n', {kind: 'A'}, {kind: 'B'});
test(
	'lists apart, one level deep',
	takes,
	'kind: List\nitems: [{kind: A}, {kind: B, items: [{}]}]\n',
	{kind: 'A'},
	{kind: 'B', items: [{}]},
);
test('YAML 1.1', takes, 'kind: A\na: yes\nb: 0777\nc: 22:30\n', {kind: 'A', a: true, b: 511, c: '22:30'});
test('integers of 64 bits', takes, 'kind: A\na: 9007199254740993\n', {kind: 'A', a: 9007199254740993n});
test('bytes', takes, Buffer.from('\ufeffkind: A\n', 'utf16le').swap16(), {kind: 'A'});

const refuses = test.macro({
	async exec(t, stream: string, error: string) {
		const answer = await oracle.ask(stream);
		t.true(answer.error?.startsWith(error), answer.error);
	},
	title: (what = '') => `Argo CD refuses ${what}`,
});

test('what is no YAML, in the sidecar', refuses, 'kind: [', 'cmp-server: ');
test('what cannot be read twice, in the repo-server', refuses, 'kind: A\na: "\\x7f"\n', 'repo-server: ');
test('an item without a kind, in the controller', refuses, 'kind: List\nitems: [{}]\n', 'application-controller: ');

test('answers come in the order of the questions', async (t) => {
	const kinds = Array.from({length: 200}, (_, index) => `K${index}`);
	const answers = await Promise.all(kinds.map((kind) => oracle.ask(`kind: ${kind}\n`)));
	t.deepEqual(
		answers,
		kinds.map((kind) => ({objects: [{kind}]})),
	);
});

test('an oracle that is stopped answers what it was asked, and nothing more', async (t) => {
	const other = await startOracle();
	const answer = other.ask('kind: A\n');
	await other.stop();
	t.deepEqual(await answer, {objects: [{kind: 'A'}]});
	await t.throwsAsync(other.ask('kind: A\n'), {message: /has ended/u});
});

test('numbers that are one for Kubernetes have one text', (t) => {
	t.is(canonicalJson([1, 1n, 1.0]), '[1,1,1]');
	t.is(
		canonicalJson(parseGoJson('[9007199254740993,18446744073709552000]')),
		'[9007199254740993,18446744073709552000]',
	);
	t.is(canonicalJson([2n ** 64n - 1n, 1e21, -0]), '[18446744073709552000,1e+21,0]');
	t.is(canonicalJson({b: null, a: {d: 'x', c: true}}), '{"a":{"c":true,"d":"x"},"b":null}');
});
