// The engine on real tools, a real registry that counts, and images that are not what they say.
import {randomBytes} from 'node:crypto';
import {access, readFile, readdir, rm, truncate} from 'node:fs/promises';
import {join} from 'node:path';
import {gzipSync, zstdCompressSync} from 'node:zlib';
import test from 'ava';
import type {ExecutionContext} from 'ava';
import {GateError} from '../../src/errors.ts';
import type {ScanVerdict} from '../../src/types.ts';
import {digestOf, packLayer} from '../lab/layer.ts';
import {advisoriesFile, type Advisory} from '../lab/database.ts';
import {makeJar} from '../lab/java-database.ts';
import {startLab} from '../lab/lab.ts';
import type {Lab, LayersImage} from '../lab/lab.ts';
import {archivesOf, layersOf, outcomeOf, startInLab} from './engine-lab.ts';
import {makeSurroundings, until} from './surroundings.ts';
import type {Surroundings} from './surroundings.ts';

let lab: Lab;
const vulnerable = 'libssl3 CVE-2023-5363, zlib1g CVE-2023-45853';

test.before(async () => {
	lab = await startLab();
});
test.after.always(async () => lab?.stop());

async function surroundingsFor(t: ExecutionContext) {
	const surroundings = await makeSurroundings(lab);
	t.teardown(surroundings.remove);
	return surroundings;
}

async function start(t: ExecutionContext, surroundings: Surroundings, options: Parameters<typeof startInLab>[2] = {}) {
	const started = await startInLab(lab, surroundings, options);
	t.teardown(started.engine.close);
	return started;
}

async function variants(name: string, label: string, count: number): Promise<readonly string[]> {
	return Promise.all(
		Array.from({length: count}, async (_, index) => (await lab.publishVariant(name, `${label}-${index}`)).image),
	);
}

/** Blobs of the lab's images that the registry has sent, by digest, in the order in which they were asked for. */
function blobs(): readonly string[] {
	return lab.proxy.requests
		.filter(({kind, repository}) => kind === 'blob-get' && repository?.startsWith('shop/'))
		.map(({path}) => path.split('/').at(-1) ?? '');
}

function manifests(): number {
	return lab.proxy.requests.filter(({kind, repository}) => kind === 'manifest-get' && repository?.startsWith('shop/'))
		.length;
}

function isThere(pid: number): Promise<boolean> {
	return access(`/proc/${pid}`).then(
		() => true,
		() => false,
	);
}

test.serial('every blob is fetched once, and layers that are known are not fetched at all', async (t) => {
	const surroundings = await surroundingsFor(t);
	const images = await variants('debian-vulnerable', 'once', 8);
	lab.proxy.reset();
	const first = await start(t, surroundings, {concurrency: 4});
	const verdicts = await first.scan(images);
	t.deepEqual(new Set(verdicts.map(outcomeOf)), new Set([vulnerable]));
	t.is(first.scans(), 8);
	t.true(first.mostAtOnce() <= 4);
	// Two layers of the base, and of each variant its own layer and its configuration.
	t.is(blobs().length, 2 + 8 * 2);
	t.is(new Set(blobs()).size, blobs().length);
	const layers = first.events.filter((event) => event.kind === 'layer');
	t.is(layers.filter(({outcome}) => outcome === 'fetched').length, 2 + 8);
	t.is(layers.filter(({outcome}) => outcome === 'saved').length, 2 * 7);
	t.is(first.servers.length, 1);
	await first.engine.close();
	t.false(await isThere(first.servers[0] ?? 0));

	lab.proxy.reset();
	await rm(join(surroundings.home, 'cache', 'reports'), {recursive: true});
	const next = await start(t, surroundings, {concurrency: 4});
	t.deepEqual(new Set((await next.scan(images)).map(outcomeOf)), new Set([vulnerable]));
	t.is(next.scans(), 8);
	t.is(blobs().length, 8, 'the configurations alone');
	await next.engine.close();
});

