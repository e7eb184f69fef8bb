import type {DecisionReason, ImageDecision, ScanVerdict} from '../types.ts';
import type {Report} from './report.ts';

/** The machine-readable report; `version` is raised when a field changes its meaning or goes away. */
export function formatReportAsJson(report: Report): string {
	const {decision} = report;
	const document = {
		version: 1,
		reportId: decision.reportId,
		application: report.application,
		decision: decision.decision,
		enforcement: decision.enforcement,
		summary: report.summary,
		scanner: {name: 'trivy', version: report.trivyVersion, database: report.database},
		documentsPrintedAsJson: report.odd,
		images: decision.images.map((image) => imageOf(image, report)),
	};
	return `${JSON.stringify(document, undefined, 2)}\n`;
}

function imageOf(image: ImageDecision, report: Report) {
	const {reference, decision, reasons, verdicts} = image;
	return {
		image: reference.image,
		outcome: reference.outcome,
		decision,
		origins: reference.origins.map(({object, path, rule, outcome, file}) => ({object, path, rule, outcome, file})),
		reasons: reasons.map((reason) => ({...dataOf(reason), text: report.explain(reason)})),
		advice: report.advise(image),
		scans: verdicts.map(scanOf),
	};
}

function dataOf(reason: DecisionReason) {
	const {kind, decision, platform} = reason;
	switch (reason.kind) {
		case 'finding':
			return {kind, decision, platform, ...findingOf(reason.finding)};
		case 'caveat':
			return {kind, decision, platform, caveat: reason.caveat.kind};
		case 'unscanned':
			return {kind, decision, platform, reason: reason.reason, transient: reason.transient};
		case 'reference':
			return {kind, decision, platform, rule: reason.rule};
	}
}

function findingOf({
	id,
	severity,
	package: name,
	installedVersion,
	fixedVersion,
	status,
	target,
	packagePath,
	purl,
	url,
}: (DecisionReason & {kind: 'finding'})['finding']) {
	return {id, severity, package: name, installedVersion, fixedVersion, status, target, packagePath, purl, url};
}

function scanOf(verdict: ScanVerdict) {
	const {platform} = verdict;
	switch (verdict.kind) {
		case 'unscanned':
			return {
				platform,
				outcome: verdict.kind,
				reason: verdict.reason,
				transient: verdict.transient,
				detail: verdict.detail,
			};
		case 'scanned':
			return {
				platform,
				outcome: verdict.kind,
				digest: verdict.digest,
				os: verdict.os,
				packages: verdict.packages,
				findings: verdict.findings.length,
				caveats: verdict.caveats.map(({kind}) => kind),
				database: verdict.database,
			};
	}
}
