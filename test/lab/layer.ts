import {createHash} from 'node:crypto';
import {readFile} from 'node:fs/promises';
import {join} from 'node:path';
import {gzipSync} from 'node:zlib';
import {filesBelow} from './cache.ts';

export interface LayerFile {
	/** Path in the image, without a leading slash. */
	readonly path: string;
	readonly content: Uint8Array;
	readonly executable?: boolean;
}

export interface Layer {
	readonly blob: Buffer;
	readonly digest: string;
	/** The digest of what is inside the compression. */
	readonly diffId: string;
}

/** The files below a directory as files of a layer, below `at` in the image. */
export async function layerFiles(directory: string, at = ''): Promise<readonly LayerFile[]> {
	const paths = await filesBelow(directory);
	return Promise.all(
		paths.map(async (path) => ({path: join(at, path), content: await readFile(join(directory, path))})),
	);
}

/** Packs files the same way every time: sorted, without dates and owners, whatever modes the checkout has. */
export function packLayer(files: readonly LayerFile[]): Layer {
	const sorted = files.toSorted((one, other) => (one.path < other.path ? -1 : 1));
	const parents = new Set(sorted.flatMap((file) => parentsOf(file.path)));
	const tar = Buffer.concat([
		...[...parents].toSorted().map((path) => header(`${path}/`, 0, '5', 0o755)),
		...sorted.flatMap((file) => [
			header(file.path, file.content.length, '0', file.executable === true ? 0o755 : 0o644),
			file.content,
			Buffer.alloc(padding(file.content.length)),
		]),
		Buffer.alloc(1024),
	]);
	const blob = gzipSync(tar);
	return {blob, digest: digestOf(blob), diffId: digestOf(tar)};
}

/** `sha256:` and the hash, as registries write it. */
export function digestOf(content: Uint8Array | string): string {
	return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}

function parentsOf(path: string): readonly string[] {
	const parts = path.split('/').slice(0, -1);
	return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}

/** POSIX ustar: https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html#tag_20_92_13_06 */
function header(path: string, size: number, type: '0' | '5', mode: number): Buffer {
	if (Buffer.byteLength(path) > 100) throw new Error(`${path}: a tar header has room for 100 bytes of path`);
	const block = Buffer.alloc(512);
	block.write(path, 0);
	block.write(octal(mode, 8), 100);
	block.write(octal(0, 8), 108);
	block.write(octal(0, 8), 116);
	block.write(octal(size, 12), 124);
	block.write(octal(0, 12), 136);
	block.write(' '.repeat(8), 148);
	block.write(type, 156);
	block.write('ustar\u000000', 257);
	const checksum = block.reduce((sum, byte) => sum + byte, 0);
	block.write(`${checksum.toString(8).padStart(6, '0')}\0 `, 148);
	return block;
}

function octal(value: number, length: number): string {
	return `${value.toString(8).padStart(length - 1, '0')}\0`;
}

function padding(size: number): number {
	return (512 - (size % 512)) % 512;
}
