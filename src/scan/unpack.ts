import {createHash} from 'node:crypto';
import {createWriteStream} from 'node:fs';
import {pipeline} from 'node:stream/promises';
import {decompress, isDamaged, packing} from './decompress.ts';
import type {ScanFailure} from './failure.ts';
import {refused} from './manifest.ts';
import type {ManifestLayer} from './manifest.ts';
import type {Lease} from './space.ts';

/** So many first bytes tell how bytes are packed. */
const headBytes = 4;

/** What a layer must turn out to be. */
export interface ExpectedLayer extends ManifestLayer {
	/** The digest of its archive, unpacked, as the image's configuration says it. */
	readonly diffId: string;
}

export type UnpackOutcome =
	| {readonly kind: 'unpacked'; readonly bytes: number}
	| {readonly kind: 'refused'; readonly failure: ScanFailure};

/**
 * Unpacks a layer as it comes and writes its archive to a file, which counts only when the outcome is `unpacked`: what
 * came has the digest that the manifest names, and what it unpacks to has the one that the configuration names. A runtime
 * checks both, and Trivy neither.
 * @throws Error when it cannot be read or the file cannot be written.
 */
export async function unpackLayer(
	source: AsyncIterable<Uint8Array>,
	layer: ExpectedLayer,
	{file, lease}: {readonly file: string; readonly lease: Lease},
): Promise<UnpackOutcome> {
	const input = source[Symbol.asyncIterator]();
	const [packed, unpacked] = [createHash('sha256'), createHash('sha256')];
	const seen = {packed: 0, unpacked: 0, head: Buffer.alloc(0), damaged: false};
	let stopped: ScanFailure | undefined;
	const stop = (failure: ScanFailure) => {
		stopped = failure;
		throw new Error(failure.detail);
	};
	// Not a loop over the source: what is left of it must still be there when unpacking has failed.
	const pieces = async function* () {
		for (let next = await input.next(); next.done !== true; next = await input.next()) {
			seen.packed += next.value.length;
			if (seen.packed > layer.bytes) stop(refused('a layer of the image is longer than its manifest says'));
			packed.update(next.value);
			yield next.value;
		}
	};
	const measure = async function* (archive: AsyncIterable<Uint8Array>) {
		for await (const piece of archive) {
			if (seen.unpacked < headBytes) seen.head = Buffer.concat([seen.head, piece.subarray(0, headBytes)]);
			seen.unpacked += piece.length;
			if (!lease.take(piece.length)) stop(noRoom(lease));
			unpacked.update(piece);
			yield piece;
		}
	};
	try {
		await pipeline(decompress(pieces()), measure, createWriteStream(file, {mode: 0o600}));
		await drain(pieces());
	} catch (error) {
		if (stopped !== undefined) return {kind: 'refused', failure: stopped};
		if (!isDamaged(error)) throw error;
		seen.damaged = true;
		// That it is not what was asked for goes before that it cannot be unpacked.
		await drain(pieces());
	}
	const whyNot = refusal({
		digest: `sha256:${packed.digest('hex')}` === layer.digest,
		diffId: `sha256:${unpacked.digest('hex')}` === layer.diffId,
		// Trivy would unpack it once more, and look at something else than a runtime does.
		packedTwice: packing(seen.head) !== undefined,
		damaged: seen.damaged,
	});
	return whyNot === undefined ? {kind: 'unpacked', bytes: seen.unpacked} : {kind: 'refused', failure: refused(whyNot)};
}

function refusal(found: {
	readonly digest: boolean;
	readonly diffId: boolean;
	readonly packedTwice: boolean;
	readonly damaged: boolean;
}): string | undefined {
	if (!found.digest) return 'a layer of the image is something else than its manifest says';
	if (found.damaged) return 'a layer of the image cannot be unpacked';
	if (found.packedTwice) return 'a layer of the image is packed twice';
	return found.diffId
		? undefined
		: 'a layer of the image is something else, unpacked, than its configuration says (its diff id)';
}

function noRoom(lease: Lease): ScanFailure {
	return lease.isAlone()
		? {
				reason: 'scanner-failed',
				transient: false,
				detail: 'its layers, unpacked, are bigger than the room for them (--layer-space)',
			}
		: {
				reason: 'scanner-failed',
				transient: true,
				detail: 'there is no room for its layers beside those of other images',
			};
}

async function drain(pieces: AsyncIterable<Uint8Array>): Promise<void> {
	for await (const piece of pieces) if (piece.length === 0) continue;
}
