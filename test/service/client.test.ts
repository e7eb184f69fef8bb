// The client, before the real service and before servers that answer anything.
import {once} from 'node:events';
import {createServer} from 'node:http';
import type {RequestListener} from 'node:http';
import {mkdtemp} from 'node:fs/promises';
import type {AddressInfo} from 'node:net';
import {createServer as createSocketServer} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import type {ExecutionContext} from 'ava';
import * as fc from 'fast-check';
import {GateError} from '../../src/errors.ts';
import type {ErrorCode} from '../../src/errors.ts';
import {createServiceClient} from '../../src/service/client.ts';
import type {ClientOptions} from '../../src/service/client.ts';
import type {DecisionBody, ScanLine} from '../../src/service/protocol.ts';
import type {Finding, Platform} from '../../src/types.ts';
import {requestFor, startServiceBed} from './bed.ts';
import {amd64, digest} from './hand-made-engine.ts';

const api14 = 'registry.example/shop/api:1.4';
const proxy = 'registry.example/shop/proxy:1.0';
const finding: Finding = {
	id: 'CVE-2021-44906',
	severity: 'CRITICAL',
	package: 'minimist',
	installedVersion: '0.0.8',
	fixedVersion: undefined,
	status: 'affected',
	target: 'Node.js',
	packagePath: 'app/package.json',
	purl: undefined,
	title: 'minimist: prototype pollution',
	url: undefined,
	publishedDate: undefined,
};

async function bedFor(t: ExecutionContext, options: Parameters<typeof startServiceBed>[0] = {}) {
	const bed = await startServiceBed(options);
	t.teardown(() => bed.stop());
	return bed;
}

/** A client of something that is not the service. */
async function clientOf(t: ExecutionContext, listener: RequestListener, options: Partial<ClientOptions> = {}) {
	const server = createServer(listener).listen(0, '127.0.0.1');
	await once(server, 'listening');
	t.teardown(() => {
		server.close();
		server.closeAllConnections();
	});
	const {port} = server.address() as AddressInfo;
	const address = {kind: 'tcp', host: '127.0.0.1', port} as const;
	return createServiceClient({address, token: undefined, timeLeftMs: () => 120_000, ...options});
}

const lines = (...content: readonly unknown[]) => content.map((line) => `${JSON.stringify(line)}\n`).join('');

async function refusal(t: ExecutionContext, scan: Promise<unknown>, code: ErrorCode): Promise<GateError> {
	const error = await t.throwsAsync(scan, {instanceOf: GateError});
	t.is(error.code, code, error.message);
	return error;
}

test('the service’s verdicts come through as the engine gave them, with its events', async (t) => {
	const {engine, client} = await bedFor(t);
	engine.findings = [finding];
	const request = requestFor([api14, proxy]);
	const direct = await engine.scan(requestFor([api14, proxy]));
	const {verdicts, trivyVersion, secondsLeft} = await client().ask(request);
	t.deepEqual(verdicts, direct);
	t.is(trivyVersion, '0.74.0');
	t.is(secondsLeft, 42);
	t.deepEqual(
		request.events.map(({kind}) => kind),
		['planned', 'started', 'started', 'finished', 'finished'],
	);
});

test('platforms of one’s own are asked for and answered', async (t) => {
	const {client, engine} = await bedFor(t);
	const arm = 'linux/arm64' as Platform;
	const {targets, ...request} = requestFor([api14, proxy]);
	const [first, second] = targets;
	if (first === undefined || second === undefined) throw new Error('two targets');
	const verdicts = await client().scan({...request, targets: [{...first, platforms: [amd64, arm]}, second]});
	t.deepEqual(
		verdicts.map(({image, platform}) => `${image} ${platform}`),
		[`${api14} ${amd64}`, `${api14} ${arm}`, `${proxy} ${amd64}`],
	);
	t.deepEqual(engine.requests[0]?.targets[0]?.platforms, [amd64, arm]);
});

test('fifty clients at once, each with its own images', async (t) => {
	const {client, engine} = await bedFor(t);
	const answers = await Promise.all(
		Array.from({length: 50}, (_, index) =>
			client().scan(requestFor([`registry.example/app${index}:1`, `registry.example/base${index % 3}:1`])),
		),
	);
	for (const [index, verdicts] of answers.entries()) {
		t.deepEqual(
			verdicts.map(({image}) => String(image)),
			[`registry.example/app${index}:1`, `registry.example/base${index % 3}:1`],
		);
	}
	t.is(engine.requests.length, 50);
});

test('the service answers before the caller’s own deadline', async (t) => {
	const {client, engine} = await bedFor(t, {waits: [api14]});
	const {verdicts, secondsLeft} = await client({timeLeftMs: () => 800}).ask(requestFor([proxy, api14]));
	t.like(verdicts[0], {image: proxy, kind: 'scanned'});
	t.like(verdicts[1], {image: api14, kind: 'unscanned', reason: 'deadline'});
	t.is(secondsLeft, 42);
	engine.release(api14);
});

