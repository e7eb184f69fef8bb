/** The formats of the report, and how the names of their files end. */
export const reportFormats = {
	table: ['.txt'],
	json: ['.json'],
	sarif: ['.sarif', '.sarif.json'],
	junit: ['.xml'],
	markdown: ['.md'],
	html: ['.html', '.htm'],
	exceptions: ['.yaml', '.yml'],
	cyclonedx: ['.cdx.json'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type ReportFormat = keyof typeof reportFormats;

export function isReportFormat(name: string): name is ReportFormat {
	return Object.hasOwn(reportFormats, name);
}

/** The format whose files end like this one; of several the one with the longest ending. */
export function formatOfFile(file: string): ReportFormat | undefined {
	const name = file.toLowerCase();
	const endings = Object.entries(reportFormats).flatMap(([format, list]) =>
		list.filter((ending) => name.endsWith(ending)).map((ending) => ({format, ending})),
	);
	const [longest] = endings.toSorted((one, other) => other.ending.length - one.ending.length);
	return longest !== undefined && isReportFormat(longest.format) ? longest.format : undefined;
}
