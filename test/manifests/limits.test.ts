import test from 'ava';
import {GateError} from '../../src/errors.ts';
import {type ReadLimits, readLimits} from '../../src/manifests/limits.ts';
import {readManifests} from '../../src/manifests/read.ts';
import {pod, refused} from './samples.ts';

const limited = test.macro({
	exec(t, limits: Partial<ReadLimits>, allowed: string, tooMuch: string) {
		t.notThrows(() => readManifests(allowed, {...readLimits, ...limits}));
		refused(t, () => readManifests(tooMuch, {...readLimits, ...limits}), 'limit-exceeded');
	},
	title: (what = '') => `bounds ${what}`,
});

const list = (levels: number) => `${pod}a: ${'['.repeat(levels)}${']'.repeat(levels)}\n`;
test('the text', limited, {text: 100}, pod.padEnd(100), pod.padEnd(101));
test('documents', limited, {documents: 2}, `${pod}---\n${pod}`, `${pod}---\n${pod}---\n${pod}`);
test('levels in brackets', limited, {depth: 10}, list(9), list(10));
test('levels in blocks', limited, {depth: 3}, `${pod}a:\n  b:\n    c: d\n`, `${pod}a:\n  b:\n    c:\n    - d\n`);
test('levels in pairs', limited, {depth: 4}, `${pod}a: [[b: c]]\n`, `${pod}a: [[[b: c]]]\n`);
test('levels in aliases', limited, {depth: 4}, `${pod}a: &a [[b]]\nc: [*a]\n`, `${pod}a: &a [[b]]\nc: [[*a]]\n`);
test(
	'levels in aliases of aliases',
	limited,
	{depth: 4},
	`${pod}a: &a [b]\nc: &c [*a]\nd: [*c]\n`,
	`${pod}a: &a [b]\nc: &c [*a]\nd: &d [*c]\ne: [*d]\n`,
);
test('values', limited, {nodes: 13}, `${pod}a: [b, c]\n`, `${pod}a: [b, c, d]\n`);
test('values across documents', limited, {nodes: 18}, `${pod}---\n${pod}`, `${pod}---\n${pod}---\n${pod}`);
test('values in aliases', limited, {nodes: 19}, `${pod}a: &a [b, c]\nd: [*a]\n`, `${pod}a: &a [b, c]\nd: [*a, *a]\n`);
test(
	'characters in aliases',
	limited,
	{expanded: 1500},
	`${pod}a: &a ${'x'.repeat(500)}\nb: [*a]\n`,
	`${pod}a: &a ${'x'.repeat(500)}\nb: [*a, *a]\n`,
);
test('keys', limited, {keys: 4}, `${pod}a: 1\n`, `${pod}a: 1\nb: 2\n`);
test('one text', limited, {scalar: 10}, `${pod}a: ${'x'.repeat(10)}\n`, `${pod}a: ${'x'.repeat(11)}\n`);
test('names', limited, {identifier: 5}, pod, pod.replace('web', 'webweb'));
test('kinds', limited, {identifier: 5}, pod, pod.replace('Pod', 'PodPod'));

const endsInAnError = test.macro({
	exec(t, text: string) {
		refused(t, () => readManifests(text), 'limit-exceeded');
	},
	title: (what = '') => `ends in an error: ${what}`,
});
const endsInARefusal = test.macro({
	exec(t, text: string) {
		refused(t, () => readManifests(text), 'manifests-unreadable');
	},
	title: (what = '') => `is refused as Argo CD refuses it: ${what}`,
});
const lines = (count: number, line: (index: number) => string) =>
	Array.from({length: count}, (_, index) => line(index)).join('\n');

test('a text of 50 MB', endsInAnError, `${pod}a: ${'x'.repeat(50_000_000)}`);
test('a scalar of 11 MB', endsInAnError, `${pod}a: >-\n${'  x y z\n'.repeat(2_000_000)}`);
test('a quoted scalar of 11 MB', endsInAnError, `${pod}a: "${'\\u0041'.repeat(2_000_000)}${'x'.repeat(9_000_000)}"`);
test('eleven million empty lines', endsInAnError, `${pod}a: |+\n${'\n'.repeat(11_000_000)}`);
test('10,000 open brackets', endsInAnError, `${pod}a: ${'['.repeat(10_000)}`);
test('10,000 open braces', endsInAnError, `${pod}a: ${'{b: '.repeat(10_000)}`);
test('10,000 dashes', endsInAnError, '- '.repeat(10_000));
test(
	'2,500 nested block mappings',
	endsInAnError,
	lines(2500, (index) => `${' '.repeat(index)}a:`),
);
test(
	'100,000 keys',
	endsInAnError,
	lines(100_000, (index) => `k${index}: v`),
);
test(
	'ten to the power of twelve aliases',
	endsInARefusal,
	`${pod}a0: &a0 [x]\n${lines(12, (index) => `a${index + 1}: &a${index + 1} [${Array(10).fill(`*a${index}`).join(', ')}]`)}\n`,
);

test('a million equal keys', endsInAnError, `${pod}a: {${'b: c, '.repeat(1_000_000)}}`);
test('ten thousand odd documents are read', (t) => {
	t.is(readManifests('---\napiVersion: v1\nkind: A\n? b\n'.repeat(9999)).odd.length, 9999);
});

const isQuick = test.macro({
	exec(t, text: string) {
		t.timeout(60_000);
		try {
			t.true(readManifests(text).objects.length >= 0);
		} catch (error) {
			t.true(error instanceof GateError);
		}
	},
	title: (what = '') => `does not grow with the square, or in memory: ${what}`,
});
test('blanks behind a separator', isQuick, `${pod}---${' '.repeat(2_000_000)}x\n`);
test('null after null in a JSON stream', isQuick, `{"apiVersion":"v1","kind":"A"}${' null'.repeat(2_000_000)}`);
test('JSON objects on one line', isQuick, `{"apiVersion":"v1","kind":"A","a":"${'x'.repeat(2500)}"} `.repeat(9999));
test('bytes that are no text', isQuick, `${pod}a: !!binary "${'////'.repeat(2_000_000)}"`);
test('pairs in front of a colon', isQuick, `${pod}a: [${`${'[1],'.repeat(3)}${'😀,'.repeat(680)}`.repeat(2000)}]`);
test(
	'one key in many spellings',
	isQuick,
	`${pod}a: {${Array.from({length: 9000}, (_, index) => `"${'k'.repeat(index % 500)}\\x6b${'k'.repeat(500 - (index % 500))}": 1,`).join('')}}`,
);
test(
	'a text of escapes, repeated',
	isQuick,
	`${pod}a: &a "${'\\u0001'.repeat(1_000_000)}"\nl: [${'*a,'.repeat(30)}]\nt: ! x\n`,
);
test('line separators', isQuick, `${pod}a: |+\n${'\u2028'.repeat(9_000_000)}`);

test('many syntax errors cost one', (t) => {
	refused(t, () => readManifests(`${pod}a: [${','.repeat(100_000)}]`), 'manifests-unreadable');
	refused(t, () => readManifests(`${pod}a: ${']'.repeat(100_000)}`), 'manifests-unreadable');
});

test('ten thousand keys in one mapping are read', (t) => {
	const [object] = readManifests(`${pod}${lines(10_000, (index) => `k${index}: v`)}\n`).objects;
	t.is(Object.keys(object?.value ?? {}).length, 10_003);
});
