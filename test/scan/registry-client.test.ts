// Real connections to small registries in this process; test/lab has the whole one.
import {once} from 'node:events';
import {mkdtemp, readFile, writeFile} from 'node:fs/promises';
import {createServer} from 'node:http';
import type {IncomingMessage, ServerResponse} from 'node:http';
import {constants, createSecureServer} from 'node:http2';
import {createServer as createNetServer} from 'node:net';
import type {AddressInfo} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import type {ExecutionContext} from 'ava';
import {readPins} from '../../plugin/build-tools.mjs';
import {createRegistryClient} from '../../src/scan/registry-client.ts';
import type {RegistryClientOptions, RegistryQuestion} from '../../src/scan/registry-client.ts';
import {readDocument} from '../../src/scan/registry.ts';
import type {ToolContext} from '../../src/types.ts';
import {makeCertificates} from '../lab/prepared.ts';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

const digest = `sha256:${'a'.repeat(64)}`;
const blob = {kind: 'blob', digest} as const;
const manifest = {kind: 'manifest', version: ':1'} as const;
const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

/** A server that ends with the test. */
async function serve(t: ExecutionContext, handler: Handler, address = '127.0.0.1'): Promise<string> {
	const server = createServer(handler).listen(0, address);
	await once(server, 'listening');
	t.teardown(() => {
		server.closeAllConnections();
		server.close();
	});
	return `${address}:${(server.address() as AddressInfo).port}`;
}

interface Surroundings extends Partial<RegistryClientOptions> {
	readonly auths?: Readonly<Record<string, unknown>>;
	readonly environment?: Readonly<Record<string, string>>;
	readonly signal?: AbortSignal;
}

async function client(t: ExecutionContext, {auths, environment = {}, signal, ...options}: Surroundings = {}) {
	const said: string[] = [];
	const say = (_stage: string, message: string) => said.push(message);
	const file = join(await mkdtemp(join(tmpdir(), 'registry-client-')), 'config.json');
	if (auths !== undefined) await writeFile(file, JSON.stringify({auths}));
	const context: ToolContext = {
		run: () => Promise.reject(new Error('no tool is needed')),
		environment,
		makeDirectory: () => Promise.reject(new Error('no directory is needed')),
		signal: signal ?? new AbortController().signal,
		timeoutMs: 60_000,
		log: {info: say, warn: say, detail: say},
	};
	const made = createRegistryClient(context, {
		dockerConfigFile: auths === undefined ? undefined : file,
		permittedAddresses: ['127.0.0.1'],
		now: Date.now,
		...options,
	});
	t.teardown(made.close);
	const ask = (server: string, question: Partial<RegistryQuestion<Uint8Array>> = {}) =>
		made.ask({server, repository: 'shop/api', about: blob, timeoutMs: 30_000, read: readDocument, ...question});
	return {ask, said};
}

async function careless(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
	return readDocument(body).catch(() => new Uint8Array());
}

async function firstPiece(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
	for await (const piece of body) return piece;
	return new Uint8Array();
}

test('a manifest is asked for by the types that the gate reads, and a mirror’s path goes before the repository', async (t) => {
	const seen: (string | undefined)[] = [];
	const host = await serve(t, ({url, headers}, response) => {
		seen.push(url, headers.accept);
		response.end('content');
	});
	const {ask} = await client(t);
	const answer = await ask(`${host}/hub`, {about: manifest});
	t.is(answer.kind === 'answered' && Buffer.from(answer.value).toString(), 'content');
	t.is(seen[0], '/v2/hub/shop/api/manifests/1');
	t.regex(seen[1] ?? '', /oci\.image\.index.*manifest\.list.*oci\.image\.manifest.*distribution\.manifest/);
});

test('connections serve many questions', async (t) => {
	const ports = new Set<number | undefined>();
	const host = await serve(t, ({socket}, response) => {
		ports.add(socket.remotePort);
		response.end('content');
	});
	const {ask} = await client(t);
	for (let times = 0; times < 9; times += 1) await ask(host);
	t.true(ports.size <= 2);
});

test('who redirects elsewhere does not send the credentials there', async (t) => {
	const elsewhere: IncomingMessage['headers'][] = [];
	const store = await serve(t, ({headers}, response) => {
		elsewhere.push(headers);
		response.end('content');
	});
	const asked: (string | undefined)[] = [];
	const host = await serve(t, ({url, headers}, response) => {
		asked.push(headers.authorization);
		if (url === '/v2/') response.writeHead(401, {'www-authenticate': 'Basic realm="a"'}).end();
		else if (url === '/here') response.writeHead(307, {location: `http://${store}/there?signature=x`}).end();
		else response.writeHead(307, {location: '/here'}).end();
	});
	const {ask} = await client(t, {auths: {[host]: {username: 'robot', password: 'secret'}}});
	const answer = await ask(host);
	t.is(answer.kind, 'answered');
	t.deepEqual(asked, [undefined, basic('robot:secret'), basic('robot:secret')]);
	t.deepEqual(
		elsewhere.map(({authorization}) => authorization),
		[undefined],
	);
});

