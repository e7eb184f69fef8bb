import {createHash} from 'node:crypto';
import {severities} from '../types.ts';
import type {Decision} from '../types.ts';
import {clean, webAddress} from './clean.ts';
import {exceptionRequest} from './exceptions.ts';
import {isDecidedAbout, listedFindings, omittedText} from './findings.ts';
import type {ListedFinding} from './findings.ts';
import {script} from './html-script.ts';
import {style} from './html-style.ts';
import type {Report, ReportImage} from './model.ts';

const words: Readonly<Record<Decision, string>> = {
	deny: 'Denied',
	unknown: 'Not known',
	warn: 'Warning',
	allow: 'Allowed',
};

const parts = {base: 'base image', application: 'built on it'} as const;

/** Nothing is loaded, sent or framed, and of scripts and styles only the page's own run. */
export const htmlSecurityPolicy = [
	"default-src 'none'",
	`style-src '${hashOf(style)}'`,
	`script-src '${hashOf(script)}'`,
	"base-uri 'none'",
	"form-action 'none'",
].join('; ');

/** One file that needs no other, for a browser, a mail or paper; it can be filtered and sorted. */
export function formatReportAsHtml(report: Report): string {
	const images = report.images.filter(isDecidedAbout);
	const decisive = images.filter(({decision}) => decision === report.decision).length;
	const title = `${words[report.decision]}: ${report.application}`;
	return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${htmlSecurityPolicy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<title>${escaped(title)} · trivy-gate</title>
<style>${style}</style>
</head>
<body>
<header class="${report.decision}">
<h1>${escaped(report.application)} <span class="badge">${words[report.decision]}</span></h1>
<p>${escaped(report.summary)}</p>
<p class="facts">${factsOf(report, decisive, images.length)}</p>
</header>
${controls(images)}
<main>
${images.map(imageSection).join('\n')}
${exceptionSection(report)}
${furtherSections(report, images.length)}
</main>
<script>${script}</script>
</body>
</html>
`;
}

function factsOf(report: Report, decisive: number, all: number): string {
	const {scanner, project, revision, reportId, gate} = report;
	return [
		`${decisive} of ${all} ${all === 1 ? 'image' : 'images'} ${words[report.decision].toLowerCase()}`,
		...(project === undefined ? [] : [`project ${code(project)}`]),
		...(revision === undefined ? [] : [`revision ${code(revision.slice(0, 12))}`]),
		`report ${code(reportId)}`,
		`Trivy ${escaped(scanner.version)}`,
		...(scanner.database === undefined ? [] : [`vulnerability database of ${escaped(scanner.database.updatedAt)}`]),
		...(gate === undefined ? [] : [`trivy-gate ${escaped(gate.version)}`]),
	].join(' · ');
}

function controls(images: readonly ReportImage[]): string {
	const decisions = (['deny', 'unknown', 'warn', 'allow'] as const).flatMap((decision) => {
		const count = images.filter((image) => image.decision === decision).length;
		return count === 0
			? []
			: `<label><input type="checkbox" name="decision" value="${decision}" checked> ${words[decision]} (${count})</label>`;
	});
	const ranks = severities
		.map(
			(severity, rank) => `<option value="${rank}">${rank === 0 ? 'All severities' : `${severity} and worse`}</option>`,
		)
		.join('');
	return `<form hidden role="search" aria-label="Filter">
<input type="search" name="query" placeholder="Image, finding, package …" aria-label="Filter by words">
<select name="severity" aria-label="Filter by severity">${ranks}</select>
<label><input type="checkbox" name="fixable"> With a fix</label>
${decisions.join('\n')}
<output name="count" aria-live="polite"></output>
</form>`;
}

function imageSection(image: ReportImage): string {
	const findings = listedFindings(image);
	const others = image.reasons.filter(({kind}) => kind !== 'finding');
	const systems = [...new Set(image.scans.flatMap((scan) => (scan.outcome === 'scanned' ? (scan.os ?? []) : [])))];
	return `<section class="image ${image.decision}" data-decision="${image.decision}">
<div class="about">
<header><h2><code>${escaped(image.image)}</code></h2> <span class="badge">${words[image.decision]}</span>${systems.length === 0 ? '' : ` <span class="faint">${escaped(systems.join(', '))}</span>`}</header>
${others.map(({text}) => `<p>It ${escaped(text)}.</p>`).join('\n')}
${list(image.origins.map(originText), 'Used by')}
</div>
${list(image.advice.map(escaped), 'What to do')}
${image.suggestion === undefined ? '' : `<p>${escaped(image.suggestion)}</p>`}
${findings.length === 0 ? '' : findingsTable(findings, image.image)}
${omittedText(image) === undefined ? '' : `<p class="faint">${omittedText(image)}</p>`}
${exceptedTable(image)}
</section>`;
}

function originText({object, path, at, file}: ReportImage['origins'][number]): string {
	const place = at === undefined ? file : `${at.file}:${at.line}`;
	return `${code(object)} ${code(path)}${place === undefined ? '' : ` in ${code(place)}`}`;
}

function list(items: readonly string[], title: string): string {
	if (items.length === 0) return '';
	const shown = items.slice(0, 10).map((item) => `<li>${item}</li>`);
	const more = items.slice(10).map((item) => `<li>${item}</li>`);
	return [
		`<h3>${title}</h3>`,
		`<ul>${shown.join('')}</ul>`,
		...(more.length === 0
			? []
			: [`<details><summary>${more.length} more</summary><ul>${more.join('')}</ul></details>`]),
	].join('\n');
}

function findingsTable(findings: readonly ListedFinding[], image: string): string {
	const rows = findings.map((finding) => {
		const {id, url, severity, package: name, installedVersion, fixedVersion, layer, packagePaths} = finding;
		const cells = [
			`<td class="id">${link(id, url)}</td>`,
			`<td class="${severity}">${severity}</td>`,
			`<td class="id">${code(name)}</td>`,
			`<td class="version">${escaped(installedVersion)}</td>`,
			`<td class="version">${fixedVersion === undefined ? 'no fix yet' : escaped(fixedVersion)}</td>`,
			`<td class="part">${layer === undefined ? '' : parts[layer]}</td>`,
			`<td class="title">${titleOf(finding)}${placesOf(packagePaths)}</td>`,
		];
		return `<tr data-rank="${severities.indexOf(severity)}" data-fix="${fixedVersion === undefined ? '' : '1'}">${cells.join('')}</tr>`;
	});
	const heads = [
		['Finding', 'text'],
		['Severity', 'rank'],
		['Package', 'text'],
		['Installed', 'text'],
		['Fixed in', 'text'],
		['Part', 'text'],
		['Title', 'text'],
	].map(([head, column]) => `<th scope="col" data-column="${column}">${head}</th>`);
	return `<div class="scroll" tabindex="0" role="region" aria-label="Findings of ${escaped(image)}">
<table>
<thead><tr>${heads.join('')}</tr></thead>
<tbody class="findings">
${rows.join('\n')}
</tbody>
</table>
</div>`;
}

function titleOf({title = '', note}: ListedFinding): string {
	return `${escaped(title)}${note === undefined ? '' : ` <span class="faint">(${escaped(note)})</span>`}`;
}

function placesOf(paths: readonly string[]): string {
	if (paths.length === 0) return '';
	const more = paths.length > 3 ? ` and ${paths.length - 3} more` : '';
	return `<br><span class="faint">${paths.slice(0, 3).map(code).join(' ')}${more}</span>`;
}

function exceptedTable({excepted}: ReportImage): string {
	if (excepted.length === 0) return '';
	const rows = excepted.map(({id, url, severity, package: name, installedVersion, exception}) => [
		link(id, url),
		severity,
		code(`${name} ${installedVersion}`),
		code(exception.source),
		escaped(exception.owner),
		escaped(exception.reason),
		escaped(exception.expires),
	]);
	const head = ['Finding', 'Severity', 'Package', 'Exception', 'Owner', 'Reason', 'Last day'];
	return `<details><summary>${excepted.length} let pass by an exception</summary>
${table(head, rows)}
</details>`;
}

function exceptionSection(report: Report): string {
	const request = exceptionRequest(report, report.images);
	if (request === undefined) return '';
	const lines = request.trimEnd().split('\n').map(escapedCode);
	return `<details><summary>Ask the operator for an exception</summary>
<p>Leave what you do not need, fill the rest in, and hand it to the operator.</p>
<pre>${lines.join('\n')}</pre>
</details>`;
}

/** Blanks at the start of a line are its indentation. */
function escapedCode(line: string): string {
	return `${/^ */.exec(line)?.[0] ?? ''}${escaped(line)}`;
}

function furtherSections(report: Report, shown: number): string {
	const {breakGlass, ahead, documentsPrintedAsJson: odd, images} = report;
	const glass = breakGlass.map(({grant, needed}) => [
		code(grant.source),
		escaped(grant.approver),
		escaped(grant.reason),
		escaped(grant.until),
		needed ? 'needed' : 'not needed',
	]);
	const soon = ahead.map(({kind, image, until, ids}) => [code(image), kind, escaped(until), ids.map(code).join(' ')]);
	const others = images.length - shown;
	return [
		...(soon.length === 0
			? []
			: [`<h2>Will be denied soon</h2>\n${table(['Image', 'What ends', 'Last day', 'Findings'], soon)}`]),
		...(glass.length === 0
			? []
			: [`<h2>Break-glass</h2>\n${table(['Entry', 'Approver', 'Reason', 'Until', ''], glass)}`]),
		...(odd.length === 0
			? []
			: [
					`<p class="faint">${odd.length === 1 ? '1 document is' : `${odd.length} documents are`} passed on as JSON of what was read, because readers of YAML disagree about them.</p>`,
				]),
		...(others === 0
			? []
			: [
					`<p class="faint">${others} more to know of, which are not scanned: <code>trivy-gate images --all</code> lists them.</p>`,
				]),
	].join('\n');
}

function table(head: readonly string[], rows: ReadonlyArray<readonly string[]>): string {
	const heads = head.map((text) => `<th scope="col">${text}</th>`).join('');
	const body = rows.map((cells) => `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`).join('\n');
	return `<div class="scroll" tabindex="0"><table><thead><tr>${heads}</tr></thead><tbody>\n${body}\n</tbody></table></div>`;
}

function code(text: string): string {
	return `<code>${escaped(text)}</code>`;
}

function link(text: string, url: string | undefined): string {
	const address = webAddress(url);
	return address === undefined
		? code(text)
		: `<a href="${escaped(address)}" rel="noopener noreferrer nofollow">${escaped(text)}</a>`;
}

const entities: Readonly<Record<string, string>> = {
	'&': '&amp;',
	'<': '&lt;',
	'>': '&gt;',
	'"': '&quot;',
	"'": '&#39;',
	'`': '&#96;',
};

function escaped(text: string): string {
	return clean(text).replaceAll(/[&<>"'`]/g, (character) => entities[character] ?? '');
}

function hashOf(text: string): string {
	return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
