/** The known word that a mistyped one most likely means, whatever its case; undefined when none is near. */
export function nearestName<Word extends string>(typed: string, known: readonly Word[]): Word | undefined {
	const near = known
		.map((word) => ({word, distance: editDistance(typed.toLowerCase(), word.toLowerCase())}))
		.filter(({word, distance}) => distance <= Math.max(1, Math.floor(word.length / 3)))
		.toSorted((one, other) => one.distance - other.distance);
	return near[0]?.word;
}

/** Insertions, deletions, replacements and swapped neighbours (optimal string alignment) between two short words. */
function editDistance(from: string, to: string): number {
	if (Math.abs(from.length - to.length) > 10) return Infinity;
	const rows = [Array.from({length: to.length + 1}, (_, column) => column)];
	for (let row = 1; row <= from.length; row++) {
		const line = [row];
		for (let column = 1; column <= to.length; column++) {
			const replaced = cell(rows, row - 1, column - 1) + (from[row - 1] === to[column - 1] ? 0 : 1);
			const swapped = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
			line.push(
				Math.min(
					replaced,
					cell(rows, row - 1, column) + 1,
					(line[column - 1] ?? Infinity) + 1,
					swapped ? cell(rows, row - 2, column - 2) + 1 : Infinity,
				),
			);
		}
		rows.push(line);
	}
	return cell(rows, from.length, to.length);
}

function cell(rows: readonly (readonly number[])[], row: number, column: number): number {
	return rows[row]?.[column] ?? Infinity;
}
