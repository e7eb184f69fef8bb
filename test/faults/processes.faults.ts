// Services and clients that are killed, and many clients at once.
import {mkdir, readFile, readdir, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {setTimeout as wait} from 'node:timers/promises';
import test from 'ava';
import {integer, sample} from 'fast-check';
import {GateError} from '../../src/errors.ts';
import {startGate} from '../lab/process.ts';
import {outcomeOf} from '../scan/engine-lab.ts';
import {until} from '../scan/surroundings.ts';
import {pods, startFaultBed} from './bed.ts';
import type {FaultBed} from './bed.ts';

const vulnerable = 'libssl3 CVE-2023-5363, zlib1g CVE-2023-45853';
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
	'the engine is killed in the middle of 20 scans, three times: no verdict that was told is lost, none is invented, no lock is in the way',
	async (t) => {
		const clean = await variants('debian', 'killed', 10);
		const bad = await variants('debian-vulnerable', 'killed', 10);
		const images = clean.flatMap((image, index) => [image, bad[index] ?? '']);
		const right = (image: string) => (bad.includes(image) ? vulnerable : '');
		const place = await bed.makePlace(t);
		const told = new Set<string>();
		for (const enough of [3, 8, 14]) {
			const before = new Set(told);
			const served = await bed.serve(t, {place, args: ['--concurrency', '2']});
			const answer = served
				.ask(images, {
					onEvent: (event) => {
						if (event.kind !== 'finished' || event.verdict.kind !== 'scanned') return;
						told.add(event.verdict.image);
						t.is(outcomeOf(event.verdict), right(event.verdict.image));
					},
				})
				.catch((error: unknown) => error);
			await until('some verdicts', () => told.size >= enough);
			served.service.child.kill('SIGKILL');
			t.is(await served.service.ended, 'SIGKILL');
			t.true((await answer) instanceof GateError);
			await until('the end of its tools', async () => (await served.processes()).length === 0);
			t.false(served.service.output.stderr.includes('another engine'));
			for (const {image} of served.journal('scan'))
				t.false(before.has(String(image)), `${String(image)} is done again`);
		}
		const last = await bed.serve(t, {place, args: ['--concurrency', '2']});
		const verdicts = await last.ask(images);
		t.deepEqual(
			verdicts.map(outcomeOf),
			verdicts.map(({image}) => right(image)),
		);
		t.is(verdicts.length, 20);
		for (const verdict of verdicts) if (told.has(verdict.image)) t.like(verdict, {kind: 'scanned', cached: true});
		t.true((await last.scans()) <= 20 + 3 * 2, 'again are done only those that ran when it was killed');
		t.deepEqual(await readdir(join(place.cache, 'layers')), ['1'], 'nobody took another engine’s place');
		await last.service.stop();
		t.deepEqual(await readdir(place.temporary), [], 'what the killed ones left was swept');
	},
);

test.serial('fifty processes of generate for the same ten images are ten scans', async (t) => {
	const images = await variants('debian', 'fifty', 10);
	const served = await bed.serve(t, {environment: {TRIVY_GATE_TAG_MEMORY: '3600'}});
	bed.lab.proxy.reset();
	const runs = await Promise.all(Array.from({length: 50}, () => served.generate(images)));
	t.deepEqual(
		new Set(runs.map(({exitCode, stderr}) => `${exitCode} ${stderr}`)),
		new Set(['0 gate: allowed — 10 images\n']),
	);
	t.deepEqual(new Set(runs.map(({stdout}) => stdout)), new Set([pods(images)]));
	t.deepEqual(
		runs.flatMap(({leftovers}) => leftovers),
		[],
	);
	t.is(await served.scans(), 10);
	t.is(bed.lab.proxy.count({kind: 'manifest-get'}), 10);
	const blobs = bed.lab.proxy.requests.filter(({kind}) => kind === 'blob-get').map(({path}) => path.split('/').at(-1));
	t.is(new Set(blobs).size, blobs.length, 'each blob is fetched once');
	await served.service.stop();
});

