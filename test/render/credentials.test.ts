import {once} from 'node:events';
import {mkdir, readFile, writeFile} from 'node:fs/promises';
import {createServer, type IncomingMessage, type ServerResponse} from 'node:http';
import type {AddressInfo} from 'node:net';
import {join} from 'node:path';
import test from 'ava';
import type {ExecutionContext} from 'ava';
import {readPins, run} from '../../plugin/build-tools.mjs';
import {GateError} from '../../src/errors.ts';
import {parseSourceAddress} from '../../src/render/source-address.ts';
import type {SourceCredential} from '../../src/types.ts';
import {startChartServer, type ChartServer} from '../lab/chart-server.ts';
import {startGitServer} from '../lab/git-server.ts';
import {makeCertificates} from '../lab/prepared.ts';
import {startProxy} from '../lab/proxy.ts';
import {startRegistry} from '../lab/registry.ts';
import {below, chart, makeLab, parameters, renderLab, runByHand, tools, writeFiles, type Lab} from './lab.ts';

const password = 'p@ss w0rd/CREDENTIAL-f00dfeed';
const login = `Basic ${Buffer.from(`reader:${password}`).toString('base64')}`;

function credential(url: string, more: Partial<SourceCredential> = {}): SourceCredential {
	const address = parseSourceAddress(url);
	if (address === undefined) throw new Error(url);
	return {...address, name: undefined, username: 'reader', password, passCredentials: false, ...more};
}

interface WebServer {
	readonly port: number;
	/** `http://127.0.0.1:PORT` */
	readonly url: string;
	/** What came, as `GET /path`, and with which `Authorization`. */
	readonly requests: {readonly what: string; readonly authorization: string | undefined}[];
}

/** Answers on loopback as it is told; Node's own 404 where it is not. */
async function serve(
	t: ExecutionContext,
	answer: (path: string, request: IncomingMessage, response: ServerResponse) => void | Promise<void>,
): Promise<WebServer> {
	const requests: WebServer['requests'] = [];
	const server = createServer((request, response) => {
		const {method, url = '', headers} = request;
		requests.push({what: `${method} ${url}`, authorization: headers.authorization});
		void (async () => answer(url, request, response))().catch(() => response.writeHead(404).end());
	}).listen(0);
	t.teardown(() => {
		server.closeAllConnections();
		server.close();
	});
	await once(server, 'listening');
	const {port} = server.address() as AddressInfo;
	return {port, url: `http://127.0.0.1:${port}`, requests};
}

/** A packaged chart `dep` below `outside`. */
async function packDependency(lab: Lab): Promise<string> {
	const source = join(lab.outside, 'dep');
	await writeFiles(source, {...chart, 'Chart.yaml': 'apiVersion: v2\nname: dep\nversion: 1.0.0\n'});
	await runByHand(lab, 'helm', lab.outside, ['package', 'dep', '--destination', lab.outside]);
	return join(lab.outside, 'dep-1.0.0.tgz');
}

const index = (url: string) =>
	JSON.stringify({apiVersion: 'v1', entries: {dep: [{apiVersion: 'v2', name: 'dep', version: '1.0.0', urls: [url]}]}});

/** Makes the repository's chart depend on `dep` from each of these. */
async function dependOn(lab: Lab, ...repositories: readonly string[]): Promise<void> {
	const dependencies = repositories.map((repository, at) => ({
		name: 'dep',
		version: '1.0.0',
		repository,
		...(at === 0 ? {} : {alias: `dep${at}`}),
	}));
	await writeFiles(lab.root, {
		...chart,
		'Chart.yaml': `${chart['Chart.yaml']}dependencies: ${JSON.stringify(dependencies)}\n`,
	});
}

/** Neither arguments nor variables hold the password, in any spelling. */
function checkCalls(t: ExecutionContext, {calls}: Lab): void {
	const seen = JSON.stringify(calls);
	t.true(calls.length > 0);
	for (const secret of [password, encodeURIComponent(password), login.slice(6)]) t.false(seen.includes(secret));
}

