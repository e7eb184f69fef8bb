// The API on a real socket, asked by plain HTTP and raw bytes.
import {once} from 'node:events';
import {lstat} from 'node:fs/promises';
import {request as httpRequest} from 'node:http';
import type {IncomingMessage} from 'node:http';
import {connect} from 'node:net';
import type {Socket} from 'node:net';
import {dirname} from 'node:path';
import {setTimeout as wait} from 'node:timers/promises';
import test from 'ava';
import type {ExecutionContext} from 'ava';
import {GateError} from '../../src/errors.ts';
import type {ServiceAddress} from '../../src/service/address.ts';
import {limits} from '../../src/service/protocol.ts';
import type {ScanLine} from '../../src/service/protocol.ts';
import {startServiceBed} from './bed.ts';
import {amd64, digest} from './hand-made-engine.ts';

const api14 = 'registry.example/shop/api:1.4';
const proxy = 'registry.example/shop/proxy:1.0';

async function bedFor(t: ExecutionContext, options: Parameters<typeof startServiceBed>[0] = {}) {
	const bed = await startServiceBed(options);
	t.teardown(() => bed.stop());
	return bed;
}

interface Asking {
	readonly method?: 'GET' | 'POST';
	readonly body?: unknown;
	readonly headers?: Readonly<Record<string, string>>;
}

function open(address: ServiceAddress, path: string, {method, body, headers}: Asking = {}) {
	const request = httpRequest({
		...(address.kind === 'unix' ? {socketPath: address.path} : {host: address.host, port: address.port}),
		path,
		method: method ?? (body === undefined ? 'GET' : 'POST'),
		agent: false,
		headers: {...(body === undefined ? {} : {'content-type': 'application/json'}), ...headers},
	});
	// After the answer's head, which once() waits for, the answer itself tells.
	request.on('error', () => {});
	request.end(body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body));
	return request;
}

async function ask(address: ServiceAddress, path: string, asking: Asking = {}) {
	const [response] = (await once(open(address, path, asking), 'response')) as [IncomingMessage];
	const chunks: Buffer[] = [];
	for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
	return {status: response.statusCode, headers: response.headers, text: Buffer.concat(chunks).toString('utf8')};
}

function linesOf(text: string): readonly ScanLine[] {
	return text
		.trimEnd()
		.split('\n')
		.map((line) => JSON.parse(line) as ScanLine);
}

const scansOf = (...images: readonly string[]) => ({
	application: 'shop',
	images: images.map((image) => ({image})),
	platforms: [amd64],
	maxDatabaseAgeHours: 24,
	waitMs: 60_000,
});

test('a set of images is answered by lines: progress, verdicts, and the answer last', async (t) => {
	const {address, engine} = await bedFor(t);
	const {status, headers, text} = await ask(address, '/v1/scans', {body: scansOf(api14, proxy)});
	t.is(status, 200);
	t.is(headers['content-type'], 'application/x-ndjson');
	const lines = linesOf(text);
	t.deepEqual(lines[0], {kind: 'heartbeat', running: 0, waiting: 0, secondsLeft: 42});
	t.deepEqual(lines[1], {kind: 'planned', images: 2});
	t.deepEqual(lines.at(-1), {kind: 'answer', verdicts: [0, 1], trivyVersion: '0.74.0', secondsLeft: 42});
	const verdicts = lines.flatMap((line) => (line.kind === 'verdict' ? [line.verdict.image] : []));
	t.deepEqual(verdicts, [api14, proxy]);
	t.like(engine.requests[0], {
		application: 'shop',
		maxDatabaseAgeHours: 24,
		targets: [{image: api14, host: 'registry.example', repository: 'shop/api', version: ':1.4'}, {image: proxy}],
	});
});

