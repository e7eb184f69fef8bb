import test from 'ava';
import {isCovered} from '../../src/scan/distributions.ts';

const sources = new Set(['debian 12', 'alpine 3.23', 'alpine edge', 'ubuntu 22.04']);

const covered = test.macro<[family: string, name: string, expected: boolean]>({
	exec(t, family, name, expected) {
		t.is(isCovered({family, name}, sources), expected);
	},
	title: (_title, _family, name, expected) => `${name} is ${expected ? '' : 'not '}covered`,
});
test(covered, 'debian', 'debian 12.2', true);
test(covered, 'debian', 'debian trixie/sid', false);
test(covered, 'debian', 'debian 99.1', false);
test(covered, 'alpine', 'alpine 3.23.4', true);
test(covered, 'alpine', 'alpine 3.99.0', false);
test(covered, 'alpine', 'alpine 3.24_alpha20260101', true);
test(covered, 'ubuntu', 'ubuntu 22.04', true);
test(covered, 'ubuntu', 'ubuntu 22.04-ESM', true);
test(covered, 'wolfi', 'wolfi 20230201', true);
test(covered, 'fedora', 'fedora 41', false);
test(covered, 'somebody-s-own', 'somebody-s-own 1', false);