function layersIn(verdicts: readonly ScanVerdict[]) {
	return verdicts.flatMap((verdict) => (verdict.kind === 'scanned' ? verdict.findings.map(({layer}) => layer) : []));
}

test.serial('findings of the base image are told apart, also when the report comes from the store', async (t) => {
	const {image} = await lab.publishVariant('debian-vulnerable', 'layers');
	const {scan, scans} = await start(t, await surroundingsFor(t));
	const [fresh, stored] = [layersIn(await scan([image])), layersIn(await scan([image]))];
	t.deepEqual([...new Set(fresh)], ['base']);
	t.deepEqual(stored, fresh);
	t.is(scans(), 1);
	// Its history has no CMD, so that nothing is known of a base.
	t.deepEqual([...new Set(layersIn(await scan([lab.image('debian-vulnerable')])))], [undefined]);
});

test.serial('what is stored needs neither Trivy nor its server, only the answer to what a tag means', async (t) => {
	const surroundings = await surroundingsFor(t);
	const images = await variants('alpine', 'stored', 3);
	const first = await start(t, surroundings);
	await first.scan(images);
	await first.engine.close();
	lab.proxy.reset();
	const next = await start(t, surroundings);
	const verdicts = await next.scan(images);
	t.true(verdicts.every((verdict) => verdict.kind === 'scanned' && verdict.cached));
	t.is(next.scans(), 0);
	t.deepEqual(next.servers, []);
	t.is(manifests(), 3);
	t.deepEqual(blobs(), []);
	const [verdict] = verdicts;
	const report = await next.engine.storedReport(
		verdict?.kind === 'scanned' ? verdict.digest : '',
		'linux/amd64' as never,
	);
	const text = JSON.stringify(JSON.parse(report ?? '{}'));
	t.true(
		text.includes(
			`"ArtifactName":"${lab.registry}/shop/alpine-stored-0@${verdict?.kind === 'scanned' ? verdict.digest : ''}"`,
		),
	);
	await next.engine.close();
});

test.serial('fifty callers that want the same ten images are ten scans', async (t) => {
	const surroundings = await surroundingsFor(t);
	const images = await variants('debian', 'flight', 10);
	const {engine, scan, scans} = await start(t, surroundings, {tagMemoryMs: 60_000});
	lab.proxy.reset();
	const answers = await Promise.all(
		Array.from({length: 50}, (_, index) => scan(images, {application: `app-${index}`})),
	);
	t.is(scans(), 10);
	t.true(answers.every((verdicts) => verdicts.length === 10 && verdicts.every(({kind}) => kind === 'scanned')));
	t.is(manifests(), 10);
	t.is(new Set(blobs()).size, blobs().length);
	await engine.close();
});

test.serial('a tag’s digest is remembered for a while, and not for longer', async (t) => {
	const surroundings = await surroundingsFor(t);
	await lab.publish('alpine', 'shop/moves:1.0');
	const image = `${lab.registry}/shop/moves:1.0`;
	const {engine, scan} = await start(t, surroundings, {tagMemoryMs: 60_000});
	const forgetful = await start(t, await surroundingsFor(t), {tagMemoryMs: 0});
	const digests = async (from: typeof scan) =>
		(await from([image])).map((verdict) => verdict.kind === 'scanned' && verdict.digest);
	const before = await digests(scan);
	t.deepEqual(await digests(forgetful.scan), before);
	await lab.publish('debian', 'shop/moves:1.0');
	t.deepEqual(await digests(scan), before);
	t.deepEqual(await digests(forgetful.scan), [lab.digest('debian')]);
	await engine.close();
	await forgetful.engine.close();
});

function gzipLayer(archive: Buffer): LayersImage['layers'][number] {
	return {blob: gzipSync(archive), diffId: digestOf(archive)};
}