test('who is redirected to does not say where the registry’s credentials go', async (t) => {
	const stolen: (string | undefined)[] = [];
	const thief = await serve(t, ({headers}, response) => {
		stolen.push(headers.authorization);
		response.end('{"token":"x"}');
	});
	const store = await serve(t, (_request, response) => {
		response.writeHead(401, {'www-authenticate': `Bearer realm="http://${thief}/token"`}).end();
	});
	for (const redirected of ['/v2/', `/v2/shop/api/blobs/${digest}`]) {
		const host = await serve(t, ({url}, response) => {
			if (url === redirected) response.writeHead(307, {location: `http://${store}/there`}).end();
			else response.end('content');
		});
		const {ask} = await client(t, {auths: {[host]: {username: 'robot', password: 'secret'}}});
		t.is((await ask(host)).kind, redirected === '/v2/' ? 'answered' : 'failed');
	}
	t.deepEqual(stolen, []);
});

test('neither a redirect nor a token endpoint leads to an address that is refused', async (t) => {
	const reached: string[] = [];
	const inside = await serve(
		t,
		({url = ''}, response) => {
			reached.push(url);
			response.end('{}');
		},
		'127.0.0.2',
	);
	const redirecting = await serve(t, (_request, response) => {
		response.writeHead(302, {location: `http://${inside}/metadata`}).end();
	});
	const tokens = await serve(t, (_request, response) => {
		response.writeHead(401, {'www-authenticate': `Bearer realm="http://${inside}/token"`}).end();
	});
	const {ask} = await client(t);
	const detail = `${inside} is 127.0.0.2 (loopback)`;
	t.like(await ask(redirecting), {kind: 'failed', reason: 'address-refused', transient: false, detail});
	t.like(await ask(tokens), {kind: 'failed', reason: 'address-refused', transient: false, detail});
	const named = await ask(redirecting.replace('127.0.0.1', 'localhost'), {repository: 'a'});
	t.like(named, {kind: 'failed', reason: 'address-refused'});
	t.deepEqual(reached, []);
});

test('a name is refused by what it is looked up to when it is connected to', async (t) => {
	const {ask} = await client(t, {permittedAddresses: []});
	const port = (await serve(t, (_request, response) => response.end('content'))).split(':')[1];
	t.like(await ask(`localhost:${port}`), {kind: 'failed', reason: 'address-refused', transient: false});
});

test('a token is asked for once, shown to its registry, and renewed when it is not taken any more', async (t) => {
	let taken = 'one';
	const asked: string[] = [];
	const host = await serve(t, ({url = '', headers}, response) => {
		asked.push(`${url.slice(0, 16)} ${headers.authorization ?? ''}`);
		if (url.startsWith('/token')) response.end(JSON.stringify({token: taken}));
		else if (headers.authorization === `Bearer ${taken}`) response.end('content');
		else response.writeHead(401, {'www-authenticate': `Bearer realm="http://${host}/token",service="s"`}).end();
	});
	const {ask} = await client(t, {auths: {[host]: {username: 'robot', password: 'secret'}}});
	t.is((await ask(host)).kind, 'answered');
	t.is((await ask(host)).kind, 'answered');
	taken = 'two';
	t.is((await ask(host)).kind, 'answered');
	t.deepEqual(asked, [
		'/v2/ ',
		`/token?service=s ${basic('robot:secret')}`,
		'/v2/shop/api/blo Bearer one',
		'/v2/shop/api/blo Bearer one',
		'/v2/shop/api/blo Bearer one',
		`/token?service=s ${basic('robot:secret')}`,
		'/v2/shop/api/blo Bearer two',
	]);
});

test('who may not read is told so, after one more try', async (t) => {
	let times = 0;
	const host = await serve(t, (_request, response) => {
		times += 1;
		response.writeHead(401, {'www-authenticate': 'Basic realm="a"'}).end('{"errors":[{"code":"UNAUTHORIZED"}]}');
	});
	const refused = {kind: 'failed', reason: 'unauthorized', detail: `${host} answered 401 UNAUTHORIZED`};
	t.like(await (await client(t)).ask(host), refused);
	t.is(times, 1);
	const robot = await client(t, {auths: {[host]: {username: 'robot', password: 'secret'}}});
	t.like(await robot.ask(host), refused);
	t.false(robot.said.join('\n').includes('secret'));
});

test('what a registry says is told by its code, and for how long to wait', async (t) => {
	const body = JSON.stringify({errors: [{code: 'TOOMANYREQUESTS', message: 'send money'}, {code: 'EVIL'}]});
	const host = await serve(t, (_request, response) => response.writeHead(429, {'retry-after': '7'}).end(body));
	const {ask, said} = await client(t);
	t.deepEqual(await ask(host), {
		kind: 'failed',
		reason: 'rate-limited',
		transient: true,
		detail: `${host} answered 429 TOOMANYREQUESTS`,
		retryAfterMs: 7000,
	});
	t.true(said.some((line) => line.includes('send money')));
});