/** A repository of charts that wants the login. */
async function privateCharts(t: ExecutionContext, lab: Lab, chartUrl = 'dep-1.0.0.tgz'): Promise<ChartServer> {
	await packDependency(lab);
	await writeFile(join(lab.outside, 'index.yaml'), index(chartUrl));
	const server = await startChartServer(lab.outside, {username: 'reader', password});
	t.teardown(server.stop);
	return server;
}

test('a chart repository with basic auth: its credentials reach helm in a private file', async (t) => {
	const lab = await makeLab(t, chart);
	const server = await privateCharts(t, lab);
	await dependOn(lab, server.url);
	const {text} = await renderLab(lab, {credentials: [credential(server.url)]});
	t.regex(text, /# Source: api\/charts\/dep\/templates\/deployment\.yaml/);
	t.deepEqual(server.requests, [
		{path: '/charts/index.yaml', login: 'right'},
		{path: '/charts/dep-1.0.0.tgz', login: 'right'},
	]);
	checkCalls(t, lab);
});

test('a chart may call a repository by the name that the operator gave it, as in Argo CD', async (t) => {
	const lab = await makeLab(t, chart);
	const server = await privateCharts(t, lab);
	for (const repository of ['@stable', 'alias:stable']) {
		await dependOn(lab, repository);
		const {text} = await renderLab(lab, {credentials: [credential(server.url, {name: 'stable'})]});
		t.regex(text, /# Source: api\/charts\/dep\//);
		const error = await t.throwsAsync(renderLab(lab, {credentials: [credential(server.url, {name: 'other'})]}), {
			instanceOf: GateError,
		});
		t.is(error.code, 'dependency-missing');
	}
	checkCalls(t, lab);
});

test('without credentials, with wrong ones, and with those of another path it is refused, and says what to do', async (t) => {
	const lab = await makeLab(t, chart);
	const server = await privateCharts(t, lab);
	await dependOn(lab, server.url);
	for (const credentials of [
		[],
		[credential(server.url, {username: 'other'})],
		[credential(server.url.replace('/charts', '/others'))],
		[credential(server.url.replace('http:', 'https:'))],
	]) {
		const error = await t.throwsAsync(renderLab(lab, {credentials}), {instanceOf: GateError});
		t.is(error.code, 'dependency-missing');
		t.regex(error.message, /TRIVY_GATE_SOURCE_CREDENTIALS/);
		t.regex(error.output ?? '', /no cached repository/);
		t.false(`${error.message}${error.output}`.includes('f00dfeed'));
	}
	t.deepEqual([...new Set(server.requests.map(({login: given}) => given))].toSorted(), ['none', 'wrong']);
	checkCalls(t, lab);
});

test('a chart that the index has at another host comes without credentials, unless operator and author permit it', async (t) => {
	const lab = await makeLab(t, chart);
	const file = await packDependency(lab);
	const other = await serve(t, async (_path, _request, response) => void response.end(await readFile(file)));
	const server = await privateCharts(t, lab, `${other.url}/dep-1.0.0.tgz`);
	await dependOn(lab, server.url);
	for (const [operator, author, passed] of [
		[false, false, false],
		[true, false, false],
		[false, true, false],
		[true, true, true],
	] as const) {
		other.requests.length = 0;
		const {text} = await renderLab(lab, {
			credentials: [credential(server.url, {passCredentials: operator})],
			parameters: parameters({helm: {passCredentials: author}}),
		});
		t.regex(text, /# Source: api\/charts\/dep\//);
		t.deepEqual(
			other.requests.map(({authorization}) => authorization),
			[passed ? login : undefined],
			`operator ${operator}, author ${author}`,
		);
	}
});

test('an author’s own repository, whose index names the same chart, is not sent the credentials of the other', async (t) => {
	const lab = await makeLab(t, chart);
	const file = await packDependency(lab);
	const evil: WebServer = await serve(t, async (path, _request, response) => {
		if (path.endsWith('/index.yaml')) return void response.end(index(`${evil.url}/dep-1.0.0.tgz`));
		return void response.end(await readFile(file));
	});
	const server = await privateCharts(t, lab, `${evil.url}/dep-1.0.0.tgz`);
	for (const repositories of [
		[`${evil.url}/charts`, server.url],
		[server.url, `${evil.url}/charts`],
	]) {
		await dependOn(lab, ...repositories);
		await renderLab(lab, {credentials: [credential(server.url)]});
	}
	t.true(evil.requests.length >= 4);
	for (const {what, authorization} of evil.requests) t.is(authorization, undefined, what);
});

test('two repositories whose addresses differ only in where the slashes are do not share a name', async (t) => {
	const lab = await makeLab(t, chart);
	const file = await packDependency(lab);
	const [own, evil] = ['http://charts.example/team.example', 'http://charts.example-team.example'];
	// Plays both hosts.
	const proxy = await serve(t, async (url, _request, response) => {
		if (!url.endsWith('/index.yaml')) return void response.end(await readFile(file));
		return void response.end(index(url.startsWith(own) ? 'dep-1.0.0.tgz' : `${evil}/dep-1.0.0.tgz`));
	});
	const environment = {...lab.context.environment, HTTP_PROXY: proxy.url};
	for (const repositories of [
		[own, evil],
		[evil, own],
	]) {
		await dependOn(lab, ...repositories);
		await renderLab({...lab, context: {...lab.context, environment}}, {credentials: [credential(own)]});
	}
	const to = (host: string) => proxy.requests.filter(({what}) => what.startsWith(`GET ${host}/`));
	for (const {what, authorization} of to(evil)) t.is(authorization, undefined, what);
	t.deepEqual(new Set(to(own).map(({authorization}) => authorization)), new Set([login]));
	t.true(to(own).some(({what}) => what.endsWith('.tgz')));
});

test('a redirect of a chart repository leads to another host without credentials', async (t) => {
	const lab = await makeLab(t, chart);
	const file = await packDependency(lab);
	const other = await serve(t, async (path, _request, response) => {
		if (path.endsWith('/index.yaml')) return void response.end(index('dep-1.0.0.tgz'));
		return void response.end(await readFile(file));
	});
	const server = await serve(t, (path, _request, response) => {
		response.writeHead(302, {location: `http://localhost:${other.port}${path}`}).end();
	});
	await dependOn(lab, `${server.url}/charts`);
	await renderLab(lab, {credentials: [credential(server.url)]});
	t.deepEqual([...new Set(server.requests.map(({authorization}) => authorization))], [login]);
	t.true(other.requests.length >= 2);
	for (const {what, authorization} of other.requests) t.is(authorization, undefined, what);
});

/** A registry of charts with TLS that gives tokens to who has the password. */
async function privateRegistry(t: ExecutionContext, lab: Lab) {
	const file = await packDependency(lab);
	const registry = await startRegistry(tools.crane);
	t.teardown(registry.stop);
	await runByHand(lab, 'helm', lab.outside, ['push', file, `oci://${registry.address}/charts`, '--plain-http']);
	const certificates = await makeCertificates((await readPins()).go, () => {});
	const [key = '', cert = ''] = await Promise.all(
		['server.key', 'server.pem'].map((name) => readFile(join(certificates, name), 'utf8')),
	);
	const proxy = await startProxy({upstream: registry.address, tls: {key, cert}});
	t.teardown(proxy.stop);
	proxy.requireLogin({scheme: 'bearer', repositories: {'charts/dep': {username: 'reader', password}}});
	const environment = {...lab.context.environment, SSL_CERT_FILE: join(certificates, 'ca.pem')};
	return {proxy, lab: {...lab, context: {...lab.context, environment}}, tls: {key, cert}};
}

test('a registry of charts with tokens: its credentials reach helm in a private file', async (t) => {
	const {proxy, lab} = await privateRegistry(t, await makeLab(t, chart));
	await dependOn(lab, `oci://${proxy.address}/charts`);
	const {text} = await renderLab(lab, {credentials: [credential(`oci://${proxy.address}/charts`)]});
	t.regex(text, /# Source: api\/charts\/dep\/templates\/deployment\.yaml/);
	checkCalls(t, lab);
	const error = await t.throwsAsync(renderLab(lab), {instanceOf: GateError});
	t.is(error.code, 'dependency-missing');
	const wrong = await t.throwsAsync(
		renderLab(lab, {credentials: [credential(`oci://${proxy.address}`, {username: 'other'})]}),
		{
			instanceOf: GateError,
		},
	);
	t.false(`${wrong.message}${wrong.output}`.includes('f00dfeed'));
});

test('a login for a part of a registry is not used for the rest of it', async (t) => {
	const {proxy, lab} = await privateRegistry(t, await makeLab(t, chart));
	for (const other of [
		`oci://${proxy.address}/others`,
		`oci://${proxy.address}/charts/../others`,
		`oci://x@${proxy.address}/others`,
	]) {
		await dependOn(lab, `oci://${proxy.address}/charts`, other);
		const error = await t.throwsAsync(renderLab(lab, {credentials: [credential(`oci://${proxy.address}/charts`)]}), {
			instanceOf: GateError,
		});
		t.is(error.code, 'source-refused');
		t.regex(error.message, /several logins of one registry/);
	}
	t.is(proxy.count(), 0);
});

/** A git repository `NAME` below a directory, which a server can give out. */
async function commit(directory: string, name: string, files: Readonly<Record<string, string>>): Promise<void> {
	const path = join(directory, name);
	await mkdir(path, {recursive: true});
	await writeFiles(path, files);
	const git = (...args: readonly string[]) =>
		run('git', ['-c', 'user.name=A', '-c', 'user.email=a@example', '-C', path, ...args]);
	await git('init', '--quiet', '--initial-branch=main');
	await git('add', '.');
	await git('commit', '--quiet', '--message=Content');
}

const settings = (name: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n`;
const base = {'kustomization.yaml': 'resources: [settings.yaml]\n', 'settings.yaml': settings('base')};

/** A git server that wants the login. */
async function privateBase(t: ExecutionContext, lab: Lab, tls?: {readonly key: string; readonly cert: string}) {
	const directory = join(lab.outside, 'repositories');
	await commit(directory, 'team/base', base);
	const seen: (string | undefined)[] = [];
	const server = await startGitServer(directory, {
		answers({headers}, response) {
			seen.push(headers.authorization);
			if (headers.authorization === login) return false;
			response.writeHead(401, {'www-authenticate': 'Basic realm="git"'}).end();
			return true;
		},
		...(tls === undefined ? {} : {tls}),
	});
	t.teardown(server.stop);
	await writeFile(lab.path('kustomization.yaml'), `resources: ["${server.url}/team/base/.git?ref=main"]\n`);
	return {server, seen};
}

test('a git server with a password: its credentials reach git in a private file', async (t) => {
	const lab = await makeLab(t, {});
	const {server} = await privateBase(t, lab);
	const {text} = await renderLab(lab, {
		credentials: [credential(`${server.url}/team`)],
		parameters: parameters({type: 'kustomize'}),
	});
	t.is(text, settings('base'));
	checkCalls(t, lab);
});

test('a private base without credentials, and with those of another path, says what to do', async (t) => {
	const lab = await makeLab(t, {});
	const {server, seen} = await privateBase(t, lab);
	for (const credentials of [[], [credential(`${server.url}/others`)], [credential(server.url, {username: 'other'})]]) {
		const error = await t.throwsAsync(renderLab(lab, {credentials}), {instanceOf: GateError});
		t.is(error.code, 'render-failed');
		t.regex(error.message, /TRIVY_GATE_SOURCE_CREDENTIALS/);
		t.false(`${error.message}${error.output}`.includes('f00dfeed'));
	}
	t.false(seen.includes(login));
	checkCalls(t, lab);
});

test('a git server with an authority of its own', async (t) => {
	const {lab, tls} = await privateRegistry(t, await makeLab(t, {}));
	const {server} = await privateBase(t, lab, tls);
	const {text} = await renderLab(lab, {credentials: [credential(server.url)]});
	t.is(text, settings('base'));
});

/** kustomize itself looks first whether an address is a file, and has no credentials. */
function isGit({headers}: IncomingMessage): boolean {
	return headers['user-agent']?.startsWith('git/') === true;
}

test('git does not follow a redirect with credentials', async (t) => {
	const lab = await makeLab(t, {});
	const directory = join(lab.outside, 'repositories');
	await commit(directory, 'team/base', base);
	const [seen, led]: [(string | undefined)[], (string | undefined)[]] = [[], []];
	const other = await startGitServer(directory, {
		answers(request) {
			if (isGit(request)) seen.push(request.headers.authorization);
			else t.is(request.headers.authorization, undefined);
			return false;
		},
	});
	t.teardown(other.stop);
	const server = await serve(t, (path, request, response) => {
		if (isGit(request)) led.push(request.headers.authorization);
		response.writeHead(302, {location: `${other.url}${path}`}).end();
	});
	await writeFile(lab.path('kustomization.yaml'), `resources: ["${server.url}/team/base/.git?ref=main"]\n`);
	await t.throwsAsync(renderLab(lab, {credentials: [credential(server.url)]}), {instanceOf: GateError});
	t.deepEqual({seen, led}, {seen: [], led: [login]});
	// Without credentials nothing can leak, and it is followed as ever.
	const {text} = await renderLab(lab);
	t.is(text, settings('base'));
	t.true(seen.length > 0);
});

test('a base of another host that the private one brings in gets no credentials', async (t) => {
	const lab = await makeLab(t, {});
	const directory = join(lab.outside, 'repositories');
	const seen: (string | undefined)[] = [];
	await commit(directory, 'team/shared', base);
	const other = await startGitServer(directory, {
		answers({headers}) {
			seen.push(headers.authorization);
			return false;
		},
	});
	t.teardown(other.stop);
	const {server} = await privateBase(t, lab);
	await commit(directory, 'team/front', {
		'kustomization.yaml': `resources: ["${other.url}/team/shared/.git?ref=main"]\n`,
	});
	await writeFile(lab.path('kustomization.yaml'), `resources: ["${server.url}/team/front/.git?ref=main"]\n`);
	const {text} = await renderLab(lab, {credentials: [credential(server.url)]});
	t.is(text, settings('base'));
	t.true(seen.length > 0);
	t.deepEqual([...new Set(seen)], [undefined]);
});

test('files of a remote base cannot read the credentials, whatever the operator’s build options', async (t) => {
	const lab = await makeLab(t, {});
	const directory = join(lab.outside, 'repositories');
	await commit(directory, 'thief', {
		'kustomization.yaml': 'configMapGenerator: [{name: stolen, files: [../../.gitconfig]}]\n',
	});
	const server = await startGitServer(directory);
	t.teardown(server.stop);
	await writeFile(lab.path('kustomization.yaml'), `resources: ["${server.url}/thief/.git?ref=main"]\n`);
	for (const kustomizeBuildOptions of [[], ['--load-restrictor=LoadRestrictionsNone']]) {
		const error = await t.throwsAsync(renderLab(lab, {credentials: [credential(server.url)], kustomizeBuildOptions}), {
			instanceOf: GateError,
		});
		t.is(error.code, kustomizeBuildOptions.length === 0 ? 'render-failed' : 'source-refused');
		t.false(`${error.message}${error.output}`.includes(login.slice(6)));
	}
});

test('the credentials are in files of the private home, for this user alone', async (t) => {
	const recorder = '#!/bin/sh\nstat -c "%a %n" "$HOME/.gitconfig" "$HOME" >&2\nexit 1\n';
	const lab = await makeLab(t, {'kustomization.yaml': 'resources: []\n'}, {});
	const programs = await makeLab(t, {kustomize: recorder});
	const recorded = await makeLab(t, {'kustomization.yaml': 'resources: []\n'}, {kustomize: programs.path('kustomize')});
	const error = await t.throwsAsync(renderLab(recorded, {credentials: [credential('https://git.example')]}), {
		instanceOf: GateError,
	});
	t.regex(error.output ?? '', /^600 .*\.gitconfig\n700 \.$/);
	t.is(lab.calls.length, 0);
});

test('a chart whose dependencies are committed needs no credentials', async (t) => {
	const lab = await makeLab(t, {...below('api', chart)});
	await renderLab(lab, {directory: 'api', credentials: [credential('https://charts.example')]});
	t.deepEqual(
		lab.calls.map(({args}) => args[0]),
		['template'],
	);
});
