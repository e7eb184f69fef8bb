import test from 'ava';
import {readLimits} from '../../src/manifests/limits.ts';
import {splitStream} from '../../src/manifests/split.ts';
import {refused} from './samples.ts';

const splits = test.macro({
	exec(t, text: string, expected: readonly string[], numbers?: readonly number[]) {
		const {chunks} = splitStream(text);
		t.deepEqual(
			chunks.map(({start, end}) => text.slice(start, end)),
			expected,
		);
		t.deepEqual(
			chunks.map(({number}) => number),
			numbers ?? expected.map((_, index) => index + 1),
		);
	},
	title: (_, text: string) => `splits ${JSON.stringify(text)}`,
});

// A document that begins the stream keeps the line in front of it, and so does one behind two such lines.
test(splits, '', []);
test(splits, 'a: 1', ['a: 1']);
test(splits, 'a: 1\n---\nb: 2\n', ['a: 1\n', 'b: 2\n']);
test(splits, '---\na: 1\n---\nb: 2', ['---\na: 1\n', 'b: 2']);
test(splits, '# a comment\n\n---\na: 1\n', ['# a comment\n\n', 'a: 1\n'], [1, 1]);
test(splits, '---\n---\n# only a comment\n---\na: 1\n', ['---\n', '# only a comment\n', 'a: 1\n']);
test(splits, 'a: 1\n---\n---\nb: 2\n---\nc: 3\n', ['a: 1\n', '---\nb: 2\n', 'c: 3\n'], [1, 3, 4]);
test(splits, 'a: 1\n---', ['a: 1\n']);
test(splits, '--- \t\na: 1\n---   # a comment\nb: 2\n', ['--- \t\na: 1\n', 'b: 2\n']);
test(splits, '---\r\na: 1\r\n---\r\nb: 2\r\n', ['---\r\na: 1\r\n', 'b: 2\r\n']);
test(splits, 'a: |\n  ---\n  text\n ---\n', ['a: |\n  ---\n  text\n ---\n']);

test('says where a document starts, and which template printed it', (t) => {
	const text =
		'---\n# Source: shop/templates/a.yaml\na: 1\n---\n\n# Source: shop/b.yaml\r\n# Source: late\nb: 1\n---\nc: 1\n# Source: no\n';
	t.deepEqual(
		splitStream(text).chunks.map(({line, file, blank}) => ({line, file, blank})),
		[
			{line: 1, file: 'shop/templates/a.yaml', blank: false},
			{line: 5, file: 'shop/b.yaml', blank: false},
			{line: 10, file: undefined, blank: false},
		],
	);
});

const refuses = test.macro({
	exec(t, text: string, line: number) {
		refused(t, () => splitStream(text), 'manifests-unreadable', line);
	},
	title: (_, text: string) => `refuses ${JSON.stringify(text)}`,
});

test(refuses, '---a: 1', 1);
test(refuses, 'a: 1\n----\nb: 1\n', 2);
test(refuses, 'a: 1\n--- b: 1\n', 2);
test(refuses, 'a: 1\n--- |\n  text\n', 2);
test(refuses, '{"a":1}{"b":2}\nc: 3\n', 2);
test(refuses, '{"a":1}x:', 1);

const marksSeparator = test.macro({
	exec(t, text: string, odd: readonly boolean[]) {
		t.deepEqual(
			splitStream(text).chunks.map(({oddSeparator}) => oddSeparator),
			odd,
		);
	},
	title: (_, text: string) => `marks odd separators of ${JSON.stringify(text)}`,
});

test(marksSeparator, 'a: 1\n--- # c\nb: 1\n', [false, false]);
test(marksSeparator, 'a: 1\n---#c\nb: 1\n', [false, true]);
test(marksSeparator, '---\u00A0\na: 1\n', [true]);
test(marksSeparator, 'a: 1\n---\u2028#c\n---\nb: 1\n', [false, true]);

const splitsJson = test.macro({
	exec(t, text: string, mode: string, expected: readonly string[]) {
		const {mode: found, chunks} = splitStream(text);
		t.is(found, mode as typeof found);
		t.deepEqual(
			chunks.map(({format, start, end}) => `${format} ${text.slice(start, end)}`),
			expected,
		);
	},
	title: (_, text: string) => `splits JSON ${JSON.stringify(text.slice(0, 60))}`,
});

test(splitsJson, ' {"a":"}\\""}\n', 'json', ['json {"a":"}\\""}']);
test(splitsJson, '{"a":1}{"b":2} null\n\t{}', 'json', ['json {"a":1}', 'json {"b":2}', 'json {}']);
test(splitsJson, '{"a":1}\nkind: A\n---\nb: 1\n', 'json', ['json {"a":1}', 'yaml kind: A\n', 'yaml b: 1\n']);
test(splitsJson, '{"a":1}\n---\nb: 1\n', 'json', ['json {"a":1}', 'yaml ---\nb: 1\n']);
test(splitsJson, '{"a":1} 1.a: b\n', 'json', ['json {"a":1}', 'yaml 1.a: b\n']);
test(splitsJson, '{"a":1} 1.5', 'json', ['json {"a":1}', 'json 1.5']);
test(splitsJson, '{a: 1}\n', 'json-like', ['yaml {a: 1}\n']);
test(splitsJson, '\v \n{a: 1}\n', 'json-like', ['yaml {a: 1}\n']);
test(splitsJson, `${' '.repeat(4096)}{"a":1}`, 'yaml', [`yaml ${' '.repeat(4096)}{"a":1}`]);
test(splitsJson, '# c\n{"a":1}{"b":1}', 'yaml', ['yaml # c\n{"a":1}{"b":1}']);

test('counts documents', (t) => {
	const limits = {...readLimits, documents: 3};
	t.is(splitStream('---\na: 1\n'.repeat(3), limits).chunks.length, 3);
	refused(t, () => splitStream('---\na: 1\n'.repeat(4), limits), 'limit-exceeded');
});