const lies: Readonly<
	Record<string, (archives: readonly Buffer[]) => {readonly image: LayersImage; readonly why: RegExp}>
> = {
	'a layer’s diff id is that of a harmless layer': ([base = Buffer.alloc(0), top = Buffer.alloc(0)]) => ({
		image: {
			layers: [
				{blob: gzipSync(base), diffId: digestOf(base)},
				{blob: gzipSync(top), diffId: packLayer([{path: 'harmless.txt', content: Buffer.from('harmless')}]).diffId},
			],
		},
		why: /diff id/,
	}),
	'two layers have each other’s diff ids': ([base = Buffer.alloc(0), top = Buffer.alloc(0)]) => ({
		image: {
			layers: [
				{blob: gzipSync(base), diffId: digestOf(top)},
				{blob: gzipSync(top), diffId: digestOf(base)},
			],
		},
		why: /diff id/,
	}),
	'one layer is said to be two things': ([base = Buffer.alloc(0), top = Buffer.alloc(0)]) => ({
		image: {
			layers: [
				{blob: gzipSync(base), diffId: digestOf(base)},
				{blob: gzipSync(base), diffId: digestOf(top)},
			],
		},
		why: /diff id/,
	}),
	'the configuration has fewer layers than the manifest': ([base = Buffer.alloc(0), top = Buffer.alloc(0)]) => ({
		image: {
			layers: [base, top].map(gzipLayer),
			config: JSON.stringify({os: 'linux', rootfs: {type: 'layers', diff_ids: [digestOf(base)]}}),
		},
		why: /has 2 layers, its configuration 1/,
	}),
	'a layer is no archive': ([base = Buffer.alloc(0)]) => ({
		image: {
			layers: [
				{
					blob: gzipSync(base),
					diffId: digestOf(base),
					mediaType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
				},
			],
		},
		why: /no tar archive/,
	}),
	'the configuration is none': ([base = Buffer.alloc(0)]) => ({
		image: {layers: [gzipLayer(base)], config: '{"name": "a chart"}'},
		why: /no configuration/,
	}),
};

for (const [lie, make] of Object.entries(lies)) {
	test.serial(`refused, and nothing is taken for something else afterwards: ${lie}`, async (t) => {
		const surroundings = await surroundingsFor(t);
		const archives = await archivesOf(lab, 'debian-vulnerable');
		const {image, why} = make(archives);
		const {image: liar} = await lab.publishLayers('shop/liar:1.0', image);
		const {image: honest} = await lab.publishLayers('shop/honest:1.0', {
			layers: archives.map(gzipLayer),
		});
		const {image: harmless} = await lab.publishLayers('shop/harmless:1.0', {
			layers: [packLayer([{path: 'harmless.txt', content: Buffer.from('harmless')}])],
		});
		const {engine, scan, scans} = await start(t, surroundings);
		const [refused] = await scan([liar]);
		t.regex(outcomeOf(refused), why);
		t.like(refused, {kind: 'unscanned', reason: 'registry-error', transient: false});
		t.is(scans(), 0, 'Trivy never saw it');
		t.deepEqual((await scan([honest, harmless])).map(outcomeOf), [vulnerable, '']);
		t.regex(outcomeOf((await scan([liar]))[0]), why);
		await engine.close();
	});
}

test.serial('a second name for the diff ids, which Trivy’s reader would take, has no effect', async (t) => {
	const surroundings = await surroundingsFor(t);
	const archives = await archivesOf(lab, 'debian-vulnerable');
	const harmless = packLayer([{path: 'harmless.txt', content: Buffer.from('harmless')}]);
	const diffIds = archives.map((archive) => digestOf(archive));
	const lying = diffIds.map(() => harmless.diffId);
	const {image} = await lab.publishLayers('shop/two-names:1.0', {
		layers: archives.map(gzipLayer),
		config: `{"os":"linux","architecture":"amd64","rootfs":{"type":"layers","diff_ids":${JSON.stringify(diffIds)},"Diff_IDs":${JSON.stringify(lying)}},"Rootfs":{"type":"layers","diff_ids":${JSON.stringify(lying)}}}`,
	});
	const {image: clean} = await lab.publishLayers('shop/clean:1.0', {layers: [harmless]});
	const {engine, scan} = await start(t, surroundings);
	t.deepEqual((await scan([image])).map(outcomeOf), [vulnerable]);
	t.deepEqual((await scan([clean])).map(outcomeOf), ['']);
	await engine.close();
});

