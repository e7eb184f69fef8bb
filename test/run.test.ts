// The whole program on real tools, where a directory of test/cases does not say enough.
import {spawn, spawnSync} from 'node:child_process';
import type {ChildProcess} from 'node:child_process';
import {once} from 'node:events';
import {mkdir, mkdtemp, readFile, readdir, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout as wait} from 'node:timers/promises';
import test from 'ava';
import {runProgram} from '../src/exec.ts';
import {createGateRunner, labPolicy, program} from './lab/gate.ts';
import type {GateRunner} from './lab/gate.ts';
import {startLab} from './lab/lab.ts';
import type {Lab} from './lab/lab.ts';

const demo = join(import.meta.dirname, 'demo');
/** Wide: it ends a test that hangs, and proves nothing about speed. */
const watchdog = 120_000;
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

async function native(tool: string, args: readonly string[]): Promise<string> {
	const home = await mkdtemp(join(tmpdir(), 'native-'));
	const result = await runProgram(tool, args, {environment: {HOME: home}, directory: home, timeoutMs: watchdog});
	await rm(home, {recursive: true});
	return result.kind === 'exited' ? Buffer.from(result.stdout).toString('utf8') : JSON.stringify(result);
}

test.serial('an allowed chart is what helm prints, byte for byte', async (t) => {
	const fixed = ['--helm-parameters', 'api.tag=1.5'];
	const run = await gate.run([
		'generate',
		join(demo, 'chart'),
		'--release-name',
		'web',
		'--namespace',
		'shop',
		...fixed,
	]);
	t.is(run.exitCode, 0, run.stderr);
	const expected = await native(lab.tools.helm, [
		'template',
		join(demo, 'chart'),
		'--name-template',
		'web',
		'--namespace',
		'shop',
		'--set',
		'api.tag=1.5',
		'--include-crds',
	]);
	t.true(expected.includes('api:1.5'));
	t.is(run.stdout, expected);
	t.deepEqual(run.leftovers, []);
});

test.serial('an allowed overlay is what kustomize prints, byte for byte', async (t) => {
	const run = await gate.run(['generate', join(demo, 'overlay')]);
	t.is(run.exitCode, 0, run.stderr);
	t.is(run.stdout, await native(lab.tools.kustomize, ['build', join(demo, 'overlay')]));
});

test.serial('what is read from stdin goes through unchanged, so that the gate composes in a pipe', async (t) => {
	const input = `# a comment\n${pods('registry.example/shop/proxy:1.0')}`;
	for (const command of ['generate', 'render']) {
		const run = await gate.run([command, '-'], {input});
		t.is(run.stdout, input, run.stderr);
	}
	const images = await gate.run(['images', '-', '--format', 'json'], {input});
	t.deepEqual(JSON.parse(images.stdout), {
		version: 1,
		images: [
			{
				image: 'registry.example/shop/proxy:1.0',
				outcome: 'scan',
				origins: [{object: 'Pod/shop/p0', path: 'spec.containers[0].image', rule: 'pod/containers', outcome: 'scan'}],
			},
		],
	});
});

test.serial('images lists what is scanned, and with --all what is not', async (t) => {
	const configMap =
		'---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {worker.image: "registry.example/shop/worker:1"}\n';
	const input = `${pods('registry.example/shop/proxy:1.0')}${configMap}`;
	const some = await gate.run(['images', '-'], {input});
	t.false(some.stdout.includes('shop/worker'), some.stderr);
	t.regex(some.stdout, /1 image to scan, and 1 more to know of/);
	const all = await gate.run(['images', '-', '--all'], {input});
	t.regex(all.stdout, /── may be images.*\n\nregistry\.example\/shop\/worker:1 {2}potential\n/);
});

