import {parseReference} from './reference.ts';

/** A tag, a digest or a whole image in a chart's values. */
export interface ValueTag {
	/** Keys and positions from the root. */
	readonly path: readonly (string | number)[];
	readonly text: string;
}

export const mostTags = 100;
/** Deeper values are nobody's image; the walk is not to run out of stack. */
const deepest = 50;

/**
 * Where a chart's values choose images, as charts usually write it: `tag`, `digest`, a key such as `imageTag`, and whole
 * images with a tag. For people to look at; nothing is decided by it.
 * @returns {@link mostTags} at most, in the order of the values.
 */
export function findValueTags(values: unknown): readonly ValueTag[] {
	const found: ValueTag[] = [];
	search(values, [], found);
	return found;
}

function search(value: unknown, path: ValueTag['path'], found: ValueTag[]): void {
	if (typeof value !== 'object' || value === null || path.length > deepest) return;
	const entries: readonly (readonly [string | number, unknown])[] = Array.isArray(value)
		? [...value.entries()]
		: Object.entries(value);
	for (const [key, item] of entries) {
		if (found.length >= mostTags) return;
		const text = tagOf(String(key), item);
		if (text === undefined) search(item, [...path, key], found);
		else found.push({path: [...path, key], text});
	}
}

function tagOf(key: string, value: unknown): string | undefined {
	if (typeof value !== 'string' && typeof value !== 'number') return undefined;
	const text = String(value);
	if (/^(?:.*image_?)?tag$/i.test(key)) return /^\w[\w.-]{0,127}$/.test(text) ? text : undefined;
	if (key === 'digest') return /^sha256:[a-f0-9]{64}$/.test(text) ? text : undefined;
	if (!/image$/i.test(key)) return undefined;
	const parsed = parseReference(text);
	return parsed.kind === 'image' && (parsed.tag ?? parsed.digest) !== undefined ? text : undefined;
}
