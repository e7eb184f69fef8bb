import {createHash} from 'node:crypto';
import type {Decision, Severity} from '../types.ts';
import {clean, webAddress} from './clean.ts';
import {isDecidedAbout, listedFindings} from './findings.ts';
import type {ListedFinding} from './findings.ts';
import {jsonText} from './json-text.ts';
import type {Report, ReportImage} from './model.ts';

/** As many as GitHub's code scanning takes of one run. */
const mostResults = 25_000;
const mostLocations = 100;
/** As CodeQL and GitHub call it. */
const sourceRoot = '%SRCROOT%';

/** What code scanning shows in a pull request: a result for each finding of an image, at every place that names it. */
export function formatReportAsSarif(report: Report): string {
	const all = report.images.filter(isDecidedAbout).flatMap((image) => problemsOf(image));
	const problems = all.slice(0, mostResults);
	const rules = [...new Map(problems.map(({rule}) => [rule.id, rule])).values()];
	const indexOf = new Map(rules.map(({id}, index) => [id, index]));
	const left = all.length - problems.length;
	const log = {
		$schema: 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json',
		version: '2.1.0',
		runs: [
			{
				tool: {driver: {name: 'argocd-trivy-gate', version: report.gate?.version, rules}},
				automationDetails: {id: `trivy-gate/${idPart(report.application)}/`},
				invocations: [
					{
						executionSuccessful: report.decision !== 'unknown',
						toolExecutionNotifications: [
							{level: 'note', message: {text: message(report.summary)}},
							...(left === 0 ? [] : [{level: 'warning', message: {text: `${left} more results have no room here`}}]),
						],
					},
				],
				columnKind: 'utf16CodeUnits',
				originalUriBaseIds: {[sourceRoot]: {description: {text: 'The root of the repository'}}},
				results: problems.map(({rule, ...result}) => ({
					ruleId: rule.id,
					ruleIndex: indexOf.get(rule.id),
					...result,
				})),
				properties: {reportId: report.reportId, decision: report.decision},
			},
		],
	};
	return jsonText(log);
}

function problemsOf(image: ReportImage) {
	const locations = image.origins.slice(0, mostLocations).map(locationOf);
	const name = clean(image.image);
	const common = (rule: string, decision: Decision, sentence: string, ...identity: readonly string[]) => ({
		level: decision === 'deny' ? 'error' : 'warning',
		message: {text: message(sentence)},
		locations,
		// Not the tag: the same trouble in the next release is no new one.
		partialFingerprints: {'trivyGate/v1': hash([repositoryOf(image.image), rule, ...identity])},
	});
	const findings = listedFindings(image).map((finding) => ({
		rule: findingRule(finding),
		...common(idPart(finding.id), finding.decision, `${name} ${finding.text}. ${fixText(finding)}`, finding.package),
	}));
	const others = image.reasons
		.filter((reason) => reason.kind !== 'finding')
		.map((reason) => {
			const rule = otherRule(
				reason.kind === 'caveat' ? reason.caveat : reason.kind === 'unscanned' ? reason.reason : reason.rule,
			);
			const advice = image.advice.join(' ');
			return {
				rule,
				...common(rule.id, reason.decision, `${name} ${reason.text}. ${advice}`, reason.platform ?? ''),
			};
		});
	return [...others, ...findings];
}

/** How GitHub sorts: a score of 9 and more is critical, 7 high, 4 medium. */
const scores: Readonly<Record<Severity, string>> = {
	CRITICAL: '9.5',
	HIGH: '8.0',
	MEDIUM: '5.5',
	LOW: '2.0',
	UNKNOWN: '0.0',
};

function findingRule({id, severity, title, url}: ListedFinding) {
	const help = webAddress(url);
	return {
		id: idPart(id),
		shortDescription: {text: message(title ?? id)},
		fullDescription: {text: message(title ?? id)},
		help: {text: message(`${id} (${severity})${help === undefined ? '' : `: ${help}`}`)},
		...(help === undefined ? {} : {helpUri: help}),
		properties: {tags: ['security', 'vulnerability', severity], 'security-severity': scores[severity]},
	};
}

function otherRule(name: string) {
	return {
		id: `trivy-gate/${idPart(name)}`,
		shortDescription: {text: `trivy-gate: ${message(name)}`},
		fullDescription: {text: `trivy-gate: ${message(name)}`},
		help: {text: 'What to do stands with each result.'},
		properties: {tags: ['security']},
	};
}

function fixText({package: name, installedVersion, fix}: ListedFinding): string {
	return fix === undefined ? '' : `Raise ${name} from ${installedVersion} to ${fix} in the image.`;
}

function locationOf({object, path, at}: ReportImage['origins'][number]) {
	return {
		...(at === undefined
			? {}
			: {
					physicalLocation: {
						artifactLocation: {uri: pathUri(at.file), uriBaseId: sourceRoot},
						region: {startLine: at.line},
					},
				}),
		logicalLocations: [{fullyQualifiedName: clean(`${object} ${path}`), kind: 'resource'}],
	};
}

function pathUri(file: string): string {
	return file.toWellFormed().split(/[\\/]/).map(encodeURIComponent).join('/');
}

/** Plain text, in which SARIF (3.11) reads brackets as links and braces as places to fill in. */
function message(text: string): string {
	return clean(text)
		.replaceAll(/[\\[\]]/g, String.raw`\$&`)
		.replaceAll(/[{}]/g, '$&$&');
}

/** Part of an id, in which a slash separates. */
function idPart(text: string): string {
	return clean(text)
		.replaceAll(/[^\w.:@+-]/g, '_')
		.slice(0, 200);
}

function repositoryOf(image: string): string {
	return image.replace(/@.*$/s, '').replace(/:[^:/]*$/, '');
}

function hash(parts: readonly string[]): string {
	return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
}
