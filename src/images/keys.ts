import type {ImagePartKeys, JsonObject} from '../types.ts';
import {judgeParts} from './fields.ts';
import {judgeText, mayBeImage, withoutTransport} from './judge.ts';
import {joinParts} from './parts.ts';
import {type Place, placeText, textAt, valueAt} from './place.ts';
import {hasVersion, namesRegistry, parseReference} from './reference.ts';
import {addFinding, addGuess, ignoredFor, type Scope, type Search, weaknessOf} from './search.ts';

const why = 'The name of its key speaks of an image; nothing says that it is pulled.';
const versionWhy = 'A repository beside a version may be that of a chart or a package, too.';
const replacementWhy = 'It replaces an image in what is rendered elsewhere.';

/** Keys that end in the word, in the spellings that custom resources use. */
const suffixKey =
	/^(?:[A-Za-z0-9]+Image|[\w.-]*[_-]image|(?:[\w-]*[a-z0-9_-])?[iI]mage[_-]?(?:[nN]ame|[rR]ef|[rR]eference|URL|Url|url|URI|Uri))$/u;
const listKey = /^(?:[A-Za-z0-9]+Images|[\w-]*[_-]images|images)$/u;
/** Pictures, disks and archives. */
const file = /\.(?:png|jpe?g|gif|svg|webp|ico|bmp|iso|img|qcow2?|vmdk|vhdx?|ova|raw|tar|tgz|gz|xz|zip)$/iu;
const address = /(?:url|uri)$/iu;

/** Keys that hold the tag for an `image` beside them, and the registry. */
const tagKeys = ['tag', 'imageTag', 'image_tag'] as const;
const registryKeys = ['registry', 'imageRegistry', 'hub'] as const;

type MappingAt = Place & {readonly value: JsonObject};
type TextAt = Place & {readonly value: string};

/**
 * Looks at one field of a custom resource by its key. `image` is taken at its word; other keys that end so, and lists and
 * mappings under `images`, only when the name says registry and version.
 */
export function searchKey(key: string, place: TextAt, parent: JsonObject, scope: Scope, search: Search): void {
	if (key === 'image') return searchImageKey(place, parent, scope, search);
	const listed = typeof place.up?.step === 'string' && listKey.test(place.up.step);
	if (listed || suffixKey.test(key)) searchNamed({key, place, listed}, scope, search);
}

/** Looks at items of a list by the key of the list. */
export function searchItem(place: TextAt, scope: Scope, search: Search): void {
	const key = place.up?.step;
	if (typeof key === 'string' && isListOfImages(key)) searchNamed({key, place, listed: true}, scope, search);
}

/** @param named `listed` when the key of the list or mapping around it speaks of images. */
function searchNamed(
	{key, place, listed}: {readonly key: string; readonly place: TextAt; readonly listed: boolean},
	scope: Scope,
	search: Search,
): void {
	const text = withoutTransport(place.value);
	if (file.test(text) && !text.includes('@')) return;
	if (!mayBeImage(text) && (parseReference(text).kind !== 'image' || listed || weaknessOf(scope) !== undefined)) return;
	const whole = namesRegistry(text) && hasVersion(text) && !address.test(key);
	addGuess(search, {text, place, rule: 'key/suffix', evidence: whole ? 'certain' : 'guess', why}, scope);
}

/** Looks at a mapping that may hold an image in parts: `repository` and `tag`, or keys that end in them. */
export function searchSplit(place: MappingAt, scope: Scope, search: Search): void {
	const {value: parts} = place;
	const named = speaksOfImages(place);
	const repository = ['repository', ...(named ? ['repo', 'name'] : [])].find((key) => textAt(parts, key) !== undefined);
	if (repository !== undefined) searchRepository(repository, named, place, scope, search);
	for (const key of Object.keys(parts)) {
		// Asked of every key of every object.
		if (!key.endsWith('epository')) continue;
		const [, prefix] = /^(.*[iI]mage[_]?)[rR]epository$/u.exec(key) ?? [];
		if (prefix === undefined) continue;
		const sibling = (part: string) =>
			[`${prefix}${part}`, `${prefix}${part.toLowerCase()}`].find((each) => valueAt(parts, each) !== undefined);
		const tag = sibling('Tag');
		const registry = sibling('Registry');
		if (tag !== undefined) addParts({registry, repository: key, tag}, place, scope, search);
	}
	searchReplacement(place, scope, search);
}

