import type {EngineStatus} from '../types.ts';

/** How fast scans go, to tell people when to come back. */
export interface Pace {
	/** A scan took so many milliseconds. */
	readonly observe: (milliseconds: number) => void;
	/** Seconds until everything that waits now is scanned, as far as can be told. */
	readonly secondsLeft: (status: Pick<EngineStatus, 'running' | 'waiting' | 'concurrency'>) => number;
}

/** Until one is seen: a cold scan of a middling image. */
const firstGuessMs = 10_000;
/** Of the newest scan in the mean; the last twenty or so count. */
const weight = 0.1;

export function createPace(): Pace {
	let mean: number | undefined;
	return {
		observe: (milliseconds) => {
			mean = mean === undefined ? milliseconds : mean + weight * (milliseconds - mean);
		},
		secondsLeft: ({running, waiting, concurrency}) => {
			// What runs is half done, on average; the last of them takes its own time, however many run beside it.
			const work = (waiting + running / 2) / Math.max(1, concurrency);
			const least = waiting > 0 ? 1 : running > 0 ? 0.5 : 0;
			return (Math.max(least, work) * (mean ?? firstGuessMs)) / 1000;
		},
	};
}
