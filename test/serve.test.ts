// The scan service as a process of its own, with real Trivy and the lab's registry, and generate as its client.
import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout as wait} from 'node:timers/promises';
import test from 'ava';
import type {ExecutionContext} from 'ava';
import {createGateRunner, labPolicy} from './lab/gate.ts';
import type {GateRunner} from './lab/gate.ts';
import {startLab} from './lab/lab.ts';
import type {Lab} from './lab/lab.ts';
import {startGate} from './lab/process.ts';
import type {RunningGate} from './lab/process.ts';

const demo = join(import.meta.dirname, 'demo');
let lab: Lab;
let gate: GateRunner;

test.before(async () => {
	lab = await startLab();
	gate = await createGateRunner(lab);
	await lab.publish('api-vulnerable', 'shop/api:1.4');
	await lab.publish('api-fixed', 'shop/api:1.5');
	await lab.publish('debian', 'shop/migrate:1.0');
	await lab.publish('alpine', 'shop/proxy:1.0');
});

test.after.always(async () => {
	await gate?.stop();
	await lab?.stop();
});

function pods(...images: readonly string[]): string {
	return images
		.map(
			(image, index) =>
				`---\napiVersion: v1\nkind: Pod\nmetadata: {name: p${index}, namespace: shop}\nspec:\n  containers: [{name: a, image: '${image}'}]\n`,
		)
		.join('');
}

interface Served {
	readonly service: RunningGate;
	/** For its clients: no tool that scans, no cache, no registry. */
	readonly client: Readonly<Record<string, string>>;
}

/** A service on a socket of its own. */
async function serve(
	t: ExecutionContext,
	args: readonly string[] = [],
	extra: Readonly<Record<string, string>> = {},
): Promise<Served> {
	const directory = await mkdtemp(join(tmpdir(), 'serve-'));
	const address = `unix:${join(directory, 'own', 'socket')}`;
	const environment = await gate.environment({environment: extra});
	const service = startGate(['serve', '--listen', address, ...args], environment);
	t.teardown(async () => {
		await service.stop();
		await rm(directory, {recursive: true, force: true});
	});
	await service.says(/the scan service: listening/);
	const nowhere = join(directory, 'nowhere');
	return {
		service,
		client: {
			TRIVY_GATE_SERVICE: address,
			TRIVY_GATE_TRIVY: nowhere,
			TRIVY_GATE_CACHE_DIR: nowhere,
			...extra,
		},
	};
}

test.serial('generate prints the same bytes through the service, for each way to refuse', async (t) => {
	const {client} = await serve(t);
	const argo = {ARGOCD_APP_NAME: 'shop', ARGOCD_APP_NAMESPACE: 'shop', KUBE_VERSION: '1.36.1'};
	for (const enforcement of ['seal', 'job', 'fail-render', 'warn']) {
		const policy = `${labPolicy}  enforcement: ${enforcement}\n`;
		const args = ['generate', join(demo, 'chart')];
		const alone = await gate.run(args, {policy, environment: argo});
		const served = await gate.run(args, {policy, environment: {...argo, ...client}});
		t.is(served.exitCode, alone.exitCode, served.stderr);
		t.is(served.stdout, alone.stdout);
		t.deepEqual(served.leftovers, []);
	}
	const podPolicy = `${labPolicy}  job: {form: pod, image: registry.example/tools/busybox:1}\n`;
	const alone = await gate.run(['generate', join(demo, 'chart')], {policy: podPolicy, environment: argo});
	const served = await gate.run(['generate', join(demo, 'chart')], {
		policy: podPolicy,
		environment: {...argo, ...client},
	});
	t.regex(served.stdout, /Trivy \d+\.\d+\.\d+, vulnerability database/);
	t.is(served.stdout, alone.stdout);
});

test.serial('scan and explain tell the same through the service', async (t) => {
	const {client} = await serve(t);
	for (const args of [
		// First, because it tells what was scanned before.
		['explain', 'shop/api', join(demo, 'chart')],
		['scan', join(demo, 'chart')],
		['scan', join(demo, 'overlay'), '--format', 'json'],
	]) {
		const alone = await gate.run(args);
		const served = await gate.run(args, {environment: client});
		t.is(served.stdout, alone.stdout, served.stderr);
		t.is(served.exitCode, alone.exitCode);
	}
});

