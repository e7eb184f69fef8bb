import {clean} from './clean.ts';
import {isDecidedAbout, listedFindings} from './findings.ts';
import type {ListedFinding} from './findings.ts';
import type {Report, ReportImage, ReportReason} from './model.ts';

/** A suite for each image and a test case for each reason, so that a build server shows what is refused as failed. */
export function formatReportAsJunit(report: Report): string {
	const suites = report.images.filter(isDecidedAbout).map(suiteOf);
	const sum = (kind: 'failure' | 'error') => suites.reduce((total, suite) => total + suite.counts[kind], 0);
	const cases = suites.reduce((total, suite) => total + suite.cases.length, 0);
	return [
		'<?xml version="1.0" encoding="UTF-8"?>',
		`<testsuites name="trivy-gate ${escaped(report.application)}" tests="${cases}" failures="${sum('failure')}" errors="${sum('error')}">`,
		...suites.flatMap(({image, cases: own, counts}) => [
			`  <testsuite name="${escaped(image)}" tests="${own.length}" failures="${counts.failure}" errors="${counts.error}" skipped="0" time="0">`,
			...own.flatMap((lines) => lines.map((line) => `    ${line}`)),
			'  </testsuite>',
		]),
		'</testsuites>',
		'',
	].join('\n');
}

interface TestCase {
	readonly name: string;
	readonly advice: readonly string[];
	/** Undefined when nothing is wrong. */
	readonly outcome:
		| {readonly kind: 'failure' | 'error' | 'warning'; readonly type: string; readonly text: string}
		| undefined;
}

function suiteOf(image: ReportImage) {
	const cases = casesOf(image);
	const count = (kind: 'failure' | 'error') => cases.filter(({outcome}) => outcome?.kind === kind).length;
	return {
		image: image.image,
		cases: cases.map((testCase) => caseLines(testCase, image)),
		counts: {failure: count('failure'), error: count('error')},
	};
}

function casesOf(image: ReportImage): readonly TestCase[] {
	const findings = listedFindings(image).map((finding) => ({
		name: `${finding.id} in ${finding.package} ${finding.installedVersion}`,
		advice: adviceFor(finding, image),
		outcome: {kind: kindOf(finding.decision), type: finding.severity, text: finding.text},
	}));
	const others = image.reasons
		.filter((reason) => reason.kind !== 'finding')
		.map((reason) => {
			const type = reason.kind === 'caveat' ? reason.caveat : reason.kind === 'unscanned' ? reason.reason : reason.rule;
			const on = reason.platform === undefined ? '' : ` on ${reason.platform}`;
			return {
				name: `${type}${on}`,
				advice: image.advice.slice(image.upgrades.length),
				outcome: {kind: kindOf(reason.decision), type, text: reason.text},
			};
		});
	const all = [...others, ...findings];
	return all.length > 0 ? all : [{name: 'nothing speaks against it', advice: [], outcome: undefined}];
}

/** To raise its package; else what there is to do besides. */
function adviceFor(finding: ListedFinding, {upgrades, advice}: ReportImage): readonly string[] {
	const at = upgrades.findIndex(
		({package: name, from}) => name === finding.package && from === finding.installedVersion,
	);
	return at >= 0 && finding.fix !== undefined ? advice.slice(at, at + 1) : advice.slice(upgrades.length);
}

function kindOf(decision: ReportReason['decision']): 'failure' | 'error' | 'warning' {
	switch (decision) {
		case 'deny':
			return 'failure';
		case 'unknown':
			return 'error';
		case 'warn':
		case 'allow':
			return 'warning';
	}
}

function caseLines({name, advice, outcome}: TestCase, image: ReportImage): readonly string[] {
	const head = `<testcase classname="${escaped(image.image)}" name="${escaped(name)}" time="0"`;
	if (outcome === undefined) return [`${head}/>`];
	const details = [
		`${image.image} ${outcome.text}`,
		...image.origins.map(
			({object, path, at}) => `used by ${object} ${path}${at === undefined ? '' : ` (${at.file}:${at.line})`}`,
		),
		...[...advice, ...(image.suggestion === undefined ? [] : [image.suggestion])].map((text) => `→ ${text}`),
	].map(escaped);
	// Line breaks in an element's text are kept, in an attribute they are not.
	const body = details.join('\n');
	return outcome.kind === 'warning'
		? [`${head}>`, `  <system-out>${body}</system-out>`, '</testcase>']
		: [
				`${head}>`,
				`  <${outcome.kind} type="${escaped(outcome.type)}" message="${escaped(outcome.text)}">${body}</${outcome.kind}>`,
				'</testcase>',
			];
}

const entities: Readonly<Record<string, string>> = {
	'&': '&amp;',
	'<': '&lt;',
	'>': '&gt;',
	'"': '&quot;',
	"'": '&apos;',
};

function escaped(text: string): string {
	return clean(text).replaceAll(/[&<>"']/g, (character) => entities[character] ?? '');
}
