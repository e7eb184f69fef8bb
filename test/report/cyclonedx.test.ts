import {readFileSync} from 'node:fs';
import {Ajv} from 'ajv';
import addFormats from 'ajv-formats';
import test from 'ava';
import * as fc from 'fast-check';
import {formatReportAsCyclonedx} from '../../src/report/cyclonedx.ts';
import type {Report} from '../../src/report/model.ts';
import {policies, scans} from '../gate/arbitraries.ts';
import {allowedReport, reported, sampleReport} from './samples.ts';

/** CycloneDX's schemas, as its own library brings them. */
const schema = (name: string): object =>
	JSON.parse(
		readFileSync(
			new URL(
				`../../node_modules/@cyclonedx/cyclonedx-library/res/schema/${name}.SNAPSHOT.schema.json`,
				import.meta.url,
			),
			'utf8',
		),
	) as object;
const ajv = new Ajv({allErrors: true, strict: false});
addFormats.default(ajv);
for (const format of ['idn-email', 'iri-reference']) ajv.addFormat(format, true);
for (const name of ['spdx', 'jsf-0.82', 'cryptography-defs'])
	ajv.addSchema(schema(name), `http://cyclonedx.org/schema/${name}.SNAPSHOT.schema.json`);
const validate = ajv.compile(schema('bom-1.6'));

interface Bom {
	readonly serialNumber: string;
	readonly vulnerabilities: ReadonlyArray<{
		readonly id: string;
		readonly analysis: {readonly state: string; readonly detail: string};
		readonly affects: ReadonlyArray<{readonly ref: string}>;
	}>;
}

function bomOf(report: Report): Bom {
	return JSON.parse(formatReportAsCyclonedx(report)) as Bom;
}

function stateOf(report: Report): readonly string[] {
	return bomOf(report).vulnerabilities.map(({id, analysis}) => `${id} ${analysis.state} ${analysis.detail}`);
}

test('the schema refuses what is no bill of materials', (t) => {
	t.false(validate({bomFormat: 'CycloneDX', specVersion: '1.6', components: [{name: 'x'}]}));
});

test('every report is CycloneDX 1.6, and each finding affects a component that is there', (t) => {
	for (const report of [sampleReport(), allowedReport()])
		t.true(validate(bomOf(report)), JSON.stringify(validate.errors));
	fc.assert(
		fc.property(policies, scans, (policy, {references, verdicts}) => {
			const bom = bomOf(reported(references, verdicts, policy));
			t.true(validate(bom), JSON.stringify(validate.errors));
			const text = JSON.stringify(bom);
			for (const {affects} of bom.vulnerabilities)
				for (const {ref} of affects) t.true(text.includes(`"bom-ref":"${ref}"`), ref);
		}),
		{numRuns: 50},
	);
});

test('a finding waits for its analysis; what an exception says stands in it', (t) => {
	const report = sampleReport();
	t.deepEqual(stateOf(report), [
		'CVE-2021-44906 in_triage The gate: deny.',
		'CVE-2023-45853 in_triage The gate: deny.',
		'CVE-2020-8203 in_triage The gate: deny.',
		'CVE-2021-23337 in_triage Excepted by shop.yaml#2 of shop@example.com until 2026-12-01: the template function is not used',
	]);
});

test('the same report has the same serial number, another revision another one', (t) => {
	const report = sampleReport();
	t.is(bomOf(report).serialNumber, bomOf(report).serialNumber);
	t.not(bomOf({...report, revision: 'other'}).serialNumber, bomOf(report).serialNumber);
});
