import test from 'ava';
import * as fc from 'fast-check';
import {oneLine, safeText} from '../../src/gate/line.ts';

const becomes = test.macro({
	exec(t, text: string, expected: string) {
		t.is(oneLine(text, 20), expected);
	},
	title: (_what, text: string, expected: string) => `${JSON.stringify(text)} becomes ${JSON.stringify(expected)}`,
});

test(becomes, 'nginx:1.27', 'nginx:1.27');
test(becomes, ' a\n\tb  c\r\n', 'a b c�');
test(becomes, '\u001B[2Jx', '�[2Jx');
test(becomes, 'a\u202Eb\u200Bc\uFEFFd\u2028e', 'a�b�c�d�e');
test(becomes, 'a\uD800b\uFFFFc', 'a�b�c');
test(becomes, '0123456789012345678', '0123456789012345678');
test(becomes, '01234567890123456789', '01234567890123456789');
test(becomes, '012345678901234567890', '0123456789012345678…');
test('half a character is not left at the cut', becomes, '012345678901234567😀x', '012345678901234567�…');
test('text that is spaces until beyond the first look is cut, not lost', becomes, `${' '.repeat(100)}x`, '…');

test('property: a line is short, well-formed and has nothing that moves the cursor', (t) => {
	fc.assert(
		fc.property(fc.string({unit: 'binary', maxLength: 200, size: 'max'}), (text) => {
			const line = oneLine(text, 50);
			t.true(line.length <= 50);
			t.true(line.isWellFormed());
			t.notRegex(line, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\uFFFE\uFFFF]/u);
		}),
	);
});

test('safe text keeps its lines', (t) => {
	t.is(safeText('a\n\tb \u0000'), 'a\n\tb �');
});
