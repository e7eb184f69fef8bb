import {readFileSync} from 'node:fs';
import addFormats from 'ajv-formats';
import Ajv04 from 'ajv-draft-04';
import test from 'ava';
import * as fc from 'fast-check';
import {formatReportAsSarif} from '../../src/report/sarif.ts';
import {policies, scans} from '../gate/arbitraries.ts';
import {finding, reference, scanned} from '../gate/samples.ts';
import {allowedReport, reported, sampleReport} from './samples.ts';

/** OASIS's schema of SARIF 2.1.0, as Microsoft's matchers bring it. */
const schema: unknown = JSON.parse(
	readFileSync(
		new URL('../../node_modules/@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json', import.meta.url),
		'utf8',
	),
);
const ajv = new Ajv04.default({allErrors: true, strict: false, unicodeRegExp: false});
addFormats.default(ajv);
const validate = ajv.compile(schema as object);

interface Log {
	readonly runs: readonly [
		{
			readonly tool: {readonly driver: {readonly rules: ReadonlyArray<{readonly id: string}>}};
			readonly results: ReadonlyArray<{
				readonly ruleId: string;
				readonly ruleIndex: number;
				readonly level: string;
				readonly message: {readonly text: string};
				readonly partialFingerprints: Readonly<Record<string, string>>;
				readonly locations: ReadonlyArray<{
					readonly physicalLocation?: {
						readonly artifactLocation: {readonly uri: string; readonly uriBaseId: string};
						readonly region: {readonly startLine: number};
					};
				}>;
			}>;
		},
	];
}

test('the schema refuses what is no SARIF', (t) => {
	t.false(validate({version: '2.1.0', runs: [{tool: {}}]}));
});

test('every report is SARIF 2.1.0, and each result names its rule', (t) => {
	for (const report of [sampleReport(), allowedReport()])
		t.true(validate(JSON.parse(formatReportAsSarif(report))), JSON.stringify(validate.errors));
	fc.assert(
		fc.property(policies, scans, (policy, {references, verdicts}) => {
			const log = JSON.parse(formatReportAsSarif(reported(references, verdicts, policy))) as Log;
			t.true(validate(log), JSON.stringify(validate.errors));
			const [{tool, results}] = log.runs;
			for (const {ruleId, ruleIndex} of results) t.is(tool.driver.rules[ruleIndex]?.id, ruleId);
		}),
		{numRuns: 50},
	);
});

test('a result is at the line of the chart’s template, and denied ones are errors', (t) => {
	const [{results}] = (JSON.parse(formatReportAsSarif(sampleReport())) as Log).runs;
	const minimist = results.find(({ruleId}) => ruleId === 'CVE-2021-44906');
	t.is(minimist?.level, 'error');
	t.deepEqual(
		minimist?.locations.map(({physicalLocation: place}) => `${place?.artifactLocation.uri}:${place?.region.startLine}`),
		['charts/shop/templates/api.yaml:12', 'charts/shop/templates/report.yaml:12'],
	);
	t.is(results.find(({ruleId}) => ruleId === 'trivy-gate/placeholder')?.level, 'warning');
});

test('GitHub finds what it asks of a rule and of a place', (t) => {
	const [{tool, results}] = (JSON.parse(formatReportAsSarif(sampleReport())) as Log).runs;
	for (const rule of tool.driver.rules)
		t.like(
			Object.keys(rule).filter((key) => /^(?:shortDescription|fullDescription|help)$/.test(key)),
			{length: 3},
		);
	for (const {locations} of results)
		for (const {physicalLocation: place} of locations)
			if (place !== undefined) t.is(place.artifactLocation.uriBaseId, '%SRCROOT%');
});

test('the same trouble in the next tag is the same alert', (t) => {
	const prints = ['registry.example/shop/api:1.4', 'registry.example/shop/api:1.5'].map((image) => {
		const report = reported([reference(image)], [scanned(image, {findings: [finding()]})]);
		return (JSON.parse(formatReportAsSarif(report)) as Log).runs[0].results.map((each) => each.partialFingerprints);
	});
	t.deepEqual(prints[0], prints[1]);
});
