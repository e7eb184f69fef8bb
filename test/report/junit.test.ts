import test from 'ava';
import {formatReportAsJunit} from '../../src/report/junit.ts';
import {parseDocument} from './dom.ts';
import {allowedReport, sampleReport} from './samples.ts';

function documentOf(text: string) {
	return parseDocument(text, 'text/xml');
}

test('denied is a failure, not known an error, and a warning passes', (t) => {
	const suites = documentOf(formatReportAsJunit(sampleReport()));
	const all = (selector: string) => [...suites.querySelectorAll(selector)];
	t.is(all('testcase').length, 7);
	t.is(all('failure').length, 4);
	t.is(all('error').length, 1);
	t.is(all('system-out').length, 1);
	const [root] = all('testsuites');
	t.deepEqual(
		['tests', 'failures', 'errors'].map((name) => root?.getAttribute(name)),
		['7', '4', '1'],
	);
});

test('a failed case says where the image is used and what to do about this finding', (t) => {
	const suites = documentOf(formatReportAsJunit(sampleReport()));
	const text = suites.querySelector('testcase[name^="CVE-2020-8203"] failure')?.textContent ?? '';
	t.deepEqual(text.split('\n'), [
		'registry.example/shop/api:1.4 has CVE-2020-8203 (HIGH), lodash 4.17.15 is fixed in 4.17.20',
		'used by Deployment/shop/api spec.template.spec.containers[0].image (charts/shop/templates/api.yaml:12)',
		'used by CronJob/shop/report spec.jobTemplate.spec.template.spec.containers[0].image (charts/shop/templates/report.yaml:12)',
		'→ Raise lodash from 4.17.15 to 4.17.20 in the image, and deploy the new image.',
		'→ Or move to registry.example/shop/api:1.5, which the registry has and which would be allowed now.',
	]);
});

test('an image without trouble is a test that passes', (t) => {
	t.is([...documentOf(formatReportAsJunit(allowedReport())).querySelectorAll('testcase')].length, 1);
});