const packings: Readonly<Record<string, (archive: Buffer) => LayersImage['layers'][number]>> = {
	zstd: (archive) => ({
		blob: zstdCompressSync(archive),
		diffId: digestOf(archive),
		mediaType: 'application/vnd.oci.image.layer.v1.tar+zstd',
	}),
	'zstd in frames': (archive) => ({
		blob: Buffer.concat([zstdCompressSync(archive.subarray(0, 700)), zstdCompressSync(archive.subarray(700))]),
		diffId: digestOf(archive),
		mediaType: 'application/vnd.oci.image.layer.v1.tar+zstd',
	}),
	'not packed': (archive) => ({
		blob: archive,
		diffId: digestOf(archive),
		mediaType: 'application/vnd.oci.image.layer.v1.tar',
	}),
	'gzip under Docker’s name': (archive) => ({
		blob: gzipSync(archive),
		diffId: digestOf(archive),
		mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
	}),
};

for (const [name, pack] of Object.entries(packings)) {
	test.serial(`an image whose layers are ${name} is scanned`, async (t) => {
		const surroundings = await surroundingsFor(t);
		const archives = await archivesOf(lab, 'debian-vulnerable');
		const as = `shop/${name.replaceAll(/\W/g, '-').toLowerCase()}:1.0`;
		const {image} = await lab.publishLayers(as, {layers: archives.map(pack)});
		const {engine, scan} = await start(t, surroundings);
		t.deepEqual((await scan([image])).map(outcomeOf), [vulnerable]);
		await engine.close();
	});
}

test.serial('an image without a layer, and one that has the same layer twice', async (t) => {
	const surroundings = await surroundingsFor(t);
	const [base = Buffer.alloc(0), top = Buffer.alloc(0)] = await archivesOf(lab, 'debian-vulnerable');
	const {image: empty} = await lab.publishLayers('shop/none:1.0', {layers: []});
	const {image: twice} = await lab.publishLayers('shop/twice:1.0', {layers: [base, top, top].map(gzipLayer)});
	const {engine, scan} = await start(t, surroundings);
	lab.proxy.reset();
	const [nothing, found] = await scan([empty, twice]);
	t.like(nothing, {kind: 'scanned', caveats: [{kind: 'no-os'}]});
	t.is(outcomeOf(found), vulnerable);
	t.is(blobs().length, 4);
	await engine.close();
});

for (const {how, signal} of [
	{how: 'is killed', signal: 'SIGKILL'},
	{how: 'hangs', signal: 'SIGSTOP'},
] as const) {
	test.serial(`Trivy’s server ${how} while images are scanned: every image is scanned all the same`, async (t) => {
		const surroundings = await surroundingsFor(t);
		const images = await variants('debian-vulnerable', `server-${signal.toLowerCase()}`, 6);
		let once = true;
		const {engine, scan, servers, events} = await start(t, surroundings, {
			timings: {probeEveryMs: 50, probeTimeoutMs: 5000},
			retries: 5,
			onScan: () => {
				if (once) process.kill(servers.at(-1) ?? 0, signal);
				once = false;
			},
		});
		const verdicts = await scan(images);
		t.deepEqual(new Set(verdicts.map(outcomeOf)), new Set([vulnerable]));
		t.true(servers.length > 1);
		t.true(events.some((event) => event.kind === 'trivy-server' && event.state === 'restarting'));
		t.is(engine.status().trivyServer, 'running');
		await engine.close();
		for (const pid of servers) t.false(await isThere(pid));
	});
}

