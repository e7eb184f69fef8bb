import {setTimeout as wait} from 'node:timers/promises';
import type {ScanFailure} from './failure.ts';

export type Failed = {readonly kind: 'failed'} & ScanFailure;

interface Options {
	readonly signal: AbortSignal;
	/** How often a transient failure is tried again. */
	readonly retries: number;
	readonly onRetry: (attempt: number, detail: string) => void;
}

/** Tries again after transient failures, with exponential backoff and jitter, as long as there is time. */
export async function retrying<Result extends {readonly kind: string}>(
	{signal, retries, onRetry}: Options,
	attempt: () => Promise<Result | Failed>,
): Promise<Result | Failed> {
	for (let tries = 1; ; tries += 1) {
		if (signal.aborted) return stoppedBy(signal);
		const result = await attempt();
		if (!isFailed(result)) return result;
		if (signal.aborted) return stoppedBy(signal);
		if (!result.transient || tries > retries) return result;
		onRetry(tries, result.detail);
		const backoffMs = 500 * 2 ** (tries - 1) * (0.5 + Math.random());
		await wait(backoffMs, undefined, {signal}).catch(() => {});
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
