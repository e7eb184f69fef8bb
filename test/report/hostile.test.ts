// What images, registries and manifests say can be anything. Here it is the worst, in every field of the report at once.
import {readFileSync} from 'node:fs';
import addFormats from 'ajv-formats';
import Ajv04 from 'ajv-draft-04';
import test from 'ava';
import {micromark} from 'micromark';
import {gfm, gfmHtml} from 'micromark-extension-gfm';
import {parse} from 'yaml';
import {reportFormats} from '../../src/report/format-names.ts';
import type {ReportFormat} from '../../src/report/format-names.ts';
import {formatReport} from '../../src/report/formats.ts';
import type {Report} from '../../src/report/model.ts';
import {parseDocument} from './dom.ts';
import type {Node} from './dom.ts';
import {sampleReport} from './samples.ts';

const payloads: Readonly<Record<string, string>> = {
	terminal: '\u001B[2J\u001B]8;;https://evil.example\u0007click\u001B\\ \u009B31m \u0007\0\u007F',
	lines: 'a\r\nINJECTED\n\n# INJECTED\u2028INJECTED\u0085INJECTED\tb',
	direction: '\u202Egnp.exe\u2066 \u200F zero\u200Bwidth \uFEFF\u{E0041}',
	halves: '\uD800 \uDC00 \uFFFE \uFFFF',
	html: `"><img src=x onerror=alert(1)></code></script></style><script>alert(1)</script>'onload='x' &lt;b&gt; <!-- --`,
	markdown:
		'[a](https://evil.example) ![b](https://evil.example/x.png) **b** ~~s~~ <https://evil.example> https://evil.example www.evil.example a@evil.example @octocat #1 octo/cat#2',
	table: '| a | b |\n| --- | --- |\n| \\| x \\\\| y | `a` ``b` |',
	fences: '``` ` `` \n```\n</details>\n<details>\n- item\n> quote\n1. one',
	graves: '`',
	sarif: '[link](1) {0} {1} \\[x\\] {{2}}',
	xml: ']]> <!DOCTYPE a [<!ENTITY b "c">]> &b; <![CDATA[x]]>',
	yaml: '"\n  - evil: true\n# */ *alias &anchor !!tag %TAG ---\n...',
	csv: '=HYPERLINK("https://evil.example","a"),+1,-1,@SUM(1)',
	scheme: 'javascript:alert(1)',
};

/** Those that hold a word of ours, by which the formats choose what to show. */
const closed = new Set(['decision', 'enforcement', 'evidence', 'kind', 'layer', 'outcome', 'severity']);

/** The sample with the same text in every open field. */
function filled(text: string): Report {
	const fill = (value: unknown, key: string): unknown => {
		if (typeof value === 'string') return closed.has(key) || value === 'trivy' ? value : text;
		if (Array.isArray(value)) return value.map((item) => fill(item, key));
		if (typeof value !== 'object' || value === null) return value;
		return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, fill(inner, name)]));
	};
	return fill(sampleReport(), '') as Report;
}

function printed(format: ReportFormat, text: string): string {
	return formatReport(filled(text), format, {colour: false, links: true, width: 80});
}

/** How many elements of each kind there are, and which attributes they have. */
function elementsOf(document: Node): readonly string[] {
	return [...document.querySelectorAll('*')]
		.map(
			(node) =>
				`${node.tagName} ${[...node.attributes]
					.map(({name}) => name)
					.toSorted()
					.join(' ')}`,
		)
		.toSorted();
}

