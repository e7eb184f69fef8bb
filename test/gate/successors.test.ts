import test from 'ava';
import * as fc from 'fast-check';
import {successorsOf} from '../../src/gate/successors.ts';

const follow = test.macro({
	exec(t, tag: string, tags: readonly string[], expected: readonly string[]) {
		t.deepEqual(successorsOf(tag, tags), expected);
	},
	title: (_, tag: string, tags: readonly string[]) => `of ${tag} in ${tags.join(' ')}`,
});

test(follow, '1.4', ['1.3', '1.4', '1.5', '1.10', 'latest'], ['1.5', '1.10']);
test(follow, '1.4.2-alpine', ['1.4.3', '1.4.3-alpine', '1.5', '1.4.10-alpine'], ['1.4.3-alpine', '1.4.10-alpine']);
test(follow, 'v1.0.0', ['1.0.1', 'v1.0.1', 'V1.0.2', 'v1.0.1-rc.1'], ['v1.0.1']);
test(follow, '12', ['11', '13', '20261127'], ['13']);
test(follow, 'latest', ['1.0', '2.0'], []);
test(follow, '7f3a2c1', ['8000000'], []);
test(
	follow,
	'1.2.3',
	['1.2.4', '1.2.5', '1.2.9', '1.3.0', '1.9.0', '2.0.0', '3.0.0'],
	['1.2.4', '1.2.5', '1.2.9', '1.9.0', '3.0.0'],
);

test('only tags that are there are told, each later than the one before, and five at most', (t) => {
	const tags = fc.array(
		fc
			.tuple(fc.constantFrom('', 'v'), fc.array(fc.nat(12), {minLength: 1, maxLength: 4}))
			.map(([prefix, numbers]) => `${prefix}${numbers.join('.')}`),
		{maxLength: 40},
	);
	fc.assert(
		fc.property(tags, (list) => {
			const [own = '1.0', ...others] = list;
			const found = successorsOf(own, others);
			t.true(found.length <= 5);
			t.true(found.every((tag) => others.includes(tag) && tag !== own));
			for (const [index, tag] of found.entries()) t.deepEqual(successorsOf(tag, [found[index - 1] ?? own]), []);
		}),
	);
});
