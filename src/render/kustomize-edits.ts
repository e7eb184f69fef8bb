import {readFile, realpath, stat, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {isAlias, isCollection, isMap, isSeq, parseAllDocuments, visit} from 'yaml';
import {GateError} from '../errors.ts';
import {isInside, outside} from './confine.ts';
import {isAddress} from './kustomize-paths.ts';
import {substitute} from './substitute.ts';
import type {Document} from 'yaml';
import type {BuildEnvironment, RenderParameters} from '../types.ts';

type Kustomize = RenderParameters['kustomize'];

/** One change of the kustomization: a `kustomize edit …` command, or patches, for which there is none. */
export type Edit =
	| {readonly kind: 'command'; readonly args: readonly string[]}
	| {readonly kind: 'patches'; readonly yaml: string};

/**
 * The changes that parameters ask for, in Argo CD's order (util/kustomize/kustomize.go, Build).
 * Names are sorted, where Argo CD takes Go's random map order. Throws parameters-invalid.
 */
export function planEdits(kustomize: Kustomize, build: BuildEnvironment): readonly Edit[] {
	const {namePrefix, nameSuffix, images, replicas, commonLabels, commonAnnotations, namespace, patches, components} =
		kustomize;
	const labels = pairs(commonLabels, (value) => substitute(value, build));
	const annotations = pairs(commonAnnotations, (value) =>
		kustomize.commonAnnotationsEnvsubst ? substitute(value, build) : value,
	);
	const labelFlags = [
		...(kustomize.forceCommonLabels ? ['--force'] : []),
		...(kustomize.labelWithoutSelector ? ['--without-selector'] : []),
		...(kustomize.labelIncludeTemplates ? ['--include-templates'] : []),
	];
	return [
		...command(['set', 'nameprefix'], given(namePrefix)),
		...command(['set', 'namesuffix'], given(nameSuffix)),
		...command(
			['set', 'image'],
			images.map((image) => substitute(image, build)),
		),
		...command(['set', 'replicas'], replicaCounts(replicas)),
		...command(['add', 'label', ...labelFlags], labels),
		...command(['add', 'annotation', ...(kustomize.forceCommonAnnotations ? ['--force'] : [])], annotations),
		...command(['set', 'namespace'], given(namespace)),
		...given(patches).map((yaml): Edit => ({kind: 'patches', yaml})),
		...command(['add', 'component'], components),
	];
}

/**
 * The components to add: all of them, or with ignoreMissingComponents those that exist in the checkout.
 * Throws path-outside for one that leads out of the repository.
 */
export async function checkComponents(
	{components, ignoreMissingComponents}: Kustomize,
	directory: string,
	root: string,
): Promise<readonly string[]> {
	const kept: string[] = [];
	for (const component of components) {
		const wanted = join(directory, component);
		const found = await realpath(wanted).catch(() => undefined);
		if (!isAddress(component) && !isInside(root, found ?? wanted)) throw outside('component', component);
		if (found !== undefined || !ignoreMissingComponents) kept.push(component);
	}
	return kept;
}

/** Appends patches to a kustomization file, whose other text keeps its meaning. Throws parameters-invalid, source-refused. */
export async function addPatches(directory: string, file: string, yaml: string): Promise<void> {
	const path = join(directory, file);
	const kustomization = onlyDocument(await readFile(path, 'utf8'));
	if (kustomization === undefined || !isMap(kustomization.contents)) throw notAMapping(file);
	const added = onlyDocument(yaml);
	if (added === undefined || !isSeq(added.contents) || hasAlias(added)) throw badPatches();
	const patches = kustomization.get('patches');
	if (patches !== undefined && patches !== null && !isSeq(patches)) throw notAMapping(file);
	if (isSeq(patches)) for (const item of added.contents.items) patches.items.push(item);
	else kustomization.set('patches', added.contents);
	await writeFile(path, kustomization.toString({lineWidth: 0}), {mode: (await stat(path)).mode});
}

function command(args: readonly string[], operands: readonly string[]): readonly Edit[] {
	return operands.length === 0 ? [] : [{kind: 'command', args: ['edit', ...args, '--', ...operands]}];
}

function given(value: string | undefined): readonly string[] {
	return value === undefined || value === '' ? [] : [value];
}

function pairs(record: Readonly<Record<string, string>>, change: (value: string) => string): readonly string[] {
	return Object.keys(record)
		.toSorted()
		.map((name) => `${name}:${change(record[name] ?? '')}`);
}

function replicaCounts(replicas: Readonly<Record<string, string>>): readonly string[] {
	return Object.keys(replicas)
		.toSorted()
		.map((name) => {
			const count = replicas[name] ?? '';
			if (/^\d{1,9}$/.test(count)) return `${name}=${Number(count)}`;
			throw new GateError({
				stage: 'render',
				code: 'parameters-invalid',
				what: 'a number of replicas is no number',
				where: `replicas of "${name}": ${count}`,
			});
		});
}

/** All scalars stay as they are written: with the failsafe schema nothing is a number or a date. */
function onlyDocument(text: string): Document.Parsed | undefined {
	const documents = parseAllDocuments(text, {schema: 'failsafe', prettyErrors: false, logLevel: 'silent'});
	const [first, second] = documents;
	return first === undefined || second !== undefined || first.errors.length > 0 ? undefined : first;
}

function hasAlias(document: Document.Parsed): boolean {
	let found = false;
	visit(document, (_key, node) => {
		if (isAlias(node) || (isCollection(node) && node.anchor !== undefined)) found = true;
	});
	return found;
}

function notAMapping(file: string): GateError {
	return new GateError({
		stage: 'render',
		code: 'source-refused',
		what: 'patches cannot be added to the kustomization',
		where: file,
		hint: 'It must be one YAML mapping whose "patches", if any, are a list.',
	});
}

function badPatches(): GateError {
	return new GateError({
		stage: 'render',
		code: 'parameters-invalid',
		what: 'the patches are no YAML list',
		where: 'parameter "patches"',
		hint: 'Write them as under "patches:" in a kustomization, without anchors.',
	});
}
