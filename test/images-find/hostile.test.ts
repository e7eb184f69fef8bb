import test from 'ava';
import * as fc from 'fast-check';
import {findImages} from '../../src/images/find.ts';
import {openText} from '../../src/images/open-text.ts';
import type {JsonObject, JsonValue} from '../../src/types.ts';
import {object} from './samples.ts';

const kibi = 1024;
const mebi = kibi * kibi;

function of(piece: string, length: number): string {
	return piece.repeat(Math.ceil(length / piece.length));
}

/** Far above what any of them takes; without the limits most take minutes. */
const watchdogMs = 20_000;

const endsSoon = test.macro({
	exec(t, text: string) {
		t.timeout(watchdogMs);
		const configMap = {apiVersion: 'v1', kind: 'ConfigMap', data: {'a.yaml': text}};
		const pod = {
			apiVersion: 'v1',
			kind: 'Pod',
			spec: {containers: [{image: text, args: [text, `--image=${text}`], env: [{name: 'IMAGE', value: text}]}]},
		};
		const resource = {apiVersion: 'x.example/v1', kind: 'X', spec: {text}};
		const started = performance.now();
		t.notThrows(() => findImages([configMap, pod, resource].map((value) => object(value, value))));
		t.true(performance.now() - started < watchdogMs);
	},
	title: (what) => `a text of ${what} ends soon`,
});

test('words that nearly are images', endsSoon, of('image a.a/a:a ', 2 * mebi));
test('one word that nearly is an image', endsSoon, of('a.b:c/d', 2 * mebi));
test('keys without values', endsSoon, of('image= ', 2 * mebi));
test('blanks', endsSoon, `image${of(' ', 2 * mebi)}`);
test('marks of placeholders', endsSoon, of('<', 2 * mebi));
test('marks of placeholders that never end', endsSoon, of('<<a', 2 * mebi));
test('values behind names', endsSoon, of('token = a.b/c:1 ', 2 * mebi));
test('brackets', endsSoon, `image: ${of('[', 100 * kibi)}`);
test('braces', endsSoon, `image: ${of('{a: ', 100 * kibi)}`);
test('dashes', endsSoon, `image:\n  ${of('- ', 100 * kibi)}`);
test('tags', endsSoon, `image: ${of('!a ', 100 * kibi)}`);
test('documents', endsSoon, `image: 1\n${of('---\na: 1\n', 100 * kibi)}`);
test('aliases', endsSoon, `image: ${of('*a ', 100 * kibi)}`);
test('deep JSON', endsSoon, `{"image":${'['.repeat(200_000)}${']'.repeat(200_000)}}`);
test('flat JSON', endsSoon, `{"image":"a"${of(',"k":[{"a":"b"}]', 2 * mebi)}}`);
test('more JSON than is read', endsSoon, `{"image":"${of('a', 9 * mebi)}"}`);

const opens = test.macro({
	exec(t, text: string, ...values: readonly JsonValue[]) {
		t.deepEqual(openText(text, {text: mebi}), values.length === 0 ? undefined : values);
	},
	title: (what, text: string, ..._values: readonly JsonValue[]) => what ?? `opens ${JSON.stringify(text.slice(0, 60))}`,
});

test(opens, '{"a": 1}', {a: 1});
test(opens, ' [1]', [1]);
test(opens, 'a: 1\n---\nb: 2\n', {a: 1}, {b: 2});
test(opens, '{a: 1}', {a: 1});
test(opens, 'plain');
test(opens, '');
test(opens, '{"a": }', {a: null});
test(opens, 'a: [');
test(opens, 'a: &x [1]\nb: *x\n');
test('opens nothing that is deeper than the walk may go', opens, `${'{"a":'.repeat(80)}1${'}'.repeat(80)}`);
test(
	'opens nothing that is indented too deeply',
	opens,
	Array.from({length: 600}, (_, depth) => `${' '.repeat(depth)}a:`).join('\n'),
);

test('opens no more YAML than there is room for', (t) => {
	const room = {text: 10};
	t.deepEqual(openText('a: 1', room), [{a: 1}]);
	t.is(room.text, 6);
	t.is(openText('bcd: 12', room), undefined);
	t.is(room.text, 6);
	t.is(openText(`a: ${of('x', 200 * kibi)}`, {text: mebi}), undefined);
});

