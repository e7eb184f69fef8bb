import type {Trouble} from './finding.ts';
import {count, megabytes} from './words.ts';

/** As src/scan/limits.ts counts: the gate, two trivy servers while a database is switched, and each scan. */
const megabyte = 1024 ** 2;
const besideBytes = (300 + 2 * 130) * megabyte;
const scanBytes = 270 * megabyte;

/** What is to be said when a memory limit does not hold so many scans at once. */
export function memoryTroubles(concurrency: number, limit: number, who: string): readonly Trouble[] {
	const fit = Math.floor((limit - besideBytes) / scanBytes);
	if (fit >= concurrency) return [];
	const needed = megabytes(besideBytes + concurrency * scanBytes);
	const what = `${count(concurrency, 'scan')} at once need about ${needed}, and ${who} is limited to ${megabytes(limit)}`;
	const fix = 'Raise the memory limit of the container, or lower TRIVY_GATE_CONCURRENCY';
	if (fit < 1) {
		const why =
			'Not even one scan fits: Trivy is killed in the middle, and what could not be scanned is not let through';
		return [{level: 'error', what, why, fix}];
	}
	return [{level: 'info', what, why: `No more than ${fit} run at once, so a large application takes longer`, fix}];
}