test.serial('explain scans one image and tells its whole story', async (t) => {
	const images = ['registry.example/shop/api:1.4', 'registry.example/shop/missing:9'];
	const run = await gate.run(['explain', 'shop/api', '-'], {input: pods(...images)});
	t.is(run.exitCode, 0, run.stderr);
	t.regex(
		run.stdout,
		/^registry\.example\/shop\/api:1\.4\n\nFound\n {2}Pod\/shop\/p0 {2}spec\.containers\[0\]\.image\n/,
	);
	t.regex(run.stdout, /\n {2}linux\/amd64\n {4}sha256:[0-9a-f]{64}\n/);
	t.regex(run.stdout, /it has CVE-2021-44906 [^:]*\n {4}by default: severities: CRITICAL, HIGH\n/);
	const json = await gate.run(['explain', images[0] ?? '', '-', '--format', 'json'], {input: pods(...images)});
	t.like(JSON.parse(json.stdout), {image: images[0], decision: 'deny'});
	const unknown = await gate.run(['explain', 'shop/other', '-'], {input: pods(...images)});
	t.is(unknown.exitCode, 2);
	t.regex(unknown.stderr, /find: the manifests do not name shop\/other/);
	t.is((await gate.run(['explain'])).exitCode, 2);
});

test('what could be used instead of a denied image is looked for when it is asked for', async (t) => {
	await lab.publish('api-vulnerable', 'suggest/api:1.4');
	await lab.publish('api-vulnerable', 'suggest/api:1.5');
	await lab.publish('api-fixed', 'suggest/api:1.6');
	await lab.publish('api-fixed', 'suggest/api:2.0');
	await lab.publish('api-vulnerable', 'suggest/last:1.0');
	await lab.publish('api-vulnerable', 'suggest/last:1.1');
	await lab.publish('api-vulnerable', 'suggest/named:latest');
	const place = 'registry.example/suggest';
	const input = pods(`${place}/api:1.4`, `${place}/last:1.0`, `${place}/named:latest`);
	const plain = await gate.run(['scan', '-'], {input});
	t.false(plain.stdout.includes('Or move to'));
	const run = await gate.run(['scan', '-', '--suggest'], {input});
	t.is(run.exitCode, 1, run.stderr);
	for (const words of [
		`→ Or move to ${place}/api:1.6, which the registry has and which would be allowed now.`,
		'→ Of the later tags 1.1 would be denied too.',
		'→ The registry tells no later tag of the same form that could be used instead.',
	]) {
		t.true(run.stdout.includes(words), run.stdout);
	}
	const [, id = ''] = /(report [0-9a-f]{12})\n$/.exec(plain.stdout) ?? [];
	t.true(run.stdout.endsWith(`${id}\n`));

	const policy = `${labPolicy}    deny: [registry.example/suggest/*]\n`;
	const before = lab.proxy.requests.length;
	const denied = await gate.run(['scan', '-', '--suggest'], {input, policy});
	t.is(denied.exitCode, 1, denied.stderr);
	t.deepEqual(
		lab.proxy.requests.slice(before).filter(({path}) => path.includes('/suggest/')),
		[],
	);
});

test('several reports of one run go into files, whole or not at all', async (t) => {
	const directory = await mkdtemp(join(tmpdir(), 'outputs-'));
	t.teardown(() => rm(directory, {recursive: true, force: true}));
	const [json, table] = [join(directory, 'new', 'gate.json'), join(directory, 'gate')];
	const run = await gate.run(['scan', join(demo, 'chart'), '--output', json, '--output', `table=${table}`]);
	t.is(run.exitCode, 1, run.stderr);
	t.is(await readFile(table, 'utf8'), run.stdout);
	const {reportId} = JSON.parse(await readFile(json, 'utf8')) as {reportId: string};
	t.true(run.stdout.includes(`report ${reportId}`));
	t.deepEqual((await readdir(directory)).toSorted(), ['gate', 'new']);

	const refused = await gate.run(['scan', join(demo, 'chart'), '--output', join(table, 'gate.json')]);
	t.is(refused.exitCode, 2);
	t.regex(refused.stderr, /^report: the report cannot be written \(E[A-Z]+\) — .*gate\.json\. Name a file/m);
});

test.serial('a denied chart: exit code 1, and a report that says what to do', async (t) => {
	const run = await gate.run(['scan', join(demo, 'chart'), '--format', 'json']);
	t.is(run.exitCode, 1, run.stderr);
	const report = JSON.parse(run.stdout) as {
		decision: string;
		images: ReadonlyArray<{
			image: string;
			decision: string;
			reasons: ReadonlyArray<Record<string, unknown>>;
			origins: readonly unknown[];
		}>;
	};
	t.is(report.decision, 'deny');
	const [denied] = report.images;
	t.like(denied, {
		image: 'registry.example/shop/api:1.4',
		decision: 'deny',
		origins: [
			{object: 'Deployment/api', path: 'spec.template.spec.containers[0].image', file: 'shop/templates/api.yaml'},
		],
	});
	t.true(
		denied?.reasons.some(
			({id, package: name, installedVersion}) =>
				id === 'CVE-2021-44906' && name === 'minimist' && installedVersion === '0.0.8',
		),
	);
});

