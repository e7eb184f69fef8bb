import {readFile} from 'node:fs/promises';
import {join} from 'node:path';
import type {Say} from './cache.ts';
import {makeDatabase, type DatabaseOptions} from './database.ts';
import {imagesDirectory, readJson, type BuiltImage} from './images.ts';
import type {ExpectedScan} from './expected.ts';
import {packLayer} from './layer.ts';
import {
	describe,
	mediaTypes,
	toManifest,
	withLayer,
	type ImageConfig,
	type ImageManifest,
	type Manifest,
} from './manifest.ts';
import {makeJavaDatabase, type KnownJar} from './java-database.ts';
import {prepareLab, toolPaths, type LabTools} from './prepared.ts';
import {startProxy, type Proxy} from './proxy.ts';
import {startRegistry} from './registry.ts';

export type {Advisory, DatabaseOptions} from './database.ts';
export type {ExpectedFinding, ExpectedScan} from './expected.ts';
export {prepareLab, type PreparedLab} from './prepared.ts';

export interface SecureRegistry {
	/** `127.0.0.1:PORT`, TLS only, with the same content. */
	readonly registry: string;
	/** File with the PEM certificate of the authority that signed the server's. */
	readonly authority: string;
	readonly proxy: Proxy;
}

/** An image of which every part is said by hand. */
export interface LayersImage {
	readonly layers: readonly {readonly blob: Uint8Array; readonly diffId: string; readonly mediaType?: string}[];
	/** The text of the configuration; by default one that names the layers' diff ids. */
	readonly config?: string;
}

/** A registry with images and a vulnerability database, and the pinned tools. */
export interface Lab {
	/** `127.0.0.1:PORT` of the proxy. */
	readonly registry: string;
	readonly proxy: Proxy;
	/** `REGISTRY/aquasec/trivy-db:2`: fresh when the lab starts. */
	readonly databaseRepository: string;
	/** Paths of the pinned tools, whether or not they are built; crane is. */
	readonly tools: LabTools;
	/** The names of all images, sorted. */
	readonly imageNames: readonly string[];
	/** `REGISTRY/shop/<name>:1.0`. */
	readonly image: (name: string) => string;
	/** What the tag names: the index's digest when there are several platforms. With a platform: the digest of its image. */
	readonly digest: (name: string, platform?: string) => string;
	/** One sentence about the image. */
	readonly about: (name: string) => string;
	readonly expected: (name: string, platform?: string) => Promise<ExpectedScan>;
	/** Publishes an image under another name (`shop/other:2.0`) too; a tag that exists moves. @returns the reference. */
	readonly publish: (name: string, as: string) => Promise<string>;
	/**
	 * Publishes `shop/<name>-<label>:1.0`: a one-platform image with a layer of its own on top, which holds the label.
	 * @returns the reference and the digest.
	 */
	readonly publishVariant: (name: string, label: string) => Promise<{readonly image: string; readonly digest: string}>;
	/**
	 * Publishes an image that is made of layers as they are, under a name such as `shop/lies:1.0`: nothing of it has to be
	 * true. @returns the reference and the digest.
	 */
	readonly publishLayers: (
		as: string,
		image: LayersImage,
	) => Promise<{readonly image: string; readonly digest: string}>;
	/** Publishes a vulnerability database, by default in place of the lab's. @returns its reference, for `--db-repository`. */
	readonly pushDatabase: (options?: DatabaseOptions & {readonly as?: string}) => Promise<string>;
	/** Publishes Trivy's database of JARs. @returns its reference, for `--java-db-repository`. */
	readonly pushJavaDatabase: (jars: readonly KnownJar[], as?: string) => Promise<string>;
	/** The same registry over TLS, started at the first call. */
	readonly secure: () => Promise<SecureRegistry>;
	readonly stop: () => Promise<void>;
}

const databaseName = 'aquasec/trivy-db:2';

/**
 * Starts a lab, in a fifth of a second when it is prepared. It ends with `stop`, or with this process. The proxy is in
 * this process: tools that talk to it must be run without blocking (no `execFileSync`).
 */
