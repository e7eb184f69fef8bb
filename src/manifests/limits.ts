/** What the reader accepts at most, so that hostile text ends in a message and not in an exhausted sidecar. */
export interface ReadLimits {
	/** UTF-16 units of the whole text. */
	readonly text: number;
	readonly documents: number;
	/** Mappings and lists inside each other, aliases expanded. */
	readonly depth: number;
	/** Keys, scalars, lists and mappings in the whole text, aliases expanded. */
	readonly nodes: number;
	/** UTF-16 units of all scalars in the whole text, aliases expanded. */
	readonly expanded: number;
	/** Keys in one mapping. */
	readonly keys: number;
	/** UTF-16 units of one scalar. */
	readonly scalar: number;
	/** UTF-16 units of an apiVersion, a kind, a name, a namespace: they appear in messages. */
	readonly identifier: number;
}

const mebi = 1024 * 1024;

export const readLimits: ReadLimits = {
	text: 32 * mebi,
	documents: 10_000,
	depth: 100,
	nodes: 4_000_000,
	expanded: 32 * mebi,
	keys: 20_000,
	scalar: 10 * mebi,
	identifier: 1024,
};
