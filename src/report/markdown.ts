import type {Decision} from '../types.ts';
import {clean, webAddress} from './clean.ts';
import {exceptionRequest} from './exceptions.ts';
import {isDecidedAbout, listedFindings, omittedText} from './findings.ts';
import type {ListedFinding} from './findings.ts';
import type {Report, ReportImage} from './model.ts';

/** A comment on GitHub holds 65,536 characters. */
const mostCharacters = 60_000;
/** Of an image that is not folded away. */
const mostFindings = 20;
const mostPlaces = 5;

const words: Readonly<Record<Decision, string>> = {
	deny: 'denied',
	unknown: 'not known',
	warn: 'allowed with a warning',
	allow: 'allowed',
};

const partNames = {base: 'base image', application: 'built on it'} as const;

/** A comment for a pull request: what is denied first, everything else folded. */
export function formatReportAsMarkdown(report: Report): string {
	const images = report.images.filter(isDecidedAbout);
	const decisive = images.filter(({decision}) => decision === report.decision && decision !== 'allow');
	const rest = images.filter((image) => !decisive.includes(image));
	const sections = [
		...decisive.map((image) => imageSection(image)),
		...exceptionSection(report),
		...passedSection(report),
		...(rest.length === 0 ? [] : [folded(restTitle(rest), restTable(rest))]),
	];
	const head = [
		// By which a bot finds the comment that it wrote before.
		`<!-- trivy-gate ${clean(report.application).replaceAll(/[^\w.]/g, '_')} -->`,
		`## trivy-gate: ${words[report.decision]}${countText(decisive.length, images.length)}`,
	].join('\n');
	const database = report.scanner.database?.updatedAt;
	const foot = `Application ${code(report.application)}, report ${code(report.reportId)}, Trivy ${code(report.scanner.version)}${database === undefined ? '' : `, vulnerability database of ${code(database)}`}.`;
	return `${[head, ...fitting(sections, mostCharacters - head.length - foot.length), foot].join('\n\n')}\n`;
}

function countText(decisive: number, all: number): string {
	const images = `${all} ${all === 1 ? 'image' : 'images'}`;
	return decisive === 0 ? `, ${images}` : `, ${decisive} of ${images}`;
}

function fitting(sections: readonly string[], room: number): readonly string[] {
	let left = room - 200;
	const kept: string[] = [];
	for (const section of sections) {
		left -= section.length + 2;
		if (left < 0) break;
		kept.push(section);
	}
	const omitted = sections.length - kept.length;
	return omitted === 0
		? kept
		: [
				...kept,
				`${omitted} more ${omitted === 1 ? 'section has' : 'sections have'} no room here; the JSON report has all.`,
			];
}

function imageSection(image: ReportImage): string {
	const findings = listedFindings(image);
	const others = image.reasons.filter(({kind}) => kind !== 'finding');
	const shown = findings.slice(0, mostFindings);
	const more = findings.slice(mostFindings, 10 * mostFindings);
	const left = findings.length - shown.length - more.length;
	const advice = [
		...image.upgrades.map(
			({package: name, from, to, fixes}) =>
				`Raise ${code(name)} from ${code(from)} to ${code(to)} (${fixes.slice(0, 5).map(code).join(', ')}${fixes.length > 5 ? ` and ${fixes.length - 5} more` : ''}), and deploy the new image.`,
		),
		...image.advice.slice(image.upgrades.length).map(prose),
	];
	const parts = [
		`### ${code(image.image)} is ${words[image.decision]}`,
		others.map((reason) => `It ${prose(reason.text)}.`).join('\n\n'),
		usedBy(image),
		shown.length === 0 ? '' : findingsTable(shown),
		more.length === 0 ? '' : folded(`${more.length} more findings`, findingsTable(more)),
		omittedText(image) ?? '',
		left === 0 ? '' : `${left} further findings are in the JSON report.`,
		advice.length === 0
			? ''
			: `What to do:\n\n${advice
					.slice(0, 10)
					.map((text) => `- ${text}`)
					.join('\n')}`,
		image.suggestion === undefined ? '' : prose(image.suggestion),
		advice.length <= 10 ? '' : `${advice.length - 10} more are in the JSON report.`,
	];
	return parts.filter((part) => part !== '').join('\n\n');
}

function exceptionSection(report: Report): readonly string[] {
	const request = exceptionRequest(report, report.images);
	if (request === undefined || report.decision !== 'deny') return [];
	// No line of it can end the fence: names with a grave accent are left out.
	const text = `Leave what is not needed, fill the rest in, and hand it to the operator.\n\n\`\`\`yaml\n${request}\`\`\``;
	return text.length > 10_000
		? ['To ask the operator for exceptions: `trivy-gate scan --format exceptions` prints the file to fill in.']
		: [folded('Ask the operator for an exception', text)];
}