test.serial(
	'clients are killed at ten random moments: the service goes on, answers the next, and keeps no process and no file of theirs',
	async (t) => {
		const [first = '', ...images] = await variants('debian', 'client-killed', 11);
		const served = await bed.serve(t);
		t.is((await served.generate([first])).exitCode, 0);
		const idle = {processes: (await served.processes()).length, files: await served.files()};
		const slow = bed.lab.proxy.add({fault: {kind: 'delay', milliseconds: 200}, path: /debian-client-killed/});
		const moments = sample(integer({min: 0, max: 2000}), {seed: 20261127, numRuns: 10});
		await Promise.all(
			moments.map(async (moment, index) => {
				const directory = join(served.place.home, `application-${index}`);
				await mkdir(directory);
				await writeFile(join(directory, 'pods.yaml'), pods(images.slice(index, index + 2)));
				const environment = await bed.gate.environment({environment: served.client, cacheDirectory: directory});
				const {child, ended, output} = startGate(['generate', directory], environment);
				await wait(moment);
				child.kill('SIGKILL');
				// One that was quicker has printed all of it.
				t.true((await ended) === 'SIGKILL' ? output.stdout === '' : output.stdout.length > 0);
			}),
		);
		slow.remove();
		const next = await served.generate([first, ...images]);
		t.is(next.stdout, pods([first, ...images]), next.stderr);
		t.is(await served.scans(), 11, 'what they had begun was not done again');
		await until('no process', async () => (await served.processes()).length <= idle.processes);
		await until('no file', async () => (await served.files()).length <= idle.files.length);
		t.deepEqual(await served.files(), idle.files);
		await served.service.stop();
		t.is(await served.service.ended, 0);
		t.deepEqual(await served.processes(), []);
		t.deepEqual(await readdir(served.place.temporary), []);
	},
);

/** The service's, at its highest: twice what was seen. */
const mostMemoryBytes = 600 * 1024 * 1024;
/** Of service, Trivy and crane: four questions, three images with three layers each, two scans, two servers, and room. */
const mostProcesses = 24;

test.serial(
	'two hundred calls at once with a thousand images: everyone gets an answer, with bounded memory and processes',
	async (t) => {
		const names = ['alpine', 'debian', 'debian-vulnerable', 'api-fixed', 'go-service'];
		const images = await Promise.all(
			Array.from({length: 1000}, (_, index) => bed.lab.publish(names[index % 5] ?? '', `many/app${index}:1.0`)),
		);
		const served = await bed.serve(t, {args: ['--concurrency', '2']});
		const counted = {most: 0, over: false};
		const counting = (async () => {
			for (; !counted.over; await wait(50)) counted.most = Math.max(counted.most, (await served.processes()).length);
		})();
		const answers = await Promise.all(
			Array.from({length: 200}, (_, call) =>
				served.ask(images.slice(call * 5, call * 5 + 5), {application: `app-${call}`}),
			),
		);
		counted.over = true;
		await counting;
		const outcomes = answers.map((verdicts) => verdicts.map((verdict) => `${verdict.kind} ${outcomeOf(verdict)}`));
		t.is(outcomes.flat().length, 1000);
		t.is(new Set(outcomes.map(String)).size, 1, 'the same five for everyone');
		t.true(outcomes[0]?.every((outcome) => outcome.startsWith('scanned ')));
		t.is(await served.scans(), 5);
		t.true(counted.most <= mostProcesses, `${counted.most} processes`);
		const status = await readFile(`/proc/${served.service.child.pid}/status`, 'utf8');
		const peak = Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
		t.log(`${Math.round(peak / 1024 / 1024)} MB at most, ${counted.most} processes at most`);
		t.true(peak < mostMemoryBytes, `${peak} bytes`);
		await served.service.stop();
		t.deepEqual(await served.processes(), []);
	},
);