test('a caller that cannot wait for the answer knows no image to its end', async (t) => {
	// The service says nothing more after the first of two digests that one name might stand for.
	const first = {image: api14, platform: amd64, kind: 'unscanned', reason: 'not-found', transient: false, detail: 'no'};
	const client = await clientOf(t, (_request, response) => {
		response.writeHead(200);
		response.write(
			lines({kind: 'heartbeat', running: 1, waiting: 2, secondsLeft: 9}, {kind: 'verdict', verdict: first}),
		);
	});
	const stop = new AbortController();
	const asked = client.ask(requestFor([api14], {signal: stop.signal}));
	setTimeout(() => stop.abort('deadline'), 300);
	const {verdicts} = await asked;
	t.like(verdicts.at(-1), {image: api14, kind: 'unscanned', reason: 'deadline'});
	const canceled = new AbortController();
	canceled.abort('canceled');
	const late = await client.ask(requestFor([api14], {signal: canceled.signal}));
	t.like(late.verdicts[0], {reason: 'canceled'});
	t.is(late.secondsLeft, undefined);
});

test('busy is an error of its own, never a pass', async (t) => {
	const {client, engine} = await bedFor(t);
	engine.failWith = new GateError({stage: 'scan', code: 'service-busy', what: 'the queue is full', hint: 'Wait.'});
	const error = await refusal(t, client().scan(requestFor([api14])), 'service-busy');
	t.is(error.message, 'scan: the queue is full. Wait.');
	engine.failWith = new GateError({stage: 'scan', code: 'database-unavailable', what: 'there is none', output: 'dns'});
	t.is((await refusal(t, client().scan(requestFor([api14])), 'database-unavailable')).output, 'dns');
});

test('a service that is not there is asked twice, and then an error', async (t) => {
	const directory = await mkdtemp(join(tmpdir(), 'nobody-'));
	const nobody = {token: undefined, timeLeftMs: () => 1000};
	const socket = createServiceClient({...nobody, address: {kind: 'unix', path: join(directory, 'socket')}});
	t.regex(
		(await refusal(t, socket.scan(requestFor([api14])), 'service-unreachable')).message,
		/does not listen \(ENOENT\)/,
	);
	// Also when nothing is to be scanned: the rule has no exception.
	await refusal(t, socket.scan(requestFor([])), 'service-unreachable');
	const port = createServiceClient({...nobody, address: {kind: 'tcp', host: '127.0.0.1', port: 1}});
	await refusal(t, port.scan(requestFor([api14])), 'service-unreachable');
	await refusal(t, port.status(), 'service-unreachable');
	t.is(await port.tell(decision), 'not told');
});

test('a service that fails is not asked again', async (t) => {
	let requests = 0;
	const client = await clientOf(t, (_request, response) => {
		requests += 1;
		response.writeHead(500).end('oops');
	});
	await refusal(t, client.scan(requestFor([api14])), 'service-unreachable');
	t.is(requests, 1);
});

test('a token that the service does not take', async (t) => {
	const {client} = await bedFor(t, {token: 'correct-horse-battery-staple-0123456789', tcp: true});
	t.is((await client().scan(requestFor([api14]))).length, 1);
	const wrong = client({token: 'wrong-horse-battery-staple-0123456789ab'});
	const error = await refusal(t, wrong.scan(requestFor([api14])), 'service-unreachable');
	t.regex(error.message, /the token is missing or wrong/);
	t.false(error.message.includes('horse'));
	await refusal(t, wrong.status(), 'service-unreachable');
});

const scanned = {
	image: api14,
	platform: amd64,
	kind: 'scanned',
	digest,
	findings: [],
	caveats: [],
	packages: 1,
	database: {version: 2, updatedAt: '2026-11-01T00:00:00Z'},
	cached: false,
};
const answer = {kind: 'answer', verdicts: [0], trivyVersion: '0.74.0', secondsLeft: 0} satisfies ScanLine;

const garbage: Readonly<Record<string, string>> = {
	nothing: '',
	'no JSON': '<html>\n',
	'half a line': `${lines({kind: 'verdict', verdict: scanned})}{"kind":"answ`,
	'no last line': lines({kind: 'verdict', verdict: scanned}),
	'another kind of line': lines({kind: 'allow-everything'}, answer),
	'a verdict nobody asked for': lines({kind: 'verdict', verdict: {...scanned, image: proxy}}, answer),
	'a platform nobody asked for': lines({kind: 'verdict', verdict: {...scanned, platform: 'linux/arm64'}}, answer),
	'an answer without a verdict': lines({...answer, verdicts: []}),
	'an answer that names a line that was not sent': lines(answer),
	'a verdict without findings': lines({kind: 'verdict', verdict: {...scanned, findings: undefined}}, answer),
	'a severity that there is not': lines(
		{kind: 'verdict', verdict: {...scanned, findings: [{...finding, severity: 'NONE'}]}},
		answer,
	),
};