test('every mistake of a request is told at once', async (t) => {
	const {address, engine} = await bedFor(t);
	const body = {images: [{image: api14, tag: 'x'}, {image: 7}], platforms: ['windows'], waitMs: -1, mirror: 'evil'};
	const {status, text} = await ask(address, '/v1/scans', {body});
	t.is(status, 400);
	for (const field of ['images[0]', 'images[1].image', 'platforms[0]', 'waitMs', 'mirror'])
		t.true(text.includes(field), text);
	t.is((await ask(address, '/v1/scans', {body: scansOf('Not An Image')})).status, 400);
	t.is((await ask(address, '/v1/scans', {body: '{"images":'})).status, 400);
	t.is((await ask(address, '/v1/scans', {body: 'x', headers: {'content-type': 'text/plain'}})).status, 415);
	t.is((await ask(address, '/v1/anything')).status, 404);
	t.deepEqual(engine.requests, []);
});

test('a body that is too big is refused, whatever its header says', async (t) => {
	const {address, engine} = await bedFor(t);
	const big = await ask(address, '/v1/scans', {body: JSON.stringify({x: 'x'.repeat(limits.bodyBytes)})});
	t.is(big.status, 413);
	// Without a length the bytes are counted.
	const socket = dial(address);
	socket.write(
		'POST /v1/scans HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n',
	);
	const chunk = 'x'.repeat(65_536);
	const answer = firstBytes(socket);
	for (let sent = 0; sent <= limits.bodyBytes && !socket.destroyed; sent += chunk.length) {
		socket.write(`10000\r\n${chunk}\r\n`);
	}
	t.regex(await answer, /^HTTP\/1\.1 413 /);
	socket.destroy();
	t.deepEqual(engine.requests, []);
});

const bearer = (text: string) => ({headers: {authorization: text}});

test('without the token nothing is told but health and readiness', async (t) => {
	const token = 'correct-horse-battery-staple-0123456789';
	const {address, engine} = await bedFor(t, {token, tcp: true});
	for (const headers of [
		{},
		bearer('Bearer wrong'),
		bearer(`Bearer ${token}x`),
		bearer(`Basic ${token}`),
		bearer(token),
	]) {
		for (const path of ['/v1/status', '/metrics', `/v1/reports/${digest}?platform=linux/amd64`, '/v1/nothing']) {
			const {status, text} = await ask(address, path, headers);
			t.is(status, 401, path);
			t.false(text.includes(token));
		}
		t.is((await ask(address, '/v1/scans', {body: scansOf(api14), ...headers})).status, 401);
		t.is((await ask(address, '/v1/decisions', {body: {}, ...headers})).status, 401);
	}
	t.is((await ask(address, '/v1/health')).status, 200);
	t.is((await ask(address, '/v1/ready')).status, 200);
	t.is((await ask(address, '/v1/scans', {body: scansOf(api14), ...bearer(`Bearer ${token}`)})).status, 200);
	t.is(engine.requests.length, 1);
});

test('a socket is for its user alone', async (t) => {
	const {address} = await bedFor(t);
	if (address.kind !== 'unix') throw new Error('not a socket');
	t.is((await lstat(address.path)).mode & 0o777, 0o600);
	t.is((await lstat(dirname(address.path))).mode & 0o777, 0o700);
});

test('a client that goes away gives up its own request: its scan goes on, and others are answered', async (t) => {
	const {address, engine, journal} = await bedFor(t, {waits: [api14]});
	const [response] = (await once(open(address, '/v1/scans', {body: scansOf(api14)}), 'response')) as [IncomingMessage];
	while (engine.requests.length === 0) await wait(10);
	response.destroy();
	while (engine.requests[0]?.signal.reason !== 'canceled') await wait(10);
	t.is((await ask(address, '/v1/scans', {body: scansOf(proxy)})).status, 200);
	t.deepEqual(engine.scanned, [proxy]);
	engine.release(api14);
	while (engine.scanned.length < 2) await wait(10);
	t.deepEqual(engine.scanned, [proxy, api14]);
	t.deepEqual(
		journal.filter(({event}) => event === 'request').map(({outcome}) => outcome),
		['gone', 'answered'],
	);
});

