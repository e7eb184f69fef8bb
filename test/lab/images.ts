import {cp, mkdir, readFile, writeFile} from 'node:fs/promises';
import {basename, dirname, join} from 'node:path';
import {goSettings, run} from '../../plugin/build-tools.mjs';
import {cached, filesBelow, type Say} from './cache.ts';
import {digestOf, layerFiles, packLayer, type Layer, type LayerFile} from './layer.ts';
import {indexOf, platformImage, type Manifest} from './manifest.ts';

/** A layer: a directory below test/images, or what npm or go makes of one. */
type LayerSource = string | {readonly npm: string; readonly at: string} | {readonly go: string; readonly at: string};

interface ImageSource {
	readonly what: string;
	readonly platforms: Readonly<Record<string, readonly LayerSource[]>>;
}

/** An image that is ready to be pushed. */
export interface BuiltImage {
	readonly name: string;
	readonly what: string;
	/** The digest of each platform's manifest. */
	readonly platforms: Readonly<Record<string, string>>;
	/** In the order in which a registry takes them: the last is what a tag names. */
	readonly manifests: readonly Manifest[];
}

interface Tools {
	readonly go: string;
	readonly say: Say;
}

/** The content of the images: one directory each. */
export const imagesDirectory = join(import.meta.dirname, '../images');

/**
 * Builds all images of test/images once.
 * @returns a directory with `images.json` (BuiltImage[]) and every blob as `sha256/<hex>`.
 */
export async function buildImages({go, say}: Tools): Promise<string> {
	const content = (await filesBelow(imagesDirectory)).filter((file) => basename(file) !== 'expected.json');
	const names = content.filter((file) => basename(file) === 'image.json').map((file) => dirname(file));
	const code = ['images.ts', 'layer.ts', 'manifest.ts'].map((file) => join(import.meta.dirname, file));
	return cached({
		what: 'images',
		inputs: [...content.map((file) => join(imagesDirectory, file)), ...code],
		settings: [go],
		say,
		async fill(directory) {
			await mkdir(join(directory, 'sha256'));
			const layers = new Map<string, Promise<Layer>>();
			const images: BuiltImage[] = [];
			for (const name of names) {
				images.push(await buildImage(name, directory, (source) => layerOnce(layers, source, {go, say})));
			}
			await writeFile(join(directory, 'images.json'), JSON.stringify(images, undefined, '\t'));
		},
	});
}

/** Compiles a Go module of ours, statically. `go` is the pinned version; `variables` are set in the program by name. */
export async function compile(
	module: string,
	output: string,
	go: string,
	target: Readonly<Record<string, string>> = {},
	variables: Readonly<Record<string, string>> = {},
): Promise<void> {
	const environment = {...(await goSettings(go)), CGO_ENABLED: '0', ...target};
	const set = Object.entries(variables).map(([name, value]) => ` -X ${name}=${value}`);
	const options = ['-trimpath', '-buildvcs=false', '-mod=readonly', '-ldflags', `-s -w${set.join('')}`];
	await run('go', ['build', ...options, '-o', output, '.'], {cwd: module, environment});
}

/** A JSON file of ours: trusted to have its type. */
export async function readJson<T>(file: string): Promise<T> {
	return JSON.parse(await readFile(file, 'utf8')) as T;
}

async function buildImage(
	name: string,
	directory: string,
	layerOf: (source: LayerSource) => Promise<Layer>,
): Promise<BuiltImage> {
	const {what, platforms} = await readJson<ImageSource>(join(imagesDirectory, name, 'image.json'));
	const images: (readonly [string, Manifest])[] = [];
	for (const [platform, sources] of Object.entries(platforms)) {
		const layers = await Promise.all(sources.map(layerOf));
		const {config, ...manifest} = platformImage(
			platform,
			layers,
			sources.map((source) => JSON.stringify(source)),
		);
		for (const blob of [config, ...layers.map((layer) => layer.blob)]) await storeBlob(directory, blob);
		images.push([platform, manifest]);
	}
	const manifests = images.map(([, manifest]) => manifest);
	return {
		name,
		what,
		platforms: Object.fromEntries(images.map(([platform, {digest}]) => [platform, digest])),
		manifests: images.length === 1 ? manifests : [...manifests, indexOf(images)],
	};
}

function layerOnce(layers: Map<string, Promise<Layer>>, source: LayerSource, tools: Tools): Promise<Layer> {
	const key = JSON.stringify(source);
	const layer = layers.get(key) ?? filesOf(source, tools).then(packLayer);
	layers.set(key, layer);
	return layer;
}

async function filesOf(source: LayerSource, {go, say}: Tools): Promise<readonly LayerFile[]> {
	if (typeof source === 'string') return layerFiles(join(imagesDirectory, source));
	if ('npm' in source) {
		const files = await layerFiles(await installNpmTree(source.npm, say), source.at);
		// npm's own notes about the tree depend on npm's version.
		return files.filter((file) => !file.path.endsWith('node_modules/.package-lock.json'));
	}
	const program = join(await buildGoProgram(source.go, go, say), 'program');
	return [{path: source.at, content: await readFile(program), executable: true}];
}

function installNpmTree(source: string, say: Say): Promise<string> {
	const from = join(imagesDirectory, source);
	return cached({
		what: source.replaceAll('/', '-'),
		inputs: [from],
		say,
		async fill(directory) {
			await cp(from, directory, {recursive: true});
			// The prefix is said because an npm that runs this passes its own on in the environment.
			const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefix', directory];
			await run('npm', ['ci', ...options], {cwd: directory});
		},
	});
}

function buildGoProgram(source: string, go: string, say: Say): Promise<string> {
	const from = join(imagesDirectory, source);
	return cached({
		what: source.replaceAll('/', '-'),
		inputs: [from],
		settings: [go],
		say,
		fill: (directory) => compile(from, join(directory, 'program'), go, {GOOS: 'linux', GOARCH: 'amd64'}),
	});
}

async function storeBlob(directory: string, blob: Buffer): Promise<void> {
	await writeFile(join(directory, 'sha256', digestOf(blob).replace('sha256:', '')), blob);
}