test.serial('a server that ends time and again gets an empty layer cache', async (t) => {
	const surroundings = await surroundingsFor(t);
	let kills = 0;
	const {engine, scan, servers} = await start(t, surroundings, {
		timings: {backoffMs: 1, probeEveryMs: 50},
		concurrency: 1,
		retries: 10,
		onScan: () => {
			kills += 1;
			if (kills <= 3) process.kill(servers.at(-1) ?? 0, 'SIGKILL');
		},
	});
	t.deepEqual((await scan([lab.image('debian-vulnerable')])).map(outcomeOf), [vulnerable]);
	await until('an empty cache', () => surroundings.said.some((line) => line.includes('a new layer cache is begun')));
	await engine.close();
});

test.serial('a layer cache that was lost, or damaged, is filled again', async (t) => {
	const surroundings = await surroundingsFor(t);
	const images = await variants('debian-vulnerable', 'lost', 3);
	const cache = join(surroundings.home, 'cache');
	const first = await start(t, surroundings);
	await first.scan(images);
	await first.engine.close();
	const file = async () => {
		const [layers = ''] = (await readdir(join(cache, 'layers', '1'))).filter((name) => name.startsWith('trivy-'));
		return join(cache, 'layers', '1', layers, 'fanal', 'fanal.db');
	};
	for (const damage of [async () => rm(await file()), async () => truncate(await file(), 5000)]) {
		await damage();
		await rm(join(cache, 'reports'), {recursive: true});
		const next = await start(t, surroundings, {timings: {backoffMs: 10}, retries: 4});
		t.deepEqual(new Set((await next.scan(images)).map(outcomeOf)), new Set([vulnerable]));
		await next.engine.close();
	}
});

test.serial('a layer cache that is too big is begun anew, and nothing waits for it', async (t) => {
	const surroundings = await surroundingsFor(t);
	const images = await variants('debian-vulnerable', 'big', 6);
	const {engine, scan, servers} = await start(t, surroundings, {layerCacheBytes: 1});
	t.deepEqual(new Set((await scan(images)).map(outcomeOf)), new Set([vulnerable]));
	await until('another server', () => servers.length > 1);
	await engine.close();
	for (const pid of servers) t.false(await isThere(pid));
	const left = await readdir(join(surroundings.home, 'cache', 'layers', '1'));
	t.is(left.filter((name) => name.startsWith('trivy-')).length, 1);
});

