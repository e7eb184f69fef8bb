/**
 * Which image is scanned next. The layers of an image decide: a layer that nobody has looked at yet is fetched for one
 * image alone, and the others that have it wait until it is known; meanwhile images without such a layer fill the slots.
 * Pure: the queue goes in, the job comes out.
 */

/** A layer as its manifest names it. */
export interface JobLayer {
	readonly digest: string;
	/** Compressed, as the manifest says. */
	readonly bytes: number;
}

/** One image that has to be scanned, for whoever asked for it. */
export interface Job {
	readonly key: string;
	/** Who waits for it. */
	readonly applications: ReadonlySet<string>;
	readonly layers: readonly JobLayer[];
	/** How many jobs had been started when it came. */
	readonly arrived: number;
}

/** How much each application has had, in bytes; the one with the least is next. Only those with work are in it. */
export type Turns = ReadonlyMap<string, number>;

export interface Queue<Entry extends Job> {
	/** Oldest first. */
	readonly waiting: readonly Entry[];
	/** Whatever holds layers, also what needs no slot any more. */
	readonly running: readonly Entry[];
	/** Free ones. */
	readonly slots: number;
	/** Whether the layer's analysis is in the cache already. */
	readonly isKnown: (digest: string) => boolean;
	readonly turns: Turns;
	/** How many jobs have been started so far. */
	readonly started: number;
}

/** What a scan costs whatever its layers, in bytes of a layer that would take as long. */
const scanCost = 2 * 1024 * 1024;
/** A job that so many others went before is next in its application, however small it is. */
const patience = 64;

/**
 * The job to start now, or undefined when there is no free slot, or nothing that may start.
 * A job may start when none of its unknown layers is being fetched for another. Applications take turns; within one, the
 * image goes first whose unknown layers most others wait for, of those the quickest, then the biggest, and images of
 * known layers last, because they fit into any gap.
 */
export function nextJob<Entry extends Job>(queue: Queue<Entry>): Entry | undefined {
	if (queue.slots < 1) return undefined;
	const held = unknownLayers(queue.running, queue.isKnown);
	const startable = queue.waiting.filter((job) => !job.layers.some(({digest}) => held.has(digest)));
	const turn = Math.min(...startable.map((job) => turnOf(job, queue.turns)));
	const wanted = unknownLayers(queue.waiting, queue.isKnown);
	const [first] = startable
		.filter((job) => turnOf(job, queue.turns) === turn)
		.map((job) => ({job, impatient: queue.started - job.arrived >= patience, ...sizesOf(job, wanted)}))
		.toSorted(
			(a, b) =>
				Number(b.impatient) - Number(a.impatient) ||
				(a.impatient ? a.job.arrived - b.job.arrived : 0) ||
				b.shared - a.shared ||
				(a.shared > 0 ? a.unknown - b.unknown : b.unknown - a.unknown),
		);
	return first?.job;
}

/** Enters applications that have no turn yet beside those that have had least, so that they neither wait nor barge in. */
export function enterTurns(turns: Turns, applications: Iterable<string>): Turns {
	const floor = turns.size === 0 ? 0 : Math.min(...turns.values());
	const entered = new Map(turns);
	for (const application of applications) entered.set(application, turns.get(application) ?? floor);
	return entered;
}

/** Charges a job that starts to the application whose turn it was, and forgets the applications without work. */
export function takeTurn<Entry extends Job>(job: Entry, {waiting, running, isKnown, turns}: Queue<Entry>): Turns {
	const unknown = job.layers.reduce((sum, {digest, bytes}) => sum + (isKnown(digest) ? 0 : bytes), 0);
	const turn = turnOf(job, turns);
	const payer = [...job.applications].find((application) => (turns.get(application) ?? 0) === turn);
	const active = new Set([...waiting, ...running, job].flatMap(({applications}) => [...applications]));
	return new Map(
		[...turns]
			.filter(([application]) => active.has(application))
			.map(([application, had]) => [application, application === payer ? had + unknown + scanCost : had]),
	);
}

function turnOf({applications}: Job, turns: Turns): number {
	return Math.min(...[...applications].map((application) => turns.get(application) ?? 0));
}

/** How many of the jobs have each layer that is not known. */
function unknownLayers(jobs: readonly Job[], isKnown: (digest: string) => boolean): ReadonlyMap<string, number> {
	const counts = new Map<string, number>();
	for (const {layers} of jobs) {
		for (const digest of new Set(layers.map((layer) => layer.digest))) {
			if (!isKnown(digest)) counts.set(digest, (counts.get(digest) ?? 0) + 1);
		}
	}
	return counts;
}

/** Bytes of its unknown layers, and of those that other waiting jobs have too. */
function sizesOf(
	{layers}: Job,
	wanted: ReadonlyMap<string, number>,
): {readonly unknown: number; readonly shared: number} {
	const unknown = layers.filter(({digest}) => wanted.has(digest));
	const shared = unknown.filter(({digest}) => (wanted.get(digest) ?? 0) > 1);
	return {unknown: total(unknown), shared: total(shared)};
}

function total(layers: readonly JobLayer[]): number {
	return layers.reduce((sum, {bytes}) => sum + bytes, 0);
}