/** A cache directory in which an image's layers are known, so that its variants need not wait for each other. */
async function cacheThatKnows(name: string): Promise<string> {
	const cacheDirectory = await gate.warmCache();
	const run = await gate.run(['scan', '-'], {input: pods(lab.image(name)), cacheDirectory});
	if (run.exitCode !== 0) throw new Error(run.stderr);
	return cacheDirectory;
}

test.serial('scans are parallel: a registry that answers only when three wait at it lets them go', async (t) => {
	const cacheDirectory = await cacheThatKnows('debian');
	const names = ['one', 'two', 'three'];
	const images = await Promise.all(
		names.map(async (name) => (await lab.publishVariant('debian', `barrier-${name}`)).image),
	);
	const barrier = lab.proxy.add({
		fault: {kind: 'barrier', clients: 3, timeoutMs: 60_000},
		kind: 'blob-get',
		path: /debian-barrier-/,
	});
	const run = await gate.run(['scan', '-', '--concurrency', '3'], {input: pods(...images), cacheDirectory});
	barrier.remove();
	t.is(run.exitCode, 0, run.stderr);
	t.true(barrier.opened);
});

test.serial('no more images than --concurrency, and one that is fetched ahead, are at work at once', async (t) => {
	const cacheDirectory = await cacheThatKnows('debian');
	const images = await Promise.all(
		['four', 'five', 'six', 'seven'].map(async (name) => (await lab.publishVariant('debian', `limit-${name}`)).image),
	);
	const barrier = lab.proxy.add({
		fault: {kind: 'barrier', clients: 4, timeoutMs: 60_000},
		kind: 'blob-get',
		path: /debian-limit-/,
	});
	const run = await gate.run(['scan', '-', '--concurrency', '2', '--deadline', '8'], {
		input: pods(...images),
		cacheDirectory,
	});
	barrier.remove();
	t.is(run.exitCode, 2, run.stderr);
	t.false(barrier.opened);
	t.is(
		new Set(
			lab.proxy.requests
				.filter(({kind, repository}) => kind === 'blob-get' && repository?.startsWith('shop/debian-limit-'))
				.map(({repository}) => repository),
		).size,
		3,
	);
});

test.serial('images that share a layer fetch it once, however many are scanned at once', async (t) => {
	const images = await Promise.all(
		Array.from({length: 6}, async (_, index) => (await lab.publishVariant('api-fixed', `shares-${index}`)).image),
	);
	lab.proxy.reset();
	const run = await gate.run(['scan', '-', '--concurrency', '4'], {input: pods(...images)});
	t.is(run.exitCode, 0, run.stderr);
	const blobs = lab.proxy.requests
		.filter(({kind, status}) => kind === 'blob-get' && status === 200)
		.map(({path}) => path.split('/').at(-1));
	t.true(blobs.length > 6);
	t.is(new Set(blobs).size, blobs.length);
});

test.serial('300 images of 10 digests are 300 questions and 10 scans', async (t) => {
	const lab10 = [
		'alpine',
		'api-fixed',
		'debian',
		'api-vulnerable',
		'go-service',
		'alpine-vulnerable',
		'debian-vulnerable',
		'debian-blind',
		'end-of-life',
		'empty',
	];
	const images = await Promise.all(
		Array.from({length: 300}, (_, index) => lab.publish(lab10[index % 10] ?? 'alpine', `many/app${index}:1.0`)),
	);
	lab.proxy.reset();
	const run = await gate.run(['scan', '-', '--concurrency', '4', '--format', 'json'], {
		input: pods(...images.map((image) => image.replace(lab.registry, 'registry.example'))),
	});
	t.is(run.exitCode, 1, run.stderr);
	const report = JSON.parse(run.stdout) as {
		images: ReadonlyArray<{scans: ReadonlyArray<{outcome: string; digest: string}>}>;
	};
	t.is(report.images.length, 300);
	t.true(report.images.every(({scans}) => scans.length === 1 && scans[0]?.outcome === 'scanned'));
	t.is(new Set(report.images.map(({scans}) => scans[0]?.digest)).size, 10);
	const asked = lab.proxy.requests.filter(
		({kind, path}) => kind === 'manifest-get' && /^\/v2\/many\/.*\/1\.0$/.test(path),
	);
	t.is(asked.length, 300);
	const scanned = new Set(lab.proxy.requests.filter(({kind}) => kind === 'blob-get').map(({repository}) => repository));
	t.is(scanned.size, 10);
});

