import test from 'ava';
import type {Resolution} from '../../src/scan/resolve.ts';
import {createTagMemory} from '../../src/scan/tags.ts';
import type {ImageName, Platform, ScanTarget} from '../../src/types.ts';

const target: ScanTarget = {image: 'a' as ImageName, host: 'registry.example', repository: 'a', version: ':1'};
const platforms = ['linux/amd64' as Platform];
const answer: Resolution = {kind: 'resolved', digests: new Map(), missing: []};
const failure: Resolution = {kind: 'failed', reason: 'unreachable', transient: true, detail: 'no'};

function asker(answers: readonly Resolution[]) {
	const state = {asked: 0};
	return {
		state,
		ask: async () => {
			state.asked += 1;
			return answers[state.asked - 1] ?? answer;
		},
	};
}

test('an answer is remembered for its time', async (t) => {
	let now = 0;
	const memory = createTagMemory(1000, () => now);
	const {ask, state} = asker([]);
	await memory.resolve(target, platforms, ask);
	now = 999;
	await memory.resolve(target, platforms, ask);
	t.is(state.asked, 1);
	now = 1000;
	await memory.resolve(target, platforms, ask);
	t.is(state.asked, 2);
});

test('whoever asks while another asks waits for the same answer, and no memory is none', async (t) => {
	const memory = createTagMemory(0, () => 0);
	const {ask, state} = asker([]);
	await Promise.all([1, 2, 3].map(() => memory.resolve(target, platforms, ask)));
	t.is(state.asked, 1);
	await memory.resolve(target, platforms, ask);
	t.is(state.asked, 2);
});

test('a failure is asked again', async (t) => {
	const memory = createTagMemory(1000, () => 0);
	const {ask, state} = asker([failure, answer]);
	t.is(await memory.resolve(target, platforms, ask), failure);
	t.is(await memory.resolve(target, platforms, ask), answer);
	await memory.resolve(target, platforms, ask);
	t.is(state.asked, 2);
});

test('other platforms, tags, repositories and registries are other questions', async (t) => {
	const memory = createTagMemory(1000, () => 0);
	const {ask, state} = asker([]);
	for (const [other, wanted] of [
		[target, platforms],
		[target, ['linux/arm64' as Platform]],
		[{...target, version: ':2'}, platforms],
		[{...target, repository: 'b'}, platforms],
		[{...target, host: 'other.example'}, platforms],
	] as const) {
		await memory.resolve(other, wanted, ask);
	}
	t.is(state.asked, 5);
});