/** Whether the key of a mapping, or of the list that it is in, speaks of images. */
function speaksOfImages({step, up}: Place): boolean {
	if (typeof step === 'string') return step === 'image' || suffixKey.test(step);
	return typeof up?.step === 'string' && isListOfImages(up.step);
}

function isListOfImages(key: string): boolean {
	return key === 'image' || listKey.test(key);
}

/** @param named whether the key of the mapping speaks of images. */
function searchRepository(repository: string, named: boolean, place: MappingAt, scope: Scope, search: Search): void {
	const text = textAt(place.value, repository) ?? '';
	// A chart or a source repository stands beside a version, too.
	if (text.includes('://') || text.endsWith('.git')) return;
	const has = (key: string) => valueAt(place.value, key) !== undefined;
	const digest = has('digest') ? 'digest' : 'sha';
	const registry = registryKeys.find(has);
	const keys = {registry, repository, digest};
	// The image takes the version for itself.
	const image = textAt(place.value, 'image');
	if (image !== undefined && !hasVersion(image)) return;
	if (['tag', 'digest', 'sha'].some(has)) {
		addParts({...keys, tag: named ? ['tag', 'version'] : 'tag'}, place, scope, search);
		return;
	}
	if (has('version')) {
		const guess = named ? undefined : versionWhy;
		if (named || text.includes('/')) addParts({...keys, tag: 'version'}, place, scope, search, guess);
		return;
	}
	if (!named) return;
	if (hasVersion(text)) {
		const whole = {up: place, step: repository, value: text};
		const evidence = namesRegistry(text) || place.step === 'image' ? 'certain' : 'guess';
		if (mayBeImage(text)) addGuess(search, {text, place: whole, rule: 'key/split', evidence, why}, scope);
	} else if (repository !== 'name') addUnversioned(keys, place, scope, search);
}

/** What kustomize and Flux put in the place of an image: `name`, `newName`, `newTag`, `digest`. */
function searchReplacement(place: MappingAt, scope: Scope, search: Search): void {
	const has = (key: string) => valueAt(place.value, key) !== undefined;
	if (!has('newTag') && !has('newName') && !(has('digest') && speaksOfImages(place))) return;
	const repository = has('newName') ? 'newName' : 'name';
	addParts({repository, tag: 'newTag', digest: 'digest'}, place, scope, search, replacementWhy);
}

/** @param doubt why it is no more than a guess. @returns whether the parts make a name that nobody else has told. */
function addParts(keys: ImagePartKeys, place: MappingAt, scope: Scope, search: Search, doubt?: string): boolean {
	const parts = joinParts({keys}, place.value, null);
	// An image may do without a version, a repository does not.
	if (parts.kind === 'nothing' || parts.kind === 'version') return false;
	if (parts.kind === 'incomplete' && keys.repository !== 'image') return false;
	if (!claimParts(parts.keys, place, search)) return false;
	const {exclusion} = scope;
	const sure = doubt === undefined && (namesRegistry(parts.text) || place.step === 'image');
	const guess = weaknessOf(scope) ?? (sure ? undefined : (doubt ?? why));
	const judgement = exclusion === undefined ? judgeParts(parts, guess) : ignoredFor(exclusion);
	addFinding(search, {image: parts.text, place: toldAt(keys, place), rule: 'key/split', ...judgement});
	return true;
}

