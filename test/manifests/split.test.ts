import test from 'ava';
import {readLimits} from '../../src/manifests/limits.ts';
import {splitDocuments} from '../../src/manifests/split.ts';
import {refused} from './samples.ts';

const splits = test.macro({
	exec(t, text: string, expected: readonly string[]) {
		const chunks = splitDocuments(text);
		t.deepEqual(
			chunks.map(({start, end}) => text.slice(start, end)),
			expected,
		);
		t.deepEqual(
			chunks.map(({number}) => number),
			expected.map((_, index) => index + 1),
		);
	},
	title: (_, text: string) => `splits ${JSON.stringify(text)}`,
});

test(splits, '', ['']);
test(splits, 'a: 1', ['a: 1']);
test(splits, 'a: 1\n---\nb: 2\n', ['a: 1\n', 'b: 2\n']);
test(splits, '---\na: 1\n---\nb: 2', ['a: 1\n', 'b: 2']);
test(splits, '# a comment\n\n---\na: 1\n', ['a: 1\n']);
test(splits, '---\n---\n# only a comment\n---\na: 1\n', ['', '# only a comment\n', 'a: 1\n']);
test(splits, 'a: 1\n---', ['a: 1\n', '']);
test(splits, '--- \t\na: 1\n---   # a comment\nb: 2\n', ['a: 1\n', 'b: 2\n']);
test(splits, '---\r\na: 1\r\n---\r\nb: 2\r\n', ['a: 1\r\n', 'b: 2\r\n']);
test(splits, 'a: |\n  ---\n  text\n ---\n', ['a: |\n  ---\n  text\n ---\n']);

test('says where a document starts, and which template printed it', (t) => {
	const text =
		'---\n# Source: shop/templates/a.yaml\na: 1\n---\n\n# Source: shop/b.yaml\r\n# Source: late\nb: 1\n---\nc: 1\n# Source: no\n';
	t.deepEqual(
		splitDocuments(text).map(({line, file, blank}) => ({line, file, blank})),
		[
			{line: 2, file: 'shop/templates/a.yaml', blank: false},
			{line: 5, file: 'shop/b.yaml', blank: false},
			{line: 10, file: undefined, blank: false},
		],
	);
});

const refuses = test.macro({
	exec(t, text: string, line: number) {
		refused(t, () => splitDocuments(text), 'manifests-ambiguous', line);
	},
	title: (_, text: string) => `refuses ${JSON.stringify(text)}`,
});

test(refuses, '---a: 1', 1);
test(refuses, 'a: 1\n----\nb: 1\n', 2);
test(refuses, 'a: 1\n--- b: 1\n', 2);
test(refuses, 'a: 1\n--- |\n  text\n', 2);
test(refuses, 'a: 1\n---#c\nb: 1\n', 2);
test(refuses, '---\u00A0\na: 1\n', 1);
test(refuses, 'a: 1\n...\nb: 1\n', 2);
test(refuses, '... \n', 1);
test(refuses, '%YAML 1.1\n---\na: 1\n', 1);
test(refuses, 'a: 1\n%TAG ! x\n', 2);

test('counts documents', (t) => {
	const limits = {...readLimits, documents: 3};
	t.is(splitDocuments('---\n'.repeat(3), limits).length, 3);
	refused(t, () => splitDocuments('---\n'.repeat(4), limits), 'limit-exceeded');
});
