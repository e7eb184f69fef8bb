import test from 'ava';
import {GateError} from '../../src/errors.ts';
import {compileGlob, expandBraces} from '../../src/render/glob.ts';

const matches = test.macro({
	exec(t, pattern: string, yes: readonly string[], no: readonly string[]) {
		const glob = compileGlob(pattern, 'include');
		t.deepEqual([yes.filter((text) => !glob(text)), no.filter(glob)], [[], []]);
	},
	title: (_title, pattern) => `pattern ${String(pattern)}`,
});
test(matches, '*.yaml', ['a.yaml', 'b/a.yaml', '.yaml'], ['a.yml', 'a.yaml.bak']);
test(matches, 'a?c', ['abc', 'a😀c', 'a/c'], ['ac', 'abbc']);
test(matches, '{a,b*}.y{a,}ml', ['a.yaml', 'bcd.yml'], ['c.yaml', 'ac.yml']);
test(matches, '{a,{b,c}d}', ['a', 'bd', 'cd'], ['b', 'd']);
test(matches, '[a-c]x', ['ax', 'cx'], ['dx', '-x']);
test(matches, '[!a-c]x', ['dx'], ['ax', 'x']);
test(matches, '[^a]x', ['bx'], ['ax']);
test(matches, '[]a]', [']', 'a'], ['b']);
test(matches, String.raw`\*\{a\,b\}`, ['*{a,b}'], ['x']);
test(matches, '[{,}]', ['{', ',', '}'], ['a']);
test(matches, '**/x', ['a/x', 'a/b/x', '/x'], ['x']);
test(matches, '', [''], ['a']);

test('patterns that cannot be read are refused', (t) => {
	for (const pattern of ['[a', '{a', 'a{b,{c}', '*'.repeat(2000), '{a,b}'.repeat(20)]) {
		const error = t.throws(() => compileGlob(pattern, 'include'), {instanceOf: GateError});
		t.is(error.code, 'parameters-invalid');
	}
});

test('no pattern stalls', (t) => {
	t.false(compileGlob(`${'*a'.repeat(500)}b`, 'include')('a'.repeat(20_000)));
});

test('expandBraces keeps the order', (t) => {
	t.deepEqual(expandBraces('{b,a}/{1,2}', 'include'), ['b/1', 'b/2', 'a/1', 'a/2']);
});