test('at its time the answer tells what is known, and how long the rest will take', async (t) => {
	const {address, engine, journal} = await bedFor(t, {waits: [api14], tellsLate: true});
	const {text} = await ask(address, '/v1/scans', {body: {...scansOf(proxy, api14), waitMs: 300}});
	const lines = linesOf(text);
	t.like(lines.at(-1), {kind: 'answer', secondsLeft: 42});
	const verdicts = lines.flatMap((line) => (line.kind === 'verdict' ? [line.verdict] : []));
	t.like(verdicts[0], {image: proxy, kind: 'scanned'});
	t.like(verdicts[1], {image: api14, kind: 'unscanned', reason: 'deadline', transient: true});
	engine.release(api14);
	while (engine.scanned.length < 2) await wait(10);
	// What came after the answer is not this call's.
	t.is(journal.filter(({event}) => event === 'verdict').length, 2);
});

test('while nothing happens the service says that it lives', async (t) => {
	const {address, engine} = await bedFor(t, {waits: [api14], timing: {heartbeatMs: 20}});
	const [response] = (await once(open(address, '/v1/scans', {body: scansOf(api14)}), 'response')) as [IncomingMessage];
	let text = '';
	response.setEncoding('utf8').on('data', (piece: string) => {
		text += piece;
		if (text.split('"heartbeat"').length > 4) engine.release(api14);
	});
	await once(response, 'end');
	t.is(linesOf(text).at(-1)?.kind, 'answer');
});

test('an engine that cannot work is the last line of the answer', async (t) => {
	const {address, engine} = await bedFor(t);
	engine.failWith = new GateError({
		stage: 'scan',
		code: 'database-unavailable',
		what: 'there is no database',
		hint: 'Wait.',
		output: 'connection refused',
	});
	const {text} = await ask(address, '/v1/scans', {body: scansOf(api14)});
	t.deepEqual(linesOf(text).at(-1), {
		kind: 'error',
		error: {
			stage: 'scan',
			code: 'database-unavailable',
			what: 'there is no database',
			hint: 'Wait.',
			output: 'connection refused',
		},
	});
});

test('slow clients, and those that say nothing, are closed; others are answered meanwhile', async (t) => {
	const {address} = await bedFor(t, {timing: {headersMs: 300, requestMs: 600, idleMs: 1500, checkMs: 50}});
	const silent = dial(address);
	const slowHead = dial(address);
	slowHead.write('POST /v1/scans HTTP/1.1\r\nhost: x\r\n');
	const slowBody = dial(address);
	slowBody.write(
		'POST /v1/scans HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{',
	);
	const drip = setInterval(() => {
		for (const socket of [slowHead, slowBody]) socket.write('x');
	}, 50);
	const ends = [silent, slowHead, slowBody].map(closed);
	t.is((await ask(address, '/v1/scans', {body: scansOf(api14)})).status, 200);
	await Promise.all(ends);
	clearInterval(drip);
	t.is((await ask(address, '/v1/health')).status, 200);
});