test.serial('the second run asks for tags only: no layer, no Trivy', async (t) => {
	const cacheDirectory = await gate.warmCache();
	const input = pods('registry.example/shop/api:1.5', 'registry.example/shop/proxy:1.0');
	const first = await gate.run(['scan', '-'], {input, cacheDirectory});
	t.is(first.exitCode, 0, first.stderr);
	lab.proxy.reset();
	const second = await gate.run(['scan', '-'], {input, cacheDirectory});
	t.is(second.stdout, first.stdout);
	t.is(lab.proxy.count({kind: 'blob-get'}), 0);
	t.is(lab.proxy.count({kind: 'manifest-get'}), 2);
	t.is(second.stderr.match(/\(stored\)/g)?.length, 2);
});

test.serial('at the deadline the gate says how far it came, and the next run resumes', async (t) => {
	const cacheDirectory = await gate.warmCache();
	const slow = (await lab.publishVariant('debian', 'slow')).image;
	const input = pods('registry.example/shop/proxy:1.0', slow);
	const hang = lab.proxy.add({fault: {kind: 'hang'}, kind: 'blob-get', path: /debian-slow/});
	const late = await gate.run(['generate', '-', '--deadline', '8'], {input, cacheDirectory});
	hang.remove();
	t.is(late.exitCode, 2);
	t.is(late.stdout, '');
	t.regex(
		late.stderr,
		/scan: 1 of 2 images are scanned, then the deadline of 8 s came\. What is scanned is kept: a hard refresh goes on from there\./,
	);
	t.deepEqual(late.leftovers, []);
	lab.proxy.reset();
	const next = await gate.run(['generate', '-'], {input, cacheDirectory});
	t.is(next.stdout, input, next.stderr);
	t.is(lab.proxy.count({kind: 'blob-get', repository: 'shop/proxy'}), 0);
});

test.serial('SIGTERM in the middle of a scan leaves no child and no file', async (t) => {
	const image = (await lab.publishVariant('debian', 'terminated')).image;
	const hang = lab.proxy.add({fault: {kind: 'hang'}, kind: 'blob-get', path: /debian-terminated/});
	const environment = await gate.environment();
	const child = spawn(process.execPath, [program, 'generate', '-'], {
		env: environment,
		stdio: ['pipe', 'pipe', 'pipe'],
	});
	child.stdin.end(pods(image));
	const stderr: string[] = [];
	child.stderr.setEncoding('utf8').on('data', (text: string) => stderr.push(text));
	const stdout: string[] = [];
	child.stdout.setEncoding('utf8').on('data', (text: string) => stdout.push(text));
	while (hang.hits === 0) await wait(50);
	child.kill('SIGTERM');
	const [code] = (await once(child, 'close')) as [number];
	hang.remove();
	t.is(code, 2);
	t.is(stdout.join(''), '');
	t.regex(stderr.join(''), /stopped/);
	t.deepEqual(await readdir(environment['TMPDIR'] ?? ''), []);
	t.deepEqual(await runningWith(environment['TRIVY_GATE_CACHE_DIR'] ?? ''), []);
});

