import type {Decision} from '../types.ts';
import {clean, webAddress} from './clean.ts';
import {exceptionEntries, exceptionRequest} from './exceptions.ts';
import {isDecidedAbout, listedFindings, omittedText} from './findings.ts';
import type {ListedFinding} from './findings.ts';
import type {Report, ReportImage} from './model.ts';
import {cutTo, padTo, widthOf} from './width.ts';
import {fit, wrap} from './wrap.ts';

export interface TableOptions {
	readonly colour: boolean;
	/** Columns of the terminal. */
	readonly width?: number;
	/** Whether the terminal opens links (OSC 8). */
	readonly links?: boolean;
	/** Findings of one image that are shown; the rest is counted. */
	readonly maxFindings?: number;
}

interface Look extends Required<TableOptions> {
	readonly paint: (decision: Decision, text: string) => string;
}

const maxAdvice = 10;
const maxOrigins = 10;
/** Of a request for an exception that is printed whole. */
const maxEntries = 1;
/** Fewer columns say nothing of a title. */
const leastTitle = 24;

const titles: Readonly<Record<Decision, string>> = {
	deny: 'DENIED',
	unknown: 'NOT KNOWN',
	warn: 'WARNING',
	allow: 'allowed',
};
const colours: Readonly<Record<Decision, number>> = {deny: 31, unknown: 35, warn: 33, allow: 32};
const parts = {
	base: 'in the base image, so build on a newer one:',
	application: 'in what was built on the base image:',
} as const;

/** The report for a person: what is denied first, each with where it is used and what to do. */
export function formatReportAsTable(
	report: Report,
	{colour, width = 120, links = false, maxFindings = 20}: TableOptions,
): string {
	const paint = (decision: Decision, text: string) =>
		colour ? `\u001B[1;${colours[decision]}m${text}\u001B[0m` : text;
	const look = {colour, width: Math.max(40, width), links, maxFindings, paint};
	const images = report.images.filter(isDecidedAbout);
	const blocks = images.map((image) => imageBlock(image, look));
	const {version, database} = report.scanner;
	const used = database === undefined ? '' : `, vulnerability database of ${clean(database.updatedAt)}`;
	const closing = [
		...passedLines(report, look),
		...notesOn(report, images.length).flatMap((note) => wrap(note, 0, 2, look.width)),
		...wrap(clean(report.summary), 0, 2, look.width).map((line) => paint(report.decision, line)),
		...wrap(`Trivy ${clean(version)}${used}, report ${clean(report.reportId)}`, 0, 2, look.width),
	];
	return `${[...blocks, ...exceptionBlock(report, images), closing.join('\n')].join('\n\n')}\n`;
}

function notesOn({images, documentsPrintedAsJson: odd}: Report, shown: number): readonly string[] {
	const others = images.length - shown;
	const documents = odd.length === 1 ? '1 document is' : `${odd.length} documents are`;
	return [
		...(others === 0
			? []
			: [`${others} more to know of, which are not scanned: "trivy-gate images --all" lists them.`]),
		...(odd.length === 0
			? []
			: [`${documents} passed on as JSON of what was read, because readers of YAML disagree about them.`]),
	];
}

function imageBlock(image: ReportImage, look: Look): string {
	const {width, paint, maxFindings} = look;
	const title = padTo(titles[image.decision], 9);
	const [head = '', ...rest] = fit([title, clean(image.image), osOf(image)], 0, width);
	const findings = listedFindings(image);
	const others = image.reasons.filter(({kind}) => kind !== 'finding');
	const advice = image.advice.map(clean);
	const more = findings.length - maxFindings;
	const lines = [
		...originLines(image, width),
		...others.flatMap((reason) => wrap(clean(reason.text), 2, 4, width)),
		...findingLines(findings.slice(0, maxFindings), look),
		...(more > 0 ? [`  and ${more} more findings (--format json lists all)`] : []),
		...wrap(omittedText(image) ?? '', 2, 4, width),
		...exceptedLines(image, width),
		...advice.slice(0, maxAdvice).flatMap((text) => wrap(`→ ${text}`, 2, 4, width)),
		...(advice.length > maxAdvice ? [`  → and ${advice.length - maxAdvice} more (--format json lists all)`] : []),
		...(image.suggestion === undefined ? [] : wrap(`→ ${clean(image.suggestion)}`, 2, 4, width)),
	];
	// The head's own blanks stand behind the colour.
	const painted = `${paint(image.decision, title)}${head.slice(title.length)}`;
	return [painted, ...rest, ...lines].map((line) => line.trimEnd()).join('\n');
}

function osOf({scans}: ReportImage): string {
	const systems = scans.flatMap((scan) => (scan.outcome === 'scanned' && scan.os !== undefined ? [scan.os] : []));
	return systems.length === 0 ? '' : `(${clean([...new Set(systems)].join(', '))})`;
}

function originLines({origins, outcome, decision}: ReportImage, width: number): readonly string[] {
	const told = origins.slice(0, maxOrigins).flatMap(({object, path, at, file}) => {
		const place = at === undefined ? file : `${at.file}:${at.line}`;
		return fit(
			[
				'used by',
				clean(object),
				clean(path),
				place === undefined ? '' : `in ${clean(place)}`,
				decision === 'allow' && outcome !== 'scan' ? `(${clean(outcome)})` : '',
			],
			2,
			width,
		);
	});
	const more = origins.length - maxOrigins;
	return more > 0 ? [...told, `  and by ${more} more`] : told;
}

