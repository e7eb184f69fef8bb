// The reports of expected/ are what people and programs read; `UPDATE_CASES=1` writes them anew.
import {readFile, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import test from 'ava';
import {reportFormats} from '../../src/report/format-names.ts';
import type {ReportFormat} from '../../src/report/format-names.ts';
import {formatReport} from '../../src/report/formats.ts';
import type {Report} from '../../src/report/model.ts';
import {allowedReport, sampleReport} from './samples.ts';

const formats = Object.keys(reportFormats) as readonly ReportFormat[];
const update = process.env['UPDATE_CASES'] === '1';

async function looksAsExpected(name: string, content: string): Promise<{actual: string; expected: string}> {
	const file = join(import.meta.dirname, 'expected', name);
	if (update) await writeFile(file, content);
	return {actual: content, expected: await readFile(file, 'utf8')};
}

const samples: Readonly<Record<string, () => Report>> = {denied: sampleReport, allowed: allowedReport};

for (const format of formats) {
	for (const [name, sample] of Object.entries(samples)) {
		test(`${format}: a report that is ${name}`, async (t) => {
			const content = formatReport(sample(), format, {colour: false});
			const {actual, expected} = await looksAsExpected(`${name}${reportFormats[format][0]}`, content);
			t.is(actual, expected);
			t.true(content.endsWith('\n'));
		});
	}
}
