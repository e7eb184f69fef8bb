/** What has to be undone in the end, the last first. */
export interface Clearing {
	/** Comes it too late, it is undone at once. */
	readonly add: (undo: () => Promise<unknown>) => void;
	/** Undoes everything, also when a part of it fails. @throws the first failure. */
	readonly run: () => Promise<void>;
}

export function createClearing(): Clearing {
	const undos: (() => Promise<unknown>)[] = [];
	let running: Promise<void> | undefined;
	return {
		add(undo) {
			if (running === undefined) undos.push(undo);
			else void undo().catch(() => {});
		},
		run: () => (running ??= undoAll(undos)),
	};
}

async function undoAll(undos: (() => Promise<unknown>)[]): Promise<void> {
	const failures: unknown[] = [];
	for (const undo of undos.toReversed()) await undo().catch((error: unknown) => failures.push(error));
	if (failures.length > 0) throw failures[0];
}
