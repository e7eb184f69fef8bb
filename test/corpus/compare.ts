// Compares the gate's finder with three others over manifests of the world. For development: nothing of what it reads is
// kept in this repository.
//
//   node test/corpus/compare.ts [--list] DIRECTORY|FILE…
import {readdir, readFile, stat} from 'node:fs/promises';
import {join} from 'node:path';
import {parseAllDocuments} from 'yaml';
import {findImages} from '../../src/images/find.ts';
import type {JsonObject, JsonValue, ManifestObject} from '../../src/types.ts';
import {containerWalk, imageKeyWalk, zarfExpressions} from './other-finders.ts';

const finders = {kbld: imageKeyWalk, zarf: zarfExpressions, containers: containerWalk} as const;
type FinderName = keyof typeof finders;

interface Count {
	both: number;
	/** By what our finder says of it: an outcome, or nothing. */
	readonly onlyTheirs: Map<string, Set<string>>;
	/** By the carrier that our rule looks at, as `named` in `named/flag`. */
	readonly onlyOurs: Map<string, Set<string>>;
	readonly onlyOurGuesses: Map<string, Set<string>>;
}

const list = process.argv.includes('--list');
const counts = new Map<FinderName, Count>(
	(Object.keys(finders) as FinderName[]).map((name) => [
		name,
		{both: 0, onlyTheirs: new Map(), onlyOurs: new Map(), onlyOurGuesses: new Map()},
	]),
);
const totals = {files: 0, unread: 0, objects: 0, milliseconds: 0, outcomes: new Map<string, Set<string>>()};

for (const path of process.argv.slice(2).filter((argument) => !argument.startsWith('--'))) await compareAll(path);
report();

async function compareAll(path: string): Promise<void> {
	if ((await stat(path)).isDirectory()) {
		for (const name of (await readdir(path)).toSorted()) await compareAll(join(path, name));
	} else if (/\.(?:ya?ml|json)$/u.test(path)) {
		totals.files += 1;
		const values = readObjects(await readFile(path, 'utf8'));
		if (values === undefined) totals.unread += 1;
		else for (const value of values) compareObject(value, path);
	}
}

/** The objects of a file; undefined when it is a template, or no YAML at all. */
function readObjects(text: string): readonly JsonObject[] | undefined {
	const documents = parseAllDocuments(text, {merge: true, uniqueKeys: false, logLevel: 'silent'});
	if (!Array.isArray(documents) || documents.some(({errors}) => errors.length > 0)) return undefined;
	return documents.flatMap((document) => objectsIn(document.toJS({maxAliasCount: 10_000}) as JsonValue));
}

function objectsIn(value: JsonValue): JsonObject[] {
	if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
	const object = value as JsonObject;
	if (Array.isArray(object['items'])) return object['items'].flatMap(objectsIn);
	return typeof object['apiVersion'] === 'string' && typeof object['kind'] === 'string' ? [object] : [];
}

function compareObject(value: JsonObject, path: string): void {
	totals.objects += 1;
	const started = performance.now();
	const found = findImages([manifestObject(value)]);
	totals.milliseconds += performance.now() - started;
	const ours = new Map(found.map(({image, outcome}) => [image, outcome]));
	const carriers = new Map(
		found.map(({image, outcome, origins}) => [
			image,
			(origins.find((origin) => origin.outcome === outcome) ?? origins[0]).rule.split('/', 1)[0] ?? '',
		]),
	);
	for (const [image, outcome] of ours) remember(totals.outcomes, outcome, image);
	for (const name of Object.keys(finders) as FinderName[]) {
		const theirs = finders[name](value);
		const count = counts.get(name);
		if (count === undefined) continue;
		for (const image of theirs) {
			const outcome = ours.get(image) ?? 'not found';
			if (outcome === 'scan' || outcome === 'potential') count.both += 1;
			else remember(count.onlyTheirs, outcome, `${image}  ${textOf(value['kind'])}  ${path}`);
		}
		for (const [image, outcome] of ours) {
			if (theirs.has(image)) continue;
			const sets = outcome === 'scan' ? count.onlyOurs : outcome === 'potential' ? count.onlyOurGuesses : undefined;
			if (sets !== undefined) remember(sets, carriers.get(image) ?? '', `${image}  ${textOf(value['kind'])}  ${path}`);
		}
	}
}

function manifestObject(value: JsonObject): ManifestObject {
	const range = {start: 0, end: 0};
	return {
		document: 1,
		apiVersion: textOf(value['apiVersion']),
		kind: textOf(value['kind']),
		namespace: undefined,
		name: '',
		file: undefined,
		value,
		apiVersionAt: range,
		hooks: {argo: undefined, helm: undefined},
	};
}

function report(): void {
	const {files, unread, objects, milliseconds, outcomes} = totals;
	console.log(
		`${files} files (${unread} are templates or no YAML), ${objects} objects, ${Math.round(milliseconds)} ms to find`,
	);
	for (const [outcome, images] of outcomes) console.log(`  ${outcome}: ${images.size} distinct`);
	if (list)
		for (const outcome of ['potential', 'unresolved', 'ignored', 'invalid', 'placeholder'])
			print(outcome, outcomes.get(outcome));
	for (const [name, {both, onlyTheirs, onlyOurs, onlyOurGuesses}] of counts) {
		console.log(
			`${name}: ${both} found by both; only ours ${sizes(onlyOurs)} definite, ${sizes(onlyOurGuesses)} potential`,
		);
		if (list) for (const [carrier, images] of onlyOurs) print(`  only ours, ${carrier}`, images);
		for (const [outcome, images] of onlyTheirs) {
			console.log(`  only ${name}, ours says "${outcome}": ${images.size}`);
			if (list) print('', images);
		}
	}
}

/** `3 (named 2, key 1)`. */
function sizes(sets: ReadonlyMap<string, ReadonlySet<string>>): string {
	const each = [...sets].toSorted(([, one], [, other]) => other.size - one.size);
	const sum = each.reduce((total, [, {size}]) => total + size, 0);
	return `${sum} (${each.map(([carrier, {size}]) => `${carrier} ${size}`).join(', ')})`;
}

function print(title: string, lines: ReadonlySet<string> | undefined): void {
	if (title !== '') console.log(title);
	for (const line of lines ?? []) console.log(`    ${line}`);
}

function remember(sets: Map<string, Set<string>>, key: string, value: string): void {
	const set = sets.get(key) ?? new Set();
	sets.set(key, set.add(value));
}

function textOf(value: JsonValue | undefined): string {
	return typeof value === 'string' ? value : '';
}