test.serial(
	'a database is switched while images are scanned: each verdict is of the database that it names',
	async (t) => {
		const surroundings = await surroundingsFor(t);
		const images = await variants('debian-vulnerable', 'switch', 30);
		const advisories = JSON.parse(await readFile(join(import.meta.dirname, '../lab/advisories.json'), 'utf8')) as {
			id: string;
		}[];
		const withoutZlib = advisories.filter(({id}) => id !== 'CVE-2023-45853');
		const old = new Date(Date.now() - 30 * 3_600_000);
		const newer = new Date(Date.now() - 3_600_000);
		const repository = await lab.pushDatabase({
			updatedAt: old,
			nextUpdate: new Date(Date.now() - 1000),
			as: 'aquasec/switch:2',
		});
		const {engine, scan, events, servers} = await start(t, surroundings, {
			database: {repositories: [repository], javaRepositories: [], update: true},
			timings: {checkEveryMs: 20, retryMs: 20},
		});
		const expected: Readonly<Record<string, string>> = {
			[old.toISOString()]: vulnerable,
			[newer.toISOString()]: 'libssl3 CVE-2023-5363',
		};
		const seen = new Set<string>();
		const check = (verdicts: readonly ScanVerdict[]) => {
			for (const verdict of verdicts) {
				const updatedAt = verdict.kind === 'scanned' ? verdict.database.updatedAt : 'none';
				seen.add(updatedAt);
				t.is(outcomeOf(verdict), expected[updatedAt] ?? 'a verdict of one of the databases');
			}
		};
		check(await scan(images.slice(0, 3)));
		lab.proxy.reset();
		const running = scan(images);
		await lab.pushDatabase({updatedAt: newer, advisories: withoutZlib as never, as: 'aquasec/switch:2'});
		check(await running);
		await until('the switch', () => engine.status().database?.updatedAt === newer.toISOString());
		check(await scan(images));
		const asked = blobs();
		t.deepEqual(seen, new Set(Object.keys(expected)));
		t.true(events.some((event) => event.kind === 'database-refreshed' && event.info.updatedAt === newer.toISOString()));
		t.is(engine.status().refreshProblem, undefined);
		const base = (await layersOf(lab, 'debian-vulnerable')).map(({digest}) => digest);
		t.false(
			asked.some((digest) => base.includes(digest)),
			'what was known before the switch is known after it',
		);
		await until('the old server’s end', async () => !(await isThere(servers[0] ?? 0)));
		await engine.close();
		for (const pid of servers) t.false(await isThere(pid));
	},
);

test.serial(
	'the database of JARs is downloaded once, when the first image with a JAR is met, and names it',
	async (t) => {
		const surroundings = await surroundingsFor(t);
		const content = makeJar('org/example/Main.class', 'not named by anything in it');
		const about = {group: 'org.apache.logging.log4j', artifact: 'log4j-core', version: '2.14.1'};
		const java = await lab.pushJavaDatabase([{...about, content}], 'aquasec/java-once:1');
		const jars = await Promise.all(
			[1, 2, 3].map(async (number) => {
				const files = [
					{path: 'srv/app.jar', content},
					{path: 'srv/number', content: Buffer.from(String(number))},
				];
				return (await lab.publishLayers(`java/app-${number}:1.0`, {layers: [packLayer(files)]})).image;
			}),
		);
		const usual = JSON.parse(await readFile(advisoriesFile, 'utf8')) as readonly Advisory[];
		const repository = await lab.pushDatabase({advisories: [...usual, log4shell], as: 'aquasec/java:2'});
		const {engine, scan} = await start(t, surroundings, {
			database: {repositories: [repository], javaRepositories: [java], update: true},
		});
		const downloads = () => lab.proxy.count({kind: 'blob-get', repository: 'aquasec/java-once'});
		await scan([lab.image('alpine')]);
		t.is(downloads(), 0);
		t.is(engine.status().javaDatabase, undefined);
		const found = (await scan(jars)).map(outcomeOf);
		t.deepEqual(
			found,
			Array.from({length: 3}, () => 'org.apache.logging.log4j:log4j-core CVE-2021-44228'),
		);
		t.is(downloads(), 1);
		t.is(engine.status().javaDatabase?.version, 1);
	},
);

const log4shell = {
	id: 'CVE-2021-44228',
	title: 'log4j-core: remote code execution',
	severity: {ghsa: 'CRITICAL', nvd: 'CRITICAL'},
	references: [],
	affects: [
		{
			maven: 'org.apache.logging.log4j:log4j-core',
			advisory: 'GHSA-jfh8-c2jp-5v3q',
			vulnerable: ['>=2.13.0, <2.15.0'],
			fixed: ['2.15.0'],
		},
	],
} as const satisfies Advisory;

