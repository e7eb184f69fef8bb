import test from 'ava';
import {retrying} from '../../src/scan/retrying.ts';
import type {Failed} from '../../src/scan/retrying.ts';

const busy = (retryAfterMs: number): Failed => ({
	kind: 'failed',
	reason: 'rate-limited',
	transient: true,
	detail: 'busy',
	retryAfterMs,
});
const {signal} = new AbortController();

test('who says how long to wait is not asked again before', async (t) => {
	const asked: number[] = [];
	const result = await retrying({signal, retries: 1, onRetry: () => {}}, async () => {
		asked.push(performance.now());
		return asked.length === 1 ? busy(1500) : {kind: 'done'};
	});
	t.is(result.kind, 'done');
	t.true((asked[1] ?? 0) - (asked[0] ?? 0) >= 1490);
});

test('who says to wait for longer than anybody does is not asked again', async (t) => {
	let asked = 0;
	const result = await retrying({signal, retries: 5, onRetry: () => {}}, async () => {
		asked += 1;
		return busy(3_600_000);
	});
	t.like(result, {kind: 'failed', retryAfterMs: 3_600_000});
	t.is(asked, 1);
});

test('a signal ends the waiting', async (t) => {
	const stop = new AbortController();
	const waiting = retrying({signal: stop.signal, retries: 5, onRetry: () => stop.abort('deadline')}, async () =>
		busy(20_000),
	);
	t.like(await waiting, {kind: 'failed', reason: 'deadline'});
});
