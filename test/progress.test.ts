import {setTimeout as wait} from 'node:timers/promises';
import test from 'ava';
import {createProgress} from '../src/progress.ts';
import type {ImageName, Platform, ScanVerdict} from '../src/types.ts';

const platform = 'linux/amd64' as Platform;
const image = (name: string) => name as ImageName;
const failed: ScanVerdict = {
	image: image('b:1'),
	platform,
	kind: 'unscanned',
	reason: 'not-found',
	transient: false,
	detail: 'MANIFEST_UNKNOWN',
};

function record(isTTY: boolean) {
	const written: string[] = [];
	let time = 0;
	const progress = createProgress({
		stream: {isTTY, columns: 60, write: (text) => written.push(text)},
		now: () => (time += 1000),
	});
	return {progress, written};
}

test('without a terminal each image is a line', (t) => {
	const {progress, written} = record(false);
	progress.onEvent({kind: 'planned', images: 2});
	progress.onEvent({kind: 'started', image: image('a:1'), platform});
	progress.onEvent({kind: 'retried', image: image('b:1'), platform, attempt: 1, detail: 'connection\nreset\u001B[2J'});
	progress.onEvent({kind: 'finished', verdict: failed, milliseconds: 1500});
	progress.end();
	t.deepEqual(written, [
		'scan: b:1 is tried again (1): connection reset\uFFFD[2J\n',
		'scan: 1 of 2 — b:1 (linux/amd64): not scanned, MANIFEST_UNKNOWN, 1.5 s\n',
	]);
});

test('on a terminal one block shows what runs, within its width, and goes away', async (t) => {
	const {progress, written} = record(true);
	progress.onEvent({kind: 'planned', images: 20});
	for (let index = 0; index < 10; index += 1)
		progress.onEvent({kind: 'started', image: image(`registry.example/shop/a-rather-long-name-${index}:1`), platform});
	progress.onEvent({kind: 'finished', verdict: failed, milliseconds: 1});
	while (written.length === 0) await wait(20);
	progress.end();
	const lines = written[0]?.split('\n') ?? [];
	t.regex(lines[0] ?? '', /^scan: 1 of 20 done, 10 running, 1 not scanned, \d+\.0 s$/);
	t.regex(lines[9] ?? '', /and 2 more/);
	t.true(lines.every((line) => line.length < 60));
	t.is(written.at(-1), '\u001B[10F\u001B[J');
});
