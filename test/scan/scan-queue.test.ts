import {setTimeout as wait} from 'node:timers/promises';
import test from 'ava';
import {createScanQueue, patienceMs} from '../../src/scan/scan-queue.ts';
import type {JobLayer} from '../../src/scan/schedule.ts';

const base: JobLayer = {digest: 'base', bytes: 1000};
const own: JobLayer = {digest: 'own', bytes: 1000};
const applications = new Set(['shop']);

test('an image of a slow registry keeps neither the layers that it names nor its slot from the others for ever', async (t) => {
	const queue = createScanQueue(
		1,
		() => false,
		() => 100,
	);
	const slow = await queue.enter({key: 'slow', applications, layers: [base]});
	let others = 0;
	const enter = async (key: string, layers: readonly JobLayer[]) => {
		const turn = await queue.enter({key, applications, layers});
		others += 1;
		turn.end();
	};
	const sharing = enter('shares its layer', [base, own]);
	const stranger = enter('needs its slot', [own]);
	await wait(10);
	t.is(others, 0);
	// The queue's own timers keep no process alive.
	const alive = setInterval(() => {}, 1000);
	await Promise.all([sharing, stranger]);
	clearInterval(alive);
	t.is(queue.running(), 1, 'the slow one goes on');
	slow.end();
	t.is(queue.running(), 0);
});

test('one that ends in time frees both at once', async (t) => {
	const queue = createScanQueue(1, () => false);
	const first = await queue.enter({key: 'first', applications, layers: [base]});
	const second = queue.enter({key: 'second', applications, layers: [base]});
	first.end();
	(await second).end();
	t.is(queue.running() + queue.waiting(), 0);
});

test('patience grows with what there is to fetch, whatever a manifest says', (t) => {
	t.is(patienceMs([]), 10_000);
	t.is(patienceMs([{digest: 'a', bytes: 20_000_000}]), 30_000);
	t.is(patienceMs([{digest: 'a', bytes: 10 ** 15}]), 60_000);
});
