// Trivy's server, its database, the disk and the clock fail below a service.
import {spawnSync} from 'node:child_process';
import {randomBytes} from 'node:crypto';
import {once} from 'node:events';
import {mkdir, rm} from 'node:fs/promises';
import {createServer} from 'node:net';
import {join} from 'node:path';
import test from 'ava';
import type {ExecutionContext} from 'ava';
import {packLayer} from '../lab/layer.ts';
import {outcomeOf, startInLab} from '../scan/engine-lab.ts';
import {makeSurroundings, until} from '../scan/surroundings.ts';
import {pods, startFaultBed} from './bed.ts';
import type {FaultBed} from './bed.ts';

const vulnerable = 'libssl3 CVE-2023-5363, zlib1g CVE-2023-45853';
const hourMs = 3_600_000;
const yearMs = 365 * 24 * hourMs;
let bed: FaultBed;

test.before(async () => {
	bed = await startFaultBed();
});
test.after.always(async () => bed?.stop());

async function variants(name: string, label: string, count: number): Promise<readonly string[]> {
	return Promise.all(
		Array.from({length: count}, async (_, index) => (await bed.lab.publishVariant(name, `${label}-${index}`)).image),
	);
}

test.serial(
	'Trivy’s server is killed and something else answers at its port: no verdict comes from there',
	async (t) => {
		const [first = '', ...images] = await variants('debian-vulnerable', 'garbage', 4);
		const served = await bed.serve(t, {environment: {TRIVY_GATE_RETRIES: '5'}});
		t.is(outcomeOf((await served.ask([first]))[0]), vulnerable);
		const server = (await served.trivyRuns()).find(({args}) => args.startsWith('server '));
		const port = Number(/--listen 127\.0\.0\.1:(\d+)/.exec(server?.args ?? '')?.[1]);
		const garbage = createServer((socket) => {
			socket.on('error', () => {});
			socket.end('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}');
		});
		t.teardown(() => garbage.close());
		const running = served.ask(images);
		process.kill(server?.pid ?? 0, 'SIGKILL');
		await until('the port', async () => {
			garbage.listen(port, '127.0.0.1');
			// Rejects while the system still holds the port.
			return once(garbage, 'listening').then(
				() => true,
				() => false,
			);
		});
		t.deepEqual((await running).map(outcomeOf), [vulnerable, vulnerable, vulnerable]);
		t.true((await served.trivyRuns()).filter(({args}) => args.startsWith('server ')).length > 1);
		await served.service.stop();
	},
);

test.serial('no database can be had, then a corrupt one, then a good one: nothing is let through before', async (t) => {
	const {image} = await bed.lab.publishVariant('debian', 'no-database');
	const place = await bed.makePlace(t);
	await rm(join(place.cache, 'databases'), {recursive: true});
	const down = bed.lab.proxy.add({fault: {kind: 'status', status: 503}, path: '/v2/aquasec/late/'});
	const repository = await bed.lab.pushDatabase({as: 'aquasec/late:2', damage: 'truncated'});
	const served = await bed.serve(t, {place, environment: {TRIVY_GATE_DATABASE_REPOSITORY: repository}});
	for (const next of [async () => down.remove(), async () => bed.lab.pushDatabase({as: 'aquasec/late:2'})]) {
		const run = await served.generate([image]);
		t.is(run.exitCode, 2);
		t.is(run.stdout, '');
		t.regex(run.stderr, /vulnerability database/);
		t.is(await served.scans(), 0);
		await next();
	}
	t.is((await served.generate([image])).stdout, pods([image]));
	await served.service.stop();
});

async function engineAt(t: ExecutionContext, repository: string, options: Parameters<typeof startInLab>[2]) {
	const surroundings = await makeSurroundings(bed.lab);
	t.teardown(surroundings.remove);
	const started = await startInLab(bed.lab, surroundings, {
		database: {repositories: [repository], javaRepositories: [], update: true},
		timings: {checkEveryMs: 20, retryMs: 20},
		...options,
	});
	t.teardown(started.engine.close);
	return started;
}

for (const damage of ['truncated', 'garbage'] as const) {
	test.serial(
		`a refresh brings a ${damage} database during 20 scans: the old one stays, until a good one comes`,
		async (t) => {
			const images = await variants('debian-vulnerable', `refresh-${damage}`, 20);
			const as = `aquasec/refresh-${damage}:2`;
			const built = new Date(Date.now() - 30 * hourMs);
			const repository = await bed.lab.pushDatabase({as, updatedAt: built});
			const {engine, scan} = await engineAt(t, repository, {});
			await scan(images.slice(0, 1));
			const running = scan(images);
			await bed.lab.pushDatabase({as, damage});
			await until('a failure', () => engine.status().refreshProblem !== undefined);
			t.is(engine.status().database?.updatedAt, built.toISOString());
			const verdicts = await running;
			t.deepEqual(new Set(verdicts.map(outcomeOf)), new Set([vulnerable]));
			for (const verdict of verdicts)
				t.is(verdict.kind === 'scanned' && verdict.database.updatedAt, built.toISOString());
			const newer = new Date();
			await bed.lab.pushDatabase({as, updatedAt: newer});
			await until('the good one', () => engine.status().database?.updatedAt === newer.toISOString());
			t.is(engine.status().refreshProblem, undefined);
			await engine.close();
		},
	);
}

