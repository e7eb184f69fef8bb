import test from 'ava';
import {plainInteger, plainScalar} from '../../src/manifests/yaml/scalar.ts';

/** Expectations measured with go.yaml.in/yaml/v2 2.4.3. */
const reads = test.macro({
	exec(t, text: string, expected: ReturnType<typeof plainScalar>) {
		t.is(plainScalar(text), expected);
	},
	title: (_, text: string, expected) => `"${text}" is ${typeof expected} ${String(expected)}`,
});

for (const text of ['', '~', 'null', 'Null', 'NULL']) test(reads, text, null);
for (const text of ['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON']) test(reads, text, true);
for (const text of ['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF'])
	test(reads, text, false);
for (const text of ['.inf', '+.INF']) test(reads, text, Infinity);
test(reads, '-.Inf', -Infinity);
for (const text of ['.nan', '.NaN']) test(reads, text, Number.NaN);

const words = 'yEs tRue nULL NaN Infinity - + . .. .a -a _1 << = nginx 1.25-alpine 1.2.3 127.0.0.1 1e e3 --1 +-1';
const times = '22:30 22:30:45 2001-01-01 2001-12-14t21:59:43.10-05:00';
const almostNumbers = `.e5 ._5 .5_ .5. 0b2 0o8 0xg 0b 0x 0b+2 -0b+1 0b-1x 0x1p4 1e999 .5e999 0xFFFFFFFFFFFFFFFFF 0b${'1'.repeat(65)}`;
const strings = `${words} ${times} ${almostNumbers}`.split(' ');
for (const text of strings) test(reads, text, text);

test(reads, '0', 0);
test(reads, '-0', 0);
test(reads, '12', 12);
test(reads, '+12', 12);
test(reads, '-12', -12);
test(reads, '0777', 511);
test(reads, '08', 8);
test(reads, '0o17', 15);
test(reads, '0O17', 15);
test(reads, '0x1F', 31);
test(reads, '-0X1f', -31);
test(reads, '0b11', 3);
test(reads, '0b+1', 1);
test(reads, '0b-1', -1);
test(reads, '1_000', 1000);
test(reads, '1__0_', 10);
test(reads, '0_7', 7);
test(reads, '+_1', 1);
test(reads, '1.5', 1.5);
test(reads, '1.', 1);
test(reads, '-.5', -0.5);
test(reads, '.5', 0.5);
test(reads, '.5_0', 0.5);
test(reads, '1e3', 1000);
test(reads, '1.10', 1.1);
test(reads, '9007199254740993', 9007199254740993n);
test(reads, '-9223372036854775808', -9223372036854775808n);
test(reads, '9223372036854775807', 9223372036854775807n);
test(reads, '18446744073709551615', 18446744073709552000);
test(reads, '18446744073709551616', 18446744073709552000);
test(reads, '+18446744073709551615', 18446744073709552000);
test(reads, `0x${'0'.repeat(100_000)}1`, 1);

test('a million digits do not take long', (t) => {
	const digits = '9'.repeat(1_000_000);
	t.is(plainScalar(digits), digits);
	t.is(plainInteger(digits), undefined);
});