test.serial('a refresh that fails, and a database that is empty: the old one stays, and it is told', async (t) => {
	const surroundings = await surroundingsFor(t);
	const repository = await lab.pushDatabase({nextUpdate: new Date(Date.now() - 1000), as: 'aquasec/fails:2'});
	const {engine, scan, events, servers} = await start(t, surroundings, {
		database: {repositories: [repository], javaRepositories: [], update: true},
		timings: {checkEveryMs: 20, retryMs: 20},
	});
	await scan([lab.image('debian-vulnerable')]);
	const before = engine.status().database;
	const downloads = () => lab.proxy.count({kind: 'blob-get', repository: 'aquasec/fails'});
	await until('a download of the same database', () => downloads() > 2);
	t.is(servers.length, 1, 'which is no reason to switch');
	t.is(engine.status().refreshProblem, undefined);
	await lab.pushDatabase({advisories: [], as: 'aquasec/fails:2'});
	await until('a failure', () => engine.status().refreshProblem !== undefined);
	t.regex(engine.status().refreshProblem ?? '', /holds no advisory/);
	t.deepEqual(engine.status().database, before);
	const down = lab.proxy.add({fault: {kind: 'status', status: 503}, path: '/v2/aquasec/fails/'});
	await until(
		'another failure',
		() => !/holds no advisory/.test(engine.status().refreshProblem ?? 'holds no advisory'),
	);
	t.true(events.filter((event) => event.kind === 'database-refresh-failed').length >= 2);
	t.deepEqual((await scan([lab.image('debian-vulnerable')])).map(outcomeOf), [vulnerable]);
	down.remove();
	await engine.close();
});

test.serial('two engines on one cache directory do not disturb each other', async (t) => {
	const surroundings = await surroundingsFor(t);
	const images = await variants('debian-vulnerable', 'two', 4);
	const [one, other] = [await start(t, surroundings), await start(t, surroundings)];
	t.true(surroundings.said.some((line) => line.includes('another engine is at work')));
	const [first, second] = await Promise.all([one.scan(images), other.scan(images.toReversed())]);
	t.deepEqual(new Set([...first, ...second].map(outcomeOf)), new Set([vulnerable]));
	await one.engine.close();
	t.deepEqual(new Set((await other.scan(images)).map(outcomeOf)), new Set([vulnerable]));
	await other.engine.close();
});

test.serial('what is beyond the queue is refused as busy, and the others are served', async (t) => {
	const surroundings = await surroundingsFor(t);
	const images = await variants('debian', 'busy', 5);
	const {engine, scan} = await start(t, surroundings, {queueLimit: 4, concurrency: 1});
	const hang = lab.proxy.add({fault: {kind: 'hang'}, kind: 'blob-get', path: /debian-busy/});
	// More than the queue's length, but it is the only one.
	const running = scan(images);
	await until('a request', () => hang.hits > 0);
	const error = await t.throwsAsync(scan([lab.image('alpine')]), {instanceOf: GateError});
	t.is(error.code, 'service-busy');
	t.is(engine.status().queueLimit, 4);
	t.true(engine.status().waiting > 0 && engine.status().running > 0);
	hang.remove();
	lab.proxy.reset();
	t.true((await running).every(({kind}) => kind === 'scanned'));
	t.is((await scan([lab.image('alpine')]))[0]?.kind, 'scanned');
	t.like(engine.status(), {waiting: 0, running: 0, problem: undefined});
	await engine.close();
});

test.serial(
	'whoever gives up is answered at once with what is known; the rest goes on and is there for the next',
	async (t) => {
		const surroundings = await surroundingsFor(t);
		const [known = '', ...slow] = await variants('debian', 'gives-up', 3);
		const {engine, scan, scans} = await start(t, surroundings);
		await scan([known]);
		const hang = lab.proxy.add({fault: {kind: 'hang'}, kind: 'blob-get', path: /debian-gives-up/});
		const caller = new AbortController();
		const answer = scan([known, ...slow], {signal: caller.signal});
		await until('requests', () => hang.hits >= 2);
		caller.abort('deadline');
		const verdicts = await answer;
		t.is(verdicts[0]?.kind, 'scanned');
		for (const verdict of verdicts.slice(1)) t.like(verdict, {kind: 'unscanned', reason: 'deadline', transient: true});
		hang.remove();
		lab.proxy.reset();
		await until('the rest', () => scans() === 3 && engine.status().running === 0);
		lab.proxy.reset();
		const next = await scan([known, ...slow]);
		t.true(next.every((verdict) => verdict.kind === 'scanned' && verdict.cached));
		t.deepEqual(blobs(), []);
		await engine.close();
	},
);

