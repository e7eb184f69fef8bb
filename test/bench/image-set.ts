import {createCipheriv, createHash} from 'node:crypto';
import {mkdir, readFile, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {toolPath} from '../../plugin/tool-cache.mjs';
import {readPins} from '../../plugin/build-tools.mjs';
import {cached, type Say} from '../lab/cache.ts';
import {imagesDirectory, readJson} from '../lab/images.ts';
import type {Lab} from '../lab/lab.ts';
import {layerFiles, packLayer, type LayerFile} from '../lab/layer.ts';

/** The images of the scan bench in a lab's registry. */
export interface ImageSet {
	/** References by tag. */
	readonly images: readonly string[];
	readonly layers: readonly string[];
	/** The size of all distinct layers as they are sent. */
	readonly bytes: number;
}

interface StoredLayer {
	readonly digest: string;
	readonly diffId: string;
}

const megabyte = 1_000_000;
const perBase = 8;
const root = join(import.meta.dirname, '..', '..');

/** A Debian package database, a real Go program, npm packages, and noise up to the size. */
const bases = [
	{megabytes: 20, tool: 'crane', packages: ['yaml', 'fastify', 'pino']},
	{megabytes: 40, tool: 'kustomize', packages: ['zod', 'yargs', 'execa']},
	{megabytes: 60, tool: 'helm', packages: ['js-yaml', 'fast-check', 'prom-client']},
] as const;
/** What an application's own layer is, and that of the one big image. */
const own = {megabytes: 1, bigMegabytes: 130};

/** Publishes 24 images over three bases, the first of them some 150 MB; their layers are made once. */
export async function publishImageSet(lab: Lab, say: Say): Promise<ImageSet> {
	const directory = await makeLayers(say);
	const stored = await readJson<{bases: StoredLayer[]; own: StoredLayer[]}>(join(directory, 'layers.json'));
	const load = async ({digest, diffId}: StoredLayer) => ({blob: await readFile(join(directory, digest)), diffId});
	const images: string[] = [];
	for (const [index, layer] of stored.own.entries()) {
		const base = stored.bases[index % stored.bases.length];
		if (base === undefined) throw new Error('the set has no bases');
		const layers = [await load(base), await load(layer)];
		images.push((await lab.publishLayers(`bench/app-${index}:1.0`, {layers})).image);
	}
	const layers = [...stored.bases, ...stored.own];
	const sizes = await Promise.all(layers.map(async ({digest}) => (await readFile(join(directory, digest))).length));
	return {images, layers: layers.map(({digest}) => digest), bytes: sizes.reduce((sum, size) => sum + size, 0)};
}

async function makeLayers(say: Say): Promise<string> {
	const {tools} = await readPins();
	const programs = bases.map(({tool}) => {
		const pin = tools.find(({name}: {name: string}) => name === tool);
		if (pin === undefined) throw new Error(`plugin/tools.json does not pin ${tool}`);
		return toolPath(pin, process.env);
	});
	return cached({
		what: 'bench-layers',
		inputs: [
			import.meta.filename,
			join(import.meta.dirname, '../lab/layer.ts'),
			join(root, 'package-lock.json'),
			join(imagesDirectory, 'debian/files'),
		],
		settings: programs,
		takes: 'a minute',
		say,
		async fill(directory) {
			await mkdir(directory, {recursive: true});
			const store = async (files: readonly LayerFile[], megabytes: number, seed: string): Promise<StoredLayer> => {
				const {digest, diffId, blob} = packUpTo(files, megabytes * megabyte, seed);
				await writeFile(join(directory, digest), blob);
				return {digest, diffId};
			};
			const debian = await layerFiles(join(imagesDirectory, 'debian/files'));
			const layers: {bases: StoredLayer[]; own: StoredLayer[]} = {bases: [], own: []};
			for (const [index, {megabytes, tool, packages}] of bases.entries()) {
				const program = await readFile(programs[index] ?? '');
				const files = [...debian, {path: `usr/local/bin/${tool}`, content: program, executable: true}];
				layers.bases.push(await store([...files, ...(await npmTree(packages))], megabytes, `base ${index}`));
			}
			const service = await npmTree(['lodash', 'ajv', 'semver']);
			for (let index = 0; index < bases.length * perBase; index += 1) {
				const label = {path: 'srv/app/label.txt', content: Buffer.from(`application ${index}\n`)};
				layers.own.push(
					await store([...service, label], index === 0 ? own.bigMegabytes : own.megabytes, `application ${index}`),
				);
			}
			await writeFile(join(directory, 'layers.json'), JSON.stringify(layers));
		},
	});
}

/** Packages of the checkout as an application would install them; paths that tar's header has no room for are left out. */
async function npmTree(packages: readonly string[]): Promise<readonly LayerFile[]> {
	const trees = await Promise.all(
		packages.map((name) => layerFiles(join(root, 'node_modules', name), `srv/app/node_modules/${name}`)),
	);
	return trees.flat().filter(({path}) => Buffer.byteLength(path) <= 100);
}

/** Packs files and as much noise as brings the compressed layer to the size. */
function packUpTo(files: readonly LayerFile[], bytes: number, seed: string) {
	const missing = bytes - packLayer(files).blob.length;
	return packLayer([...files, ...noise(Math.max(0, missing), seed)]);
}

/** Bytes that do not compress and are the same every time, in files of 4 MB at most. */
function noise(bytes: number, seed: string): readonly LayerFile[] {
	const key = createHash('sha256').update(seed).digest();
	const cipher = createCipheriv('aes-256-ctr', key, Buffer.alloc(16));
	const size = 4 * megabyte;
	return Array.from({length: Math.ceil(bytes / size)}, (_, index) => ({
		path: `usr/share/data/${index}.bin`,
		content: cipher.update(Buffer.alloc(Math.min(size, bytes - index * size))),
	}));
}
