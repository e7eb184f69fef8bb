/** Makes texts and choices that are the same in every run: a linear congruential generator (Numerical Recipes, 7.1). */
export interface Dice {
	/** A whole number from 0 on, below the limit. */
	readonly below: (limit: number) => number;
	/** One of a list. */
	readonly pick: <Item>(list: readonly Item[]) => Item;
	/** So many words with a capital in front, without the full stop. */
	readonly words: (count: number) => string;
}

export function createDice(seed: number): Dice {
	let state = seed;
	const below = (limit: number) => {
		state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
		return Math.floor((state / 2 ** 32) * limit);
	};
	const pick = <Item>(list: readonly Item[]): Item => {
		const item = list[below(list.length)];
		if (item === undefined) throw new Error('there is nothing to pick');
		return item;
	};
	const words = (count: number) => {
		const text = Array.from({length: count}, () => pick(vocabulary)).join(' ');
		return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
	};
	return {below, pick, words};
}

const vocabulary = [
	'a',
	'an',
	'the',
	'of',
	'is',
	'to',
	'and',
	'or',
	'if',
	'field',
	'container',
	'image',
	'volume',
	'name',
	'value',
	'label',
	'selector',
	'default',
	'optional',
	'specified',
	'defaults',
	'namespace',
	'referenced',
	'object',
	'controller',
	'"true"',
	'mounted',
	'resource',
	'requirements',
	'must',
	'be',
	'when',
	'`spec.template`',
	'listed',
	'immutable',
	'kubelet',
	'(beta)',
	'until',
	'more',
	'than',
	'one',
	'termination',
	'matches',
	'required',
] as const;