test.serial(
	'the clock jumps ten years ahead and back: a database is stale for so long, and is refreshed afterwards',
	async (t) => {
		const [ahead = '', behind = '', after = ''] = await variants('debian-vulnerable', 'clock', 3);
		const clock = {jump: 0};
		const as = 'aquasec/clock:2';
		const repository = await bed.lab.pushDatabase({as});
		const {engine, scan} = await engineAt(t, repository, {now: () => Date.now() + clock.jump});
		const caveats = async (image: string) => {
			const [verdict] = await scan([image], {maxDatabaseAgeHours: 24});
			t.is(outcomeOf(verdict), vulnerable);
			return verdict?.kind === 'scanned' ? verdict.caveats.map(({kind}) => kind) : [];
		};
		t.deepEqual(await caveats(ahead), []);
		const down = bed.lab.proxy.add({fault: {kind: 'status', status: 503}, path: '/v2/aquasec/clock/'});
		clock.jump = 10 * yearMs;
		t.deepEqual(await caveats(ahead), ['stale-database']);
		await until('a look for a newer one', () => engine.status().refreshProblem !== undefined);
		clock.jump = -10 * yearMs;
		t.deepEqual(await caveats(behind), []);
		down.remove();
		clock.jump = 25 * hourMs;
		const newer = new Date(Date.now() + clock.jump);
		await bed.lab.pushDatabase({as, updatedAt: newer});
		await until('the newer one', () => engine.status().database?.updatedAt === newer.toISOString());
		t.deepEqual(await caveats(after), []);
		await engine.close();
	},
);

// Only root can make a file system that is full.
const onSmallDisks = test.skipIf(spawnSync('mount', ['--version']).status !== 0 || process.getuid?.() !== 0);

function smallDisk(t: ExecutionContext, directory: string, size: string): void {
	t.is(spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'none', directory]).status, 0);
	t.teardown(() => spawnSync('umount', ['-l', directory]));
}

onSmallDisks.serial(
	'the disk of the cache is full while 6 images are scanned (only root can fill one): what is told is right, and with room everything is',
	async (t) => {
		const images = await variants('debian-vulnerable', 'full-cache', 6);
		const place = await bed.makePlace(t);
		const [layers, reports] = ['layers', 'reports'].map((name) => join(place.cache, name));
		for (const directory of [layers ?? '', reports ?? '']) {
			await rm(directory, {recursive: true, force: true});
			await mkdir(directory);
			smallDisk(t, directory, '2m');
		}
		const served = await bed.serve(t, {place});
		await served.ask(images.slice(0, 1));
		for (const directory of [layers, reports])
			spawnSync('dd', ['if=/dev/zero', `of=${directory}/fills the disk`, 'bs=4k']);
		for (const verdict of await served.ask(images)) {
			if (verdict.kind === 'scanned') t.is(outcomeOf(verdict), vulnerable);
			else t.is(verdict.reason, 'scanner-failed');
		}
		for (const directory of [layers, reports]) await rm(join(directory ?? '', 'fills the disk'));
		t.deepEqual(new Set((await served.ask(images)).map(outcomeOf)), new Set([vulnerable]));
		await served.service.stop();
	},
);

onSmallDisks.serial(
	'the temporary directory is full while a layer is stored (only root can fill one): that image is refused with the reason, the next is scanned',
	async (t) => {
		const place = await bed.makePlace(t);
		smallDisk(t, place.temporary, '2m');
		const noise = packLayer([{path: 'noise', content: randomBytes(4_000_000)}]);
		const {image: big} = await bed.lab.publishLayers('shop/too-big-for-the-disk:1.0', {layers: [noise]});
		const {image: small} = await bed.lab.publishVariant('debian-vulnerable', 'fits-the-disk');
		const served = await bed.serve(t, {place});
		t.is(outcomeOf((await served.ask([big]))[0]), 'scanner-failed: the disk of the temporary directory is full');
		t.is(outcomeOf((await served.ask([small]))[0]), vulnerable);
		t.false((await served.files()).some((name) => name.includes('image')));
		await served.service.stop();
	},
);
