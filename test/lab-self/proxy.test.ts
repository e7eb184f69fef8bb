import test from 'ava';
import {run} from '../../plugin/build-tools.mjs';
import {startLab, type Lab} from '../lab/lab.ts';
import {startProxy, type Fault, type Proxy} from '../lab/proxy.ts';

let lab: Lab;
/** One proxy for each test: they would disturb each other's rules and counts. */
const proxies: Proxy[] = [];

test.before(async () => {
	lab = await startLab();
});

test.after.always(async () => {
	await Promise.all(proxies.map((proxy) => proxy.stop()));
	await lab.stop();
});

test('requests are told apart and counted', async (t) => {
	const {proxy, address} = await ownProxy();
	const manifest = await getManifest(address, 'debian');
	await fetch(`${address}/v2/`);
	await fetch(`${address}/v2/shop/debian/manifests/1.0`, {method: 'HEAD'});
	await fetch(`${address}/v2/shop/debian/blobs/${manifest.config.digest}`, {method: 'HEAD'});
	const blob = await (await fetch(`${address}/v2/shop/debian/blobs/${manifest.config.digest}`)).arrayBuffer();
	t.deepEqual(
		proxy.requests.map(({kind, repository, status}) => [kind, repository, status]),
		[
			['manifest-get', 'shop/debian', 200],
			['ping', undefined, 200],
			['manifest-head', 'shop/debian', 200],
			['blob-head', 'shop/debian', 200],
			['blob-get', 'shop/debian', 200],
		],
	);
	t.is(proxy.count({repository: 'shop/debian'}), 4);
	t.is(proxy.count({kind: 'blob-get', repository: 'shop/alpine'}), 0);
	t.is(proxy.bytes({kind: 'blob-get'}), blob.byteLength);
	t.is(proxy.bytes({kind: 'blob-head'}), 0);
	proxy.reset();
	t.is(proxy.count(), 0);
});

const answers = test.macro({
	title: (_, status: number) => `status ${status}: so many times, then the registry again`,
	async exec(t, status: number, code: string) {
		const {proxy, address} = await ownProxy();
		const rule = proxy.add({path: '/v2/shop/alpine/', times: 2, fault: {kind: 'status', status}});
		for (let attempt = 0; attempt < 2; attempt += 1) {
			const response = await fetch(`${address}/v2/shop/alpine/manifests/1.0`);
			t.is(response.status, status);
			t.is(((await response.json()) as {errors: readonly {code: string}[]}).errors[0]?.code, code);
		}
		t.is((await fetch(`${address}/v2/shop/alpine/manifests/1.0`)).status, 200);
		t.is((await fetch(`${address}/v2/shop/debian/manifests/1.0`)).status, 200);
		t.is(rule.hits, 2);
		t.is(proxy.count({status}), 2);
	},
});

test(answers, 401, 'UNAUTHORIZED');
test(answers, 403, 'DENIED');
test(answers, 404, 'MANIFEST_UNKNOWN');
test(answers, 429, 'TOOMANYREQUESTS');
test(answers, 500, 'UNKNOWN');

test('headers of an answer are said: Retry-After, WWW-Authenticate', async (t) => {
	const {proxy, address} = await ownProxy();
	proxy.add({fault: {kind: 'status', status: 429, headers: {'retry-after': '7'}}});
	t.is((await fetch(`${address}/v2/`)).headers.get('retry-after'), '7');
	t.is((await fetch(`${address}/v2/`)).headers.get('www-authenticate'), null);
});

test('a rule is for one kind, method or pattern, and can be removed', async (t) => {
	const {proxy, address} = await ownProxy();
	const rule = proxy.add({kind: 'manifest-head', path: /debian/, method: 'HEAD', fault: {kind: 'status', status: 500}});
	const head = {method: 'HEAD'};
	t.is((await fetch(`${address}/v2/shop/debian/manifests/1.0`)).status, 200);
	t.is((await fetch(`${address}/v2/shop/alpine/manifests/1.0`, head)).status, 200);
	t.is((await fetch(`${address}/v2/shop/debian/manifests/1.0`, head)).status, 500);
	rule.remove();
	t.is((await fetch(`${address}/v2/shop/debian/manifests/1.0`, head)).status, 200);
});

test('other content for a digest', async (t) => {
	const {proxy, address} = await ownProxy();
	const path = `/v2/shop/alpine/manifests/${lab.digest('alpine')}`;
	proxy.add({path, fault: {kind: 'content', body: '{}', headers: {'content-type': 'application/json'}}});
	t.is(await (await fetch(`${address}${path}`)).text(), '{}');
	await t.throwsAsync(run(lab.tools.crane, ['manifest', `${proxy.address}/shop/alpine@${lab.digest('alpine')}`]), {
		message: /manifest digest: .* does not match requested digest/,
	});
});