export async function startLab({say = () => {}}: {readonly say?: Say} = {}): Promise<Lab> {
	const tools = await toolPaths();
	const prepared = await prepareLab({say});
	const started = performance.now();
	const images = await readJson<readonly BuiltImage[]>(join(prepared.images, 'images.json'));
	const registry = await startRegistry(tools.crane, [join(prepared.images, 'sha256')]);
	const proxy = await startProxy({upstream: registry.address});
	let secured: Promise<SecureRegistry> | undefined;
	let stopped: Promise<void> | undefined;
	const lab: Lab = {
		registry: proxy.address,
		proxy,
		databaseRepository: `${proxy.address}/${databaseName}`,
		tools,
		imageNames: images.map(({name}) => name).toSorted(),
		image: (name) => `${proxy.address}/shop/${known(name).name}:1.0`,
		digest: (name, platform) => (platform === undefined ? top(known(name)).digest : digestFor(name, platform)),
		about: (name) => known(name).what,
		async expected(name, platform = 'linux/amd64') {
			digestFor(name, platform);
			const file = join(imagesDirectory, name, 'expected.json');
			return (await readJson<Readonly<Record<string, ExpectedScan>>>(file))[platform] as ExpectedScan;
		},
		async publish(name, as) {
			const {repository, tag} = splitName(as);
			const image = known(name);
			for (const manifest of image.manifests) await registry.addManifest(repository, manifest);
			await registry.addManifest(repository, top(image), tag);
			return `${proxy.address}/${as}`;
		},
		async publishVariant(name, label) {
			if (known(name).manifests.length > 1) throw new Error(`${name} is for several platforms: it has no variants`);
			const layer = packLayer([{path: 'variant.txt', content: Buffer.from(`${label}\n`)}]);
			const manifest = JSON.parse(top(known(name)).text) as ImageManifest;
			const config = await readJson<ImageConfig>(join(prepared.images, manifest.config.digest.replace(':', '/')));
			const image = withLayer({manifest, config}, layer, `variant ${label}`);
			await registry.addBlob(layer.blob);
			await registry.addBlob(image.config);
			await registry.addManifest(`shop/${name}-${label}`, image, '1.0');
			return {image: `${proxy.address}/shop/${name}-${label}:1.0`, digest: image.digest};
		},
		async publishLayers(as, {layers, config = configOf(layers.map(({diffId}) => diffId))}) {
			const {repository, tag} = splitName(as);
			for (const blob of [Buffer.from(config), ...layers.map((layer) => layer.blob)]) await registry.addBlob(blob);
			const manifest = toManifest({
				schemaVersion: 2,
				mediaType: mediaTypes.manifest,
				config: describe(mediaTypes.config, config),
				layers: layers.map(({blob, mediaType = mediaTypes.layer}) => describe(mediaType, blob)),
			});
			await registry.addManifest(repository, manifest, tag);
			return {image: `${proxy.address}/${as}`, digest: manifest.digest};
		},
		async pushDatabase({as = databaseName, ...options} = {}) {
			const {blobs, manifest} = await makeDatabase(prepared.databaseProgram, options);
			for (const blob of blobs) await registry.addBlob(blob);
			const {repository, tag} = splitName(as);
			await registry.addManifest(repository, manifest, tag);
			return `${proxy.address}/${as}`;
		},
		async pushJavaDatabase(jars, as = 'aquasec/trivy-java-db:1') {
			const {blobs, manifest} = await makeJavaDatabase(jars);
			for (const blob of blobs) await registry.addBlob(blob);
			const {repository, tag} = splitName(as);
			await registry.addManifest(repository, manifest, tag);
			return `${proxy.address}/${as}`;
		},
		secure: () => (secured ??= startSecure(registry.address, prepared.certificates)),
		stop: () => (stopped ??= stopAll()),
	};
	await Promise.all([lab.pushDatabase(), ...images.map(({name}) => lab.publish(name, `shop/${name}:1.0`))]);
	say(`lab with ${images.length} images at ${lab.registry} in ${((performance.now() - started) / 1000).toFixed(1)} s`);
	return lab;

	async function stopAll(): Promise<void> {
		await Promise.all([proxy.stop(), secured?.then((secure) => secure.proxy.stop())]);
		await registry.stop();
	}

	function known(name: string): BuiltImage {
		const image = images.find((one) => one.name === name);
		if (image === undefined) throw new Error(`no image is named ${name}; there are ${lab.imageNames.join(', ')}`);
		return image;
	}

	function digestFor(name: string, platform: string): string {
		const digest = known(name).platforms[platform];
		if (digest === undefined) throw new Error(`${name} is not there for ${platform}`);
		return digest;
	}
}

async function startSecure(upstream: string, certificates: string): Promise<SecureRegistry> {
	const [key, cert] = await Promise.all(
		['server.key', 'server.pem'].map((name) => readFile(join(certificates, name), 'utf8')),
	);
	const proxy = await startProxy({upstream, tls: {key: key as string, cert: cert as string}});
	return {registry: proxy.address, authority: join(certificates, 'ca.pem'), proxy};
}

/** The least that a configuration says. */
function configOf(diffIds: readonly string[]): string {
	return JSON.stringify({architecture: 'amd64', os: 'linux', rootfs: {type: 'layers', diff_ids: diffIds}});
}

function top({manifests}: BuiltImage): Manifest {
	return manifests.at(-1) as Manifest;
}

function splitName(name: string): {readonly repository: string; readonly tag: string} {
	const [repository = '', tag = 'latest'] = name.split(':');
	return {repository, tag};
}
