// Kept reports on a real socket and a real port, handed over and read by the client, by browsers and by nobody else.
import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import type {ExecutionContext} from 'ava';
import {GateError} from '../../src/errors.ts';
import {htmlSecurityPolicy} from '../../src/report/html.ts';
import {reportDesk} from '../../src/report-desk.ts';
import {createReportsApi} from '../../src/service/api.ts';
import {openArchive} from '../../src/service/archive.ts';
import {createJournal} from '../../src/service/journal.ts';
import {listen} from '../../src/service/listen.ts';
import type {ReportAccess} from '../../src/service/report-routes.ts';
import {createLog} from '../../src/log.ts';
import {allowedReport, sampleReport} from '../report/samples.ts';
import {startServiceBed} from './bed.ts';

const token = 't'.repeat(32);
const quiet = createLog({verbose: false, write: () => {}});

async function deskFor(t: ExecutionContext, maxBytes = 1e7) {
	const directory = await mkdtemp(join(tmpdir(), 'desk-'));
	t.teardown(() => rm(directory, {recursive: true, force: true}));
	return reportDesk(
		openArchive({directory, keep: 10, maxBytes, now: () => Date.parse('2026-11-27T12:00:00Z'), log: quiet}),
	);
}

async function bedFor(t: ExecutionContext, options: Parameters<typeof startServiceBed>[0] = {}) {
	const bed = await startServiceBed({reports: await deskFor(t), ...options});
	t.teardown(() => bed.stop());
	return bed;
}

/** The readers' port. @returns its address. */
async function portFor(t: ExecutionContext, access: ReportAccess): Promise<string> {
	const desk = await deskFor(t);
	const read = desk.read(JSON.parse(JSON.stringify(sampleReport())));
	if (read.ok) await desk.archive.put(read.about, read.text);
	const journal = createJournal({format: 'json', verbose: true, output: () => {}});
	const app = createReportsApi(desk, access, journal);
	const address = await listen(app, {kind: 'tcp', host: '127.0.0.1', port: 0});
	t.teardown(() => app.close());
	return address.kind === 'tcp' ? `http://127.0.0.1:${address.port}` : '';
}

function basic(password: string): Readonly<Record<string, string>> {
	return {authorization: `Basic ${Buffer.from(`anybody:${password}`).toString('base64')}`};
}

test('a report that was handed over is listed and read again', async (t) => {
	const client = (await bedFor(t)).client();
	const report = JSON.parse(JSON.stringify(sampleReport())) as {readonly reportId: string};
	t.is(await client.keep(report), 'kept');
	t.is(await client.keep(allowedReport()), 'kept');
	const list = await client.reports('shop');
	t.deepEqual(
		list.map(({decision}) => decision),
		['allow', 'deny'],
	);
	t.deepEqual(await client.report('shop', report.reportId), report);
	t.like(await client.report('shop', undefined), {decision: 'allow'});
	t.is(await client.report('other', undefined), undefined);
	t.deepEqual(await client.reports('other'), []);
});

test('what is no report is not kept', async (t) => {
	const client = (await bedFor(t)).client();
	const report = sampleReport();
	for (const change of [
		{version: 2},
		{reportId: '../../x'},
		{application: ''},
		{application: 'x'.repeat(513)},
		{images: [{}]},
	]) {
		t.is(await client.keep({...report, ...change}), 'not kept', JSON.stringify(change));
	}
	t.is(await client.keep({...report, summary: 'x'.repeat(17 * 1024 * 1024)}), 'not kept');
	t.deepEqual(await client.reports(undefined), []);
});

test('a disk that takes nothing is told in the log, and refuses nothing else', async (t) => {
	const directory = await mkdtemp(join(tmpdir(), 'desk-'));
	t.teardown(() => rm(directory, {recursive: true, force: true}));
	const file = join(directory, 'file');
	await writeFile(file, '');
	const archive = openArchive({directory: file, keep: 10, maxBytes: 1e7, now: () => 0, log: quiet});
	const bed = await bedFor(t, {reports: reportDesk(archive)});
	t.is(await bed.client().keep(sampleReport()), 'not kept');
	const lines = bed.journal.filter((line) => line['level'] === 'warn');
	t.is(lines.length, 1);
	t.regex(String(lines[0]?.['msg']), /^report [0-9a-f]{12} of shop could not be kept — E[A-Z]+\.$/);
	t.deepEqual(await bed.client().reports(undefined), []);
});

test('the token of the service is asked for, for reports too', async (t) => {
	const bed = await bedFor(t, {token, tcp: true});
	const stranger = bed.client({token: 'x'.repeat(32)});
	t.is(await stranger.keep(sampleReport()), 'not kept');
	await t.throwsAsync(stranger.reports(undefined), {instanceOf: GateError, message: /TRIVY_GATE_SERVICE_TOKEN_FILE/});
	t.is(await bed.client().keep(sampleReport()), 'kept');
});

test('a service that keeps none says so to nobody', async (t) => {
	const bed = await startServiceBed();
	t.teardown(() => bed.stop());
	t.is(await bed.client().keep(sampleReport()), 'not kept');
	t.is(await bed.client().report('shop', undefined), undefined);
});

test('a browser gets a page that loads nothing and is kept nowhere', async (t) => {
	const port = await portFor(t, {kind: 'anyone'});
	const {reportId} = sampleReport();
	for (const path of ['reports/shop/latest', `reports/shop/${reportId}`, '%72eports/shop/latest']) {
		const response = await fetch(`${port}/${path}`);
		t.is(response.status, 200);
		t.is(response.headers.get('content-type'), 'text/html; charset=utf-8');
		t.is(response.headers.get('content-security-policy'), `${htmlSecurityPolicy}; frame-ancestors 'none'`);
		t.is(response.headers.get('cache-control'), 'no-store');
		t.is(response.headers.get('x-content-type-options'), 'nosniff');
		t.regex(await response.text(), /^<!doctype html>/);
	}
	const data = await fetch(`${port}/reports/shop/latest.json`);
	t.is(data.headers.get('content-type'), 'application/json; charset=utf-8');
	t.like(await data.json(), {reportId});
});

test('at the readers’ port nothing else can be asked for or changed', async (t) => {
	const port = await portFor(t, {kind: 'anyone'});
	for (const path of ['/v1/status', '/metrics', '/v1/reports/sha256:1', '/reports/shop', '/reports/shop/..%2fx', '/'])
		t.is((await fetch(`${port}${path}`)).status, 404, path);
	const body = JSON.stringify(sampleReport());
	const headers = {'content-type': 'application/json'};
	t.is((await fetch(`${port}/reports`, {method: 'POST', body, headers})).status, 404);
	t.is((await fetch(`${port}/v1/decisions`, {method: 'POST', body, headers})).status, 404);
});

test('who has the token reads, as a password or as a bearer; everybody else is asked for it', async (t) => {
	const port = await portFor(t, {kind: 'token', token});
	const url = `${port}/reports/shop/latest`;
	for (const headers of [basic(token), {authorization: `Bearer ${token}`}])
		t.is((await fetch(url, {headers})).status, 200);
	for (const headers of [{}, basic('x'.repeat(32)), basic(''), {authorization: 'Basic !'}, {authorization: token}]) {
		for (const path of ['/reports', '/reports/shop/latest', '/reports/shop/latest.json', '/nothing']) {
			const response = await fetch(`${port}${path}`, {headers});
			t.is(response.status, 401, path);
			t.regex(response.headers.get('www-authenticate') ?? '', /^Basic realm=/);
			t.false((await response.text()).includes('CVE'));
		}
	}
});
