import test from 'ava';
import {formatReportAsMarkdown} from '../../src/report/markdown.ts';
import {finding, reference, scanned} from '../gate/samples.ts';
import {reported, sampleReport} from './samples.ts';

test('what is denied comes first, and everything else is folded', (t) => {
	const text = formatReportAsMarkdown(sampleReport());
	const folded = text.indexOf('<details>');
	const at = (piece: string) => text.indexOf(piece);
	t.true(at('### `registry.example/shop/api:1.4` is denied') > 0);
	t.true(at('### `registry.example/shop/api:1.4` is denied') < folded);
	for (const other of ['`registry.example/secret/tool:1`', '`${IMAGE}`', '`registry.example/shop/web:2.0`'])
		t.true(at(other) > folded, other);
});

test('a comment has room on GitHub, and says what has none', (t) => {
	const images = Array.from({length: 40}, (_, index) => `registry.example/shop/api-${index}:1`);
	const findings = Array.from({length: 300}, (_, index) => finding({id: `CVE-2026-${10_000 + index}`}));
	const text = formatReportAsMarkdown(
		reported(
			images.map((image) => reference(image)),
			images.map((image) => scanned(image, {findings})),
		),
	);
	t.true(text.length < 65_536, String(text.length));
	t.regex(text, /\n\d+ more sections have no room here; the JSON report has all\.\n/);
	t.regex(text, /100 further findings are in the JSON report\./);
	t.is(text.match(/<details>/g)?.length, text.match(/<\/details>/g)?.length);
});
