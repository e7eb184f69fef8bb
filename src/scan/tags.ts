import type {Platform, ScanTarget} from '../types.ts';
import type {Resolution} from './resolve.ts';

/** What references mean, remembered for a while; whoever asks while another asks gets the same answer. */
export interface TagMemory {
	/** Only answers are remembered: a failure is asked again. */
	readonly resolve: (
		target: ScanTarget,
		platforms: readonly Platform[],
		ask: () => Promise<Resolution>,
	) => Promise<Resolution>;
}

/** More references than this are not remembered at once. */
const most = 2000;

/** @param now in milliseconds, of a clock that only goes forward. */
export function createTagMemory(memoryMs: number, now: () => number): TagMemory {
	const answers = new Map<string, {readonly resolution: Resolution; readonly until: number}>();
	const asked = new Map<string, Promise<Resolution>>();
	return {
		resolve: async (target, platforms, ask) => {
			const key = JSON.stringify([target.host, target.repository, target.version, ...platforms]);
			const answer = answers.get(key);
			if (answer !== undefined && now() < answer.until) return answer.resolution;
			answers.delete(key);
			const asking = asked.get(key) ?? ask().finally(() => asked.delete(key));
			asked.set(key, asking);
			const resolution = await asking;
			if (resolution.kind === 'resolved' && memoryMs > 0) {
				answers.set(key, {resolution, until: now() + memoryMs});
				const [oldest] = answers.keys();
				if (answers.size > most && oldest !== undefined) answers.delete(oldest);
			}
			return resolution;
		},
	};
}
