// The parts of the service that only compute: token, pace, metrics, journal, schema, status.
import test from 'ava';
import * as fc from 'fast-check';
import {createJournal} from '../../src/service/journal.ts';
import type {JournalEntry} from '../../src/service/journal.ts';
import {createMetrics} from '../../src/service/metrics.ts';
import {createPace} from '../../src/service/pace.ts';
import {protocolSchema} from '../../src/service/protocol.ts';
import {formatStatus} from '../../src/service/status-text.ts';
import {isAuthorized, tokenProblem} from '../../src/service/token.ts';
import type {Decision, ImageName} from '../../src/types.ts';
import {amd64, createHandMadeEngine, digest} from './hand-made-engine.ts';

test('a token is taken as a bearer’s, and only the same one', (t) => {
	const token = 'correct-horse-battery-staple-0123456789';
	t.true(isAuthorized(`Bearer ${token}`, token));
	t.true(isAuthorized(`bearer ${token}`, token));
	fc.assert(fc.property(fc.string({maxLength: 60}), (text) => !isAuthorized(text, token)));
	fc.assert(fc.property(fc.string({maxLength: 60}), (text) => !isAuthorized(`Bearer ${text}`, token)));
	t.false(isAuthorized(undefined, token));
});

test('a short token, and one that no header carries, cannot be used', (t) => {
	t.is(tokenProblem('x'.repeat(32)), undefined);
	t.regex(tokenProblem('x'.repeat(31)) ?? '', /fewer than 32/);
	t.regex(tokenProblem(`${'x'.repeat(40)}\n${'x'.repeat(40)}`) ?? '', /no header can carry/);
});

test('the time that is left grows with what waits, and shrinks with how many scan at once', (t) => {
	const pace = createPace();
	t.is(pace.secondsLeft({running: 0, waiting: 0, concurrency: 2}), 0);
	t.is(pace.secondsLeft({running: 0, waiting: 4, concurrency: 2}), 20, 'before anything is known');
	for (let scan = 0; scan < 100; scan += 1) pace.observe(3000);
	t.is(Math.round(pace.secondsLeft({running: 0, waiting: 4, concurrency: 2})), 6);
	fc.assert(
		fc.property(fc.nat(1000), fc.nat(16), fc.integer({min: 1, max: 16}), (waiting, running, concurrency) => {
			const left = pace.secondsLeft({running, waiting, concurrency});
			return (
				left <= pace.secondsLeft({running, waiting: waiting + 1, concurrency}) &&
				left >= pace.secondsLeft({running, waiting, concurrency: concurrency + 1}) &&
				left > 0 === waiting + running > 0
			);
		}),
	);
});

test('metrics of the engine’s events', async (t) => {
	const engine = createHandMadeEngine();
	const metrics = createMetrics({status: engine.status, version: '1.2.3', now: () => 0});
	const image = 'registry.example/a:1' as ImageName;
	const scan = {kind: 'scan-finished', image, digest, platform: amd64, waitedMs: 300, scanMs: 4000} as const;
	metrics.observe({...scan, outcome: 'scanned'});
	metrics.observe({...scan, outcome: 'unreachable'});
	metrics.observe({kind: 'store-read', hit: true});
	metrics.observe({kind: 'layer', outcome: 'saved', bytes: 500});
	metrics.observe({kind: 'layer', outcome: 'fetched', bytes: 70});
	metrics.observe({kind: 'trivy-server', state: 'restarting', detail: ''});
	metrics.observe({kind: 'database-refresh-failed', database: 'java', problem: 'no'});
	engine.state = {...engine.state, waiting: 3, problem: 'no database', database: undefined};
	const text = await metrics.text();
	for (const line of [
		'trivy_gate_scans_total{outcome="scanned"} 1',
		'trivy_gate_scans_total{outcome="unreachable"} 1',
		'trivy_gate_scan_wait_seconds_sum 0.6',
		'trivy_gate_scan_seconds_sum 8',
		'trivy_gate_store_reads_total{result="hit"} 1',
		'trivy_gate_layer_bytes_total{outcome="saved"} 500',
		'trivy_gate_layer_bytes_total{outcome="fetched"} 70',
		'trivy_gate_trivy_server_restarts_total 1',
		'trivy_gate_database_refreshes_total{database="java",outcome="failed"} 1',
		'trivy_gate_queue_length 3',
		'trivy_gate_ready 0',
		'trivy_gate_info{version="1.2.3"} 1',
	]) {
		t.true(text.includes(`${line}\n`), line);
	}
	t.false(text.includes('trivy_gate_database_age_seconds{'));
});

function told(application: string, decision: Decision) {
	return {application, decision, excepted: 0, breakGlass: 'none', ahead: 0} as const;
}

