import test from 'ava';
import {formatReport} from '../../src/report/formats.ts';
import {reportSchema} from '../../src/report/model.ts';
import {thinReport} from '../../src/report/thin.ts';
import {finding, reference, scanned} from '../gate/samples.ts';
import {reported, sampleReport} from './samples.ts';

const images = Array.from({length: 4}, (_, index) => `registry.example/shop/api-${index}:1`);
const long = reported(
	images.map((image) => reference(image)),
	images.map((image) =>
		scanned(image, {findings: Array.from({length: 100}, (_, index) => finding({id: `CVE-2026-${1000 + index}`}))}),
	),
);

test('a report of the usual length is kept as it is', (t) => {
	const report = sampleReport();
	t.is(thinReport(report), report);
});

test('of a longer one the strictest reasons of each image are kept, and the others counted', (t) => {
	const thin = thinReport(long, 40);
	t.true(reportSchema.safeParse(thin).success);
	for (const [index, {reasons, omitted}] of thin.images.entries()) {
		t.deepEqual(reasons, long.images[index]?.reasons.slice(0, 5));
		t.is(omitted, 95);
	}
	for (const format of ['table', 'html', 'markdown'] as const)
		t.true(formatReport(thin, format, {colour: false}).includes('95 more were left out when the report was kept.'));
});
