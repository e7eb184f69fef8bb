/** A path as one value of helm's `--values`, which splits at commas as CSV does. */
export function csvField(path: string): string {
	return /[",\n]/.test(path) ? `"${path.replaceAll('"', '""')}"` : path;
}
