import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import {run} from '../../plugin/build-tools.mjs';
import {startLab, type Lab} from '../lab/lab.ts';
import {startProxy, type Login, type Proxy} from '../lab/proxy.ts';

const repositories = {'shop/alpine': {username: 'reader', password: 'se:cret'}};

let lab: Lab;
const proxies: Proxy[] = [];

test.before(async () => {
	lab = await startLab();
});

test.after.always(async () => {
	await Promise.all(proxies.map((proxy) => proxy.stop()));
	await lab.stop();
});

const logsIn = test.macro({
	title: (_, scheme: Login['scheme']) => `${scheme}: crane reads what its credentials allow`,
	async exec(t, scheme: Login['scheme']) {
		const proxy = await guardedProxy(scheme);
		const right = await dockerConfig(proxy, 'reader:se:cret');
		const wrong = await dockerConfig(proxy, 'reader:guess');
		const none = await dockerConfig(proxy, undefined);
		t.is(await digest(proxy, 'alpine', right), lab.digest('alpine'));
		await t.throwsAsync(digest(proxy, 'alpine', wrong), {message: /UNAUTHORIZED|401/});
		await t.throwsAsync(digest(proxy, 'alpine', none), {message: /UNAUTHORIZED|401/});
		t.is(await digest(proxy, 'debian', none), lab.digest('debian'));
		t.is(proxy.count({kind: 'token'}) > 0, scheme === 'bearer');
		await Promise.all([right, wrong, none].map((directory) => rm(directory, {recursive: true})));
	},
});

test(logsIn, 'basic');
test(logsIn, 'bearer');

test('a token is good for what it was asked for', async (t) => {
	const proxy = await guardedProxy('bearer');
	const token = await tokenFor(proxy, 'shop/debian');
	t.is(await read(proxy, 'shop/debian', token), 200);
	t.is(await read(proxy, 'shop/alpine', token), 401);
	t.is(await read(proxy, 'shop/alpine', 'made-up'), 401);
});

test('the challenge says where to get a token and for what', async (t) => {
	const proxy = await guardedProxy('bearer');
	const response = await fetch(`http://${proxy.address}/v2/shop/alpine/manifests/1.0`);
	const scope = 'repository:shop/alpine:pull';
	const challenge = `Bearer realm="http://${proxy.address}/token",service="lab",scope="${scope}"`;
	t.is(response.headers.get('www-authenticate'), challenge);
});

async function guardedProxy(scheme: Login['scheme']): Promise<Proxy> {
	const proxy = await startProxy({upstream: lab.registry});
	proxies.push(proxy);
	proxy.requireLogin({scheme, repositories});
	return proxy;
}

async function dockerConfig({address}: Proxy, login: string | undefined): Promise<string> {
	const directory = await mkdtemp(join(tmpdir(), 'lab-docker-'));
	const auths = login === undefined ? {} : {[address]: {auth: Buffer.from(login).toString('base64')}};
	await writeFile(join(directory, 'config.json'), JSON.stringify({auths}));
	return directory;
}

async function digest({address}: Proxy, name: string, directory: string): Promise<string> {
	const environment = {PATH: '/usr/bin:/bin', HOME: directory, DOCKER_CONFIG: directory};
	const {stdout} = await run(lab.tools.crane, ['digest', `${address}/shop/${name}:1.0`], {environment});
	return stdout.trim();
}

async function tokenFor({address}: Proxy, repository: string): Promise<string> {
	const response = await fetch(`http://${address}/token?service=lab&scope=repository:${repository}:pull`);
	return ((await response.json()) as {token: string}).token;
}

async function read({address}: Proxy, repository: string, token: string): Promise<number> {
	const headers = {authorization: `Bearer ${token}`};
	return (await fetch(`http://${address}/v2/${repository}/manifests/1.0`, {headers})).status;
}
