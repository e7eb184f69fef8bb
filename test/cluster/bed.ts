import {mkdtemp, readdir, readFile, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {parse, parseAllDocuments} from 'yaml';
import {startCluster, type Cluster} from '../argocd/cluster.ts';
import {buildKubernetes} from '../argocd/programs.ts';
import {waitFor} from '../argocd/wait.ts';
import type {KubernetesApi, KubernetesObject} from '../argocd/kubernetes-api.ts';
import {argoCdFiles, newestArgoCd, type ArgoCdFiles} from './argo-cd-files.ts';

/** A real API server that knows Argo CD's kinds, and nothing that acts on them. */
export interface Bed {
	readonly cluster: Cluster;
	readonly api: KubernetesApi;
	readonly argoCd: ArgoCdFiles;
	readonly stop: () => Promise<void>;
}

const root = join(import.meta.dirname, '..', '..');
export const argoNamespace = 'argocd';
export const say = (line: string) => console.error(`cluster: ${line}`);

/** Starts it in some ten seconds, once prepare.ts has built and installed what is missing. */
export async function startBed(): Promise<Bed> {
	const kubernetes = await buildKubernetes(say);
	const argoCd = await argoCdFiles(newestArgoCd, say);
	const directory = await mkdtemp(join(tmpdir(), 'cluster-bed-'));
	const cluster = await startCluster(kubernetes, join(directory, 'cluster'), {controllers: 'none'});
	const {api} = cluster;
	const stop = async () => {
		await cluster.stop();
		await rm(directory, {recursive: true, force: true, maxRetries: 5});
	};
	try {
		await applyDefinitions(api, argoCd);
		await api.apply({apiVersion: 'v1', kind: 'Namespace', metadata: {name: argoNamespace}});
	} catch (error) {
		await stop();
		throw error;
	}
	return {cluster, api, argoCd, stop};
}

/** Applies the CustomResourceDefinitions of a release, over those of another one if there are. */
export async function applyDefinitions(api: KubernetesApi, {definitions}: ArgoCdFiles): Promise<void> {
	for (const name of await readdir(definitions)) {
		if (name.endsWith('-crd.yaml'))
			await api.apply(parse(await readFile(join(definitions, name), 'utf8')) as KubernetesObject);
	}
	await waitFor('Argo CD’s kinds', async () => {
		await api.get({apiVersion: 'argoproj.io/v1alpha1', kind: 'AppProject', namespace: argoNamespace, name: 'none'});
		await api.get({apiVersion: 'argoproj.io/v1alpha1', kind: 'Application', namespace: argoNamespace, name: 'none'});
		await api.get({apiVersion: 'argoproj.io/v1alpha1', kind: 'ApplicationSet', namespace: argoNamespace, name: 'none'});
		return true;
	});
}

/** The objects of a YAML file of this repository. */
export async function objectsOf(path: string): Promise<readonly KubernetesObject[]> {
	return readObjects(await readFile(join(root, path), 'utf8'));
}

/** The objects of a YAML text. */
export function readObjects(text: string): readonly KubernetesObject[] {
	return parseAllDocuments(text).flatMap((document) => {
		const object = document.toJS() as KubernetesObject | null;
		return object === null ? [] : [object];
	});
}