for (const [name, payload] of Object.entries(payloads)) {
	for (const format of Object.keys(reportFormats) as readonly ReportFormat[]) {
		test(`${name} in every field: ${format} has no character that a terminal obeys or that hides another`, (t) => {
			const text = printed(format, payload);
			// The breaks that keep GitHub from making links are ours.
			const seen = format === 'markdown' ? text.replaceAll('\u200B', '') : text;
			t.false(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u.test(seen), JSON.stringify(seen.slice(0, 3000)));
			t.false(/^INJECTED/m.test(text));
		});
	}

	test(`${name} in every field: HTML has the elements that it has without`, (t) => {
		const page = parseDocument(printed('html', payload), 'text/html');
		t.deepEqual(elementsOf(page), elementsOf(parseDocument(printed('html', 'harmless'), 'text/html')));
		t.deepEqual([...page.querySelectorAll('a')], []);
	});

	test(`${name} in every field: Markdown renders to the elements that it has without`, (t) => {
		const html = rendered(payload);
		t.deepEqual(tagsOf(html), tagsOf(rendered('harmless')), printed('markdown', payload).slice(0, 3000));
		// GitHub looks for people, issues and addresses in what was rendered, but not in code.
		const open = html.replaceAll(/<code[^>]*>.*?<\/code>/gs, '').replaceAll(/<!--.*?-->/gs, '');
		t.false(/@[a-z]|#\d|:\/\/|www\./i.test(open), open.slice(0, 3000));
	});

	test(`${name} in every field: JUnit has the elements that it has without`, (t) => {
		const text = printed('junit', payload);
		t.deepEqual(
			elementsOf(parseDocument(text, 'text/xml')),
			elementsOf(parseDocument(printed('junit', 'harmless'), 'text/xml')),
		);
		t.is(text.match(/<[a-z!?/]/gi)?.length, printed('junit', 'harmless').match(/<[a-z!?/]/gi)?.length);
	});

	test(`${name} in every field: SARIF is valid, and its messages have neither links nor places to fill in`, (t) => {
		const log = JSON.parse(printed('sarif', payload)) as unknown;
		t.true(validate(log), JSON.stringify(validate.errors));
		for (const message of messagesOf(log)) {
			t.false(/(?<!\\)(?:\\\\)*[[\]]/.test(message), message);
			t.is(message.replaceAll('{{', '').replaceAll('}}', '').search(/[{}]/), -1, message);
		}
	});

	test(`${name} in every field: JSON says the same when it is read again`, (t) => {
		t.deepEqual(JSON.parse(printed('json', payload)), JSON.parse(JSON.stringify(filled(payload))));
	});

	test(`${name} in every field: nothing of it gets into a request for exceptions`, (t) => {
		t.is(parse(printed('exceptions', payload)), null);
	});
}

/** Of a field that may be anything where the others are well-formed. */
test('a request for exceptions has only fields of its own', (t) => {
	const report = sampleReport();
	for (const payload of Object.values(payloads)) {
		for (const field of ['id', 'purl', 'package', 'installedVersion'] as const) {
			const images = report.images.map((image) => ({
				...image,
				reasons: image.reasons.map((reason) => (reason.kind === 'finding' ? {...reason, [field]: payload} : reason)),
			}));
			const read = parse(formatReport({...report, images}, 'exceptions', {colour: false})) as {
				readonly spec?: {readonly exceptions: readonly object[]};
			} | null;
			for (const entry of read?.spec?.exceptions ?? []) {
				t.deepEqual(Object.keys(entry), [
					'id',
					'package',
					'image',
					'project',
					'application',
					'owner',
					'reason',
					'expires',
				]);
			}
		}
	}
});

/** The sample, in which all findings have the same page. */
function linkedTo(url: string): Report {
	const report = sampleReport();
	const images = report.images.map((image) => ({
		...image,
		reasons: image.reasons.map((reason) => (reason.kind === 'finding' ? {...reason, url} : reason)),
		excepted: [],
	}));
	return {...report, images};
}

const addresses = [
	'https://evil.example/")onclick="x',
	'https://evil.example/a)b](c|d`e*f_g<h>i',
	"https://evil.example/'x",
	'https://evil.example/\u001B[31m',
] as const;

for (const url of addresses) {
	test(`the address ${JSON.stringify(url)} stays one link`, (t) => {
		const withUrl = linkedTo(url);
		const page = parseDocument(formatReport(withUrl, 'html', {colour: false}), 'text/html');
		for (const link of page.querySelectorAll('a')) {
			t.is(link.getAttribute('href'), new URL(url).href);
			t.deepEqual([...link.attributes].map(({name}) => name).toSorted(), ['href', 'rel']);
		}
		const html = micromark(formatReport(withUrl, 'markdown', {colour: false}), options);
		const links = [...html.matchAll(/<a href="([^"]*)"><code>CVE-[\d-]+<\/code><\/a>/g)];
		t.is(links.length, 3);
		t.is(html.match(/<a /g)?.length, 3);
		const table = formatReport(withUrl, 'table', {colour: false, links: true, width: 80});
		t.is(table.split('\u001B').length - 1, 3 * 4);
	});
}

for (const url of [
	'javascript:alert(1)',
	'data:text/html,x',
	'https://user:secret@evil.example/',
	'//evil.example',
	'file:///etc/passwd',
]) {
	test(`the address ${url} is no link`, (t) => {
		const withUrl = linkedTo(url);
		const page = parseDocument(formatReport(withUrl, 'html', {colour: false}), 'text/html');
		t.deepEqual([...page.querySelectorAll('a')], []);
		for (const format of ['table', 'markdown', 'html', 'sarif', 'junit'] as const)
			t.false(formatReport(withUrl, format, {colour: false, links: true}).includes(url), format);
	});
}

const options = {
	allowDangerousHtml: true,
	allowDangerousProtocol: true,
	extensions: [gfm()],
	htmlExtensions: [gfmHtml()],
};

function rendered(payload: string): string {
	return micromark(printed('markdown', payload), options);
}

function tagsOf(html: string): readonly string[] {
	return [...html.matchAll(/<(?:!--|\/?[a-z]+[^>]*>)/gi)].map(([tag]) => tag).toSorted();
}

const ajv = new Ajv04.default({allErrors: true, strict: false, unicodeRegExp: false});
addFormats.default(ajv);
const validate = ajv.compile(
	JSON.parse(
		readFileSync(
			new URL('../../node_modules/@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json', import.meta.url),
			'utf8',
		),
	) as object,
);

function messagesOf(value: unknown): readonly string[] {
	if (Array.isArray(value)) return value.flatMap(messagesOf);
	if (typeof value !== 'object' || value === null) return [];
	return Object.entries(value).flatMap(([key, inner]) =>
		key === 'text' && typeof inner === 'string' ? [inner] : messagesOf(inner),
	);
}
