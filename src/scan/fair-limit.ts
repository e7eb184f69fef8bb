/** Runs work for somebody when it is their turn. */
export type FairLimit = <Result>(who: string, work: () => Promise<Result>) => Promise<Result>;

/** Does so much at once, and one piece of each who waits after the other: who has hundreds does not hold up who has one. */
export function createFairLimit(slots: number): FairLimit {
	/** In the order of their turns. */
	const lines = new Map<string, (() => void)[]>();
	let free = slots;
	const next = () => {
		const [first] = lines;
		if (free < 1 || first === undefined) return;
		const [who, [start, ...rest]] = first;
		// To the end of the round.
		lines.delete(who);
		if (rest.length > 0) lines.set(who, rest);
		free -= 1;
		start?.();
		next();
	};
	return async (who, work) => {
		const turn = Promise.withResolvers<void>();
		lines.set(who, [...(lines.get(who) ?? []), turn.resolve]);
		next();
		await turn.promise;
		try {
			return await work();
		} finally {
			free += 1;
			next();
		}
	};
}