// The lock, the watcher and the sweep are the kernel's and Linux's.
test
	.skipIf(process.platform !== 'linux')
	.serial(
		'SIGKILL in the middle of a scan: its programs end, and the next run goes on with what was learned',
		async (t) => {
			const cacheDirectory = await gate.warmCache();
			const [known, slow] = await Promise.all(
				['killed-known', 'killed-slow'].map(async (label) => (await lab.publishVariant('debian', label)).image),
			);
			const input = pods(known ?? '', slow ?? '');
			const hang = lab.proxy.add({fault: {kind: 'hang'}, kind: 'blob-get', path: /debian-killed-slow/});
			const child = spawn(process.execPath, [program, 'scan', '-'], {
				env: await gate.environment({cacheDirectory}),
				stdio: ['pipe', 'ignore', 'pipe'],
			});
			child.stdin.end(input);
			let stderr = '';
			child.stderr.setEncoding('utf8').on('data', (text: string) => {
				stderr += text;
			});
			while (hang.hits === 0 || !stderr.includes('killed-known')) await wait(50);
			child.kill('SIGKILL');
			await once(child, 'close');
			for (let tries = 0; tries < 400 && (await runningWith(cacheDirectory)).length > 0; tries += 1) await wait(50);
			t.deepEqual(await runningWith(cacheDirectory), []);
			hang.remove();
			lab.proxy.reset();
			const next = await gate.run(['scan', '-'], {input, cacheDirectory});
			t.is(next.exitCode, 0, next.stderr);
			t.false(next.stderr.includes('another engine'));
			t.is(lab.proxy.count({kind: 'blob-get', repository: 'shop/debian-killed-known'}), 0);
			// Its own layer and its configuration: the base is known.
			t.is(lab.proxy.count({kind: 'blob-get', repository: 'shop/debian-killed-slow'}), 2);
		},
	);

test.serial('ten megabytes that are read slowly arrive whole', async (t) => {
	const filler = Array.from(
		{length: 1000},
		(_, index) =>
			`---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: m${index}}\ndata:\n  text: "${'x'.repeat(10_400)}"\n`,
	).join('');
	const input = `${pods('registry.example/shop/proxy:1.0')}${filler}`;
	const environment = await gate.environment();
	const child = spawn(process.execPath, [program, 'generate', '-'], {
		env: environment,
		stdio: ['pipe', 'pipe', 'inherit'],
	});
	child.stdin.end(input);
	let received = '';
	for await (const chunk of child.stdout.setEncoding('utf8')) {
		received += chunk as string;
		await wait(2);
	}
	t.is(child.exitCode ?? ((await once(child, 'close')) as [number])[0], 0);
	t.is(received.length, input.length);
	t.true(received === input);
});

test.serial('a cache directory that cannot be written: the scan counts, with a warning', async (t) => {
	const cacheDirectory = await gate.warmCache();
	await writeFile(join(cacheDirectory, 'reports'), 'a file where the directory should be');
	const run = await gate.run(['scan', '-'], {input: pods('registry.example/shop/proxy:1.0'), cacheDirectory});
	t.is(run.exitCode, 0);
	t.regex(run.stderr, /a report could not be stored/);
});

