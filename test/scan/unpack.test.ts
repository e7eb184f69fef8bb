// Every way in which a layer can be something else than what its manifest and its image's configuration say.
import {createHash, randomBytes} from 'node:crypto';
import {mkdtemp, readFile, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {gzipSync, zstdCompressSync} from 'node:zlib';
import test from 'ava';
import * as fc from 'fast-check';
import {createSpace} from '../../src/scan/space.ts';
import {unpackLayer} from '../../src/scan/unpack.ts';
import type {ExpectedLayer} from '../../src/scan/unpack.ts';

const never = new AbortController().signal;
const sha256 = (bytes: Uint8Array) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
const archive = Buffer.concat([Buffer.from('a tar archive '), randomBytes(200_000), Buffer.alloc(300_000)]);
let directory: string;

test.before(async () => {
	directory = await mkdtemp(join(tmpdir(), 'unpack-'));
});
test.after.always(async () => rm(directory, {recursive: true, force: true}));

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
	for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

function expected(packed: Uint8Array, changes: Partial<ExpectedLayer> = {}): ExpectedLayer {
	return {digest: sha256(packed), bytes: packed.length, diffId: sha256(archive), ...changes};
}

async function unpack(
	packed: Uint8Array,
	layer: ExpectedLayer,
	{piece = 10_000, space = 1_000_000}: {readonly piece?: number; readonly space?: number} = {},
) {
	const file = join(directory, randomBytes(8).toString('hex'));
	const lease = await createSpace(space).lease(0, never);
	const outcome = await unpackLayer(inPieces(packed, piece), layer, {file, lease});
	return {outcome, content: await readFile(file)};
}

const frame = (bytes: Uint8Array) => zstdCompressSync(bytes);
const skippable = Buffer.from([0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
const packings: Readonly<Record<string, Uint8Array>> = {
	'not packed': archive,
	gzip: gzipSync(archive),
	'gzip in several members': Buffer.concat([gzipSync(archive.subarray(0, 1000)), gzipSync(archive.subarray(1000))]),
	zstd: frame(archive),
	'zstd in several frames': Buffer.concat([
		frame(archive.subarray(0, 1000)),
		frame(archive.subarray(1000, 1001)),
		frame(archive.subarray(1001)),
	]),
	'zstd with frames to skip': Buffer.concat([skippable, frame(archive), skippable]),
};

for (const [name, packed] of Object.entries(packings)) {
	for (const piece of [1000, 65_536, 10_000_000]) {
		test(`${name}, in pieces of ${piece} bytes, is unpacked`, async (t) => {
			const {outcome, content} = await unpack(packed, expected(packed), {piece});
			t.deepEqual(outcome, {kind: 'unpacked', bytes: archive.length});
			t.true(content.equals(archive));
		});
	}
}

test('property: wherever frames and pieces end, the archive comes out', async (t) => {
	await fc.assert(
		fc.asyncProperty(
			fc.array(fc.uint8Array({maxLength: 300}), {minLength: 1, maxLength: 5}),
			fc.integer({min: 1, max: 50}),
			fc.boolean(),
			async (parts, piece, zstd) => {
				const whole = Buffer.concat([Buffer.from('begins like nothing packed'), ...parts]);
				const packed = Buffer.concat(
					[Buffer.from('begins like nothing packed'), ...parts].map(zstd ? frame : (part) => gzipSync(part)),
				);
				const {outcome, content} = await unpack(packed, {...expected(packed), diffId: sha256(whole)}, {piece});
				t.deepEqual(outcome, {kind: 'unpacked', bytes: whole.length});
				t.true(content.equals(whole));
			},
		),
		{numRuns: 60},
	);
});

const packed = gzipSync(archive);
const refusals: Readonly<Record<string, readonly [Uint8Array, ExpectedLayer, RegExp]>> = {
	'other bytes than the digest says': [packed, expected(packed, {digest: sha256(archive)}), /than its manifest says/],
	'an archive with another digest than the configuration says': [
		packed,
		expected(packed, {diffId: sha256(packed)}),
		/diff id/,
	],
	'fewer bytes than the manifest says': [packed.subarray(0, 500), expected(packed), /than its manifest says/],
	'a packed layer that ends too early': [
		packed.subarray(0, 500),
		expected(packed.subarray(0, 500)),
		/cannot be unpacked/,
	],
	'a zstd layer that ends too early': [
		frame(archive).subarray(0, 500),
		expected(frame(archive).subarray(0, 500)),
		/cannot be unpacked|diff id/,
	],
	'rubbish behind the end': [
		Buffer.concat([packed, Buffer.from('rubbish')]),
		expected(Buffer.concat([packed, Buffer.from('rubbish')])),
		/cannot be unpacked/,
	],
	'a layer that is packed twice': [
		gzipSync(packed),
		expected(gzipSync(packed), {diffId: sha256(packed)}),
		/packed twice/,
	],
	'a layer that is zstd in gzip': [
		gzipSync(frame(archive)),
		expected(gzipSync(frame(archive)), {diffId: sha256(frame(archive))}),
		/packed twice/,
	],
};

for (const [name, [bytes, layer, why]] of Object.entries(refusals)) {
	test(`refused, and not tried again: ${name}`, async (t) => {
		const {outcome} = await unpack(bytes, layer);
		t.like(outcome, {kind: 'refused', failure: {reason: 'registry-error', transient: false}});
		t.regex(outcome.kind === 'unpacked' ? '' : outcome.failure.detail, why);
	});
}

test('a layer that is packed twice is told however its first bytes come', async (t) => {
	const bytes = Buffer.concat([packed.subarray(0, 1), packed.subarray(1)].map((part) => gzipSync(part)));
	const layer = expected(bytes, {diffId: sha256(packed)});
	const {outcome} = await unpack(bytes, layer, {piece: gzipSync(packed.subarray(0, 1)).length});
	t.like(outcome, {kind: 'refused', failure: {detail: 'a layer of the image is packed twice'}});
});

test('a layer that is longer than the manifest says is not read to its end', async (t) => {
	const {outcome} = await unpack(packed, expected(packed, {bytes: 100}), {piece: 90});
	t.like(outcome, {kind: 'refused', failure: {transient: false}});
	t.regex(outcome.kind === 'unpacked' ? '' : outcome.failure.detail, /longer than its manifest says/);
});

test('a small layer that unpacks to more than there is room for is stopped', async (t) => {
	for (const bomb of [gzipSync(Buffer.alloc(50_000_000)), frame(Buffer.alloc(50_000_000))]) {
		const {outcome, content} = await unpack(bomb, expected(bomb), {space: 1_000_000});
		t.like(outcome, {kind: 'refused', failure: {reason: 'scanner-failed', transient: false}});
		t.true(content.length <= 1_000_000);
	}
});

test('what is beyond the room beside other images may be tried again', async (t) => {
	const space = createSpace(1_000_000);
	const other = await space.lease(800_000, never);
	const lease = await space.lease(0, never);
	const file = join(directory, 'beside');
	const outcome = await unpackLayer(inPieces(packed, 1000), expected(packed), {file, lease});
	t.like(outcome, {kind: 'refused', failure: {transient: true}});
	other.release();
});

test('a file that cannot be written is an error', async (t) => {
	const lease = await createSpace(1_000_000).lease(0, never);
	await t.throwsAsync(
		unpackLayer(inPieces(packed, 1000), expected(packed), {file: join(directory, 'nowhere', 'file'), lease}),
		{code: 'ENOENT'},
	);
});

test('room is given in the order of asking, and to one that needs more than all when it is alone', async (t) => {
	const space = createSpace(100);
	const order: string[] = [];
	const first = await space.lease(60, never);
	const ask = async (name: string, bytes: number, signal = never) => {
		const lease = await space.lease(bytes, signal);
		order.push(name);
		return lease;
	};
	const big = ask('big', 1000);
	const gone = new AbortController();
	const left = ask('left', 10, gone.signal);
	const small = ask('small', 10);
	gone.abort(new Error('left'));
	await t.throwsAsync(left, {message: 'left'});
	await new Promise(setImmediate);
	t.deepEqual(order, []);
	first.release();
	(await big).release();
	(await small).release();
	t.deepEqual(order, ['big', 'small']);
	t.is(space.used(), 0);
});