test('a client that does not read its answer is closed, and costs no more than its connection', async (t) => {
	const {address, engine, journal} = await bedFor(t, {timing: {stallMs: 300}});
	const finding = {
		id: 'CVE-1',
		severity: 'LOW',
		package: 'p',
		installedVersion: '1',
		status: 'fixed',
		target: 't',
	} as const;
	const absent = {fixedVersion: undefined, packagePath: undefined, purl: undefined, title: undefined, url: undefined};
	engine.findings = Array.from({length: 50_000}, () => ({...finding, ...absent, publishedDate: undefined}));
	const socket = dial(address);
	socket.pause();
	const body = JSON.stringify(scansOf(api14));
	socket.write(
		`POST /v1/scans HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
	);
	while (!journal.some(({event}) => event === 'request')) await wait(10);
	engine.findings = [];
	t.is((await ask(address, '/v1/scans', {body: scansOf(proxy)})).status, 200);
	// Reading on now ends: the answer was cut, and says so by having no last line.
	let text = '';
	await wait(600);
	socket.setEncoding('utf8').on('data', (piece: string) => (text += piece));
	await closed(socket);
	t.false(text.includes('"kind":"answer"'));
});

test('a report is found by digest and platform', async (t) => {
	const {address} = await bedFor(t);
	const found = await ask(address, `/v1/reports/${digest}?platform=linux/amd64`);
	t.is(found.status, 200);
	t.is(found.text, '{"SchemaVersion":2}');
	t.is((await ask(address, `/v1/reports/${digest}?platform=linux/arm64`)).status, 404);
	t.is((await ask(address, `/v1/reports/${digest}`)).status, 400);
	t.is((await ask(address, '/v1/reports/..%2F..%2Fetc?platform=linux/amd64')).status, 400);
});

test('readiness follows the engine, health does not', async (t) => {
	const {address, engine} = await bedFor(t);
	t.is((await ask(address, '/v1/ready')).status, 200);
	engine.state = {...engine.state, problem: 'there is no database yet', database: undefined};
	const {status, text} = await ask(address, '/v1/ready');
	t.is(status, 503);
	t.deepEqual(JSON.parse(text), {ready: false, problem: 'there is no database yet'});
	t.is((await ask(address, '/v1/health')).status, 200);
});

test('metrics count requests, decisions by application, and tell the age of the database', async (t) => {
	const {address} = await bedFor(t);
	await ask(address, '/v1/scans', {body: scansOf(api14)});
	const decision = {
		application: 'shop',
		decision: 'deny',
		enforcement: 'seal',
		reportId: 'abc',
		milliseconds: 5,
		images: [{image: api14, decision: 'deny', digests: [digest]}],
		omitted: 0,
	};
	t.is((await ask(address, '/v1/decisions', {body: decision})).status, 204);
	t.is((await ask(address, '/v1/decisions', {body: {...decision, decision: 'maybe'}})).status, 400);
	const {text} = await ask(address, '/metrics');
	t.true(text.includes('trivy_gate_decisions_total{application="shop",decision="deny"} 1'), text);
	t.true(text.includes('trivy_gate_request_seconds_count{outcome="answered"} 1'));
	t.true(text.includes('trivy_gate_database_age_seconds{database="vulnerability"} 86400'));
	t.false(text.includes('database="java"'));
});

test('what belongs to one call has one request id in the journal', async (t) => {
	const {address, journal} = await bedFor(t);
	await ask(address, '/v1/scans', {body: scansOf(api14), headers: {'x-request-id': 'call-1'}});
	await ask(address, '/v1/scans', {body: scansOf(proxy), headers: {'x-request-id': 'call 2\u00A0{}'}});
	t.like(
		journal.find(({event}) => event === 'verdict'),
		{
			level: 'info',
			requestId: 'call-1',
			application: 'shop',
			image: api14,
			digest,
			outcome: 'scanned',
			milliseconds: 7,
		},
	);
	const [, second] = journal.filter(({event}) => event === 'request');
	t.regex(String(second?.['requestId']), /^[0-9a-f-]{36}$/);
});

test('a service that ends answers what is open', async (t) => {
	const bed = await startServiceBed({waits: [api14]});
	const [response] = (await once(open(bed.address, '/v1/scans', {body: scansOf(api14)}), 'response')) as [
		IncomingMessage,
	];
	while (bed.engine.requests.length === 0) await wait(10);
	const stopped = bed.stop();
	const chunks: Buffer[] = [];
	for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
	await stopped;
	const lines = linesOf(Buffer.concat(chunks).toString('utf8'));
	t.true(lines.some((line) => line.kind === 'verdict' && line.verdict.kind === 'unscanned'));
	t.is(lines.at(-1)?.kind, 'answer');
});

function dial(address: ServiceAddress): Socket {
	const socket = address.kind === 'unix' ? connect(address.path) : connect(address.port, address.host);
	// It is closed under the client's hands, as it should be.
	return socket.on('error', () => {});
}

/** However it came to that. */
function closed(socket: Socket): Promise<void> {
	return new Promise((fulfil) => {
		if (socket.closed) fulfil();
		// What is not read keeps a socket open.
		else socket.on('close', () => fulfil()).resume();
	});
}

async function firstBytes(socket: Socket): Promise<string> {
	const [bytes] = (await once(socket, 'data')) as [Buffer];
	return bytes.toString('latin1');
}
