import {printable} from '../log.ts';
import type {Decision, DecisionReason, Finding, ImageDecision, ImageOutcome} from '../types.ts';
import type {Report} from './report.ts';

interface TableOptions {
	readonly colour: boolean;
	/** Findings of one image that are shown; the rest is counted. */
	readonly maxFindings?: number;
}

const maxAdvice = 10;
/** What is decided about; the rest is told of by `trivy-gate images --all`. */
const decided: ReadonlySet<ImageOutcome> = new Set(['scan', 'invalid', 'placeholder']);
const titles: Readonly<Record<Decision, string>> = {
	deny: 'DENIED',
	unknown: 'NOT KNOWN',
	warn: 'WARNING',
	allow: 'allowed',
};
const colours: Readonly<Record<Decision, number>> = {deny: 31, unknown: 35, warn: 33, allow: 32};

/** The report for a person: what is denied first, each with where it is used and what to do. */
export function formatReportAsTable(report: Report, {colour, maxFindings = 20}: TableOptions): string {
	const images = report.decision.images.filter(({reference}) => decided.has(reference.outcome));
	const others = report.decision.images.length - images.length;
	const paint = (decision: Decision, text: string) =>
		colour ? `\u001B[1;${colours[decision]}m${text}\u001B[0m` : text;
	const blocks = images.map((image) => {
		const title = paint(image.decision, titles[image.decision].padEnd(9));
		const lines = [`${title}  ${clean(image.reference.image)}${osOf(image)}`, ...details(image, report, maxFindings)];
		return lines.join('\n');
	});
	const database = report.database === undefined ? '' : `, vulnerability database of ${report.database.updatedAt}`;
	const more =
		others === 0 ? [] : [`${others} more to know of, which are not scanned: "trivy-gate images --all" lists them.`];
	const closing = [
		...more,
		...oddNote(report),
		paint(report.decision.decision, clean(report.summary)),
		`Trivy ${report.trivyVersion}${database}, report ${report.decision.reportId}`,
	].join('\n');
	return `${[...blocks, closing].join('\n\n')}\n`;
}

function oddNote({odd}: Report): readonly string[] {
	if (odd.length === 0) return [];
	const documents = odd.length === 1 ? '1 document is' : `${odd.length} documents are`;
	return [`${documents} passed on as JSON of what was read, because readers of YAML disagree about them.`];
}

function osOf({verdicts}: ImageDecision): string {
	const systems = verdicts.flatMap((verdict) =>
		verdict.kind === 'scanned' && verdict.os !== undefined ? [verdict.os] : [],
	);
	return systems.length === 0 ? '' : `  (${clean([...new Set(systems)].join(', '))})`;
}

function details(image: ImageDecision, report: Report, maxFindings: number): readonly string[] {
	const origins = image.reference.origins.map(
		({object, path, file}) =>
			`  used by  ${clean(object)}  ${clean(path)}${file === undefined ? '' : `  in ${clean(file)}`}`,
	);
	if (image.decision === 'allow')
		return image.reference.outcome === 'scan'
			? origins
			: origins.map((text) => `${text}  (${image.reference.outcome})`);
	const findings = image.reasons.flatMap((reason) => (reason.kind === 'finding' ? [reason.finding] : []));
	const others = image.reasons.filter((reason) => reason.kind !== 'finding');
	const advice = report.advise(image).map(clean);
	return [
		...origins,
		...others.map((reason: DecisionReason) => `  ${clean(report.explain(reason))}`),
		...findingRows(findings.slice(0, maxFindings)),
		...(findings.length > maxFindings
			? [`  and ${findings.length - maxFindings} more findings (--format json lists all)`]
			: []),
		...advice.slice(0, maxAdvice).map((text) => `  → ${text}`),
		...(advice.length > maxAdvice ? [`  → and ${advice.length - maxAdvice} more (--format json lists all)`] : []),
	];
}

/** Columns as wide as their widest cell, so that versions stand below each other. */
function findingRows(findings: readonly Finding[]): readonly string[] {
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