test('reset: at once, or in the middle of a body', async (t) => {
	const {proxy, address} = await ownProxy();
	const rule = proxy.add({path: '/v2/shop/debian', fault: {kind: 'reset'}});
	await t.throwsAsync(fetch(`${address}/v2/shop/debian/manifests/1.0`));
	rule.remove();
	const manifest = await getManifest(address, 'api-fixed');
	const layer = manifest.layers.at(-1);
	proxy.add({kind: 'blob-get', fault: {kind: 'reset', afterBytes: 1000}});
	const response = await fetch(`${address}/v2/shop/api-fixed/blobs/${layer?.digest}`);
	t.is(response.status, 200);
	await t.throwsAsync(response.arrayBuffer());
	t.is(proxy.bytes({kind: 'blob-get'}), 1000);
});

test('hang: no answer, until the client gives up', async (t) => {
	const {proxy, address} = await ownProxy();
	proxy.add({path: '/v2/shop/alpine', fault: {kind: 'hang'}});
	const signal = AbortSignal.timeout(200);
	await t.throwsAsync(fetch(`${address}/v2/shop/alpine/manifests/1.0`, {signal}), {name: 'TimeoutError'});
	t.is(proxy.count({status: undefined}), 1);
});

test('reset() ends what hangs', async (t) => {
	const {proxy, address} = await ownProxy();
	proxy.add({fault: {kind: 'hang'}});
	const hanging = t.throwsAsync(fetch(`${address}/v2/`));
	while (proxy.count() === 0) await new Promise((fulfil) => setTimeout(fulfil, 5));
	proxy.reset();
	await hanging;
	t.is((await fetch(`${address}/v2/`)).status, 200);
});

const takes = test.macro({
	title: (_, fault: Fault) => `${fault.kind}: the answer is right and takes its time`,
	async exec(t, fault: Fault, milliseconds: number) {
		const {proxy, address} = await ownProxy();
		proxy.add({kind: 'manifest-get', fault});
		const started = performance.now();
		t.truthy((await getManifest(address, 'debian')).config.digest);
		t.true(performance.now() - started >= milliseconds);
	},
});

test(takes, {kind: 'delay', milliseconds: 150}, 145);
// The manifest has some 400 bytes.
test(takes, {kind: 'drip', bytesPerSecond: 1000}, 250);

test('a barrier opens when enough distinct clients wait, and stays open', async (t) => {
	const {proxy, address} = await ownProxy();
	const rule = proxy.add({kind: 'manifest-get', fault: {kind: 'barrier', clients: 3}});
	const first = fetch(`${address}/v2/shop/alpine/manifests/1.0`);
	const again = fetch(`${address}/v2/shop/alpine/manifests/1.0`);
	const second = fetch(`${address}/v2/shop/debian/manifests/1.0`);
	const settled = await Promise.race([first, again, second, new Promise((fulfil) => setTimeout(fulfil, 200, 'none'))]);
	t.is(settled, 'none');
	t.false(rule.opened);
	const third = fetch(`${address}/v2/shop/empty/manifests/1.0`);
	for (const response of await Promise.all([first, again, second, third])) t.is(response.status, 200);
	t.true(rule.opened);
	t.is((await fetch(`${address}/v2/shop/api-fixed/manifests/1.0`)).status, 200);
});

test('a barrier that too few clients reach answers 504', async (t) => {
	const {proxy, address} = await ownProxy();
	const rule = proxy.add({fault: {kind: 'barrier', clients: 2, timeoutMs: 100}});
	t.is((await fetch(`${address}/v2/shop/alpine/manifests/1.0`)).status, 504);
	t.false(rule.opened);
});

test('rules work together: wait, then fail', async (t) => {
	const {proxy, address} = await ownProxy();
	proxy.add({fault: {kind: 'delay', milliseconds: 100}});
	proxy.add({fault: {kind: 'status', status: 500}});
	const started = performance.now();
	t.is((await fetch(`${address}/v2/`)).status, 500);
	t.true(performance.now() - started >= 95);
});

test('requests that come together do not use a rule more often than it says', async (t) => {
	const {proxy, address} = await ownProxy();
	proxy.add({fault: {kind: 'barrier', clients: 2}});
	proxy.add({times: 1, fault: {kind: 'status', status: 500}});
	const names = ['alpine', 'debian'];
	const statuses = await Promise.all(
		names.map(async (name) => (await fetch(`${address}/v2/shop/${name}/manifests/1.0`)).status),
	);
	t.deepEqual(
		statuses.toSorted((one, other) => one - other),
		[200, 500],
	);
});

test('a registry that does not answer is a 502, not the end of the test run', async (t) => {
	const proxy = await startProxy({upstream: '127.0.0.1:1'});
	proxies.push(proxy);
	t.is((await fetch(`http://${proxy.address}/v2/`)).status, 502);
});

async function ownProxy(): Promise<{readonly proxy: Proxy; readonly address: string}> {
	const proxy = await startProxy({upstream: lab.registry});
	proxies.push(proxy);
	return {proxy, address: `http://${proxy.address}`};
}

interface Manifest {
	readonly config: {readonly digest: string};
	readonly layers: readonly {readonly digest: string}[];
}

async function getManifest(address: string, name: string): Promise<Manifest> {
	return (await (await fetch(`${address}/v2/shop/${name}/manifests/1.0`)).json()) as Manifest;
}