test('tells a bounded number of guesses about one object, and that there are more', (t) => {
	const data = Object.fromEntries(Array.from({length: 3000}, (_, index) => [`k${index}`, `quay.io/a/b:${index}`]));
	const found = findImages([object({apiVersion: 'v1', kind: 'ConfigMap', data}, {kind: 'ConfigMap'})]);
	t.is(found.filter(({outcome}) => outcome === 'potential').length, 1000);
	t.deepEqual(
		found.filter(({outcome}) => outcome === 'unresolved').map(({image}) => image),
		['more texts that read like images'],
	);
});

test('variables that name each other', (t) => {
	t.timeout(watchdogMs);
	const env = Array.from({length: 20_000}, (_, index) => ({name: `V${index + 1}`, value: `$(V${index})$(V${index})a`}));
	t.notThrows(() => findImages([object({spec: {containers: [{env, args: env.map(({value}) => value)}]}})]));
});

test('says that there are more images in a text than are told', (t) => {
	const text = Array.from({length: 300}, (_, index) => `quay.io/a/b:${index}`).join('\n');
	const found = findImages([object({apiVersion: 'v1', kind: 'ConfigMap', data: {text}}, {kind: 'ConfigMap'})]);
	t.is(found.filter(({outcome}) => outcome === 'potential').length, 200);
	t.is(found.find(({outcome}) => outcome === 'unresolved')?.image, 'more texts that read like images');
});

test('an image of a known list is found behind any number of lines', (t) => {
	const value = `${'\n'.repeat(5000)}9=quay.io/a/last:1`;
	const [found] = findImages([object({spec: {containers: [{env: [{name: 'STRIMZI_KAFKA_IMAGES', value}]}]}})]);
	t.is(found?.image, 'quay.io/a/last:1');
	t.is(found?.outcome, 'scan');
});

test('guesses do not push out what is certain', (t) => {
	const env = Array.from({length: 3000}, (_, index) => ({name: `K${index}`, value: `quay.io/a/b:${index}`}));
	const [found] = findImages([object({spec: {a: [{env}], containers: [{image: 'a1'}]}})]).filter(
		({outcome}) => outcome === 'scan',
	);
	t.is(found?.image, 'a1');
});

test('never tells the value of a Secret', (t) => {
	const word = fc.constantFrom(
		'image',
		'quay.io/shop/hunter:2',
		'hunter2',
		'containers',
		': ',
		'\n',
		'- ',
		'{',
		'}',
		'"',
		'=',
		' ',
		'[',
		']',
		',',
	);
	fc.assert(
		fc.property(
			fc.array(word, {maxLength: 30}),
			fc.constantFrom('image', 'password', 'config.yaml'),
			fc.boolean(),
			(words, key, encoded) => {
				const text = words.join('');
				const entries: JsonObject = {[key]: encoded ? Buffer.from(text).toString('base64') : text};
				const value = {apiVersion: 'v1', kind: 'Secret', [encoded ? 'data' : 'stringData']: entries};
				const found = findImages([object(value, {kind: 'Secret'})]);
				t.false(JSON.stringify(found).includes('hunter'));
				for (const {outcome, origins} of found) {
					t.is(outcome, 'potential');
					t.deepEqual(
						origins.map(({path}) => path),
						[encoded ? `data${keyPath(key)}` : `stringData${keyPath(key)}`],
					);
				}
			},
		),
		{numRuns: 1000},
	);
});

function keyPath(key: string): string {
	return key.includes('.') ? `[${JSON.stringify(key)}]` : `.${key}`;
}

test('a guess is never denied or scanned, whatever a text holds', (t) => {
	const word = fc.constantFrom(
		'image: ',
		'quay.io/a/b:1',
		'nginx',
		'${X}',
		'containers:\n- ',
		'{"image":"',
		'"}',
		'--image=',
		',',
		'\n',
		' ',
		'name=',
	);
	fc.assert(
		fc.property(fc.array(word, {maxLength: 20}), (words) => {
			const text = words.join('');
			const value = {apiVersion: 'v1', kind: 'ConfigMap', data: {'a.txt': text}, metadata: {annotations: {note: text}}};
			for (const {outcome} of findImages([object(value, {kind: 'ConfigMap'})]))
				t.true(outcome === 'potential' || outcome === 'unresolved', text);
		}),
		{numRuns: 1000},
	);
});
