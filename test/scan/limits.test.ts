import test from 'ava';
import {scansAtOnce} from '../../src/scan/limits.ts';

const megabyte = 1024 * 1024;

test('as many scans as asked, but no more than the memory holds beside the gate and two servers', (t) => {
	for (const [asked, megabytes, expected] of [
		[4, 0, 4],
		[4, 2 ** 43, 4],
		[4, 512, 1],
		[4, 100, 1],
		[4, 1024, 1],
		[4, 1200, 2],
		[4, 2048, 4],
		[64, 4096, 13],
	] as const) {
		t.is(scansAtOnce(asked, megabytes * megabyte), expected, `${asked} in ${megabytes} MB`);
	}
});