for (const [name, body] of Object.entries(garbage)) {
	test(`garbage is an error: ${name}`, async (t) => {
		const client = await clientOf(t, (_request, response) => response.writeHead(200).end(body));
		await refusal(t, client.scan(requestFor([api14])), 'service-unreachable');
	});
}

test('one message names every field that is wrong', async (t) => {
	const verdict = {...scanned, digest: 'latest', packages: -1, findings: [{...finding, severity: 'NONE', id: 7}]};
	const client = await clientOf(t, (_request, response) =>
		response.writeHead(200).end(lines({kind: 'verdict', verdict}, answer)),
	);
	const {output} = await refusal(t, client.scan(requestFor([api14])), 'service-unreachable');
	for (const field of [
		'verdict.digest',
		'verdict.packages',
		'verdict.findings[0].severity',
		'verdict.findings[0].id',
	]) {
		t.true(output?.includes(field), output);
	}
});

test('whatever is changed in an answer, it is the same verdicts or an error', async (t) => {
	const honest = lines({kind: 'verdict', verdict: scanned}, answer);
	let body = honest;
	const client = await clientOf(t, (_request, response) => response.writeHead(200).end(body));
	const namesOf = async () => {
		const verdicts = await client.scan(requestFor([api14]));
		return verdicts.map(({image, platform}) => `${image} ${platform}`).join();
	};
	await fc.assert(
		fc.asyncProperty(fc.nat(honest.length - 1), fc.nat(40), fc.string({maxLength: 6}), async (at, length, text) => {
			body = `${honest.slice(0, at)}${text}${honest.slice(at + length)}`;
			const names = await namesOf().catch((error: unknown) => error);
			return names === `${api14} ${amd64}` || (names instanceof GateError && names.code === 'service-unreachable');
		}),
		{numRuns: 150},
	);
	t.pass();
});

test('an answer without an end is left', async (t) => {
	const client = await clientOf(t, (_request, response) => {
		response.writeHead(200);
		const more = () => {
			while (response.write('x'.repeat(1024 * 1024)));
		};
		response.on('drain', more);
		more();
	});
	const error = await refusal(t, client.scan(requestFor([api14])), 'service-unreachable');
	t.is(error.output, 'its answer does not end');
});

test('silence counts as gone', async (t) => {
	const client = await clientOf(t, () => {}, {silenceMs: 200});
	await refusal(t, client.scan(requestFor([api14])), 'service-unreachable');
	const later = await clientOf(
		t,
		(_request, response) => void response.writeHead(200).write(lines({kind: 'planned', images: 1})),
		{silenceMs: 200},
	);
	await refusal(t, later.scan(requestFor([api14])), 'service-unreachable');
});

test('a connection that is cut in the middle of the answer', async (t) => {
	const client = await clientOf(t, (_request, response) => {
		response.writeHead(200);
		response.write(lines({kind: 'verdict', verdict: scanned}), () => response.destroy());
	});
	await refusal(t, client.scan(requestFor([api14])), 'service-unreachable');
});

test('what speaks no HTTP is no service', async (t) => {
	const server = createSocketServer((socket) => socket.end('SSH-2.0-x\r\n')).listen(0, '127.0.0.1');
	await once(server, 'listening');
	t.teardown(() => server.close());
	const {port} = server.address() as AddressInfo;
	const address = {kind: 'tcp', host: '127.0.0.1', port} as const;
	const client = createServiceClient({address, token: undefined, timeLeftMs: () => 1000});
	await refusal(t, client.scan(requestFor([api14])), 'service-unreachable');
});

const decision = {
	application: 'shop',
	decision: 'deny',
	enforcement: 'seal',
	reportId: 'abc',
	milliseconds: 12,
	images: [{image: api14, decision: 'deny', digests: [digest]}],
	omitted: 0,
} satisfies DecisionBody;

test('a decision is told with the request id of its scan', async (t) => {
	const {client, journal} = await bedFor(t);
	const one = client();
	await one.scan(requestFor([api14]));
	t.is(await one.tell(decision), 'told');
	const told = journal.find(({event}) => event === 'decision');
	t.like(told, {application: 'shop', outcome: 'deny', reportId: 'abc', milliseconds: 12});
	t.is(told?.['requestId'], journal.find(({event}) => event === 'request')?.['requestId']);
});

test('the status is the engine’s, read with care', async (t) => {
	const {client, engine} = await bedFor(t);
	const status = await client().status();
	t.like(status, {version: '0.0.0', trivyVersion: '0.74.0', requests: 0, secondsLeft: 42});
	t.like(status.engine, {concurrency: 2, queueLimit: 100, database: engine.state.database});
	const liar = await clientOf(t, (_request, response) => response.writeHead(200).end('{"version":1}'));
	await refusal(t, liar.status(), 'service-unreachable');
});
