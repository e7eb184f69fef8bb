import {once} from 'node:events';
import {pipeline} from 'node:stream/promises';
import {createGunzip, createZstdDecompress} from 'node:zlib';

type Bytes = AsyncIterable<Uint8Array>;

const pieceBytes = 256 * 1024;
const magicBytes = 4;

/**
 * Unpacks what comes by its first bytes, as container runtimes do: gzip, zstd, or not packed at all.
 * @throws an error of zlib ({@link isDamaged}) when it cannot be unpacked.
 */
export async function* decompress(source: Bytes): AsyncGenerator<Uint8Array> {
	const {head, whole} = await peek(source);
	switch (packing(head)) {
		case 'gzip':
			yield* through(whole, createGunzip({chunkSize: pieceBytes}));
			return;
		case 'zstd':
			yield* zstdFrames(whole);
			return;
		case undefined:
			yield* whole;
	}
}

/** How bytes are packed that begin like these. */
export function packing(head: Uint8Array): 'gzip' | 'zstd' | undefined {
	const [first = 0, second, third, fourth] = head;
	if (first === 0x1f && second === 0x8b) return 'gzip';
	if (first === 0x28 && second === 0xb5 && third === 0x2f && fourth === 0xfd) return 'zstd';
	// A skippable frame, with which a zstd stream may begin too (RFC 8878 section 3.1.2).
	const skippable = first >= 0x50 && first <= 0x5f && second === 0x2a && third === 0x4d && fourth === 0x18;
	return skippable ? 'zstd' : undefined;
}

/** Whether an error says that the bytes cannot be unpacked. */
export function isDamaged(error: unknown): boolean {
	return error instanceof Error && 'code' in error && /^(?:Z|ZSTD|ERR_ZLIB)_/.test(String(error.code));
}

async function peek(source: Bytes): Promise<{readonly head: Uint8Array; readonly whole: Bytes}> {
	const input = source[Symbol.asyncIterator]();
	let head = new Uint8Array();
	while (head.length < magicBytes) {
		const next = await input.next();
		if (next.done === true) break;
		head = Buffer.concat([head, next.value]);
	}
	const whole = async function* () {
		yield head;
		for (let next = await input.next(); next.done !== true; next = await input.next()) yield next.value;
	};
	return {head, whole: whole()};
}

async function* through(source: Bytes, transform: ReturnType<typeof createGunzip>): AsyncGenerator<Uint8Array> {
	// Its error comes out of the transform as well.
	pipeline(source, transform).catch(() => {});
	const unpacked: Bytes = transform;
	yield* unpacked;
}

/** Node's decoder ends with a frame when more comes in the same piece, so each frame gets one of its own. */
async function* zstdFrames(source: Bytes): AsyncGenerator<Uint8Array> {
	const input = source[Symbol.asyncIterator]();
	let left: Uint8Array | undefined;
	const next = async () => {
		const kept = left;
		left = undefined;
		if (kept !== undefined) return kept;
		const coming = await input.next();
		return coming.done === true ? undefined : coming.value;
	};
	for (let piece = await next(); piece !== undefined; piece = await next()) {
		const decoder = createZstdDecompress({chunkSize: pieceBytes});
		const ended = once(decoder, 'end');
		ended.catch(() => {});
		let fed = 0;
		const feed = async (first: Uint8Array) => {
			for (let more: Uint8Array | undefined = first; more !== undefined; more = await next()) {
				fed += more.length;
				const written = Promise.withResolvers<void>();
				decoder.write(more, () => written.resolve());
				await Promise.race([written.promise, ended]);
				const unread = fed - decoder.bytesWritten;
				if (unread > 0) {
					left = more.subarray(more.length - unread);
					return;
				}
			}
			decoder.end();
		};
		const feeding = feed(piece);
		feeding.catch(() => {});
		const unpacked: Bytes = decoder;
		yield* unpacked;
		await feeding;
	}
}
