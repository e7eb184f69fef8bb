import test from 'ava';
import {type Edit, keepLastLine, prependDocument, prependJson, replaceRanges} from '../../src/manifests/emit.ts';
import {refused} from './samples.ts';

const edit = (start: number, end: number, text: string): Edit => ({range: {start, end}, text});

const replaces = test.macro({
	exec(t, edits: readonly Edit[], expected: string) {
		t.is(replaceRanges('0123456789', edits), expected);
	},
	title: (what = '') => `replaces ${what}`,
});

test('nothing', replaces, [], '0123456789');
test('a range', replaces, [edit(2, 4, 'ab')], '01ab456789');
test('ranges in any order', replaces, [edit(8, 10, 'z'), edit(0, 1, 'a'), edit(1, 2, 'b')], 'ab234567z');
test('equal edits once', replaces, [edit(2, 4, 'x'), edit(2, 4, 'x')], '01x456789');
test('empty ranges', replaces, [edit(5, 5, 'x'), edit(10, 10, 'y')], '01234x56789y');

const conflicts = test.macro({
	exec(t, edits: readonly Edit[]) {
		refused(t, () => replaceRanges('0123456789', edits), 'internal');
	},
	title: (what = '') => `refuses ${what}`,
});

test('overlapping ranges', conflicts, [edit(2, 5, 'a'), edit(4, 6, 'b')]);
test('different texts for one range', conflicts, [edit(2, 5, 'a'), edit(2, 5, 'b')]);
test('a range beyond the end', conflicts, [edit(9, 11, 'a')]);
test('a range before the start', conflicts, [edit(-1, 1, 'a')]);
test('a range that ends before it starts', conflicts, [edit(5, 4, 'a')]);

test('puts a document in front', (t) => {
	t.is(prependDocument('kind: B', 'kind: A\n'), '---\nkind: A\n---\nkind: B');
	t.is(prependDocument('---\nkind: B\n', 'kind: A'), '---\nkind: A\n---\n---\nkind: B\n');
});

test('puts an object in front of a JSON stream', (t) => {
	t.is(prependJson('{"kind":"B"}\n', {kind: 'A', text: '\u0085é'}), '{"kind":"A","text":"\\u0085é"}\n{"kind":"B"}\n');
});

test('ends with a line feed more where the last line would be lost', (t) => {
	const line = 'a: '.padEnd(4096, 'é').slice(0, 3 + (4096 - 3 - 1) / 2);
	const lost = `b: 1\n${line}`;
	t.is(Buffer.byteLength(line), 4095);
	t.is(keepLastLine(lost), lost);
	t.is(keepLastLine(`${lost}x`), `${lost}x\n\n`);
	t.is(keepLastLine(`${lost}x\n`), `${lost}x\n\n`);
	t.is(keepLastLine(`${lost}x\n\n`), `${lost}x\n\n`);
});
