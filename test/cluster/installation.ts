import {cp, mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {stringify} from 'yaml';
import {readPins, toolPath} from '../../plugin/build-tools.mjs';
import {runProgram} from '../../src/exec.ts';
import type {KubernetesObject} from '../argocd/kubernetes-api.ts';
import {argoNamespace, readObjects} from './bed.ts';
import type {ArgoCdFiles} from './argo-cd-files.ts';

/** What an operator would write. */
export interface Installation {
	readonly components?: readonly string[];
	readonly resources?: readonly string[];
}

const plugin = join(import.meta.dirname, '..', '..', 'plugin');
export const gateImage = `registry.example/argocd-trivy-gate@sha256:${'0'.repeat(64)}`;

/**
 * What the pinned kustomize makes of a release's install.yaml with parts of plugin/, which the kustomization vendors:
 * a component has to stand below what uses it.
 */
export async function renderInstallation(
	{install}: ArgoCdFiles,
	{components = ['plugin'], resources = []}: Installation = {},
): Promise<readonly KubernetesObject[]> {
	const directory = await mkdtemp(join(tmpdir(), 'installation-'));
	try {
		await cp(plugin, join(directory, 'plugin'), {recursive: true});
		await writeFile(join(directory, 'install.yaml'), await readFile(install, 'utf8'));
		const [newName, digest] = gateImage.split('@');
		await writeFile(
			join(directory, 'kustomization.yaml'),
			stringify({
				namespace: argoNamespace,
				resources: ['install.yaml', ...resources],
				components,
				images: [{name: 'trivy-gate', newName, digest}],
			}),
		);
		return await kustomize(directory);
	} finally {
		await rm(directory, {recursive: true, force: true});
	}
}

/** What kustomize makes of a directory of plugin/. */
export function renderDirectory(path: string): Promise<readonly KubernetesObject[]> {
	return kustomize(join(plugin, path));
}

async function kustomize(directory: string): Promise<readonly KubernetesObject[]> {
	const pin = (await readPins()).tools.find(({name}) => name === 'kustomize');
	if (pin === undefined) throw new Error('plugin/tools.json names no kustomize');
	const result = await runProgram(toolPath(pin, process.env), ['build', directory], {
		environment: {HOME: directory},
		directory,
		timeoutMs: 60_000,
	});
	if (result.kind !== 'exited' || result.exitCode !== 0) {
		throw new Error(`kustomize: ${result.kind === 'exited' ? result.stderr : result.kind}`);
	}
	return readObjects(Buffer.from(result.stdout).toString('utf8'));
}

/** An object of a list, by kind and name (or how the name begins, for those that kustomize gives a hash). */
export function find(objects: readonly KubernetesObject[], kind: string, name: string): KubernetesObject {
	const found = objects.filter(
		(object) => object.kind === kind && (object.metadata.name === name || object.metadata.name.startsWith(`${name}-`)),
	);
	const [first] = found.toSorted((one, other) => one.metadata.name.length - other.metadata.name.length);
	if (first === undefined) throw new Error(`there is no ${kind}/${name}`);
	return first;
}