/** A repository without a version, which whoever reads it adds. */
function addUnversioned(keys: ImagePartKeys, place: MappingAt, scope: Scope, search: Search): void {
	if (scope.exclusion !== undefined) return;
	const parts = joinParts({keys}, place.value, null);
	if (parts.kind !== 'incomplete' || !mayBeImage(parts.text) || !claimParts(parts.keys, place, search)) return;
	const reason = 'It is a repository to which somebody else adds a version. Write one beside it to have it scanned.';
	const outcome = weaknessOf(scope) === undefined ? 'unresolved' : 'potential';
	addFinding(search, {image: parts.text, place, rule: 'key/split', outcome, reason});
}

/** A mapping may hold the parts of one image, or the parts of several under longer keys. */
function toldAt({repository = '', tag}: ImagePartKeys, place: MappingAt): Place {
	if (tag !== 'newTag' && ['repository', 'repo', 'name'].includes(repository)) return place;
	const step = valueAt(place.value, repository) === undefined ? String(tag) : repository;
	return {up: place, step, value: valueAt(place.value, step) ?? null};
}

/** Takes the fields of a name for itself; false when another rule has taken one. */
function claimParts(keys: readonly string[], place: MappingAt, search: Search): boolean {
	const at = keys.map((key) => placeText({up: place, step: key, value: null}));
	if ([placeText(place), ...at].some((path) => search.parts.has(path))) return false;
	for (const path of at) search.parts.add(path);
	return true;
}

function searchImageKey(place: TextAt, parent: JsonObject, scope: Scope, search: Search): void {
	const text = withoutTransport(place.value);
	if (weaknessOf(scope) !== undefined && !mayBeImage(text)) return;
	const parts = partsBeside(text, parent);
	if (parts !== undefined && place.up !== undefined) {
		if (addParts(parts.keys, {...place.up, value: parent}, scope, search, parts.doubt)) return;
	}
	// What no runtime takes for a name is a picture, a disk, or something that a program completes; so is a stripped scheme.
	const known = judgeText(text, 'certain').outcome !== 'invalid' || mayBeImage(text);
	const evidence = known && text === place.value ? 'certain' : 'guess';
	if (text === '' || (evidence === 'guess' && scope.exclusion !== undefined)) return;
	addGuess(search, {text, place, rule: 'key/image', evidence, why}, scope);
}

/** The fields beside an `image` that make a whole name of it. */
function partsBeside(
	text: string,
	parent: JsonObject,
): {readonly keys: ImagePartKeys; readonly doubt?: string} | undefined {
	const has = (key: string) => valueAt(parent, key) !== undefined;
	const tag = hasVersion(text) ? undefined : tagKeys.find(has);
	const registry = namesRegistry(text) ? undefined : registryKeys.find((key) => textAt(parent, key) !== undefined);
	if (!isPrefixOfImage(parent) && (registry !== undefined || tag !== undefined)) {
		return {keys: {registry, repository: 'image', tag: tag ?? [], digest: has('digest') ? 'digest' : undefined}};
	}
	if (!isPrefixOfImage(parent)) return undefined;
	return {keys: {repository: 'repository', name: 'image', tag: has('tag') ? 'tag' : 'version'}, doubt: why};
}

/** Whether a `repository` is what an `image` and a version beside it are in, as NVIDIA's operators have it. */
function isPrefixOfImage(parent: JsonObject): boolean {
	const versioned = ['tag', 'version'].some((key) => valueAt(parent, key) !== undefined);
	return versioned && isWord(textAt(parent, 'image')) && /^[^/@]*[.:][^@]*$/u.test(textAt(parent, 'repository') ?? '');
}

function isWord(text: string | undefined): boolean {
	return text !== undefined && text !== '' && !/[/:@]/u.test(text);
}

export const defaultReason = 'The API server fills it in when an object of this kind leaves the field out.';

/** The default of a field whose name speaks of an image, in the schema of a custom resource. */
export function searchSchemaDefault(field: Place, text: string, search: Search): void {
	const {step} = field;
	if (typeof step !== 'string' || !(step === 'image' || suffixKey.test(step)) || !mayBeImage(text)) return;
	addFinding(search, {
		image: text,
		place: {up: field, step: 'default', value: text},
		rule: 'schema/default',
		outcome: 'potential',
		reason: defaultReason,
	});
}
