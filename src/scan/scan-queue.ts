import type {Job, JobLayer, Turns} from './schedule.ts';
import {enterTurns, nextJob, takeTurn} from './schedule.ts';

/** A job that has its turn: its unknown layers are its own until it ends. */
export interface Turn {
	/** Frees its slot for the next one; its layers stay its own. */
	readonly freeSlot: () => void;
	readonly end: () => void;
}

export interface ScanQueue {
	/** Resolves when the job may start. @throws the reason that `close` was given. */
	readonly enter: (job: {
		readonly key: string;
		/** May grow while it waits; `join` tells the queue. */
		readonly applications: ReadonlySet<string>;
		readonly layers: readonly JobLayer[];
	}) => Promise<Turn>;
	readonly join: (application: string) => void;
	readonly waiting: () => number;
	readonly running: () => number;
	/** Nothing starts any more. */
	readonly close: (reason: unknown) => void;
}

interface Entry extends Job {
	readonly start: (turn: Turn) => void;
	readonly giveUp: (reason: unknown) => void;
}

/**
 * How long a job keeps its slot, and its layers from the others: what it would take at a megabyte a second, and a while.
 * A registry chooses how slow it is, and an image which layers it names.
 */
export function patienceMs(layers: readonly JobLayer[]): number {
	const bytes = layers.reduce((sum, layer) => sum + layer.bytes, 0);
	return Math.min(longestPatienceMs, 10_000 + bytes / 1000);
}

const longestPatienceMs = 60_000;

/**
 * Lets jobs start as the schedule says. One that takes longer than its patience goes on, beside the slots, and its layers
 * are there for others to fetch.
 */
export function createScanQueue(
	slots: number,
	isKnown: (digest: string) => boolean,
	patience: (layers: readonly JobLayer[]) => number = patienceMs,
): ScanQueue {
	let waiting: readonly Entry[] = [];
	let closed: {readonly reason: unknown} | undefined;
	const running = new Set<Entry>();
	const holding = new Set<Entry>();
	const inSlots = new Set<Entry>();
	let turns: Turns = new Map();
	let started = 0;
	const queue = () => ({waiting, running: [...holding], slots: slots - inSlots.size, isKnown, turns, started});
	const startNext = () => {
		for (let job = nextJob(queue()); job !== undefined; job = nextJob(queue())) {
			const entry = job;
			turns = takeTurn(entry, queue());
			waiting = waiting.filter((other) => other !== entry);
			for (const set of [running, holding, inSlots]) set.add(entry);
			started += 1;
			const leave = (...sets: readonly Set<Entry>[]) => {
				for (const set of sets) set.delete(entry);
				startNext();
			};
			const unknown = entry.layers.filter(({digest}) => !isKnown(digest));
			const late = setTimeout(() => leave(inSlots, holding), patience(unknown)).unref();
			entry.start({
				freeSlot: () => leave(inSlots),
				end: () => {
					clearTimeout(late);
					leave(inSlots, holding, running);
				},
			});
		}
	};
	return {
		enter: (job) => {
			const {promise, resolve, reject} = Promise.withResolvers<Turn>();
			if (closed !== undefined) reject(closed.reason);
			else {
				turns = enterTurns(turns, job.applications);
				waiting = [...waiting, {...job, arrived: started, start: resolve, giveUp: reject}];
				startNext();
			}
			return promise;
		},
		join: (application) => {
			turns = enterTurns(turns, [application]);
		},
		waiting: () => waiting.length,
		running: () => running.size,
		close: (reason) => {
			closed = {reason};
			for (const {giveUp} of waiting) giveUp(reason);
			waiting = [];
		},
	};
}
