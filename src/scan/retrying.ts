import {setTimeout as wait} from 'node:timers/promises';
import type {ScanFailure} from './failure.ts';

export type Failed = {readonly kind: 'failed'} & ScanFailure;

interface Options {
	readonly signal: AbortSignal;
	/** How often a transient failure is tried again. */
	readonly retries: number;
	readonly onRetry: (attempt: number, detail: string) => void;
}

/** Who says to wait longer than this is not asked again: the caller is told, and may come back. */
const longestWaitMs = 30_000;

/**
 * Tries again after transient failures, with exponential backoff and jitter, and not before who failed wants to be asked
 * again, as long as there is time.
 */
export async function retrying<Result extends {readonly kind: string}>(
	{signal, retries, onRetry}: Options,
	attempt: () => Promise<Result | Failed>,
): Promise<Result | Failed> {
	for (let tries = 1; ; tries += 1) {
		if (signal.aborted) return stoppedBy(signal);
		const result = await attempt();
		if (!isFailed(result)) return result;
		if (signal.aborted) return stoppedBy(signal);
		const {transient, retryAfterMs = 0} = result;
		if (!transient || tries > retries || retryAfterMs > longestWaitMs) return result;
		onRetry(tries, result.detail);
		const backoffMs = 500 * 2 ** (tries - 1) * (0.5 + Math.random());
		await wait(Math.max(backoffMs, retryAfterMs), undefined, {signal}).catch(() => {});
	}
}

function isFailed(result: {readonly kind: string}): result is Failed {
	return result.kind === 'failed';
}

/** What is said of an image whose scan was given up. */
export function stoppedBy(signal: AbortSignal): Failed {
	return signal.reason === 'deadline'
		? {kind: 'failed', reason: 'deadline', transient: true, detail: 'the deadline came first'}
		: {kind: 'failed', reason: 'canceled', transient: true, detail: 'the gate was stopped'};
}
