import test from 'ava';
import {GateError} from '../../src/errors.ts';
import {parseExceptions} from '../../src/gate/exceptions.ts';
import {exceptionRequest} from '../../src/report/exceptions.ts';
import {formatReportAsTable} from '../../src/report/table.ts';
import {finding, reference, scanned} from '../gate/samples.ts';
import {allowedReport, reported, sampleReport} from './samples.ts';

const file = {path: 'exceptions/shop.yaml', name: 'shop.yaml'};

function filledIn(text: string): string {
	return text
		.replaceAll('FILL IN: who answers for it', 'shop@example.com')
		.replaceAll('FILL IN: why it is acceptable', 'not reachable')
		.replaceAll('FILL IN: the last day, as YYYY-MM-DD', '2026-12-31');
}

test('the request is refused until it is filled in, and then covers what was denied', (t) => {
	const report = sampleReport();
	const request = exceptionRequest(report, report.images) ?? '';
	t.is(t.throws(() => parseExceptions(request, file), {instanceOf: GateError}).code, 'policy-invalid');
	const {exceptions} = parseExceptions(filledIn(request), file);
	t.like(exceptions[0], {
		id: ['CVE-2021-44906'],
		package: 'pkg:npm/minimist@0.0.8',
		image: 'registry.example/shop/api',
		project: 'shops',
		application: 'shop',
	});
	t.is(exceptions.length, 3);
});

test('without Argo CD nobody has said which project it is', (t) => {
	const {project: _, ...report} = sampleReport();
	const request = exceptionRequest(report, report.images) ?? '';
	t.true(request.includes('project: "FILL-IN-THE-APPPROJECT"'));
	t.false(request.includes('application:'));
});

test('nothing that a pattern would read as more than itself is asked for', (t) => {
	const image = 'registry.example/shop/api:1';
	for (const purl of ['pkg:npm/*', 'pkg:npm/a b@1', 'pkg:npm/a"b', 'npm/a', undefined]) {
		const report = reported([reference(image)], [scanned(image, {findings: [finding({purl})]})]);
		const request = exceptionRequest(report, report.images);
		if (request === undefined) continue;
		const {exceptions} = parseExceptions(filledIn(request), file);
		t.deepEqual(
			exceptions.map((exception) => exception.package),
			[purl],
		);
	}
	t.is(exceptionRequest(allowedReport(), allowedReport().images), undefined);
});

test('a single one stands in the table, more are a format of their own', (t) => {
	const image = 'registry.example/shop/api:1';
	const one = reported([reference(image)], [scanned(image, {findings: [finding()]})]);
	t.true(formatReportAsTable(one, {colour: false}).includes('\n      - id: ["CVE-2021-44906"]\n'));
	t.regex(formatReportAsTable(sampleReport(), {colour: false}), /--format exceptions prints the file to fill in/);
});
