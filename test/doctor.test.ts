// `trivy-gate doctor` where it scans: real tools, a real registry, no cluster. With one: test/cluster/doctor.cluster.ts.
import {mkdir, mkdtemp, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import {createGateRunner, labPolicy, type GateOptions} from './lab/gate.ts';
import {startLab, type Lab} from './lab/lab.ts';
import {startGate} from './lab/process.ts';

let lab: Lab;
let gate: Awaited<ReturnType<typeof createGateRunner>>;
test.before(async () => {
	lab = await startLab();
	gate = await createGateRunner(lab);
});
test.after.always(async () => {
	await gate?.stop();
	await lab?.stop();
});

const policy = `${labPolicy}  enforcement: seal\n`;

interface Told {
	readonly findings: ReadonlyArray<{readonly check: string; readonly level: string; readonly what: string}>;
}

async function doctor(images: readonly string[] = [], options: GateOptions = {}) {
	const run = await gate.run(['doctor', '--format', 'json', ...images], {policy, ...options});
	if (run.stdout === '') throw new Error(run.stderr);
	const told = (JSON.parse(run.stdout) as Told).findings
		.filter(({level}) => level !== 'ok')
		.map(({check, level, what}) => `${level} ${check}: ${what}`);
	return {...run, told};
}

/** A place as Argo CD's sidecar has it, with these plugins' sockets. */
async function pluginPlace(sockets: readonly string[]): Promise<Readonly<Record<string, string>>> {
	const directory = await mkdtemp(join(tmpdir(), 'cmp-server-'));
	await mkdir(join(directory, 'plugins'));
	await mkdir(join(directory, 'config'));
	await writeFile(join(directory, 'config', 'plugin.yaml'), 'metadata: {name: trivy-gate}\nspec: {generate: {}}\n');
	for (const name of sockets) await writeFile(join(directory, 'plugins', `${name}.sock`), '');
	return {ARGOCD_PLUGINSOCKFILEPATH: join(directory, 'plugins')};
}

async function credentials(auths: Readonly<Record<string, string>>): Promise<Readonly<Record<string, string>>> {
	const file = join(await mkdtemp(join(tmpdir(), 'docker-')), 'config.json');
	const entries: Record<string, object> = {};
	for (const [host, text] of Object.entries(auths)) entries[host] = {auth: Buffer.from(text).toString('base64')};
	await writeFile(file, JSON.stringify({auths: entries}));
	return {TRIVY_GATE_DOCKER_CONFIG: file};
}

test('a sidecar in order', async (t) => {
	const address = `unix:${join(await mkdtemp(join(tmpdir(), 'service-')), 'own', 'socket')}`;
	const service = startGate(['serve', '--listen', address], await gate.environment());
	t.teardown(service.stop);
	await service.says(/the scan service: listening/);
	const environment = {
		...(await pluginPlace(['trivy-gate'])),
		...(await credentials({[lab.registry]: 'a:b'})),
		TRIVY_GATE_SERVICE: address,
	};
	const {told, exitCode, leftovers} = await doctor([lab.image('alpine')], {environment});
	t.deepEqual(
		told.filter((line) => !/ (?:disk|memory): /.test(line)),
		[],
	);
	t.is(exitCode, 0);
	t.deepEqual(leftovers, []);
});

test('what is wrong is told with its reason, and no password', async (t) => {
	const environment = {
		...(await pluginPlace(['trivy-gate', 'vault'])),
		...(await credentials({'127.0.0.1:1': 'robot:the-password'})),
		TRIVY_GATE_DATABASE_REPOSITORY: `${lab.registry}/nothing/here:2`,
		TRIVY_GATE_HELM: '/nonexistent/helm',
	};
	const {told, exitCode, stdout, stderr} = await doctor([`${lab.registry}/shop/none:1`, 'Not An Image'], {
		environment,
		policy: 'spec: 3\n',
	});
	t.is(exitCode, 1);
	t.true(told.includes('error service: the scan service does not answer: the scan service does not listen (ENOENT)'));
	t.true(told.includes('error plugin: the repo-server has other plugins beside the gate'));
	t.true(told.includes('error tools: helm cannot be used — helm is not there — /nonexistent/helm'));
	t.true(told.includes('error database: no repository of the vulnerability database answers'));
	t.true(
		told.some((line) => line.startsWith('error registries: the registry 127.0.0.1:1 cannot be read: 127.0.0.1:1')),
	);
	t.true(
		told.includes(
			`error registries: the image ${lab.registry}/shop/none:1 cannot be read: ${lab.registry} answered 404 NAME_UNKNOWN`,
		),
	);
	t.true(told.includes('error registries: the image Not An Image cannot be read: it is no name of an image'));
	t.true(told.some((line) => /^error policy: the policy cannot be used — .*policy\.yaml: line 1/.test(line)));
	t.false(`${stdout}${stderr}`.includes('the-password'));
	t.false(`${stdout}${stderr}`.includes(Buffer.from('robot:the-password').toString('base64')));
});

test('the clock is compared with the registry’s, whose certificate is trusted as by scans', async (t) => {
	const {registry, authority, proxy} = await lab.secure();
	const image = `${registry}/shop/alpine:1.0`;
	const distrusted = await doctor([image]);
	const refused = `error registries: the image ${image} cannot be read: ${registry}: its certificate cannot be verified`;
	t.true(
		distrusted.told.some((line) => line.startsWith(refused)),
		distrusted.told.join('\n'),
	);
	const environment = {TRIVY_GATE_CA_FILE: authority};
	const inTime = await doctor([image], {environment});
	t.false(
		inTime.told.some((line) => / (?:registries|clock): /.test(line)),
		inTime.told.join('\n'),
	);
	const date = new Date(Date.now() - 3_600_000).toUTCString();
	proxy.add({kind: 'manifest-get', fault: {kind: 'status', status: 200, headers: {date}, body: '{}'}});
	const late = await doctor([image], {environment});
	t.true(late.told.includes(`error clock: the clock is 60 minutes ahead of the one of ${image}`), late.told.join('\n'));
});

test('it looks here when it is told to, or when there is no kubeconfig', async (t) => {
	const missing = {KUBECONFIG: '/nonexistent/kubeconfig'};
	const cluster = await gate.run(['doctor'], {environment: missing});
	t.is(cluster.exitCode, 2);
	t.regex(cluster.stderr, /^settings: the kubeconfig cannot be used: it cannot be read — \/nonexistent\/kubeconfig\./);
	const here = await gate.run(['doctor', '--here'], {environment: missing});
	t.regex(here.stdout, /\nhere: \d+ errors?, /);
	const images = await gate.run(['doctor', 'alpine'], {environment: missing});
	t.is(images.exitCode, 2);
	t.regex(images.stderr, /add --here to ask from this machine/);
	const context = await gate.run(['doctor', '--context', 'lab']);
	t.is(context.exitCode, 2);
	t.regex(context.stderr, /--context needs a kubeconfig/);
});

test('a kubeconfig that is none is not quoted', async (t) => {
	const file = join(await mkdtemp(join(tmpdir(), 'kubeconfig-')), 'config');
	await writeFile(file, 'users: [{name: a, user: {token: the-token\n');
	const {exitCode, stderr, stdout} = await gate.run(['doctor', '--kubeconfig', file]);
	t.is(exitCode, 2);
	t.regex(stderr, /it is not a kubeconfig/);
	t.false(`${stderr}${stdout}`.includes('the-token'));
});

test('its flags are for it alone', async (t) => {
	const {exitCode, stderr} = await gate.run(['scan', '--kubeconfig', 'x', '-'], {input: ''});
	t.is(exitCode, 2);
	t.regex(stderr, /--kubeconfig is not for scan/);
});