test.serial(
	'the report of a refusal is read later: by its id, by its application, in a browser, after a restart',
	async (t) => {
		const directory = await mkdtemp(join(tmpdir(), 'reports-'));
		t.teardown(() => rm(directory, {recursive: true, force: true}));
		const tokenFile = join(directory, 'token');
		await writeFile(tokenFile, 'r'.repeat(32));
		const cache = {TRIVY_GATE_CACHE_DIR: await gate.warmCache()};
		const readers = ['--reports-listen', '127.0.0.1:0', '--reports-token-file', tokenFile];
		const {service, client} = await serve(t, readers, cache);
		const argo = {
			ARGOCD_APP_NAME: 'shop',
			ARGOCD_APP_NAMESPACE: 'shop',
			ARGOCD_APP_PROJECT_NAME: 'shops',
			ARGOCD_APP_REVISION: '0123456789abcdef0123456789abcdef01234567',
			KUBE_VERSION: '1.36.1',
		};
		const refusal = await gate.run(['generate', join(demo, 'chart')], {environment: {...argo, ...client}});
		const [, id = ''] = /trivy-gate\/report-id: "([0-9a-f]{12})"/.exec(refusal.stdout) ?? [];
		t.regex(id, /^[0-9a-f]{12}$/, refusal.stdout);

		const linked = await gate.run(['generate', join(demo, 'chart')], {
			environment: {...argo, ...client, TRIVY_GATE_REPORTS_URL: 'https://trivy-gate.example/'},
		});
		const url = `https://trivy-gate.example/reports/shop/${id}`;
		t.true(linked.stdout.includes(`link.argocd.argoproj.io/external-link: "${url}"`), linked.stdout);
		t.true(linked.stderr.includes(`gate: report ${id}: ${url} tells all of it`), linked.stderr);

		const list = await gate.run(['reports', 'list'], {environment: client});
		t.regex(list.stdout, new RegExp(`^\\d{4}-\\S+Z  denied  ${id}  shop  0123456789ab\\n$`), list.stderr);
		const shown = await gate.run(['reports', 'show', id], {environment: client});
		t.regex(shown.stdout, /^DENIED {5}registry\.example\/shop\/api:1\.4 /);
		t.regex(shown.stdout, new RegExp(`report ${id}\\n$`));
		const [, address = ''] = await service.says(/"reports: listening at ([^"\s]+)/);
		const page = await fetch(`${address}/reports/shop/latest`, {
			headers: {authorization: `Basic ${Buffer.from(`reader:${'r'.repeat(32)}`).toString('base64')}`},
		});
		t.is(page.status, 200);
		t.true((await page.text()).includes(id));
		t.is((await fetch(`${address}/reports/shop/latest`)).status, 401);
		await service.stop();

		const again = await serve(t, [], cache);
		const json = await gate.run(['reports', 'show', 'shop', '--format', 'json'], {environment: again.client});
		t.is(json.exitCode, 0, json.stderr);
		t.like(JSON.parse(json.stdout), {reportId: id, application: 'shop', project: 'shops', decision: 'deny'});
		const none = await gate.run(['reports', 'show', 'other'], {environment: again.client});
		t.is(none.exitCode, 2);
		t.regex(none.stderr, /^report: no report "other" is kept\. "trivy-gate reports list" tells which there are\./);
		t.is((await gate.run(['reports', 'delete'], {environment: again.client})).exitCode, 2);
	},
);

test.serial('an application may ask for a fresher database than the service’s policy', async (t) => {
	const {client} = await serve(t);
	const input = pods('registry.example/shop/proxy:1.0');
	const args = ['scan', '-', '--max-database-age-hours', '1'];
	const served = await gate.run(args, {input, environment: client});
	t.is(served.exitCode, 1, served.stderr);
	t.regex(served.stdout, /older than 1 h/);
	t.is(served.stdout, (await gate.run(args, {input})).stdout);
});

