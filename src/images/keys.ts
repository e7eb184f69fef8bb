import type {JsonObject, JsonValue} from '../types.ts';
import {judgeParts} from './fields.ts';
import {judgeText, mayBeImage} from './judge.ts';
import {joinParts} from './parts.ts';
import {type Place, placeText, textAt, valueAt} from './place.ts';
import {hasVersion, namesRegistry, parseReference} from './reference.ts';
import {addFinding, addGuess, type Scope, type Search, weaknessOf} from './search.ts';

const why = 'The name of its key speaks of an image; nothing says that it is pulled.';

/** Keys that end in the word, in the spellings that custom resources use. */
const suffixKey =
	/^(?:[A-Za-z0-9]+Image|[\w.-]*[_-]image|(?:[\w-]*[a-z0-9_-])?[iI]mage[_-]?(?:[nN]ame|[rR]ef|[rR]eference|URL|Url|url|URI|Uri))$/u;
const listKey = /^(?:[A-Za-z0-9]+Images|[\w-]*[_-]images|images)$/u;
/** Pictures, disks and archives. */
const file = /\.(?:png|jpe?g|gif|svg|webp|ico|bmp|iso|img|qcow2?|vmdk|vhdx?|ova|raw|tar|tgz|gz|xz|zip)$/iu;
const address = /(?:url|uri)$/iu;

/** Keys that hold the tag for an `image` beside them. */
const tagKeys = ['tag', 'imageTag', 'image_tag'] as const;

/**
 * Looks at one field of a custom resource by its key. `image` is taken at its word; other keys that end so, and lists and
 * mappings under `images`, only when the name says registry and version.
 */
export function searchKey(
	key: string,
	place: Place & {readonly value: string},
	parent: JsonObject,
	scope: Scope,
	search: Search,
): void {
	if (key === 'image') return searchImageKey(place, parent, scope, search);
	const listed = typeof place.up?.step === 'string' && listKey.test(place.up.step);
	if (!listed && !suffixKey.test(key)) return;
	const text = place.value;
	if (parseReference(text).kind !== 'image' || (file.test(text) && !text.includes('@'))) return;
	const whole = namesRegistry(text) && hasVersion(text) && !address.test(key);
	if (!whole && !mayBeImage(text) && (listed || weaknessOf(scope) !== undefined)) return;
	addGuess(search, {text, place, rule: 'key/suffix', evidence: whole ? 'certain' : 'guess', why}, scope);
}

/** Looks at items of a list by the key of the list. */
export function searchItem(place: Place & {readonly value: string}, scope: Scope, search: Search): void {
	const key = place.up?.step;
	if (typeof key === 'string' && listKey.test(key)) searchKey('', place, {}, scope, search);
}

/** Looks at a mapping that may hold an image in parts: `repository` and `tag`, or keys that end in them. */
export function searchSplit(place: Place & {readonly value: JsonObject}, scope: Scope, search: Search): void {
	const {value: parts} = place;
	const named = typeof place.step === 'string' && (place.step === 'image' || suffixKey.test(place.step));
	const repository = ['repository', ...(named ? ['repo', 'name'] : [])].find((key) => textAt(parts, key) !== undefined);
	if (repository !== undefined) searchRepository(repository, named, place, scope, search);
	for (const key of Object.keys(parts)) {
		const [, prefix] = /^(.*[iI]mage[_]?)[rR]epository$/u.exec(key) ?? [];
		if (prefix === undefined) continue;
		const tag = [`${prefix}Tag`, `${prefix}tag`].find((each) => valueAt(parts, each) !== undefined);
		if (tag !== undefined) addParts({repository: key, tag}, place, scope, search);
	}
}

/** @param named whether the key of the mapping speaks of images. */
function searchRepository(
	repository: string,
	named: boolean,
	place: Place & {readonly value: JsonObject},
	scope: Scope,
	search: Search,
): void {
	const text = textAt(place.value, repository) ?? '';
	// A chart or a source repository stands beside a version, too.
	if (text.includes('://') || text.endsWith('.git')) return;
	const tagged = ['tag', 'digest', 'sha'].some((key) => valueAt(place.value, key) !== undefined);
	if (!tagged && !(named && valueAt(place.value, 'version') !== undefined)) return;
	const digest = valueAt(place.value, 'digest') === undefined ? 'sha' : 'digest';
	addParts({registry: 'registry', repository, tag: named ? ['tag', 'version'] : 'tag', digest}, place, scope, search);
}

function addParts(
	keys: Parameters<typeof joinParts>[0]['keys'] & object,
	place: Place & {readonly value: JsonObject},
	scope: Scope,
	search: Search,
): void {
	const parts = joinParts({keys}, place.value, null);
	if (parts.kind !== 'image' && parts.kind !== 'not-text') return;
	const at = parts.keys.map((key) => ({up: place, step: key, value: valueAt(place.value, key) ?? null}));
	if ([place, ...at].some((part) => search.parts.has(placeText(part)))) return;
	for (const part of at) search.parts.add(placeText(part));
	const certain = namesRegistry(parts.text) || place.step === 'image';
	const {exclusion} = scope;
	const guess = weaknessOf(scope);
	const judgement =
		exclusion === undefined
			? judgeParts(parts, certain ? guess : (guess ?? why))
			: ({outcome: 'ignored', reason: exclusion.reason} as const);
	addFinding(search, {image: parts.text, place, rule: 'key/split', ...judgement});
}

function searchImageKey(
	place: Place & {readonly value: string},
	parent: JsonObject,
	scope: Scope,
	search: Search,
): void {
	const {value: text} = place;
	if (weaknessOf(scope) !== undefined && !mayBeImage(text)) return;
	const tag = hasVersion(text) ? undefined : tagKeys.find((key) => valueAt(parent, key) !== undefined);
	if (tag !== undefined && place.up !== undefined) {
		return addParts({repository: 'image', tag}, {...place.up, value: parent}, scope, search);
	}
	// What no runtime takes for a name is a picture, a disk, or something that a program completes.
	const evidence = judgeText(text, 'certain').outcome === 'invalid' ? 'guess' : 'certain';
	if (text === '' || (evidence === 'guess' && scope.exclusion !== undefined)) return;
	addGuess(search, {text, place, rule: 'key/image', evidence, why}, scope);
}

/** The default of a field whose name speaks of an image, in the schema of a custom resource. */
export function searchSchemaDefault(place: Place, search: Search): void {
	const {step, value} = place;
	const text: JsonValue | undefined = valueAt(value, 'default');
	if (typeof text !== 'string' || typeof step !== 'string' || !(step === 'image' || suffixKey.test(step))) return;
	if (!mayBeImage(text)) return;
	addFinding(search, {
		image: text,
		place: {up: place, step: 'default', value: text},
		rule: 'schema/default',
		outcome: 'potential',
		reason: 'The API server fills it in when an object of this kind leaves the field out.',
	});
}
