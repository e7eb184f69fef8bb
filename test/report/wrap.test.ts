import test from 'ava';
import * as fc from 'fast-check';
import {fit, wrap} from '../../src/report/wrap.ts';

const long = 'x'.repeat(100);

test('words are put on lines behind an indentation', (t) => {
	t.deepEqual(wrap('', 2), []);
	t.deepEqual(wrap('a\n b', 2), ['  a b']);
	t.deepEqual(wrap(`a ${long} b`, 2, 4), ['  a', `    ${long}`, '    b']);
});

test('pieces stay whole', (t) => {
	t.deepEqual(fit([], 2), []);
	t.deepEqual(fit(['a b', '', 'c'], 2), ['  a b  c']);
	t.deepEqual(fit(['a', long, 'b'], 2), ['  a', `    ${long}`, '    b']);
	t.deepEqual(fit([long, 'b'], 2), [`  ${long}`, '    b']);
});

test('no word is lost, and no line is longer than 80 columns but for a single word', (t) => {
	const words = fc.array(fc.string({minLength: 1, maxLength: 90, unit: fc.constantFrom('a', 'é', '→')}));
	fc.assert(
		fc.property(words, fc.nat(8), (list, indent) => {
			for (const lines of [wrap(list.join(' '), indent), fit(list, indent)]) {
				t.deepEqual(
					lines.flatMap((line) => line.trim().split(/ +/u)).filter((word) => word !== ''),
					list,
				);
				for (const line of lines) t.true(line.length <= 80 || !line.trim().includes(' '));
			}
		}),
	);
});
