/** Bytes on disk that the layers of one image may take. */
export interface Lease {
	/** Counts bytes that are about to be written; false when they would be too many. */
	readonly take: (bytes: number) => boolean;
	/** Whether this image is the only one that has layers on disk: waiting would give it no more. */
	readonly isAlone: () => boolean;
	readonly release: () => void;
}

export interface Space {
	/**
	 * Waits, in the order of asking, until there is room for what an image is expected to need. One that needs more than
	 * all gets its turn alone.
	 */
	readonly lease: (expected: number, signal: AbortSignal) => Promise<Lease>;
	/** Bytes that are spoken for. */
	readonly used: () => number;
}

/** Keeps the unpacked layers of all images together below a size. */
export function createSpace(maxBytes: number): Space {
	const leases = new Set<{bytes: number; readonly expected: number}>();
	const waiting: (() => void)[] = [];
	const used = () => [...leases].reduce((sum, {bytes, expected}) => sum + Math.max(bytes, expected), 0);
	const wake = () => waiting.shift()?.();
	return {
		used,
		lease: async (expected, signal) => {
			let first = waiting.length === 0;
			while (!first || (leases.size > 0 && used() + expected > maxBytes)) {
				await nextWake(waiting, first, signal);
				first = true;
			}
			const entry = {bytes: 0, expected};
			leases.add(entry);
			// There may be room for the next one as well.
			wake();
			return {
				take: (bytes) => {
					const others = used() - Math.max(entry.bytes, expected);
					if (others + entry.bytes + bytes > maxBytes) return false;
					entry.bytes += bytes;
					return true;
				},
				isAlone: () => leases.size === 1,
				release: () => {
					leases.delete(entry);
					wake();
				},
			};
		},
	};
}

/** Waits to be woken; one that was woken and finds no room keeps its place at the head. */
async function nextWake(waiting: (() => void)[], head: boolean, signal: AbortSignal): Promise<void> {
	signal.throwIfAborted();
	const woken = Promise.withResolvers<void>();
	if (head) waiting.unshift(woken.resolve);
	else waiting.push(woken.resolve);
	const stop = () => {
		const at = waiting.indexOf(woken.resolve);
		if (at >= 0) waiting.splice(at, 1);
		woken.reject(signal.reason);
	};
	signal.addEventListener('abort', stop, {once: true});
	await woken.promise.finally(() => signal.removeEventListener('abort', stop));
}