test('what passes on purpose is counted, and what is ahead is told as it stands', async (t) => {
	const metrics = createMetrics({status: createHandMadeEngine().status, version: '1', now: () => 0});
	metrics.decided({...told('shop', 'warn'), excepted: 3, breakGlass: 'needed', ahead: 2});
	metrics.decided({...told('shop', 'allow'), excepted: 1, breakGlass: 'idle', ahead: 1});
	const text = await metrics.text();
	for (const line of [
		'trivy_gate_excepted_findings_total{application="shop"} 4',
		'trivy_gate_break_glass_total{application="shop",needed="true"} 1',
		'trivy_gate_break_glass_total{application="shop",needed="false"} 1',
		'trivy_gate_denials_ahead{application="shop"} 1',
	]) {
		t.true(text.includes(`${line}\n`), line);
	}
});

test('applications are counted by name up to a bound, and no name can forge a line', async (t) => {
	const metrics = createMetrics({status: createHandMadeEngine().status, version: '1', now: () => 0});
	for (let index = 0; index < 2500; index += 1) metrics.decided(told(`app-${index}`, 'allow'));
	metrics.decided(told('app-7', 'deny'));
	const lines = (await metrics.text()).split('\n').filter((line) => line.startsWith('trivy_gate_decisions_total{'));
	t.is(lines.length, 2002);
	t.true(lines.includes('trivy_gate_decisions_total{application="(others)",decision="allow"} 500'));
	t.true(lines.includes('trivy_gate_decisions_total{application="app-7",decision="deny"} 1'));
	const hostile = createMetrics({status: createHandMadeEngine().status, version: '1', now: () => 0});
	hostile.decided(told('a"} 1\ntrivy_gate_ready 1\n#', 'allow'));
	t.false((await hostile.text()).includes('\ntrivy_gate_ready 1\n#'));
});

const verdict: JournalEntry = {
	event: 'verdict',
	requestId: 'call-1',
	application: 'shop',
	image: 'registry.example/a:1' as ImageName,
	platform: amd64,
	digest,
	outcome: 'scanned',
	detail: undefined,
	milliseconds: 1234.5,
};

test('the journal is one line of JSON an entry, without credentials', (t) => {
	const lines: string[] = [];
	const journal = createJournal({format: 'json', verbose: false, output: (text) => lines.push(text)});
	journal.write(verdict);
	journal.warn('scan', 'GET https://user:sesame@registry.example/v2/ answered\n401');
	journal.detail('scan', 'not shown');
	t.is(lines.length, 2);
	const [first, second] = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
	t.like(first, {level: 'info', ...verdict, milliseconds: 1235, detail: undefined});
	t.regex(String(first?.['time']), /^\d{4}-\d\d-\d\dT/);
	t.like(second, {level: 'warn', stage: 'scan', msg: 'GET https://***@registry.example/v2/ answered\n401'});
});

test('the journal for people is one line an entry, too', (t) => {
	const lines: string[] = [];
	const journal = createJournal({format: 'text', verbose: true, output: (text) => lines.push(text)});
	journal.write(verdict);
	journal.detail('scan', 'Authorization: Bearer c2VzYW1l');
	t.deepEqual(lines, [
		'scan: registry.example/a:1 (linux/amd64) for shop: scanned (1235 ms, request call-1)\n',
		'scan: Authorization: Bearer ***\n',
	]);
});

test('the schema names everything that is said', (t) => {
	const {$defs} = protocolSchema() as {readonly $defs: Readonly<Record<string, object>>};
	t.deepEqual(Object.keys($defs), ['ScanRequest', 'ScanLine', 'Decision', 'Status', 'Reports', 'Error']);
	t.like($defs['ScanRequest'], {
		required: ['images', 'platforms', 'maxDatabaseAgeHours', 'waitMs'],
		additionalProperties: false,
	});
});

test('the status for a person', (t) => {
	const {state} = createHandMadeEngine();
	const service = {
		version: '0.1.0',
		trivyVersion: '0.74.0',
		startedAt: '2026-11-02T09:00:00.000Z',
		requests: 2,
		secondsLeft: 41.2,
	};
	const now = Date.parse('2026-11-02T12:00:00Z');
	t.is(
		formatStatus({...service, engine: {...state, running: 2, waiting: 5}}, now),
		`images         can be scanned
database       of 2026-11-01T00:00:00Z, 36 h old
Java database  none yet
trivy server   running, version 0.74.0
scans          2 running of at most 2, 5 waiting of at most 100, about 42 s of work
requests       2 open
store          0.0 MB of reports, 0.0 MB of layers
service        version 0.1.0, up 3 h
`,
	);
	t.regex(
		formatStatus({...service, engine: {...state, problem: 'no\u001B[2Jdatabase', refreshProblem: 'dns'}}, now),
		/cannot be scanned: no\uFFFD\[2Jdatabase\n[^]*last refresh +failed: dns\n/,
	);
});