test.serial('without a service that answers nothing is printed', async (t) => {
	const input = pods('registry.example/shop/proxy:1.0');
	for (const service of ['unix:/nowhere/socket', 'http://127.0.0.1:1']) {
		const run = await gate.run(['generate', '-'], {
			input,
			environment: {TRIVY_GATE_SERVICE: service, TRIVY_GATE_SERVICE_TOKEN: 'x'.repeat(40)},
		});
		t.is(run.exitCode, 2);
		t.is(run.stdout, '');
		t.regex(run.stderr, /^scan: the scan service does not listen \((ENOENT|ECONNREFUSED)\) — /);
		t.deepEqual(run.leftovers, []);
	}
});

test.serial('a service that dies in the middle leaves generate with nothing to print', async (t) => {
	const {service, client} = await serve(t);
	const image = (await lab.publishVariant('debian', 'service-dies')).image;
	const hang = lab.proxy.add({fault: {kind: 'hang'}, kind: 'blob-get', path: /debian-service-dies/});
	const running = gate.run(['generate', '-'], {input: pods(image), environment: client});
	while (hang.hits === 0) await wait(50);
	service.child.kill('SIGKILL');
	const run = await running;
	hang.remove();
	t.is(run.exitCode, 2);
	t.is(run.stdout, '');
	t.regex(run.stderr, /^scan: the scan service (stopped in the middle of|ended before) its answer/);
});

test.serial('at the deadline the rest goes on in the background, and the next call finds it done', async (t) => {
	const {service, client} = await serve(t);
	const slow = (await lab.publishVariant('debian', 'service-slow')).image;
	const input = pods('registry.example/shop/proxy:1.0', slow);
	// Known before, so that a loaded machine has it in time, too.
	await gate.run(['scan', '-'], {input: pods('registry.example/shop/proxy:1.0'), environment: client});
	const hang = lab.proxy.add({fault: {kind: 'hang'}, kind: 'blob-get', path: /debian-service-slow/});
	const late = await gate.run(['generate', '-', '--deadline', '10'], {input, environment: client});
	t.is(late.exitCode, 2);
	t.is(late.stdout, '');
	t.regex(
		late.stderr,
		/^scan: 1 of 2 images scanned, the rest goes on in the background; hard refresh in about \d+ (s|min)\.\n$/,
	);
	// Whoever waited is gone; the registry answers now.
	hang.remove();
	lab.proxy.reset();
	await service.says(/"event":"scan".*debian-service-slow.*"outcome":"scanned"/);
	lab.proxy.reset();
	const next = await gate.run(['generate', '-'], {input, environment: client});
	t.is(next.stdout, input, next.stderr);
	t.is(lab.proxy.count({kind: 'blob-get'}), 0);
});

test.serial('what the service writes down: scans and decisions with one request id, and no credentials', async (t) => {
	const token = 'correct-horse-battery-staple-0123456789';
	const tokenFile = join(await mkdtemp(join(tmpdir(), 'token-')), 'token');
	await writeFile(tokenFile, `${token}\n`);
	const {service, client} = await serve(t, [], {TRIVY_GATE_SERVICE_TOKEN_FILE: tokenFile});
	const environment = {...client, ARGOCD_APP_NAME: 'shop', ARGOCD_APP_NAMESPACE: 'shop', KUBE_VERSION: '1.36.1'};
	const run = await gate.run(['generate', join(demo, 'chart')], {environment});
	t.is(run.exitCode, 0, run.stderr);
	await service.says(/"event":"decision"/);
	const lines = service.output.stderr
		.trimEnd()
		.split('\n')
		.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
	const decision = lines.find(({event}) => event === 'decision');
	t.like(decision, {level: 'info', application: 'shop', outcome: 'deny', enforcement: 'job', omitted: 0});
	const verdicts = lines.filter(({event}) => event === 'verdict');
	t.deepEqual(verdicts.map(({image}) => String(image)).toSorted(), [
		'registry.example/shop/api:1.4',
		'registry.example/shop/migrate:1.0',
	]);
	for (const {requestId, application, digest, milliseconds} of verdicts) {
		t.is(requestId, decision?.['requestId']);
		t.is(application, 'shop');
		t.regex(String(digest), /^sha256:/);
		t.is(typeof milliseconds, 'number');
	}
	t.false(service.output.stderr.includes('horse'));
	const refused = await gate.run(['generate', join(demo, 'chart')], {
		environment: {...environment, TRIVY_GATE_SERVICE_TOKEN_FILE: '', TRIVY_GATE_SERVICE_TOKEN: 'x'.repeat(40)},
	});
	t.is(refused.exitCode, 2);
	t.is(refused.stdout, '');
	t.regex(refused.stderr, /the token is missing or wrong/);
});

