import {readdir, realpath} from 'node:fs/promises';
import {dirname, join, relative} from 'node:path';
import {isInside, resolveInside} from './render/confine.ts';
import {readBounded} from './render/read-bounded.ts';
import type {ImageOrigin, ImageReference, Source} from './types.ts';

/** A line of a file, by its path from the root of the repository. */
export interface Place {
	readonly file: string;
	readonly line: number;
}

export type PlaceOf = (image: string, origin: ImageOrigin) => Place | undefined;

/** Of a kustomization with its bases. */
const mostFiles = 500;

interface SourceFile {
	/** From the root of the repository. */
	readonly file: string;
	readonly lines: readonly string[];
}

/**
 * Where each image is written, for readers who look at a pull request: the template or the manifest, and the line that
 * names the image, or else the field or the object. It is a guess wherever a template makes the name, and nothing is
 * decided by it; what cannot be read is no error.
 */
export async function placesOf(references: readonly ImageReference[], source: Source): Promise<PlaceOf> {
	if (source.kind === 'stdin') return () => undefined;
	const root = await realpath(source.root);
	const read = reader(root);
	if (source.kind === 'kustomize') {
		const files = await kustomizeFiles(source, read);
		return (image, origin) => inKustomization(image, origin, files);
	}
	const names = new Set(references.flatMap(({origins}) => origins.flatMap(({file}) => file ?? [])));
	const byName = new Map<string, SourceFile>();
	const ofChart = source.kind === 'helm' ? await read(source.directory, 'Chart.yaml') : undefined;
	for (const name of [...names].slice(0, mostFiles)) {
		// Helm puts the chart's own name in front.
		const path = source.kind === 'helm' ? name.replace(/^[^/]*\//, '') : name;
		// The templates of a packed subchart are no files of the repository.
		const file = (await read(source.directory, path)) ?? ofChart;
		if (file !== undefined) byName.set(name, file);
	}
	return (image, origin) => {
		const found = byName.get(origin.file ?? '');
		return found === undefined ? undefined : {file: found.file, line: lineIn(found, image, origin) ?? 1};
	};
}

type Read = (directory: string, path: string) => Promise<SourceFile | undefined>;

function reader(root: string): Read {
	return async (directory, path) => {
		try {
			const real = await resolveInside(root, directory, join('.', path), 'file');
			const bytes = await readBounded(real, 'file', path);
			return {file: relative(root, real), lines: bytes.toString('utf8').split('\n')};
		} catch {
			return undefined;
		}
	};
}

/** The kustomization first, then the files of its directory and of the directories that it names. */
async function kustomizeFiles(
	{directory, root, file}: Source & {kind: 'kustomize'},
	read: Read,
): Promise<readonly SourceFile[]> {
	const files: SourceFile[] = [];
	const seen = new Set<string>();
	const todo = [directory];
	for (let current = todo.shift(); current !== undefined && files.length < mostFiles; current = todo.shift()) {
		const real = await realpath(current).catch(() => undefined);
		if (real === undefined || seen.has(real) || !isInside(await realpath(root), real)) continue;
		seen.add(real);
		const entries = await readdir(real, {withFileTypes: true}).catch(() => []);
		const names = entries.filter((entry) => entry.isFile() && /\.ya?ml$|^Kustomization$/.test(entry.name));
		const kustomizationFirst = names
			.map(({name}) => name)
			.toSorted((one, other) => Number(isKustomization(other, file)) - Number(isKustomization(one, file)));
		for (const name of kustomizationFirst.slice(0, mostFiles - files.length)) {
			const found = await read(real, name);
			if (found === undefined) continue;
			files.push(found);
			if (!isKustomization(name, file)) continue;
			const named = found.lines.flatMap((line) => /^\s*-\s+["']?([^\s"'#:]+)["']?\s*(?:#.*)?$/.exec(line)?.[1] ?? []);
			todo.push(...named.map((path) => join(real, /\.ya?ml$/.test(path) ? dirname(path) : path)));
		}
	}
	return files;
}

function isKustomization(name: string, file: string): boolean {
	return name === file || /^(?:kustomization\.ya?ml|Kustomization)$/.test(name);
}

/** As written, else as an entry of `images` names it, else where the object stands. */
function inKustomization(image: string, {object}: ImageOrigin, files: readonly SourceFile[]): Place | undefined {
	const [repository = ''] = image.split(/@|:(?=[^/]*$)/);
	const name = object.split('/').at(-1) ?? '';
	for (const wanted of [image, repository, `name: ${name}`]) {
		for (const {file, lines} of wanted === '' ? [] : files) {
			const line = lines.findIndex((text) => text.includes(wanted));
			if (line >= 0) return {file, line: line + 1};
		}
	}
	const [kustomization] = files;
	return kustomization === undefined ? undefined : {file: kustomization.file, line: 1};
}

/** The line that holds the name, else the one of the field: in `initContainers[1].image` the first `image:` below it. */
function lineIn({lines}: SourceFile, image: string, {path}: ImageOrigin): number | undefined {
	const written = image === '' ? -1 : lines.findIndex((text) => text.includes(image));
	if (written >= 0) return written + 1;
	const keys = path.split('.').map((part) => part.replace(/\[.*$/, ''));
	const lineOf = (key: string, from: number) => lines.findIndex((text, index) => index >= from && keyOf(text) === key);
	const list = lineOf(keys.at(-2) ?? '', 0);
	const field = lineOf(keys.at(-1) ?? '', Math.max(0, list));
	return field >= 0 ? field + 1 : undefined;
}

function keyOf(line: string): string | undefined {
	return /^\s*(?:-\s+)?["']?([\w.-]+)["']?\s*:/.exec(line)?.[1];
}
