import {lstat, mkdir, readdir, rm, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {run} from '../../plugin/build-tools.mjs';
import type {Lab} from '../lab/lab.ts';
import {packLayer} from '../lab/layer.ts';
import type {ImageConfig, ImageManifest} from '../lab/manifest.ts';

/** The image in a lab's registry, as `argocd-trivy-gate:released`. */
export interface PublishedImage {
	readonly manifest: ImageManifest;
	readonly config: ImageConfig;
	/** Holds its files, with owners and modes, as the registry gives them out. */
	readonly files: string;
	/** Publishes the image with one file more, or another one, as `argocd-trivy-gate:TAG`. */
	readonly plant: (tag: string, path: string, content: string) => Promise<void>;
}

/** @param directory where files are put. */
export async function publishImage(layout: string, lab: Lab, directory: string): Promise<PublishedImage> {
	const nameOf = (tag: string) => `${lab.registry}/argocd-trivy-gate:${tag}`;
	const crane = async (...args: readonly string[]) =>
		(await run(lab.tools.crane, args, {environment: {...process.env, DOCKER_CONFIG: directory}})).stdout;
	const name = nameOf('released');
	await crane('push', layout, name);
	const files = join(directory, 'files');
	const archive = join(directory, 'files.tar');
	await mkdir(files);
	await crane('export', name, archive);
	await run('tar', ['--extract', '--preserve-permissions', '--file', archive, '--directory', files]);
	await rm(archive);
	return {
		files,
		manifest: JSON.parse(await crane('manifest', name)) as ImageManifest,
		config: JSON.parse(await crane('config', name)) as ImageConfig,
		async plant(tag, path, content) {
			const layer = join(directory, `${tag}.tar.gz`);
			await writeFile(layer, packLayer([{path, content: Buffer.from(content)}]).blob);
			await crane('append', '--base', name, '--new_layer', layer, '--new_tag', nameOf(tag));
		},
	};
}

interface Entry {
	/** Without a leading slash. */
	readonly path: string;
	readonly kind: 'file' | 'directory' | 'link';
	readonly mode: number;
	readonly uid: number;
	/** Bytes; of files only. */
	readonly size: number;
}

/** All that is below a directory, sorted within each; links are not followed. */
export async function entriesOf(root: string, below = ''): Promise<readonly Entry[]> {
	const names = (await readdir(join(root, below))).toSorted();
	const found = await Promise.all(
		names.map(async (name) => {
			const path = join(below, name);
			const stats = await lstat(join(root, path));
			const kind = stats.isDirectory() ? 'directory' : stats.isSymbolicLink() ? 'link' : 'file';
			const entry: Entry = {path, kind, mode: stats.mode, uid: stats.uid, size: kind === 'file' ? stats.size : 0};
			return kind === 'directory' ? [entry, ...(await entriesOf(root, path))] : [entry];
		}),
	);
	return found.flat();
}
