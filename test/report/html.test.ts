import {createHash} from 'node:crypto';
import test from 'ava';
import {formatReportAsHtml} from '../../src/report/html.ts';
import {script} from '../../src/report/html-script.ts';
import {palettes, style} from '../../src/report/html-style.ts';
import {parseDocument} from './dom.ts';
import {allowedReport, sampleReport} from './samples.ts';

const textColours = ['text', 'faint', 'link', 'deny', 'unknown', 'warn', 'allow'] as const;

/** https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio */
function contrast(one: string, other: string): number {
	const [light = 0, dark = 0] = [luminance(one), luminance(other)].toSorted((a, b) => b - a);
	return (light + 0.05) / (dark + 0.05);
}

function luminance(colour: string): number {
	const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
		const value = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
		return value <= 0.040_45 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
	});
	return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

test('every text has the contrast of WCAG AA, in daylight and in the dark', (t) => {
	t.is(Math.round(contrast('#000000', '#ffffff')), 21);
	for (const palette of Object.values(palettes)) {
		for (const colour of textColours) {
			for (const ground of ['page', 'card'] as const) {
				t.true(contrast(palette[colour], palette[ground]) >= 4.5, `${colour} ${palette[colour]} on ${ground}`);
			}
		}
		for (const decision of ['deny', 'unknown', 'warn', 'allow'] as const)
			t.true(contrast(palette.badge, palette[decision]) >= 4.5, `badge on ${decision}`);
		t.true(contrast(palette.line, palette.page) >= 3, 'borders of controls');
	}
});

function hash(content: string): string {
	return `'sha256-${createHash('sha256').update(content).digest('base64')}'`;
}

test('nothing comes from elsewhere, and the page’s own policy lets only its own script and style run', (t) => {
	const text = formatReportAsHtml(sampleReport());
	const page = parseDocument(text, 'text/html');
	t.is(
		page.querySelector('meta[http-equiv="Content-Security-Policy"]')?.getAttribute('content'),
		`default-src 'none'; style-src ${hash(style)}; script-src ${hash(script)}; base-uri 'none'; form-action 'none'`,
	);
	t.is(page.querySelector('script')?.textContent, script);
	t.is(page.querySelector('style')?.textContent, style);
	t.is([...page.querySelectorAll('script, style, link, img, iframe, object, embed, base')].length, 2);
	for (const node of page.querySelectorAll('*')) {
		const names = [...node.attributes].map(({name}) => name);
		t.false(
			names.some((name) => name.startsWith('on') || name === 'style' || name === 'src'),
			names.join(' '),
		);
	}
	t.false(/@import|url\(/.test(style));
});

test('without its script the page shows everything, what is denied first', (t) => {
	const page = parseDocument(formatReportAsHtml(sampleReport()), 'text/html');
	const images = [...page.querySelectorAll('.image')];
	t.deepEqual(
		images.map((image) => image.getAttribute('data-decision')),
		['deny', 'deny', 'unknown', 'warn', 'allow'],
	);
	t.is([...page.querySelectorAll('tbody.findings tr')].length, 3);
	t.is([...page.querySelectorAll('.image [hidden], main [hidden]')].length, 0);
	t.regex(images[1]?.textContent ?? '', /Raise minimist from 0\.0\.8 to 0\.2\.4/);
	t.is([...parseDocument(formatReportAsHtml(allowedReport()), 'text/html').querySelectorAll('.allow.image')].length, 1);
});