// Only root can make a file system that is full.
test
	.skipIf(spawnSync('mount', ['--version']).status !== 0 || process.getuid?.() !== 0)
	.serial('a full disk in the cache directory: the scan counts, with a warning', async (t) => {
		const cacheDirectory = await gate.warmCache();
		const reports = join(cacheDirectory, 'reports');
		await mkdir(reports);
		t.is(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4k', 'none', reports]).status, 0);
		t.teardown(() => spawnSync('umount', [reports]));
		await writeFile(join(reports, 'fills the disk'), 'x'.repeat(4096));
		const run = await gate.run(['scan', '-'], {input: pods('registry.example/shop/proxy:1.0'), cacheDirectory});
		t.is(run.exitCode, 0);
		t.regex(run.stderr, /a report could not be stored — the disk of the cache directory is full/);
	});

test.serial('credentials per registry reach the registry and nothing else', async (t) => {
	lab.proxy.requireLogin({
		scheme: 'basic',
		repositories: {'private/proxy': {username: 'gate', password: 'sesame-open'}},
	});
	await lab.publish('alpine', 'private/proxy:1.0');
	const directory = await mkdtemp(join(tmpdir(), 'docker-'));
	const file = join(directory, 'config.json');
	await writeFile(
		file,
		JSON.stringify({
			auths: {[lab.registry]: {auth: Buffer.from('gate:sesame-open').toString('base64')}},
			credsStore: 'a-helper-that-would-run',
		}),
	);
	const input = pods('registry.example/private/proxy:1.0');
	const refused = await gate.run(['scan', '-', '--retries', '0'], {input});
	t.is(refused.exitCode, 2, refused.stderr);
	const allowed = await gate.run(['scan', '-', '--docker-config', file, '--verbose'], {input});
	t.is(allowed.exitCode, 0, allowed.stderr);
	t.false(`${allowed.stdout}${allowed.stderr}${refused.stderr}`.includes('sesame'));
	await writeFile(file, '{"auths": sesame-open');
	const broken = await gate.run(['scan', '-', '--docker-config', file], {input});
	t.is(broken.exitCode, 2);
	t.regex(broken.stdout, /the registry credentials cannot be\s+used: it is not JSON/);
	t.false(`${broken.stdout}${broken.stderr}`.includes('sesame'));
	lab.proxy.reset();
	await rm(directory, {recursive: true});
});

test.serial('a registry that serves other bytes for a layer than its digest says is caught', async (t) => {
	const image = (await lab.publishVariant('debian-vulnerable', 'lied-about')).image;
	const lie = lab.proxy.add({
		fault: {kind: 'content', body: Buffer.alloc(500), headers: {'content-type': 'application/octet-stream'}},
		kind: 'blob-get',
		path: /debian-vulnerable-lied-about/,
	});
	const run = await gate.run(['scan', '-', '--retries', '0'], {input: pods(image)});
	lie.remove();
	t.is(run.exitCode, 2, run.stderr);
	t.is((await gate.run(['scan', '-'], {input: pods(image)})).exitCode, 1);
});

for (const {how, stop} of [
	{how: 'the deadline', stop: () => {}},
	{how: 'SIGTERM', stop: (child: ChildProcess) => child.kill('SIGTERM')},
]) {
	test.serial(`a pipe that never ends is left at ${how}`, async (t) => {
		const environment = await gate.environment({environment: {TRIVY_GATE_DEADLINE: how === 'SIGTERM' ? '60' : '3'}});
		const child = spawn(process.execPath, [program, 'generate', '-'], {
			env: environment,
			stdio: ['pipe', 'pipe', 'pipe'],
		});
		child.stdin.write('apiVersion: v1\n');
		const stderr: string[] = [];
		child.stderr.setEncoding('utf8').on('data', (text: string) => stderr.push(text));
		// Its directory is there once it has begun to read.
		while ((await readdir(environment['TMPDIR'] ?? '')).length === 0) await wait(50);
		stop(child);
		const [code] = (await once(child, 'close')) as [number];
		t.is(code, 2);
		t.regex(
			stderr.join(''),
			/^render: (stdin was still open when the deadline came|the gate was stopped while it read stdin)/,
		);
		t.deepEqual(await readdir(environment['TMPDIR'] ?? ''), []);
	});
}

// Node's recursive mkdir never comes back from /proc.
test.skipIf(process.platform !== 'linux').serial('a system call that does not end is not waited for', async (t) => {
	const run = await gate.run(['scan', '-', '--deadline', '5'], {
		input: pods('nginx'),
		cacheDirectory: '/proc/trivy-gate',
	});
	t.is(run.exitCode, 2);
	t.regex(run.stderr, /the work did not end within the deadline of 5 s/);
});

test.serial('a reader that has enough is no failure', async (t) => {
	const environment = await gate.environment();
	const child = spawn(process.execPath, [program, 'render', '-'], {env: environment, stdio: ['pipe', 'pipe', 'pipe']});
	child.stdout.once('data', () => child.stdout.destroy());
	child.stdin.end(pods('nginx').repeat(20_000));
	const [code] = (await once(child, 'close')) as [number];
	t.is(code, 0);
});

test.serial('a registry behind an authority of one’s own is trusted with --ca-file, and only then', async (t) => {
	const {registry, authority} = await lab.secure();
	const policy = labPolicy.replace('REGISTRY', registry);
	const input = pods('registry.example/shop/proxy:1.0');
	const refused = await gate.run(['scan', '-', '--retries', '0'], {input, policy});
	t.is(refused.exitCode, 2);
	t.regex(refused.stdout, /certificate/);
	const trusted = await gate.run(['scan', '-', '--ca-file', authority], {input, policy});
	t.is(trusted.exitCode, 0, trusted.stderr);
});

/** The processes that mention a path in their arguments (Linux). */
async function runningWith(path: string): Promise<readonly string[]> {
	const result = await runProgram('ps', ['-eo', 'args'], {
		environment: {PATH: process.env['PATH'] ?? ''},
		directory: tmpdir(),
		timeoutMs: 10_000,
	});
	if (result.kind !== 'exited') return [];
	return Buffer.from(result.stdout)
		.toString('utf8')
		.split('\n')
		.filter((line) => line.includes(path));
}

test.serial('the help lists the commands, or tells of the one that was named', async (t) => {
	for (const [args, expected] of [
		[['--help'], /trivy-gate sidecar +Run the scan service/],
		[['-h'], /trivy-gate sidecar +Run the scan service/],
		[['scan', '--help'], /^trivy-gate scan\n\nRender, scan and report/],
		[['generate', 'there', '-h'], /^trivy-gate generate\n\nPrint the manifests/],
	] as const) {
		const run = await gate.run(args);
		t.is(run.exitCode, 0, run.stderr);
		t.regex(run.stdout, expected);
		t.regex(run.stdout, /--cache-dir/);
	}
});

test.serial('an image that was allowed passes with what is disclosed later, and another image does not', async (t) => {
	const home = await mkdtemp(join(tmpdir(), 'ledger-'));
	t.teardown(() => rm(home, {recursive: true, force: true}));
	const ledger = join(home, 'ledger');
	const environment = {
		ARGOCD_APP_NAME: 'shop',
		ARGOCD_APP_NAMESPACE: 'shop',
		ARGOCD_APP_PROJECT_NAME: 'web',
		KUBE_VERSION: '1.36.1',
		TRIVY_GATE_LEDGER: ledger,
	};
	const generate = (image: string, severities: string, name = 'shop') =>
		gate.run(['generate', '-'], {
			input: pods(image),
			policy: `${labPolicy}  severities: [${severities}]\n  readmit: {within: 3650d}\n`,
			environment: {...environment, ARGOCD_APP_NAME: name},
		});
	const api = 'registry.example/shop/api:1.4';
	// Before its findings were known, so to speak.
	t.regex((await generate(api, 'UNKNOWN')).stderr, /gate: allowed — 1 image/);
	const [file = ''] = await readdir(ledger);
	const text = await readFile(join(ledger, file), 'utf8');
	await writeFile(join(ledger, file), text.replace(/"first":"[^"]+"/, '"first":"2020-01-01"'));
	const readmitted = await generate(api, 'CRITICAL');
	t.is(readmitted.exitCode, 0, readmitted.stderr);
	t.regex(readmitted.stderr, /disclosed since the image was allowed on 2020-01-01, readmitted until 20\d\d-\d\d-\d\d/);
	t.is(readmitted.stdout, pods(api));
	t.regex((await generate('registry.example/shop/api:1.5', 'UNKNOWN')).stderr, /gate: allowed/);
	t.regex((await generate(api, 'CRITICAL', 'other')).stderr, /gate: denied/);
	await writeFile(join(ledger, file), text.slice(0, 40));
	const lost = await generate(api, 'CRITICAL');
	t.regex(lost.stderr, /the ledger is damaged, so that nothing is readmitted/);
	t.regex(lost.stderr, /gate: denied/);
});

test.serial(
	'while a registry fails, what was allowed lately passes with a warning, when the policy says so',
	async (t) => {
		const ledger = await mkdtemp(join(tmpdir(), 'ledger-'));
		t.teardown(() => rm(ledger, {recursive: true, force: true}));
		await lab.publish('alpine', 'outage/api:1.0');
		const image = 'registry.example/outage/api:1.0';
		const environment = {
			ARGOCD_APP_NAME: 'shop',
			ARGOCD_APP_NAMESPACE: 'shop',
			KUBE_VERSION: '1.36.1',
			TRIVY_GATE_LEDGER: ledger,
			TRIVY_GATE_RETRIES: '0',
		};
		const generate = (outages: string) =>
			gate.run(['generate', '-'], {input: pods(image), policy: `${labPolicy}  outages: ${outages}\n`, environment});
		t.regex((await generate('{registry: readmit}')).stderr, /gate: allowed — 1 image/);
		const fault = lab.proxy.add({path: '/v2/outage/', fault: {kind: 'status', status: 500}});
		t.teardown(() => fault.remove());
		const passed = await generate('{registry: readmit, allowedWithin: 1h}');
		t.is(passed.exitCode, 0, passed.stderr);
		t.regex(passed.stderr, /its registry fails .*; it was allowed at 20\d\d-/);
		t.is(passed.stdout, pods(image));
		t.is((await generate('{}')).exitCode, 2);
	},
);
