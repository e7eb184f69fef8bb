// A registry that fails in every way while the service asks it: each failure has its reason, and is no one else's.
import {randomBytes} from 'node:crypto';
import {gzipSync} from 'node:zlib';
import test from 'ava';
import {digestOf, packLayer} from '../lab/layer.ts';
import type {ProxyRule} from '../lab/proxy.ts';
import {archivesOf, outcomeOf} from '../scan/engine-lab.ts';
import {until} from '../scan/surroundings.ts';
import {pods, startFaultBed} from './bed.ts';
import type {FaultBed} from './bed.ts';

let bed: FaultBed;

test.before(async () => {
	bed = await startFaultBed();
});
test.after.always(async () => bed?.stop());

interface NoisyImage {
	readonly image: string;
	/** Of a layer that no other image has, and that does not get smaller by packing. */
	readonly layer: string;
}

async function publishNoisy(name: string, base = 'debian'): Promise<NoisyImage> {
	const archives = await archivesOf(bed.lab, base);
	const noise = packLayer([{path: 'noise', content: randomBytes(200_000)}]);
	const layers = [...archives.map((archive) => ({blob: gzipSync(archive), diffId: digestOf(archive)})), noise];
	const {image} = await bed.lab.publishLayers(`shop/${name}:1.0`, {layers});
	return {image, layer: digestOf(noise.blob)};
}

interface RegistryFault {
	readonly name: string;
	readonly rule: (image: {readonly repository: string; readonly layer: RegExp}) => ProxyRule;
	readonly reason: string;
	/** How often the registry is asked at most for what it fails at. */
	readonly most: number;
}

/** The service tries five times by default when it may pass. */
const attempts = 5;
const expired = () => ({
	'www-authenticate': `Bearer realm="http://${bed.lab.registry}/token",service="lab",error="invalid_token"`,
});

const faults: readonly RegistryFault[] = [
	{
		name: 'answers 429 with Retry-After',
		rule: ({repository}) => ({
			fault: {kind: 'status', status: 429, headers: {'retry-after': '1'}},
			kind: 'manifest-get',
			path: `/v2/${repository}/`,
		}),
		reason: 'rate-limited',
		most: attempts,
	},
	{
		name: 'answers 500 for a layer',
		rule: ({layer}) => ({fault: {kind: 'status', status: 500}, kind: 'blob-get', path: layer}),
		reason: 'registry-error',
		most: attempts,
	},
	{
		name: 'resets the connection in the middle of a layer',
		rule: ({layer}) => ({fault: {kind: 'reset', afterBytes: 50_000}, kind: 'blob-get', path: layer}),
		reason: 'unreachable',
		most: attempts,
	},
	{
		name: 'has other bytes for a layer than its digest says',
		rule: ({layer}) => ({fault: {kind: 'content', body: randomBytes(200_000)}, kind: 'blob-get', path: layer}),
		reason: 'registry-error',
		most: 1,
	},
	{
		name: 'takes no token any more in the middle of an image',
		rule: ({layer}) => ({fault: {kind: 'status', status: 401, headers: expired()}, kind: 'blob-get', path: layer}),
		reason: 'unauthorized',
		// Once more with a new token.
		most: 2,
	},
];

test.serial(
	'a registry fails: each image’s reason is its own, and with the registry the next request recovers',
	async (t) => {
		const served = await bed.serve(t);
		bed.lab.proxy.requireLogin({scheme: 'bearer', repositories: {}});
		for (const [index, {name, rule, reason, most}] of faults.entries()) {
			const repository = `shop/registry-fault-${index}`;
			const {image, layer} = await publishNoisy(`registry-fault-${index}`);
			const {image: other} = await bed.lab.publishVariant('debian', `beside-fault-${index}`);
			const failing = bed.lab.proxy.add(rule({repository, layer: new RegExp(layer)}));
			const refused = await served.generate([image, other]);
			t.is(refused.exitCode, 2, name);
			t.is(refused.stdout, '', name);
			const outcomes = new Map(served.journal('verdict').map((line) => [line['image'], line['outcome']]));
			t.is(outcomes.get(image), reason, name);
			t.is(outcomes.get(other), 'scanned', name);
			t.true(failing.hits >= 1 && failing.hits <= most, `${name}: ${failing.hits} times`);
			failing.remove();
			const next = await served.generate([image, other]);
			t.is(next.stdout, pods([image, other]), `${name}: ${next.stderr}`);
		}
		bed.lab.proxy.reset();
		await served.service.stop();
	},
);

test.serial(
	'a token expires in the middle of an image, once: a new one is fetched, and the image is scanned',
	async (t) => {
		const served = await bed.serve(t);
		bed.lab.proxy.requireLogin({
			scheme: 'bearer',
			repositories: {'shop/expires': {username: 'gate', password: 'sesame'}},
		});
		const {image, layer} = await publishNoisy('expires-open');
		const failing = bed.lab.proxy.add({
			fault: {kind: 'status', status: 401, headers: expired()},
			kind: 'blob-get',
			path: new RegExp(layer),
			times: 1,
		});
		const run = await served.generate([image]);
		t.is(run.stdout, pods([image]), run.stderr);
		t.is(failing.hits, 1);
		bed.lab.proxy.reset();
		await served.service.stop();
	},
);

test.serial(
	'a registry as slow as a kilobyte a second: others do not wait, and the slow image goes on after the deadline',
	async (t) => {
		const served = await bed.serve(t, {args: ['--concurrency', '1']});
		// Not on the same base: whoever shares a layer that is not known yet waits for the one that fetches it.
		const {image, layer} = await publishNoisy('drips', 'alpine');
		const {image: other} = await bed.lab.publishVariant('debian', 'beside-a-slow-one');
		const slow = bed.lab.proxy.add({
			fault: {kind: 'drip', bytesPerSecond: 1000},
			kind: 'blob-get',
			path: new RegExp(layer),
		});
		const late = served.generate([image], ['--deadline', '30']);
		await until('the slow layer', () => slow.hits === 1);
		t.is((await served.generate([other])).stdout, pods([other]));
		const run = await late;
		t.is(run.exitCode, 2);
		t.is(run.stdout, '');
		t.regex(run.stderr, /^scan: 0 of 1 images scanned, the rest goes on in the background/);
		t.deepEqual(
			served.journal('scan').map((line) => line['image']),
			[other],
		);
		slow.remove();
		bed.lab.proxy.reset();
		t.is((await served.generate([image])).stdout, pods([image]));
		t.is(await served.scans(), 2);
		await served.service.stop();
	},
);

test.serial('an image that takes longer than a scan may is given up, and can be had later', async (t) => {
	const place = await bed.makePlace(t);
	const impatient = await bed.serve(t, {place, args: ['--scan-timeout', '5', '--retries', '0']});
	const {image, layer} = await publishNoisy('takes-too-long');
	const slow = bed.lab.proxy.add({
		fault: {kind: 'drip', bytesPerSecond: 1000},
		kind: 'blob-get',
		path: new RegExp(layer),
	});
	t.like((await impatient.ask([image]))[0], {kind: 'unscanned', reason: 'scanner-timeout', transient: true});
	t.is(slow.hits, 1);
	await impatient.service.stop();
	slow.remove();
	const patient = await bed.serve(t, {place});
	t.is(outcomeOf((await patient.ask([image]))[0]), '');
	await patient.service.stop();
});
