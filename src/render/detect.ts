import {readdir, realpath, stat} from 'node:fs/promises';
import {basename, join, relative} from 'node:path';
import {GateError} from '../errors.ts';
import {resolveInside} from './confine.ts';
import {readBounded} from './read-bounded.ts';
import {kustomizationNames} from './kustomization.ts';
import {findManifestFiles, isSourceFile} from './manifest-files.ts';
import {fieldsOf, readYaml} from './yaml-values.ts';
import type {RenderParameters, Source} from '../types.ts';

interface Detect {
	/** The application's directory, absolute. */
	readonly directory: string;
	/** The repository's root, absolute; the directory is inside. */
	readonly root: string;
	/** What the author asks for; by default the directory's files decide. */
	readonly type: RenderParameters['type'];
	/** For plain sources. */
	readonly plain?: RenderParameters['plain'];
}

/**
 * Finds out what a directory is, as Argo CD does (util/app/discovery): only files directly in it count, a name that
 * ends in `Chart.yaml` makes a chart, and a kustomization wins over a chart. Returns real paths.
 * Throws source-not-found when the directory, or what `type` asks for, is not there, and source-refused for a file
 * that Argo CD would read and the gate cannot vouch for.
 */
export async function detectSource({directory, root, type, plain}: Detect): Promise<Source> {
	const place = await realPlace(directory, root);
	const names = await readdir(place.directory);
	await refuseSourceFiles(place.directory, names);
	const kustomization = kustomizationNames.find((name) => names.includes(name));
	const chart = names.filter((name) => name.endsWith('Chart.yaml'));
	switch (type ?? (kustomization !== undefined ? 'kustomize' : chart.length > 0 ? 'helm' : 'plain')) {
		case 'kustomize':
			if (kustomization === undefined)
				throw noSuchSource('kustomization.yaml, kustomization.yml or Kustomization', 'kustomize', place);
			await requireFile(kustomization, place);
			return {kind: 'kustomize', ...place, file: kustomization};
		case 'helm':
			if (!chart.includes('Chart.yaml'))
				throw chart[0] === undefined ? noSuchSource('Chart.yaml', 'helm', place) : notQuiteAChart(chart[0]);
			await requireFile('Chart.yaml', place);
			return {kind: 'helm', ...place};
		case 'plain':
			return {kind: 'plain', ...place, files: await findManifestFiles({...place, ...(plain ?? everything)})};
	}
}

const everything = {recurse: false, include: undefined, exclude: undefined};

interface Place {
	readonly directory: string;
	readonly root: string;
}

async function realPlace(directory: string, root: string): Promise<Place> {
	const what = 'source directory';
	const [realRoot, found] = await Promise.all([realpath(root), realpath(directory)]).catch((error: unknown) => {
		throw new GateError({
			stage: 'render',
			code: 'source-not-found',
			what: `the ${what} does not exist`,
			where: basename(directory),
			hint: 'Check the path.',
			cause: error,
		});
	});
	const inside = await resolveInside(realRoot, realRoot, relative(realRoot, found) || '.', what);
	if ((await stat(inside)).isDirectory()) return {directory: inside, root: realRoot};
	throw new GateError({
		stage: 'render',
		code: 'source-not-found',
		what: `the ${what} is not a directory`,
		where: relative(realRoot, inside),
		hint: 'Name the directory, or "-" to read manifests from stdin.',
	});
}

/** Argo CD merges these files over the application's source, and a `plugin` in them is the author speaking as the operator. */
async function refuseSourceFiles(directory: string, names: readonly string[]): Promise<void> {
	for (const name of names.filter(isSourceFile)) {
		const documents = readYaml(await readBounded(join(directory, name), 'source file', name), name);
		if (documents.every((document) => fieldsOf(document, 'plugin').length === 0)) continue;
		throw new GateError({
			stage: 'render',
			code: 'source-refused',
			what: 'the file has a "plugin" block, with which a repository can choose another plugin or change this one’s parameters',
			where: name,
			hint: 'Move it to the Application’s spec.source.plugin.',
		});
	}
}

async function requireFile(name: string, {directory, root}: Place): Promise<void> {
	const path = await resolveInside(root, directory, name, 'file');
	if ((await stat(path)).isFile()) return;
	throw new GateError({stage: 'render', code: 'source-not-found', what: 'the entry is not a file', where: name});
}

function noSuchSource(file: string, type: string, {directory, root}: Place): GateError {
	return new GateError({
		stage: 'render',
		code: 'source-not-found',
		what: `the type is ${type}, but the directory has no ${file}`,
		where: relative(root, directory) || '.',
		hint: 'Correct the path or leave the type to detection.',
	});
}

function notQuiteAChart(name: string): GateError {
	return new GateError({
		stage: 'render',
		code: 'source-not-found',
		what: 'the file makes its directory a chart for Argo CD, but helm reads only Chart.yaml',
		where: name,
		hint: 'Rename it to Chart.yaml, or set the type to plain.',
	});
}
