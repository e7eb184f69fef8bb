import {cp, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, symlink, writeFile} from 'node:fs/promises';
import {createHash} from 'node:crypto';
import {createReadStream} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {pipeline} from 'node:stream/promises';
import {goSettings, readPins, run} from '../../plugin/build-tools.mjs';
import {cached, type Say} from '../lab/cache.ts';
import {describe, mediaTypes, toManifest, type Descriptor, type Manifest} from '../lab/manifest.ts';
import {startRegistry, type Registry} from '../lab/registry.ts';
import {aptFor} from './apt.ts';
import {baseNames} from './dockerfile.ts';
import {npmDirectory} from './npm.ts';

/** A layer that is not compressed, so that its digest is that of its content. */
interface BaseLayer {
	/** Holds the archive alone, named by its SHA-256. */
	readonly directory: string;
	readonly descriptor: Descriptor;
}

/** The images that the Dockerfile begins with. */
export interface BaseImages {
	/** Changes with the content. */
	readonly digests: readonly string[];
	/** A registry on loopback that has them as Docker Hub does. */
	readonly serve: (crane: string) => Promise<Registry>;
}

const architecture = {x64: 'amd64', arm64: 'arm64'}[process.arch as 'x64' | 'arm64'];

/**
 * Assembles stand-ins for Docker Hub's images, once: Debian's own packages, and on top of them this machine's Go, or
 * the Node and npm that the checkout is tested with.
 */
export async function makeBaseImages(say: Say): Promise<BaseImages> {
	const {go, node, runtime, release} = await baseNames();
	const debian = await debianLayer(release, say);
	const images = [
		{name: runtime, layers: [debian], path: ''},
		{name: node, layers: [debian, await nodeLayer(say)], path: ''},
		{name: go, layers: [debian, await goLayer(say)], path: '/usr/local/go/bin:'},
	].map(({name, layers, path}) => ({name, layers, ...imageOf(layers, path)}));
	return {
		digests: images.map(({manifest}) => manifest.digest),
		async serve(crane) {
			const registry = await startRegistry(crane, [
				...new Set(images.flatMap(({layers}) => layers.map(({directory}) => directory))),
			]);
			for (const {name, config, manifest} of images) {
				const [repository = '', tag] = name.split(':');
				await registry.addBlob(config);
				await registry.addManifest(`library/${repository}`, manifest, tag);
			}
			return registry;
		},
	};
}

function debianLayer(release: string, say: Say): Promise<BaseLayer> {
	return layer({
		what: `base-${release}`,
		settings: [release],
		takes: '40 s',
		say,
		async fill(archive) {
			const {sources, configuration} = await aptFor(release);
			const directory = await mkdtemp(join(tmpdir(), 'base-image-'));
			try {
				const options = join(directory, 'apt.conf');
				await writeFile(options, configuration);
				// As Docker Hub's: packages that Debian cannot be without, apt, and a dpkg that does not wait for the disk.
				const flags = ['--variant=apt', '--mode=root', `--aptopt=${options}`, '--dpkgopt=force-unsafe-io'];
				await run('mmdebstrap', [...flags, release, archive, ...sources]);
			} finally {
				await rm(directory, {recursive: true, force: true});
			}
		},
	});
}

async function nodeLayer(say: Say): Promise<BaseLayer> {
	const npm = await npmDirectory();
	const {version} = JSON.parse(await readFile(join(npm, 'package.json'), 'utf8')) as {readonly version: string};
	return layer({
		what: 'base-node',
		settings: [process.version, version],
		say,
		async fill(archive) {
			const directory = `${archive}.content`;
			const local = join(directory, 'usr', 'local');
			await mkdir(join(local, 'bin'), {recursive: true});
			await cp(process.execPath, join(local, 'bin', 'node'));
			await cp(npm, join(local, 'lib', 'node_modules', 'npm'), {recursive: true, verbatimSymlinks: true});
			await symlink('../lib/node_modules/npm/bin/npm-cli.js', join(local, 'bin', 'npm'));
			await run('tar', ['--create', '--file', archive, ...owned, '--directory', directory, 'usr']);
			await rm(directory, {recursive: true});
		},
	});
}

async function goLayer(say: Say): Promise<BaseLayer> {
	const {go} = await readPins();
	const {stdout} = await run('go', ['env', 'GOROOT', 'GOVERSION'], {environment: await goSettings(go)});
	const [root = '', version = ''] = stdout.split('\n');
	return layer({
		what: 'base-go',
		settings: [version],
		say,
		async fill(archive) {
			const prefix = ['--transform', 's,^[.],usr/local/go,S', '--exclude', './test', '--directory', root];
			await run('tar', ['--create', '--file', archive, ...owned, ...prefix, '.']);
		},
	});
}

const owned = ['--owner=0', '--group=0', '--numeric-owner'];

interface LayerStep {
	readonly what: string;
	readonly settings: readonly string[];
	readonly takes?: string;
	readonly say: Say;
	readonly fill: (archive: string) => Promise<void>;
}

async function layer({fill, ...step}: LayerStep): Promise<BaseLayer> {
	const directory = await cached({
		...step,
		inputs: [import.meta.filename],
		async fill(target) {
			const archive = join(target, 'layer.tar');
			await fill(archive);
			const hash = createHash('sha256');
			await pipeline(createReadStream(archive), hash);
			await rename(archive, join(target, hash.digest('hex')));
		},
	});
	const [name = ''] = await readdir(directory);
	const {size} = await stat(join(directory, name));
	const mediaType = 'application/vnd.oci.image.layer.v1.tar';
	return {directory, descriptor: {mediaType, digest: `sha256:${name}`, size}};
}

function imageOf(layers: readonly BaseLayer[], path: string) {
	const descriptors = layers.map(({descriptor}) => descriptor);
	const config = Buffer.from(
		JSON.stringify({
			architecture,
			os: 'linux',
			config: {Env: [`PATH=${path}/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`]},
			rootfs: {type: 'layers', diff_ids: descriptors.map(({digest}) => digest)},
		}),
	);
	const manifest: Manifest = toManifest({
		schemaVersion: 2,
		mediaType: mediaTypes.manifest,
		config: describe(mediaTypes.config, config),
		layers: descriptors,
	});
	return {config, manifest};
}
