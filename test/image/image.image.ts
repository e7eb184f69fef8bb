// The image as it is built and as it runs: `npm run test:image`.
import {cp, mkdir, mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import test from 'ava';
import {readPins, run} from '../../plugin/build-tools.mjs';
import {labPolicy} from '../lab/gate.ts';
import {readJson} from '../lab/images.ts';
import {startLab, type Lab} from '../lab/lab.ts';
import {image} from './build.ts';
import {createSidecar, type Sidecar} from './container.ts';
import {startGitServer} from '../lab/git-server.ts';
import {entriesOf, publishImage, type PublishedImage} from './published.ts';

/** What may be run. Everything else in the image is data. */
const programs = [
	'usr/bin/git',
	'usr/bin/tini',
	'usr/lib/git-core/git-remote-http',
	'usr/local/bin/helm',
	'usr/local/bin/kustomize',
	'usr/local/bin/node',
	'usr/local/bin/trivy',
	'usr/local/lib/trivy-gate/trivy-gate.js',
];
const configuration = [
	'debian_version',
	'gitconfig',
	'group',
	'nsswitch.conf',
	'passwd',
	'ssl/certs/ca-certificates.crt',
];
const user = 999;
/** Of the image without volumes, for those who try it by hand. */
const writable = ['tmp', 'var/cache/trivy-gate'];
const maxMegabytes = {unpacked: 450, packed: 170};
const root = join(import.meta.dirname, '..', '..');

let lab: Lab;
let directory: string;
let published: PublishedImage;
let sidecar: Sidecar;

test.before(async () => {
	directory = await mkdtemp(join(tmpdir(), 'image-'));
	lab = await startLab();
	await lab.publish('api-vulnerable', 'shop/api:1.4');
	await lab.publish('api-fixed', 'shop/api:1.5');
	await lab.publish('debian', 'shop/migrate:1.0');
	await lab.publish('alpine', 'shop/proxy:1.0');
	published = await publishImage(image.layout, lab, directory);
	sidecar = await createSidecar({
		rootFileSystem: published.files,
		config: published.config,
		directory,
		// A loaded machine is no failure.
		environment: {
			TRIVY_GATE_DATABASE_REPOSITORY: lab.databaseRepository,
			TRIVY_GATE_DEADLINE: '600',
			TRIVY_GATE_SOURCE_CREDENTIALS: '/etc/trivy-gate/sources',
		},
	});
	const policy = join(sidecar.volume('trivy-gate-policy'), 'policy.yaml');
	await writeFile(policy, labPolicy.replaceAll('REGISTRY', lab.registry));
	await mkdir(join(sidecar.volume('trivy-gate-policy'), 'sources'));
});

test.after.always(async () => {
	await lab?.stop();
	await rm(directory, {recursive: true, force: true});
});

test('the image holds the programs that the gate runs, and no other', async (t) => {
	const executable = (await entriesOf(published.files)).filter(
		({kind, mode}) => kind === 'file' && (mode & 0o111) !== 0,
	);
	const libraries = /^usr\/lib\/[^/]+-linux-gnu\//;
	t.deepEqual(
		executable.map(({path}) => path).filter((path) => !libraries.test(path)),
		programs,
	);
});

test('nothing of the machine that built it is in the image', async (t) => {
	const entries = await entriesOf(published.files);
	t.deepEqual(
		[...new Set(entries.map(({path}) => path.split('/')[0]))],
		['bin', 'etc', 'home', 'lib', 'lib64', 'tmp', 'usr', 'var'],
	);
	t.deepEqual(
		entries.filter(({path, kind}) => path.startsWith('etc/') && kind === 'file').map(({path}) => path.slice(4)),
		configuration,
	);
	const {Env, User} = published.config.config as {readonly Env: readonly string[]; readonly User: string};
	t.deepEqual(Env, ['PATH=/usr/local/bin:/usr/bin', 'TRIVY_GATE_CACHE_DIR=/var/cache/trivy-gate']);
	t.is(User, String(user));
});

test('every file belongs to root and can be changed by nobody else', async (t) => {
	for (const {path, kind, mode, uid} of await entriesOf(published.files)) {
		if (kind === 'link') continue;
		t.is(mode & 0o6000, 0, `${path}: set-user-ID or set-group-ID`);
		if (writable.includes(path)) continue;
		t.is(uid, 0, path);
		t.is(mode & 0o022, 0, `${path}: mode ${mode.toString(8)}`);
	}
});

test('the image is no bigger than it has to be', async (t) => {
	const unpacked = (await entriesOf(published.files)).reduce((sum, {size}) => sum + size, 0) / 1e6;
	const packed = published.manifest.layers.reduce((sum, {size}) => sum + size, 0) / 1e6;
	t.log(`${unpacked.toFixed(0)} MB unpacked, ${packed.toFixed(0)} MB to pull`);
	t.true(unpacked < maxMegabytes.unpacked && packed < maxMegabytes.packed);
});

test('the bill of materials names packages of Debian, of npm and of Go', async (t) => {
	const document = await readJson<{
		readonly bomFormat: string;
		readonly metadata: {readonly component: {readonly name: string}};
		readonly components: readonly {readonly name: string; readonly purl?: string}[];
	}>(image.billOfMaterials);
	t.is(document.bomFormat, 'CycloneDX');
	t.is(document.metadata.component.name, 'argocd-trivy-gate');
	const names = document.components.map(({purl = ''}) => purl.split('@')[0]);
	for (const name of ['pkg:deb/debian/git', 'pkg:npm/yaml', 'pkg:golang/helm.sh/helm/v4'])
		t.true(names.includes(name), name);
});

test('the sidecar writes to its volumes and nowhere else', async (t) => {
	const {stdout, stderr} = await sidecar.run(['node', '-e', tryToWriteEverywhere]);
	t.deepEqual(JSON.parse(stdout || stderr), {
		user: [user, user],
		groups: [user],
		capabilities: '0000000000000000',
		noNewPrivileges: '1',
		wrote: ['/home/argocd/cmp-server/plugins', '/tmp', '/var/cache/trivy-gate'],
	});
});

const tryToWriteEverywhere = `
	const {readdirSync, readFileSync, rmSync, writeFileSync} = require('node:fs');
	const status = (name) => new RegExp('^' + name + ':\\\\s*(\\\\S+)', 'm').exec(readFileSync('/proc/self/status', 'utf8'))[1];
	const wrote = [];
	function walk(directory) {
		const file = directory.replace(/\\/$/, '') + '/written';
		try {
			writeFileSync(file, '');
			rmSync(file);
			wrote.push(directory);
		} catch {}
		for (const entry of readdirSync(directory, {withFileTypes: true})) {
			const path = directory.replace(/\\/$/, '') + '/' + entry.name;
			if (entry.isDirectory() && !['/dev', '/proc', '/sys'].includes(path)) walk(path);
		}
	}
	walk('/');
	console.log(JSON.stringify({
		user: [process.getuid(), process.getgid()],
		groups: process.getgroups(),
		capabilities: status('CapBnd'),
		noNewPrivileges: status('NoNewPrivs'),
		wrote,
	}));
`;

test('the program tells its version and the pinned ones of its tools', async (t) => {
	const {exitCode, stdout, stderr} = await sidecar.run(['trivy-gate', '--version']);
	t.is(exitCode, 0, stderr);
	const {tools} = await readPins();
	for (const {name, version} of tools.filter(({development}) => development !== true))
		t.true(stdout.includes(`\n${name} ${version}\n`), stdout);
	t.regex(stdout, /^trivy-gate \S+ \([0-9a-f]{12}\)\n/);
});

test('an overlay renders as kustomize prints it, a chart as helm does, and both are judged', async (t) => {
	// Where Argo CD's plugin server unpacks a checkout.
	const at = await checkout('demo', join(root, 'test', 'demo'));
	const native = await run(lab.tools.kustomize, ['build', join(root, 'test/demo/overlay')]);
	const rendered = await sidecar.run(['trivy-gate', 'render'], {directory: `${at}/overlay`});
	t.is(rendered.stdout, native.stdout, rendered.stderr);
	const overlay = await sidecar.run(['trivy-gate', 'scan'], {directory: `${at}/overlay`});
	t.is(overlay.exitCode, 0, overlay.stdout + overlay.stderr);
	const chart = await sidecar.run(['trivy-gate', 'scan'], {directory: `${at}/chart`});
	t.is(chart.exitCode, 1, chart.stdout + chart.stderr);
	t.regex(chart.stdout, /CVE-2021-44906 {2}CRITICAL {2}minimist 0\.0\.8/);
});

test('the doctor looks at the container, and at a cluster when it has a kubeconfig', async (t) => {
	const here = await sidecar.run(['trivy-gate', 'doctor', '--format', 'json']);
	const {findings} = JSON.parse(here.stdout) as {
		readonly findings: ReadonlyArray<{readonly check: string; readonly level: string; readonly what: string}>;
	};
	const told = (check: string) =>
		findings.filter((finding) => finding.check === check).map(({level, what}) => `${level}: ${what}`);
	t.deepEqual(told('tools'), ['ok: helm, kustomize and trivy are the pinned ones']);
	// Only one program runs in it at a time.
	t.deepEqual(told('plugin'), ['error: the socket of the plugin trivy-gate is not there']);
	t.is(here.exitCode, 1, here.stderr);
	const cluster = {cluster: {server: 'https://127.0.0.1:1'}, name: 'a'};
	const kubeconfig = {
		clusters: [cluster],
		contexts: [{context: {cluster: 'a', user: 'a'}, name: 'a'}],
		users: [{name: 'a', user: {token: 'a'}}],
		'current-context': 'a',
	};
	await writeFile(join(sidecar.volume('trivy-gate-tmp'), 'kubeconfig'), JSON.stringify(kubeconfig));
	const there = await sidecar.run(['trivy-gate', 'doctor', '--kubeconfig', '/tmp/kubeconfig']);
	t.is(there.exitCode, 2, there.stdout);
	t.regex(there.stderr, /^settings: the cluster cannot be asked: /);
});

test('a remote base with a submodule renders, although there is no shell', async (t) => {
	const repositories = await mkdtemp(join(directory, 'repositories-'));
	const server = await startGitServer(repositories);
	t.teardown(server.stop);
	await commit(join(repositories, 'shared'), {'config.yaml': configMap('shared')});
	await commit(
		join(repositories, 'base'),
		{'kustomization.yaml': 'resources: [own.yaml, shared/config.yaml]\n', 'own.yaml': configMap('own')},
		{shared: `${server.url}/shared/.git`},
	);
	const source = await mkdtemp(join(directory, 'source-'));
	await writeFile(join(source, 'kustomization.yaml'), `resources: ["${server.url}/base/.git?ref=main"]\n`);
	const {exitCode, stdout, stderr} = await sidecar.run(['trivy-gate', 'render'], {
		directory: await checkout('remote', source),
	});
	t.is(exitCode, 0, stderr);
	t.is(stdout, `${configMap('own')}---\n${configMap('shared')}`);
});

test('a remote base with a password renders, although there is no shell', async (t) => {
	const repositories = await mkdtemp(join(directory, 'repositories-'));
	const login = `Basic ${Buffer.from('reader:p@ss w0rd').toString('base64')}`;
	const server = await startGitServer(repositories, {
		answers({headers}, response) {
			if (headers.authorization === login) return false;
			response.writeHead(401, {'www-authenticate': 'Basic realm="git"'}).end();
			return true;
		},
	});
	t.teardown(server.stop);
	await commit(join(repositories, 'private'), {
		'kustomization.yaml': 'resources: [own.yaml]\n',
		'own.yaml': configMap('private'),
	});
	const source = await mkdtemp(join(directory, 'source-'));
	await writeFile(join(source, 'kustomization.yaml'), `resources: ["${server.url}/private/.git?ref=main"]\n`);
	const at = await checkout('private', source);
	const refused = await sidecar.run(['trivy-gate', 'render'], {directory: at});
	t.is(refused.exitCode, 2, refused.stderr);
	const credentials = join(sidecar.volume('trivy-gate-policy'), 'sources', 'git');
	await mkdir(credentials);
	const files = {url: server.url, username: 'reader', password: 'p@ss w0rd'};
	for (const [file, text] of Object.entries(files)) await writeFile(join(credentials, file), text);
	const {exitCode, stdout, stderr} = await sidecar.run(['trivy-gate', 'render'], {directory: at});
	t.is(exitCode, 0, stderr);
	t.is(stdout, configMap('private'));
});

test('the image passes its own gate', async (t) => {
	const {exitCode, stdout, stderr} = await judge('released');
	t.is(exitCode, 0, stdout + stderr);
	t.regex(stdout, /^allowed .*\(debian 13\.\d+\)$/m);
});

test('the image is refused with a vulnerable npm package in it', async (t) => {
	const path = 'usr/local/lib/trivy-gate/node_modules/minimist/package.json';
	await published.plant('npm', path, JSON.stringify({name: 'minimist', version: '0.0.8'}));
	const {exitCode, stdout, stderr} = await judge('npm');
	t.is(exitCode, 1, stdout + stderr);
	t.regex(stdout, /CVE-2021-44906 +CRITICAL +minimist 0\.0\.8/);
});

test('the image is refused with an old package of Debian in it', async (t) => {
	const status = await readFile(join(published.files, 'var/lib/dpkg/status'), 'utf8');
	const old = status.replace(/(?<=^Package: libssl3t64\n(?:.+\n)*Version: ).+/m, '3.5.6-1~deb13u1');
	t.not(old, status);
	await published.plant('debian', 'var/lib/dpkg/status', old);
	const {exitCode, stdout, stderr} = await judge('debian');
	t.is(exitCode, 1, stdout + stderr);
	t.regex(stdout, /CVE-2026-34182 +CRITICAL +libssl3t64 3\.5\.6-1~deb13u1/);
});

/** What the gate in the image says of an image of the gate. */
function judge(tag: string) {
	const containers = [{name: 'trivy-gate', image: `registry.example/argocd-trivy-gate:${tag}`}];
	const pod = {apiVersion: 'v1', kind: 'Pod', metadata: {name: 'gate'}, spec: {containers}};
	return sidecar.run(['trivy-gate', 'scan', '-'], {input: JSON.stringify(pod)});
}

/** Copies a directory to where Argo CD's plugin server would unpack it. @returns its path in the container. */
async function checkout(name: string, source: string): Promise<string> {
	const place = join(sidecar.volume('trivy-gate-tmp'), '_cmp_server', name);
	await mkdir(dirname(place), {recursive: true});
	await cp(source, place, {recursive: true});
	await run('chown', ['--recursive', `${user}:${user}`, place]);
	return `/tmp/_cmp_server/${name}`;
}

function configMap(name: string): string {
	return `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n`;
}

async function commit(
	repository: string,
	content: Readonly<Record<string, string>>,
	submodules: Readonly<Record<string, string>> = {},
): Promise<void> {
	await mkdir(repository);
	const git = (...args: readonly string[]) => run('git', ['-C', repository, ...args]);
	await git('init', '--quiet', '--initial-branch=main');
	for (const [path, text] of Object.entries(content)) await writeFile(join(repository, path), text);
	for (const [path, url] of Object.entries(submodules)) await git('submodule', '--quiet', 'add', url, path);
	await git('add', '.');
	await git('-c', 'user.name=A', '-c', 'user.email=a@example', 'commit', '--quiet', '--message=Content');
}