function usedBy({origins}: ReportImage): string {
	const told = origins.slice(0, mostPlaces).map(({object, path, at}) => {
		const place = at === undefined ? '' : `, ${code(`${at.file}:${at.line}`)}`;
		return `- ${code(object)} ${code(path)}${place}`;
	});
	const more = origins.length - told.length;
	return `Used by\n\n${told.join('\n')}${more === 0 ? '' : `\n- and ${more} more`}`;
}

function findingsTable(findings: readonly ListedFinding[]): string {
	const rows = findings.map(
		({id, url, severity, package: name, installedVersion, fixedVersion, layer, title = '', note}) => [
			link(id, url),
			severity,
			cell(name),
			cell(installedVersion),
			fixedVersion === undefined ? 'no fix yet' : cell(fixedVersion),
			layer === undefined ? '' : partNames[layer],
			[title, note].flatMap((text) => (text === undefined || text === '' ? [] : [cell(text)])).join(' '),
		],
	);
	return table(['Finding', 'Severity', 'Package', 'Installed', 'Fixed in', 'Part', 'Title'], rows);
}

/** What would be refused and is not, or will be. */
function passedSection(report: Report): readonly string[] {
	const rows = [
		...report.exceptions.map(({exception: {source, owner, reason, expires}, findings}) => [
			`exception ${cell(source)}`,
			cell(owner),
			cell(reason),
			cell(expires),
			`${findings} ${findings === 1 ? 'finding' : 'findings'}`,
		]),
		...report.breakGlass.map(({grant: {source, approver, reason, until}, needed}) => [
			`break-glass ${cell(source)}`,
			cell(approver),
			cell(reason),
			cell(until),
			needed ? 'needed' : 'not needed',
		]),
	];
	const ahead = report.ahead.map(({kind, image, until, ids}) => [
		cell(image),
		kind,
		cell(until),
		`${ids.slice(0, 5).map(cell).join(', ')}${ids.length > 5 ? ` and ${ids.length - 5} more` : ''}`,
	]);
	return [
		...(rows.length === 0
			? []
			: [folded('Let pass on purpose', table(['What', 'Who', 'Why', 'Until', 'Covers'], rows))]),
		...(ahead.length === 0
			? []
			: [folded('Will be denied soon', table(['Image', 'What ends', 'Last day', 'Findings'], ahead))]),
	];
}

function restTitle(images: readonly ReportImage[]): string {
	const counts = (['deny', 'unknown', 'warn', 'allow'] as const).flatMap((decision) => {
		const some = images.filter((image) => image.decision === decision).length;
		return some === 0 ? [] : [`${some} ${words[decision]}`];
	});
	return `${images.length} other ${images.length === 1 ? 'image' : 'images'}: ${counts.join(', ')}`;
}

function restTable(images: readonly ReportImage[]): string {
	const rows = images.slice(0, 200).map((image) => {
		const [first] = image.reasons;
		const more = image.reasons.length > 1 ? ` (+${image.reasons.length - 1} more)` : '';
		return [cell(image.image), words[image.decision], first === undefined ? '' : `${cell(first.text)}${more}`];
	});
	const left = images.length - rows.length;
	return `${table(['Image', 'Decision', 'Why'], rows)}${left === 0 ? '' : `\n\nand ${left} more`}`;
}

function table(head: readonly string[], rows: ReadonlyArray<readonly string[]>): string {
	return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function folded(title: string, content: string): string {
	return `<details>\n<summary>${title}</summary>\n\n${content}\n\n</details>`;
}

/**
 * Text as code, the only place where neither Markdown nor GitHub makes anything of it: no link, no mention of a person,
 * no reference to an issue.
 */
function code(text: string): string {
	const content = clean(text).slice(0, 500);
	const longest = Math.max(0, ...[...content.matchAll(/`+/g)].map(([run]) => run.length));
	const fence = '`'.repeat(longest + 1);
	const padding = content === '' || content.startsWith('`') || content.endsWith('`') ? ' ' : '';
	return `${fence}${padding}${content}${padding}${fence}`;
}

/** Code in a table, whose cells end at every bar that has no backslash in front of it, in code too. */
function cell(text: string): string {
	return code(text.replaceAll('\\', '∖')).replaceAll('|', String.raw`\|`);
}

function link(text: string, url: string | undefined): string {
	const address = webAddress(url);
	if (address === undefined) return cell(text);
	const encoded = address.replaceAll(/[()<>[\]|\\`*_~]/g, (character) =>
		encodeURIComponent(character) === character
			? `%${character.charCodeAt(0).toString(16).toUpperCase()}`
			: encodeURIComponent(character),
	);
	return `[${cell(text)}](${encoded})`;
}

/**
 * A sentence that begins with a word of ours and has names in it: marks of Markdown are escaped, and what GitHub would make
 * a link of (an address, a person, an issue) is broken up by a blank without width.
 */
function prose(text: string): string {
	return clean(text)
		.replaceAll(/[\\`*_[\]<>|~&!#]/g, String.raw`\$&`)
		.replaceAll(/[@#]|:(?=\/)|www(?=\.)/gi, '$&\u200B');
}