/** Those of the base image apart from the others, as far as it is known whose they are. */
function findingLines(findings: readonly ListedFinding[], look: Look): readonly string[] {
	const groups = (['base', 'application', undefined] as const).map((part) => ({
		part,
		rows: findings.filter(({layer}) => layer === part),
	}));
	const indent = findings.some(({layer}) => layer !== undefined) ? 4 : 2;
	const columns = columnsOf(findings, indent, look);
	return groups
		.filter(({rows}) => rows.length > 0)
		.flatMap(({part, rows}) => [
			...(part === undefined ? [] : [`  ${parts[part]}`]),
			...rows.flatMap((finding) => findingRow(finding, columns, look)),
		]);
}

interface Columns {
	readonly indent: number;
	readonly widths: readonly number[];
	/** How many columns of a line are left for the title; it gets lines of its own when they are too few. */
	readonly title: number;
	/** Whether the others have room on one line. */
	readonly fits: boolean;
}

function columnsOf(findings: readonly ListedFinding[], indent: number, {width}: Look): Columns {
	const rows = findings.map(cellsOf);
	const widths = [0, 1, 2, 3].map((column) => Math.max(0, ...rows.map((row) => widthOf(row[column] ?? ''))));
	const used = indent + widths.reduce((sum, each) => sum + each, 0) + 2 * (widths.length - 1);
	const left = width - used - 2;
	return {indent, widths, title: left >= leastTitle ? left : 0, fits: used <= width};
}

function cellsOf({id, severity, package: name, installedVersion, fixedVersion}: ListedFinding): readonly string[] {
	return [
		cutTo(clean(id), 40),
		severity,
		cutTo(clean(`${name} ${installedVersion}`), 60),
		fixedVersion === undefined ? 'no fix yet' : cutTo(`fixed in ${clean(fixedVersion)}`, 60),
	];
}

/** Columns as wide as their widest cell, so that versions stand below each other; on narrow terminals two or three lines. */
function findingRow(
	finding: ListedFinding,
	{indent, widths, title, fits}: Columns,
	{width, links}: Look,
): readonly string[] {
	const cells = cellsOf(finding);
	const id = cells[0] ?? '';
	const note = finding.note === undefined ? '' : ` (${clean(finding.note)})`;
	const about = `${clean(finding.title ?? '')}${note}`;
	const [head = '', ...below] = fits
		? [`${' '.repeat(indent)}${cells.map((cell, column) => padTo(cell, widths[column] ?? 0)).join('  ')}`]
		: fit(cells, indent, width);
	const address = webAddress(finding.url);
	const linked =
		links && address !== undefined
			? head.replace(id, () => `\u001B]8;;${address}\u001B\\${id}\u001B]8;;\u001B\\`)
			: head;
	if (note === '' && title > 0) return [`${linked}  ${cutTo(about, title)}`.trimEnd()];
	return [linked.trimEnd(), ...below, ...wrap(about, indent + 2, indent + 2, width)];
}

function exceptedLines({excepted}: ReportImage, width: number): readonly string[] {
	const byException = Map.groupBy(excepted, ({exception: {source}}) => source);
	return [...byException.values()].flatMap((some) => {
		const [first] = some;
		if (first === undefined) return [];
		const {source, owner, reason, expires} = first.exception;
		const ids = [...new Set(some.map(({id}) => id))];
		const told = `${ids.slice(0, 5).join(', ')}${ids.length > 5 ? ` and ${ids.length - 5} more` : ''}`;
		return wrap(clean(`excepted: ${told} by ${source} of ${owner}, until ${expires}: ${reason}`), 2, 4, width);
	});
}

/** Also when it was not needed, and what will be denied soon. */
function passedLines({breakGlass, ahead}: Report, {width, paint}: Look): readonly string[] {
	const glass = breakGlass.map(
		({grant: {source, approver, until, reason}, needed}) =>
			`break-glass ${source} by ${approver} until ${until}, ${needed ? 'needed' : 'not needed'}: ${reason}`,
	);
	const soon = ahead.slice(0, 20).map(({kind, image, until, ids}) => {
		const what = {grace: 'grace period', readmission: 'readmission', exception: 'exception'}[kind];
		const told = `${ids.slice(0, 5).join(', ')}${ids.length > 5 ? ` and ${ids.length - 5} more` : ''}`;
		return `soon denied: ${image}, whose ${what} for ${told} ends with ${until}`;
	});
	const more = ahead.length - soon.length;
	return [...glass, ...soon, ...(more > 0 ? [`soon denied: ${more} more (--format json lists all)`] : [])].flatMap(
		(text) => wrap(clean(text), 0, 2, width).map((line) => paint('warn', line)),
	);
}

/** Lines that are copied are not wrapped. */
function exceptionBlock(report: Report, images: readonly ReportImage[]): readonly string[] {
	if (report.decision !== 'deny') return [];
	const request = exceptionRequest(report, images);
	if (request === undefined) return [];
	return exceptionEntries(images) <= maxEntries
		? [`To ask the operator for an exception instead, fill this in:\n${request.trimEnd().replaceAll(/^/gm, '  ')}`]
		: ['To ask the operator for exceptions instead: --format exceptions prints the file to fill in.'];
}
