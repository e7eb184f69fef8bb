import {readFile, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {Ajv2020} from 'ajv/dist/2020.js';
import test from 'ava';
import * as fc from 'fast-check';
import {formatReportAsJson} from '../../src/report/json.ts';
import {reportJsonSchema, reportSchema} from '../../src/report/model.ts';
import {policies, scans} from '../gate/arbitraries.ts';
import {reported, sampleReport} from './samples.ts';

const published = join(import.meta.dirname, '..', '..', 'docs', 'report.schema.json');

test('the published schema is the one that the program prints', async (t) => {
	const schema = `${JSON.stringify(reportJsonSchema(), undefined, 2)}\n`;
	if (process.env['UPDATE_CASES'] === '1') await writeFile(published, schema);
	t.is(await readFile(published, 'utf8'), schema);
});

test('every report satisfies the schema, and is the same when it is read again', async (t) => {
	const validate = new Ajv2020({allErrors: true}).compile(JSON.parse(await readFile(published, 'utf8')));
	fc.assert(
		fc.property(policies, scans, (policy, {references, verdicts}) => {
			const json = formatReportAsJson(reported(references, verdicts, policy));
			t.true(validate(JSON.parse(json)), JSON.stringify(validate.errors));
			t.deepEqual(JSON.parse(formatReportAsJson(reportSchema.parse(JSON.parse(json)))), JSON.parse(json));
		}),
		{numRuns: 50},
	);
});

test('a report without its id is none', (t) => {
	const {reportId: _, ...rest} = sampleReport();
	t.false(reportSchema.safeParse(rest).success);
});
