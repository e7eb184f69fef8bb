import test from 'ava';
import {matchPattern, parsePattern} from '../../src/images/pattern.ts';
import {placeText} from '../../src/images/place.ts';
import {matchesWildcard} from '../../src/images/wildcard.ts';
import type {JsonValue} from '../../src/types.ts';

const value: JsonValue = {
	spec: {
		image: 'a',
		list: [{image: 'b', kind: 'x'}, {image: 'c'}, 'text'],
		map: {one: {image: 'd'}, two: {image: 'e'}, three: 3},
		'odd.key/a': {image: 'f'},
	},
};

const names = test.macro({
	exec(t, path: string, ...places: readonly string[]) {
		const pattern = parsePattern(path);
		t.not(pattern, undefined);
		t.deepEqual(pattern === undefined ? [] : matchPattern(pattern, value).map(placeText), places);
	},
	title: (_, path: string, ...places: readonly string[]) => `${path} names ${places.join(', ') || 'nothing'}`,
});

test(names, 'spec', 'spec');
test(names, 'spec.image', 'spec.image');
test(names, 'spec.none.image');
test(names, 'spec.list[].image', 'spec.list[0].image', 'spec.list[1].image');
test(names, 'spec.list[kind=x].image', 'spec.list[0].image');
test(names, 'spec.map{}.image', 'spec.map.one.image', 'spec.map.two.image');
test(names, 'spec.map.*.image', 'spec.map.one.image', 'spec.map.two.image');
test(names, 'spec.map.(one|none).image', 'spec.map.one.image');
test(names, 'spec["odd.key/a"].image', 'spec["odd.key/a"].image');
test(names, '**.two.image', 'spec.map.two.image');
test(
	names,
	'spec.**.image',
	'spec.image',
	'spec.list[0].image',
	'spec.list[1].image',
	'spec.map.one.image',
	'spec.map.two.image',
	'spec["odd.key/a"].image',
);
test(names, 'spec.image[].x');
test(names, 'spec.list{}.x');
test(names, 'spec.map[kind=x]');
test(names, 'spec.constructor');

for (const path of [
	'',
	'.',
	'a.',
	'.a',
	'a..b',
	'a[',
	'a[b',
	'a]',
	'a{b}',
	'(a',
	'**',
	'a.**',
	'**.a.**.b',
	'a"b',
	'["a"',
	'a()',
]) {
	test(`${JSON.stringify(path)} is no path`, (t) => t.is(parsePattern(path), undefined));
}

const matches = test.macro({
	exec: (t, pattern: string, text: string, expected: boolean) => t.is(matchesWildcard(pattern, text), expected),
	title: (_, pattern: string, text: string, expected: boolean) => `${pattern} ${expected ? 'is' : 'is not'} ${text}`,
});

test(matches, 'abc', 'abc', true);
test(matches, 'abc', 'abcd', false);
test(matches, '*', '', true);
test(matches, 'a*c', 'abbc', true);
test(matches, 'a*c', 'bc', false);
test(matches, 'a*b*c', 'axbyc', true);
test(matches, 'a*x*c', 'abc', false);
test(matches, 'ab*ba', 'aba', false);
test(matches, '*_IMAGE', 'A_IMAGE', true);
