import {printable} from '../log.ts';
import type {Decision} from '../types.ts';
import {isDecidedAbout, listedFindings} from './findings.ts';
import type {ListedFinding} from './findings.ts';
import type {Report, ReportImage} from './model.ts';

export interface TableOptions {
	readonly colour: boolean;
	/** Findings of one image that are shown; the rest is counted. */
	readonly maxFindings?: number;
}

const maxAdvice = 10;
const titles: Readonly<Record<Decision, string>> = {
	deny: 'DENIED',
	unknown: 'NOT KNOWN',
	warn: 'WARNING',
	allow: 'allowed',
};
const colours: Readonly<Record<Decision, number>> = {deny: 31, unknown: 35, warn: 33, allow: 32};

/** The report for a person: what is denied first, each with where it is used and what to do. */
export function formatReportAsTable(report: Report, {colour, maxFindings = 20}: TableOptions): string {
	const images = report.images.filter(isDecidedAbout);
	const others = report.images.length - images.length;
	const paint = (decision: Decision, text: string) =>
		colour ? `\u001B[1;${colours[decision]}m${text}\u001B[0m` : text;
	const blocks = images.map((image) => {
		const title = paint(image.decision, titles[image.decision].padEnd(9));
		const lines = [`${title}  ${clean(image.image)}${osOf(image)}`, ...details(image, maxFindings)];
		return lines.join('\n');
	});
	const {version, database: used} = report.scanner;
	const database = used === undefined ? '' : `, vulnerability database of ${used.updatedAt}`;
	const more =
		others === 0 ? [] : [`${others} more to know of, which are not scanned: "trivy-gate images --all" lists them.`];
	const closing = [
		...more,
		...oddNote(report),
		paint(report.decision, clean(report.summary)),
		`Trivy ${clean(version)}${clean(database)}, report ${clean(report.reportId)}`,
	].join('\n');
	return `${[...blocks, closing].join('\n\n')}\n`;
}

function oddNote({documentsPrintedAsJson: odd}: Report): readonly string[] {
	if (odd.length === 0) return [];
	const documents = odd.length === 1 ? '1 document is' : `${odd.length} documents are`;
	return [`${documents} passed on as JSON of what was read, because readers of YAML disagree about them.`];
}

function osOf({scans}: ReportImage): string {
	const systems = scans.flatMap((scan) => (scan.outcome === 'scanned' && scan.os !== undefined ? [scan.os] : []));
	return systems.length === 0 ? '' : `  (${clean([...new Set(systems)].join(', '))})`;
}

function details(image: ReportImage, maxFindings: number): readonly string[] {
	const origins = image.origins.map(
		({object, path, file}) =>
			`  used by  ${clean(object)}  ${clean(path)}${file === undefined ? '' : `  in ${clean(file)}`}`,
	);
	if (image.decision === 'allow')
		return image.outcome === 'scan' ? origins : origins.map((text) => `${text}  (${clean(image.outcome)})`);
	const findings = listedFindings(image);
	const others = image.reasons.filter((reason) => reason.kind !== 'finding');
	const advice = image.advice.map(clean);
	return [
		...origins,
		...others.map((reason) => `  ${clean(reason.text)}`),
		...findingRows(findings.slice(0, maxFindings)),
		...(findings.length > maxFindings
			? [`  and ${findings.length - maxFindings} more findings (--format json lists all)`]
			: []),
		...advice.slice(0, maxAdvice).map((text) => `  → ${text}`),
		...(advice.length > maxAdvice ? [`  → and ${advice.length - maxAdvice} more (--format json lists all)`] : []),
	];
}

/** Columns as wide as their widest cell, so that versions stand below each other. */
function findingRows(findings: readonly ListedFinding[]): readonly string[] {
	const rows = findings.map((finding) =>
		[
			finding.id,
			finding.severity,
			`${finding.package} ${finding.installedVersion}`,
			finding.fixedVersion === undefined ? 'no fix yet' : `fixed in ${finding.fixedVersion}`,
			finding.title ?? '',
		].map((cell) => clean(cell).slice(0, 60)),
	);
	const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
	return rows.map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd());
}

/** Names and titles come from images and registries: one line, no control characters. */
function clean(text: string): string {
	return printable(text).replaceAll(/\s+/g, ' ');
}
