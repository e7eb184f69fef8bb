/** More scans than these nobody waits for. */
const mostSuccessors = 5;

interface TagVersion {
	readonly tag: string;
	/** What stands around the numbers: `v` and `-alpine` of `v1.4.2-alpine`. */
	readonly form: string;
	readonly numbers: readonly number[];
}

/**
 * The tags to try instead of one, oldest first: those of the same form with higher numbers (`1.4.2-alpine` is followed by
 * `1.4.3-alpine`, not by `1.5` or `1.4.3`). Of many, the two next ones and the last of the same minor version, of the same
 * major version and of all.
 */
export function successorsOf(tag: string, tags: readonly string[]): readonly string[] {
	const own = versionOf(tag);
	if (own === undefined) return [];
	const later = tags
		.flatMap((text) => versionOf(text) ?? [])
		.filter(({form, numbers}) => form === own.form && compare(numbers, own.numbers) > 0)
		.toSorted((one, other) => compare(one.numbers, other.numbers));
	const lastLike = (count: number) =>
		later.findLast(({numbers}) => numbers.slice(0, count).every((number, index) => number === own.numbers[index]));
	const chosen = [...later.slice(0, 2), lastLike(2), lastLike(1), later.at(-1)].flatMap((version) => version ?? []);
	return [...new Set(later.filter((version) => chosen.includes(version)).map((version) => version.tag))].slice(
		0,
		mostSuccessors,
	);
}

/** Words such as `latest`, and marks of commits and days, are no versions that follow each other. */
function versionOf(tag: string): TagVersion | undefined {
	const [, prefix = '', version = '', suffix = ''] =
		/^([vV]?)(\d{1,6}(?:\.\d{1,9}){0,3})([-+._][\w.-]*)?$/.exec(tag) ?? [];
	if (version === '') return undefined;
	const numbers = version.split('.').map(Number);
	// A release candidate does not follow a release, nor the other way round.
	return {tag, form: JSON.stringify([prefix, numbers.length, suffix]), numbers};
}

function compare(one: readonly number[], other: readonly number[]): number {
	for (const [index, number] of one.entries()) {
		const difference = number - (other[index] ?? 0);
		if (difference !== 0) return difference;
	}
	return 0;
}