test('a body that breaks off is no answer, whatever who reads it made of it', async (t) => {
	const host = await serve(t, (_request, response) => {
		response.writeHead(200, {'content-length': '1000'}).write('the beginning');
		setTimeout(() => response.destroy(), 50);
	});
	const {ask} = await client(t);
	t.like(await ask(host), {kind: 'failed', reason: 'unreachable', transient: true});
	t.like(await ask(host, {read: careless}), {kind: 'failed', reason: 'unreachable'});
});

test('the same over TLS, where servers would rather speak HTTP/2', async (t) => {
	const certificates = await makeCertificates((await readPins()).go, () => {});
	const file = (name: string) => join(certificates, name);
	const [key, cert] = await Promise.all([readFile(file('server.key')), readFile(file('server.pem'))]);
	const server = createSecureServer({key, cert, allowHTTP1: true}, ({httpVersion}, response) => {
		response.writeHead(200);
		response.write('the beginning');
		setTimeout(
			() => (httpVersion === '2.0' ? response.stream.close(constants.NGHTTP2_CANCEL) : response.destroy()),
			50,
		);
	}).listen(0, '127.0.0.1');
	await once(server, 'listening');
	t.teardown(() => server.close());
	const {ask} = await client(t, {environment: {SSL_CERT_FILE: file('ca.pem')}});
	const answer = await ask(`127.0.0.1:${(server.address() as AddressInfo).port}`);
	t.like(answer, {kind: 'failed', reason: 'unreachable', transient: true});
});

test('who stops reading is not kept waiting, and what goes wrong there is its own', async (t) => {
	const host = await serve(t, (_request, response) => {
		const more = () => {
			while (response.write(Buffer.alloc(65_536)));
		};
		response.on('drain', more);
		more();
	});
	const {ask} = await client(t);
	t.is((await ask(host, {read: firstPiece})).kind, 'answered');
	await t.throwsAsync(ask(host, {read: () => Promise.reject(new Error('the disk is full'))}), {
		message: 'the disk is full',
	});
	t.like(await ask(host), {kind: 'answered', value: new Uint8Array()}, 'a document that is too long is none');
});

test('who does not answer, or is not there', async (t) => {
	const silent = await serve(t, () => {});
	const stop = new AbortController();
	const {ask} = await client(t, {signal: stop.signal});
	t.like(await ask(silent, {timeoutMs: 300}), {reason: 'scanner-timeout', transient: true});
	t.like(await ask('127.0.0.1:1'), {reason: 'unreachable', transient: true, detail: '127.0.0.1:1: connection refused'});
	t.like(await ask('registry.invalid'), {reason: 'unreachable'});
	const waiting = ask(silent);
	stop.abort('canceled');
	t.like(await waiting, {kind: 'failed', reason: 'canceled'});
});

test('a registry that was away for a moment is not taken for one that speaks plain http', async (t) => {
	const hellos: string[] = [];
	const server = createNetServer((socket) => {
		socket
			.on('error', () => {})
			.once('data', (bytes) => {
				const isTls = bytes[0] === 0x16;
				hellos.push(isTls ? 'https' : 'http');
				if (isTls) socket.destroy();
				else socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n');
			});
	}).listen(0, '127.0.0.1');
	await once(server, 'listening');
	t.teardown(() => server.close());
	const {ask} = await client(t);
	const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
	t.is((await ask(host)).kind, 'failed');
	t.is((await ask(host)).kind, 'failed');
	t.deepEqual(hellos, ['https', 'http', 'https', 'http']);
});

test('a redirect without an end is given up', async (t) => {
	const host = await serve(t, (_request, response) => response.writeHead(302, {location: '/again'}).end());
	const {ask} = await client(t);
	t.like(await ask(host), {kind: 'failed', reason: 'unreachable'});
});

test('what is not excepted goes through the proxy, and its target is looked at first', async (t) => {
	const seen: (string | undefined)[] = [];
	const proxy = createServer(({url}, response) => {
		seen.push(url);
		response.end('content');
	}).listen(0, '127.0.0.1');
	await once(proxy, 'listening');
	t.teardown(() => proxy.close());
	proxy.on('connect', ({url}, socket) => {
		seen.push(url);
		socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
	});
	const address = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
	const {ask} = await client(t, {environment: {HTTP_PROXY: address, HTTPS_PROXY: address}});
	// A name that may speak plain http.
	t.is((await ask('registry.local:5000')).kind, 'answered');
	t.deepEqual(seen, ['registry.local:5000', `http://registry.local:5000/v2/shop/api/blobs/${digest}`]);
	t.like(await ask('169.254.169.254'), {kind: 'failed', reason: 'address-refused'});
	t.is(seen.length, 2);
});
