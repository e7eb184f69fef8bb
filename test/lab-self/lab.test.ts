import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdtemp, readdir, rmdir} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {createInterface} from 'node:readline';
import {setTimeout} from 'node:timers/promises';
import test from 'ava';
import {run} from '../../plugin/build-tools.mjs';
import {startLab, type Lab} from '../lab/lab.ts';

let lab: Lab;

test.before(async () => {
	lab = await startLab();
});

test.after.always(() => lab.stop());

test('crane sees every image with the digest that the lab says', async (t) => {
	for (const name of lab.imageNames) {
		const {stdout} = await run(lab.tools.crane, ['digest', lab.image(name)]);
		t.is(stdout.trim(), lab.digest(name));
	}
});

test('crane finds every image whole', async (t) => {
	for (const name of ['api-vulnerable', 'go-service', 'debian-blind']) {
		await t.notThrowsAsync(run(lab.tools.crane, ['validate', '--remote', lab.image(name)]));
	}
});

test('an index has an image for each platform', async (t) => {
	for (const platform of ['linux/amd64', 'linux/arm64']) {
		const {stdout} = await run(lab.tools.crane, ['digest', '--platform', platform, lab.image('multi-arch')]);
		t.is(stdout.trim(), lab.digest('multi-arch', platform));
	}
	t.not(lab.digest('multi-arch'), lab.digest('multi-arch', 'linux/amd64'));
});

test('images share their base layer', async (t) => {
	const bases = await Promise.all(
		['api-vulnerable', 'api-fixed', 'debian-vulnerable'].map(async (name) => (await layersOf(lab.image(name)))[0]),
	);
	t.is(new Set(bases).size, 1);
});

test('a tag can move to another image', async (t) => {
	const image = await lab.publish('api-vulnerable', 'shop/moving:1.0');
	t.is((await run(lab.tools.crane, ['digest', image])).stdout.trim(), lab.digest('api-vulnerable'));
	await lab.publish('api-fixed', 'shop/moving:1.0');
	t.is((await run(lab.tools.crane, ['digest', image])).stdout.trim(), lab.digest('api-fixed'));
});

test('variants have the layers of their image and one of their own', async (t) => {
	const [one, two] = await Promise.all(['one', 'two'].map((label) => lab.publishVariant('debian', label)));
	const [layers, others] = await Promise.all([one, two].map((variant) => layersOf(variant?.image ?? '')));
	t.deepEqual(layers?.slice(0, -1), await layersOf(lab.image('debian')));
	t.not(layers?.at(-1), others?.at(-1));
	t.not(one?.digest, two?.digest);
});

test('an unknown image or platform is a mistake of the caller', async (t) => {
	t.throws(() => lab.image('nginx'), {message: /no image is named nginx; there are alpine, /});
	t.throws(() => lab.digest('alpine', 'linux/arm64'), {message: 'alpine is not there for linux/arm64'});
	await t.throwsAsync(lab.expected('alpine', 'linux/arm64'));
});

test('several labs run at once', async (t) => {
	const other = await startLab();
	t.not(other.registry, lab.registry);
	t.is(other.digest('alpine'), lab.digest('alpine'));
	await other.stop();
	await t.notThrowsAsync(other.stop());
	await t.throwsAsync(fetch(`http://${other.registry}/v2/`));
});

for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
	test(`a registry and its files go when its process is ended by ${signal}`, async (t) => {
		const directory = await mkdtemp(join(tmpdir(), 'lab-test-'));
		const script = `const {startRegistry} = await import(process.argv[1]);
			console.log((await startRegistry(process.argv[2])).address);`;
		const module = new URL('../lab/registry.ts', import.meta.url).href;
		const child = spawn(process.execPath, ['--input-type=module', '-e', script, module, lab.tools.crane], {
			stdio: ['ignore', 'pipe', 'inherit'],
			env: {...process.env, TMPDIR: directory},
		});
		const [address] = (await once(createInterface(child.stdout), 'line')) as [string];
		t.is((await fetch(`http://${address}/v2/`)).status, 200);
		child.kill(signal);
		await waitFor(async () => (await readdir(directory)).length === 0);
		await t.throwsAsync(fetch(`http://${address}/v2/`));
		await rmdir(directory);
	});
}

async function waitFor(condition: () => Promise<boolean>): Promise<void> {
	for (let tries = 0; !(await condition()); tries += 1) {
		if (tries === 100) throw new Error('it did not happen within 5 s');
		await setTimeout(50);
	}
}

async function layersOf(image: string): Promise<readonly string[]> {
	const {stdout} = await run(lab.tools.crane, ['manifest', image]);
	return (JSON.parse(stdout) as {layers: readonly {digest: string}[]}).layers.map(({digest}) => digest);
}