test.serial('an engine that is closed in the middle answers for every image and leaves nothing', async (t) => {
	const surroundings = await surroundingsFor(t);
	const images = await variants('debian', 'closed', 4);
	const {engine, scan, servers} = await start(t, surroundings);
	const hang = lab.proxy.add({fault: {kind: 'hang'}, kind: 'blob-get', path: /debian-closed-[1-3]/});
	const answer = scan(images);
	await until('requests', () => hang.hits > 0);
	await engine.close();
	for (const verdict of await answer) if (verdict.kind === 'unscanned') t.is(verdict.reason, 'canceled');
	hang.remove();
	for (const pid of servers) t.false(await isThere(pid));
	t.deepEqual(await readdir(surroundings.home).then((names) => names.filter((name) => name.startsWith('image-'))), []);
	await engine.close();
});

test.serial('an engine that is to be ready at once says when it is, and why it is not', async (t) => {
	const ready = await start(t, await surroundingsFor(t), {readyAtOnce: true});
	t.not(ready.engine.status().problem, undefined);
	await until('it is ready', () => ready.engine.status().problem === undefined);
	t.is(ready.engine.status().trivyServer, 'running');
	t.is(ready.servers.length, 1);
	await ready.engine.close();
	const never = await start(t, await surroundingsFor(t), {
		readyAtOnce: true,
		database: {repositories: ['127.0.0.1:1/none:2'], javaRepositories: [], update: true},
	});
	await until('it says why', () => /no vulnerability database/.test(never.engine.status().problem ?? ''));
	await t.throwsAsync(never.scan([lab.image('alpine')]), {code: 'database-unavailable'});
	await never.engine.close();
});

test.serial('one repository’s failure is not another’s', async (t) => {
	const surroundings = await surroundingsFor(t);
	const {image} = await lab.publishVariant('debian-vulnerable', 'private');
	await lab.publish('debian-vulnerable', 'shop/open:1.0');
	await lab.publish('debian-vulnerable', 'shop/closed:1.0');
	const {engine, scan, scans} = await start(t, surroundings, {retries: 0});
	const closed = lab.proxy.add({fault: {kind: 'status', status: 403}, kind: 'blob-get', path: '/v2/shop/closed/'});
	const [refused, open] = await scan([`${lab.registry}/shop/closed:1.0`, `${lab.registry}/shop/open:1.0`]);
	t.is(outcomeOf(open), vulnerable);
	// It was first, or it got what the other had learned.
	t.true(outcomeOf(refused) === vulnerable || outcomeOf(refused).startsWith('unauthorized'));
	t.is(scans(), 1);
	closed.remove();
	t.is(outcomeOf((await scan([image]))[0]), vulnerable);
	await engine.close();
});

test.serial('layers that unpack to more than there is room for are refused with what to do', async (t) => {
	const surroundings = await surroundingsFor(t);
	// Hard to pack, so that much of it is still to come when there is no room any more.
	const noise = randomBytes(20_000_000);
	const {image} = await lab.publishLayers('shop/bomb:1.0', {
		layers: [gzipLayer(noise)],
	});
	const {engine, scan} = await start(t, surroundings, {layerSpaceBytes: 1_000_000});
	const [bomb, other] = await scan([image, lab.image('debian-vulnerable')]);
	t.regex(outcomeOf(bomb), /scanner-failed: .*--layer-space/);
	t.is(outcomeOf(other), vulnerable);
	await engine.close();
});
