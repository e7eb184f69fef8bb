import test from 'ava';
import * as fc from 'fast-check';
import {formatReport} from '../../src/report/formats.ts';
import {formatReportAsTable} from '../../src/report/table.ts';
import {widthOf} from '../../src/report/width.ts';
import {finding, origin, reference, scanned} from '../gate/samples.ts';
import {allowedReport, reported, sampleReport} from './samples.ts';

const escape = '\u001B';
const escapes = new RegExp(`${escape}\\]8;;.*?${escape}\\\\|${escape}\\[[\\d;]*m`, 'g');

test('every line fits, but for one that a single word makes too long', (t) => {
	const word = fc.string({
		unit: fc.constantFrom('a', '/', '名', '\u0301', '-'),
		minLength: 1,
		maxLength: 50,
	});
	const sentence = fc.array(word, {maxLength: 12}).map((list) => list.join(' '));
	fc.assert(
		fc.property(
			fc.constantFrom(80, 200),
			fc.array(fc.record({title: sentence, package: word, installedVersion: word, fixedVersion: word}), {maxLength: 4}),
			word,
			(width, changes, path) => {
				const image = 'registry.example/shop/api:1';
				const report = reported(
					[reference(image, {origins: [origin({path})]})],
					[scanned(image, {findings: changes.map((change, index) => finding({...change, id: `CVE-1-${index}`}))})],
				);
				const lines = formatReportAsTable(report, {colour: true, width, links: true}).split('\n');
				const request = lines.findIndex((line) => line.startsWith('To ask the operator'));
				for (const line of lines.slice(0, request < 0 ? undefined : request)) {
					const visible = line.replaceAll(escapes, '');
					t.true(widthOf(visible) <= width, `${widthOf(visible)}: ${visible}`);
				}
			},
		),
	);
});

test('on a narrow terminal a title has lines of its own', (t) => {
	const text = formatReportAsTable(sampleReport(), {colour: false, width: 80});
	t.true(
		text.includes(
			'    CVE-2023-45853  CRITICAL  zlib1g 1:1.2.13.dfsg-1  no fix yet\n      zlib: integer overflow and resultant heap-based buffer overflow in\n      zipOpenNewFileInZip4_6\n',
		),
		text,
	);
});

test('denied comes first, and the base image’s findings stand apart', (t) => {
	const lines = formatReportAsTable(sampleReport(), {colour: false, width: 200}).split('\n');
	const heads = lines.filter((line) => /^(?:DENIED|NOT KNOWN|WARNING|allowed) /.test(line));
	t.deepEqual(
		heads.map((line) => line.slice(0, 9).trim()),
		['DENIED', 'DENIED', 'NOT KNOWN', 'WARNING', 'allowed'],
	);
	const base = lines.indexOf('  in the base image, so build on a newer one:');
	t.regex(lines[base + 1] ?? '', /^ {4}CVE-2023-45853 /);
	t.is(lines[base + 2], '  in what was built on the base image:');
});

test('why a finding passes, or which exception of it has ended, is told with it', (t) => {
	const note = 'its grace period lasts until 2026-12-24';
	const report = sampleReport();
	const images = report.images.map((image) => ({
		...image,
		reasons: image.reasons.map((reason) => (reason.kind === 'finding' ? {...reason, note} : reason)),
	}));
	for (const format of ['table', 'html', 'markdown', 'cyclonedx'] as const)
		t.is(formatReport({...report, images}, format, {colour: false, width: 200}).split(note).length - 1, 3, format);
});

test('without colours and links the text holds no escape', (t) => {
	for (const report of [sampleReport(), allowedReport()])
		t.false(formatReportAsTable(report, {colour: false, width: 80}).includes('\u001B'));
});

test('a finding is a link to its page, where the terminal opens links', (t) => {
	const text = formatReportAsTable(sampleReport(), {colour: false, width: 80, links: true});
	t.true(
		text.includes(
			'\u001B]8;;https://avd.aquasec.com/nvd/cve-2021-44906\u001B\\CVE-2021-44906\u001B]8;;\u001B\\  CRITICAL',
		),
	);
	t.is(text.replaceAll(escapes, ''), formatReportAsTable(sampleReport(), {colour: false, width: 80}));
});

test('what has no room is counted', (t) => {
	const image = 'registry.example/shop/api:1';
	const findings = Array.from({length: 30}, (_, index) =>
		finding({id: `CVE-2026-${1000 + index}`, package: `p${index}`}),
	);
	const origins = Array.from({length: 12}, (_, index) => origin({object: `Pod/p${index}`}));
	const [first, ...others] = origins;
	if (first === undefined) throw new Error('no origin');
	const report = reported([reference(image, {origins: [first, ...others]})], [scanned(image, {findings})]);
	const text = formatReportAsTable(report, {colour: false});
	t.regex(text, /\n {2}and by 2 more\n/);
	t.regex(text, /\n {2}and 10 more findings \(--format json lists all\)\n/);
	t.regex(text, /\n {2}→ and 20 more \(--format json lists all\)\n/);
});
