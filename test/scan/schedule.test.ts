// The schedule on simulated scans: jobs come, start when the schedule says so, and end in any order, well or not.
import test from 'ava';
import * as fc from 'fast-check';
import {enterTurns, nextJob, takeTurn} from '../../src/scan/schedule.ts';
import type {Job, JobLayer, Turns} from '../../src/scan/schedule.ts';

const layer = (digest: string, bytes = 1000): JobLayer => ({digest, bytes});

/** A scanner without a scanner: what the engine does around the schedule. */
function simulate(slots: number) {
	const state = {
		waiting: [] as Job[],
		running: [] as Job[],
		known: new Set<string>(),
		turns: new Map() as Turns,
		order: [] as string[],
	};
	const queue = () => ({
		...state,
		slots: slots - state.running.length,
		isKnown: (digest: string) => state.known.has(digest),
		started: state.order.length,
	});
	return {
		state,
		queue,
		add(key: string, application: string, layers: readonly JobLayer[]) {
			state.turns = enterTurns(state.turns, [application]);
			state.waiting.push({key, applications: new Set([application]), layers, arrived: state.order.length});
		},
		/** Starts whatever the schedule starts. */
		start() {
			for (let job = nextJob(queue()); job !== undefined; job = nextJob(queue())) {
				state.turns = takeTurn(job, queue());
				state.waiting = state.waiting.filter((other) => other !== job);
				state.running.push(job);
				state.order.push(job.key);
			}
		},
		end(index: number, well: boolean) {
			const [job] = state.running.splice(index % state.running.length, 1);
			if (well) for (const {digest} of job?.layers ?? []) state.known.add(digest);
		},
	};
}

/** The layers that a job would fetch, or fetches. */
function unknown(job: Job, known: ReadonlySet<string>): readonly string[] {
	return [...new Set(job.layers.map(({digest}) => digest))].filter((digest) => !known.has(digest));
}

const jobs = fc.array(
	fc.record({
		application: fc.constantFrom('a', 'b', 'c'),
		layers: fc.array(
			fc.record({digest: fc.integer({min: 0, max: 12}).map(String), bytes: fc.integer({min: 1, max: 100_000_000})}),
			{maxLength: 5},
		),
		/** How many scans end before it comes. */
		after: fc.integer({min: 0, max: 2}),
	}),
	{maxLength: 40},
);
const ends = fc.array(fc.record({index: fc.nat(20), well: fc.boolean()}), {minLength: 200, maxLength: 200});

test('property: no unknown layer has two holders, no slot is idle while a job may start, every job runs once', (t) => {
	fc.assert(
		fc.property(fc.integer({min: 1, max: 5}), jobs, ends, (slots, coming, ending) => {
			const scanner = simulate(slots);
			const {state} = scanner;
			let ended = 0;
			const settle = () => {
				scanner.start();
				const holders = state.running.flatMap((job) => unknown(job, state.known));
				if (new Set(holders).size !== holders.length) throw new Error('a layer has two holders');
				if (state.running.length > slots) throw new Error('more run than there are slots');
				const held = new Set(holders);
				const idle = state.running.length < slots;
				if (idle && state.waiting.some((job) => unknown(job, state.known).every((digest) => !held.has(digest))))
					throw new Error('a slot is idle although a job may start');
			};
			const end = () => {
				if (state.running.length === 0) return;
				const {index = 0, well = true} = ending[ended % ending.length] ?? {};
				ended += 1;
				scanner.end(index, well);
				settle();
			};
			for (const [number, {application, layers, after}] of coming.entries()) {
				for (let count = 0; count < after; count += 1) end();
				scanner.add(String(number), application, layers);
				settle();
			}
			while (state.running.length > 0) end();
			return (
				state.waiting.length === 0 &&
				state.order.toSorted().join() ===
					coming
						.map((_, key) => String(key))
						.toSorted()
						.join()
			);
		}),
	);
	t.pass();
});