test.serial('status tells a person and a program how the service is', async (t) => {
	const {service, client} = await serve(t, ['--log-format', 'text']);
	await gate.run(['scan', '-'], {input: pods('registry.example/shop/proxy:1.0'), environment: client});
	const status = await gate.run(['status'], {environment: client});
	t.is(status.exitCode, 0, status.stderr);
	t.regex(status.stdout, /^images +can be scanned\ndatabase +of 2026-06-01T00:00:00/);
	const json = await gate.run(['status', '--format', 'json'], {environment: client});
	t.like(JSON.parse(json.stdout), {requests: 0});
	t.regex(service.output.stderr, /^scan: registry\.example\/shop\/proxy:1\.0 \(linux\/amd64\) for nobody/m);
	const listen = await gate.run(['status'], {environment: {TRIVY_GATE_LISTEN: client['TRIVY_GATE_SERVICE'] ?? ''}});
	t.is(listen.exitCode, 0, listen.stderr);
	await service.stop();
	t.is(await service.ended, 0);
	const gone = await gate.run(['status'], {environment: client});
	t.is(gone.exitCode, 2);
	t.regex(gone.stderr, /does not listen/);
});

test.serial('a port of its own tells health, readiness and metrics, and takes nothing', async (t) => {
	const {service} = await serve(t, ['--metrics-listen', '127.0.0.1:0']);
	const [, address = ''] = await service.says(/metrics: listening at (http:[^" ]+)/);
	const get = (path: string, init: RequestInit = {}) => fetch(`${address}${path}`, init);
	t.is((await get('/v1/health')).status, 200);
	t.true([200, 503].includes((await get('/v1/ready')).status));
	t.regex(await (await get('/metrics')).text(), /^trivy_gate_queue_limit \d+$/m);
	t.is((await get('/v1/scans', {method: 'POST', body: '{}'})).status, 404);
	t.is((await get('/v1/status')).status, 404);
});

test.serial('a service that cannot work says why, and does not start', async (t) => {
	const socket = join(await mkdtemp(join(tmpdir(), 'serve-')), 'own', 'socket');
	const listen = ['--listen', `unix:${socket}`];
	const cases = [
		{args: [], words: /serve needs --listen/},
		{args: ['--listen', '127.0.0.1:0'], words: /listening at a port needs a token/},
		{args: ['--listen', 'gate.example:80'], words: /--listen must be unix:PATH or ADDRESS:PORT/},
		{args: [...listen, '--log-format', 'xml'], words: /--log-format must be json or text/},
		{args: [...listen, '.'], words: /serve takes no path/},
		{args: listen, policy: 'kind: Policy\n', words: /policy/},
		{args: listen, environment: {TRIVY_GATE_SOURCE_CREDENTIALS: '/nowhere'}, words: /credentials of private sources/},
		{args: listen, environment: {TRIVY_GATE_TRIVY: '/nowhere/trivy'}, words: /trivy is not there/},
		{args: listen, environment: {TRIVY_GATE_SERVICE_TOKEN_FILE: '/nowhere/token'}, words: /cannot be read/},
		{args: listen, environment: {TRIVY_GATE_SERVICE_TOKEN: 'short'}, words: /fewer than 32 characters/},
	];
	for (const {args, words, ...options} of cases) {
		const run = await gate.run(['serve', ...args], options);
		t.is(run.exitCode, 2, String(words));
		t.regex(run.stderr, words);
		t.deepEqual(run.leftovers, []);
	}
	const schema = await gate.run(['serve', '--print-schema']);
	t.is(schema.exitCode, 0, schema.stderr);
	t.true(schema.stdout.startsWith('{\n  "$schema": "https://json-schema.org/draft/2020-12/schema"'));
});
