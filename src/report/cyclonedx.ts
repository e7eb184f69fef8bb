import {createHash} from 'node:crypto';
import {clean, webAddress} from './clean.ts';
import {isDecidedAbout, listedFindings} from './findings.ts';
import {jsonText} from './json-text.ts';
import type {Report, ReportException, ReportImage} from './model.ts';

/** A finding of an image, with what the gate makes of it. */
interface Statement {
	readonly id: string;
	readonly severity: string;
	readonly package: string;
	readonly installedVersion: string;
	readonly fix?: string | undefined;
	readonly purl?: string | undefined;
	readonly title?: string | undefined;
	readonly url?: string | undefined;
	readonly publishedDate?: string | undefined;
	readonly decision: string;
	readonly state: 'in_triage' | 'not_affected';
	readonly detail: string;
}

/**
 * What was found and decided, as a CycloneDX 1.6 bill of materials with vulnerabilities: of each image the packages with
 * findings, and of each finding the state of its analysis. Whoever judges one changes that state, and hands the document on
 * as a VEX.
 */
export function formatReportAsCyclonedx(report: Report): string {
	const images = report.images.filter(isDecidedAbout).map((image, index) => imageParts(image, `image-${index + 1}`));
	const bom = {
		$schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
		bomFormat: 'CycloneDX',
		specVersion: '1.6',
		serialNumber: serialOf(report),
		version: 1,
		metadata: {
			tools: {
				components: [
					{type: 'application', name: 'argocd-trivy-gate', version: report.gate?.version},
					{type: 'application', name: 'trivy', version: report.scanner.version},
				],
			},
			component: {
				type: 'application',
				'bom-ref': 'application',
				name: clean(report.application),
				version: report.revision,
			},
			properties: properties({
				'report-id': report.reportId,
				decision: report.decision,
				project: report.project,
				'database-updated-at': report.scanner.database?.updatedAt,
			}),
		},
		components: images.map(({component}) => component),
		dependencies: [
			{ref: 'application', dependsOn: images.map(({component}) => component['bom-ref'])},
			...images.map(({component}) => ({
				ref: component['bom-ref'],
				dependsOn: component.components.map((each) => each['bom-ref']),
			})),
		],
		vulnerabilities: images.flatMap(({vulnerabilities}) => vulnerabilities),
	};
	return jsonText(bom);
}

function imageParts(image: ReportImage, ref: string) {
	const statements = [...statementsOf(image), ...exceptedOf(image)];
	const packages = new Map<string, {readonly ref: string; readonly statement: Statement}>();
	for (const statement of statements) {
		const key = keyOf(statement);
		if (!packages.has(key)) packages.set(key, {ref: `${ref}-package-${packages.size + 1}`, statement});
	}
	const scanned = image.scans.filter((scan) => scan.outcome === 'scanned');
	return {
		component: {
			type: 'container',
			'bom-ref': ref,
			name: clean(image.image),
			properties: properties({
				decision: image.decision,
				...Object.fromEntries(scanned.map(({platform, digest}) => [`digest:${platform}`, digest])),
			}),
			components: [...packages.values()].map(({ref: own, statement}) => ({
				type: 'library',
				'bom-ref': own,
				name: clean(statement.package),
				version: clean(statement.installedVersion),
				purl: statement.purl,
			})),
		},
		vulnerabilities: statements.map((statement, index) => ({
			'bom-ref': `${ref}-finding-${index + 1}`,
			id: clean(statement.id),
			...(webAddress(statement.url) === undefined ? {} : {source: {url: webAddress(statement.url)}}),
			ratings: [{severity: statement.severity.toLowerCase()}],
			...(statement.title === undefined ? {} : {description: clean(statement.title)}),
			...(statement.fix === undefined
				? {}
				: {recommendation: clean(`Raise ${statement.package} to ${statement.fix}.`)}),
			...(published(statement.publishedDate) === undefined ? {} : {published: published(statement.publishedDate)}),
			analysis: {state: statement.state, detail: clean(statement.detail)},
			affects: [{ref: packages.get(keyOf(statement))?.ref ?? ref}],
			properties: properties({decision: statement.decision}),
		})),
	};
}

function statementsOf(image: ReportImage): readonly Statement[] {
	return listedFindings(image).map(({platforms: _platforms, packagePaths: _paths, ...finding}) => ({
		...finding,
		state: 'in_triage',
		detail: `The gate: ${finding.decision}${finding.note === undefined ? '' : `; ${finding.note}`}.`,
	}));
}

function exceptedOf({excepted}: ReportImage): readonly Statement[] {
	const one = Map.groupBy(excepted, (finding) =>
		JSON.stringify([finding.id, keyOf(finding), finding.exception.source]),
	);
	return [...one.values()].flatMap(([first]) =>
		first === undefined
			? []
			: [
					{
						...first,
						decision: 'allow',
						state: 'in_triage' as const,
						detail: exceptionText(first.exception),
					},
				],
	);
}

function exceptionText({source, owner, reason, expires}: ReportException): string {
	return `Excepted by ${source} of ${owner} until ${expires}: ${reason}`;
}

function keyOf({package: name, installedVersion, purl = ''}: Pick<Statement, 'package' | 'installedVersion' | 'purl'>) {
	return JSON.stringify([name, installedVersion, purl]);
}

function published(text: string | undefined): string | undefined {
	const time = Date.parse(text ?? '');
	return Number.isNaN(time) ? undefined : new Date(time).toISOString();
}

function properties(values: Readonly<Record<string, string | undefined>>) {
	return Object.entries(values).flatMap(([name, value]) =>
		value === undefined ? [] : [{name: `trivy-gate:${clean(name)}`, value: clean(value)}],
	);
}

/** The same for the same report, in the form of a UUID that its maker chose (RFC 9562, version 8). */
function serialOf({application, revision = '', reportId}: Report): string {
	const hex = createHash('sha256')
		.update(JSON.stringify([application, revision, reportId]))
		.digest('hex');
	return `urn:uuid:${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