test('property: whatever keeps coming, a job starts after a bounded number of others', (t) => {
	fc.assert(
		fc.property(
			fc.integer({min: 1, max: 4}),
			fc.constantFrom('busy', 'quiet'),
			fc.array(fc.record({bytes: fc.integer({min: 1, max: 500_000_000}), shared: fc.boolean()}), {
				minLength: 1,
				maxLength: 20,
			}),
			(slots, application, stream) => {
				const scanner = simulate(slots);
				const {state} = scanner;
				let number = 0;
				const more = () => {
					const {bytes = 1, shared = false} = stream[number % stream.length] ?? {};
					scanner.add(`busy ${number}`, 'busy', [layer(shared ? `pair ${number >> 1}` : `own ${number}`, bytes)]);
					number += 1;
				};
				for (let count = 0; count < 10; count += 1) more();
				scanner.start();
				scanner.add('the one', application, []);
				const before = state.order.length;
				while (!state.order.includes('the one')) {
					more();
					more();
					scanner.end(number, true);
					scanner.start();
					if (state.order.length - before > 200) return false;
				}
				return true;
			},
		),
	);
	t.pass();
});

test('property: an application with one image is not behind one with hundreds', (t) => {
	fc.assert(
		fc.property(fc.integer({min: 1, max: 4}), fc.integer({min: 0, max: 250}), (slots, head) => {
			const scanner = simulate(slots);
			for (let number = 0; number < 300; number += 1)
				scanner.add(`big ${number}`, 'big', [layer(`own ${number}`, 10_000_000)]);
			scanner.start();
			for (let number = 0; number < head; number += 1) {
				scanner.end(number, true);
				scanner.start();
			}
			const before = scanner.state.order.length;
			scanner.add('small', 'small', [layer('small', 500_000_000)]);
			scanner.end(0, true);
			scanner.start();
			scanner.end(0, true);
			scanner.start();
			return scanner.state.order.indexOf('small') - before < 2;
		}),
	);
	t.pass();
});

test('the image of a shared base that is done soonest goes first, then what fills the slots', (t) => {
	const scanner = simulate(2);
	scanner.add('known', 'a', [layer('old')]);
	scanner.add('heavy', 'a', [layer('base', 50_000), layer('heavy', 9000)]);
	scanner.add('light', 'a', [layer('base', 50_000), layer('light', 10)]);
	scanner.add('alone', 'a', [layer('alone', 70_000)]);
	scanner.state.known.add('old');
	scanner.start();
	t.deepEqual(scanner.state.order, ['light', 'alone']);
	scanner.end(1, true);
	scanner.start();
	t.deepEqual(scanner.state.order, ['light', 'alone', 'known'], 'the base is still being fetched');
	scanner.end(0, true);
	scanner.start();
	t.deepEqual(scanner.state.order, ['light', 'alone', 'known', 'heavy']);
});

test('when a scan fails its layers stay unknown, and another image fetches them', (t) => {
	const scanner = simulate(3);
	scanner.add('first', 'a', [layer('base')]);
	scanner.add('second', 'a', [layer('base')]);
	scanner.start();
	t.deepEqual(scanner.state.order, ['first']);
	scanner.end(0, false);
	scanner.start();
	t.deepEqual(scanner.state.order, ['first', 'second']);
});

test('a job that two applications wait for counts for the one that has had less', (t) => {
	const turns = new Map([
		['rich', 100],
		['poor', 5],
	]);
	const both: Job = {key: 'both', applications: new Set(['rich', 'poor']), layers: [], arrived: 0};
	const queue = {waiting: [both], running: [], slots: 1, isKnown: () => false, turns, started: 0};
	t.is(nextJob(queue), both);
	const after = takeTurn(both, queue);
	t.is(after.get('rich'), 100);
	t.true((after.get('poor') ?? 0) > 5);
});

test('applications without work are forgotten', (t) => {
	const job: Job = {key: 'a', applications: new Set(['a']), layers: [], arrived: 0};
	const queue = {
		waiting: [],
		running: [],
		slots: 1,
		isKnown: () => false,
		turns: new Map([
			['a', 1],
			['gone', 2],
		]),
		started: 0,
	};
	t.deepEqual([...takeTurn(job, queue).keys()], ['a']);
});
