import {realpath, stat} from 'node:fs/promises';
import {dirname, join, relative} from 'node:path';
import {GateError} from '../errors.ts';
import {confineTree} from './confine.ts';
import {readBounded} from './read-bounded.ts';
import {checkHelmChart} from './kustomize-charts.ts';
import {isAddress, refuseRemoteFile, resolveLocal, sourcePath} from './kustomize-paths.ts';
import {fieldsOf, isMapping, readYaml, stringsOf} from './yaml-values.ts';
import type {Place} from './kustomize-paths.ts';

/** The names kustomize knows, in its order (argo-cd util/kustomize, KustomizationNames). */
export const kustomizationNames = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'] as const;

const maxVisits = 5000;

interface Confinement {
	/** Real paths. */
	readonly directory: string;
	readonly root: string;
	/** Whether kustomize is run with --enable-helm: then charts are read, too. */
	readonly helm: boolean;
	/** Whether kustomize is run with --load-restrictor, so that it may read files anywhere. */
	readonly unrestricted: boolean;
}

/** `files` and `fields` hold paths; what a plugin's configuration may hold is looked for under every known name. */
const listsOfPaths = ['resources', 'bases', 'components', 'crds', 'configurations', 'patchesStrategicMerge'];
const listsOfPlugins = ['generators', 'transformers', 'validators'];
const namedPaths = [
	'path',
	'paths',
	'files',
	'envs',
	'env',
	'valuesFile',
	'additionalValuesFiles',
	'chartHome',
	'configHome',
	'argsFromFile',
];
const fieldsWithPaths: Readonly<Record<string, readonly string[]>> = {
	patches: ['path'],
	patchesJson6902: ['path'],
	replacements: ['path'],
	openapi: ['path'],
	configMapGenerator: ['files', 'envs', 'env'],
	secretGenerator: ['files', 'envs', 'env'],
	helmGlobals: ['chartHome', 'configHome'],
	helmCharts: ['valuesFile', 'additionalValuesFiles', 'chartHome'],
	helmChartInflationGenerator: ['values', 'chartHome'],
};

interface Visit {
	readonly path: string;
	/** Set when its documents configure plugins: the directory at which the paths in them start. */
	readonly pluginsOf: string | undefined;
}

/**
 * Follows a kustomization to every other one that it brings in, and throws path-outside when a path leads out of the
 * repository: kustomize keeps files below each kustomization, but takes directories from anywhere.
 * Addresses are left to kustomize, except `file://` and, with helm, all of them (source-refused). Where files are not
 * kept below, plugins are configured by files of the repository alone.
 */
export async function confineKustomization({directory, ...limits}: Confinement): Promise<void> {
	const {root, helm} = limits;
	await confineTree(directory, root);
	const todo: Visit[] = [{path: directory, pluginsOf: undefined}];
	const seen = new Set<string>();
	for (let visit = todo.pop(); visit !== undefined; visit = todo.pop()) {
		const {path, pluginsOf} = visit;
		const id = `${path}\0${pluginsOf ?? ''}`;
		if (seen.has(id)) continue;
		seen.add(id);
		if (seen.size > maxVisits) throw tooMany();
		const isDirectory = (await stat(path)).isDirectory();
		if (!isDirectory && pluginsOf === undefined) continue;
		if (isDirectory && helm) await confineTree(path, root);
		for (const file of isDirectory ? await kustomizationFiles(path) : [path]) {
			const as = relative(root, file);
			for (const document of readYaml(await readBounded(file, 'kustomization', as), as)) {
				if (isDirectory) todo.push(...(await kustomizationPaths(document, {...limits, folder: path, as}, pluginsOf)));
				else await checkConfiguration(document, {...limits, folder: pluginsOf ?? dirname(path), as});
			}
		}
	}
}

async function kustomizationFiles(directory: string): Promise<readonly string[]> {
	const found = await Promise.all(
		kustomizationNames.map((name) => realpath(join(directory, name)).catch(() => undefined)),
	);
	return found.filter((path) => path !== undefined);
}

/** What a kustomization names and exists here; everything is checked on the way. */
async function kustomizationPaths(
	document: unknown,
	place: Place,
	pluginsOf: string | undefined,
): Promise<readonly Visit[]> {
	const visits: Visit[] = [];
	const follow = async (text: string, owner: string | undefined) => {
		const path = await resolveLocal(text, place);
		if (path !== undefined) visits.push({path, pluginsOf: owner});
	};
	// In a directory of plugin configurations, the resources are configurations.
	for (const text of listsOfPaths.flatMap((name) => strings(document, name))) await follow(text, pluginsOf);
	for (const text of listsOfPlugins.flatMap((name) => strings(document, name))) {
		const inline = readYaml(Buffer.from(text), place.as).filter((value) => typeof value === 'object');
		for (const value of inline) await checkConfiguration(value, place);
		if (inline.length > 0) {
			await resolveLocal(text, place, true);
			continue;
		}
		await refuseHiddenPlugins(text, place);
		await follow(text, pluginsOf ?? place.folder);
	}
	for (const [field, names] of Object.entries(fieldsWithPaths)) {
		for (const entry of fieldsOf(document, field).flatMap(entriesOf)) {
			for (const text of names.flatMap((name) => strings(entry, name))) {
				refuseRemoteFile(text, place.as);
				await resolveLocal(text, place, true);
				await follow(sourcePath(text), undefined);
			}
			if (place.helm && field.startsWith('helm')) checkHelmChart(entry, place.as);
		}
	}
	return visits;
}

/** A plugin's configuration: whatever may be a path in it, at any depth. */
async function checkConfiguration(value: unknown, place: Place): Promise<void> {
	if (Array.isArray(value)) {
		for (const item of value) await checkConfiguration(item, place);
		return;
	}
	if (!isMapping(value)) return;
	if (place.helm) checkHelmChart(value, place.as);
	for (const text of namedPaths.flatMap((name) => strings(value, name))) {
		refuseRemoteFile(text, place.as);
		await resolveLocal(text, place, true);
		await resolveLocal(sourcePath(text), place, true);
	}
	for (const item of Object.values(value)) await checkConfiguration(item, place);
}

/** Configurations from an address cannot be seen, and those of a directory can be patched on their way. */
async function refuseHiddenPlugins(text: string, {folder, helm, unrestricted, as}: Place): Promise<void> {
	if (!helm && !unrestricted) return;
	const isFile = await stat(join(folder, text)).then(
		(stats) => stats.isFile(),
		() => !isAddress(text),
	);
	if (isFile) return;
	throw new GateError({
		stage: 'render',
		code: 'source-refused',
		what: 'with --enable-helm or --load-restrictor, plugins are configured by files of the repository alone',
		where: `${text} in ${as}`,
		hint: 'Name the files themselves.',
	});
}

function strings(value: unknown, name: string): readonly string[] {
	return fieldsOf(value, name).flatMap((field) => (isMapping(field) ? [] : stringsOf(field)));
}

function entriesOf(value: unknown): readonly unknown[] {
	return Array.isArray(value) ? value : [value];
}

function tooMany(): GateError {
	return new GateError({
		stage: 'render',
		code: 'limit-exceeded',
		what: `the kustomization brings in more than ${maxVisits} others`,
		hint: 'Split the application.',
	});
}
