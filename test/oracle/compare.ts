import {GateError} from '../../src/errors.ts';
import {findImages} from '../../src/images/find.ts';
import {type Edit, prependDocument, prependJson, replaceRanges} from '../../src/manifests/emit.ts';
import type {ReadManifests} from '../../src/manifests/read.ts';
import type {JsonObject, ManifestObject, TextRange} from '../../src/types.ts';
import {canonicalJson} from './go-json.ts';
import type {Oracle, Verdict} from './oracle.ts';
import {whyRefusalIsAllowed} from './allowed-refusals.ts';
import {walkImages} from './walk-images.ts';

/** Throws GateError for what it refuses. */
export type Reader = (text: string) => ReadManifests;

/** What became of a stream about which both agree. */
export interface Agreement {
	readonly kind: 'plain' | 'odd' | 'unreadable';
	readonly plainDocuments: number;
	readonly oddDocuments: number;
	readonly images: number;
	/** Refused, although Argo CD would go on with it a little further. */
	readonly early: boolean;
}

/** Our reading and Argo CD's are not the same. */
export class Difference extends Error {
	static {
		Difference.prototype.name = 'Difference';
	}
}

interface Comparison {
	readonly oracle: Oracle;
	readonly read: Reader;
	/** Bits that choose the objects to be sealed. */
	readonly chosen: number;
}

/** Characters of a kind or a version, the least of what is limited. */
const smallestLimit = 1024;

/** Keys that become one text are merged by Go in random order; more often than that nobody needs to ask. */
const patience = 400;

/**
 * Compares our reading of a stream with Argo CD's, and what Argo CD makes of our output with what it makes of the
 * stream, sealed and unsealed. @throws Difference with the stream as a literal for the corpus.
 */
export async function compareReadings(stream: string, {oracle, read, chosen}: Comparison): Promise<Agreement> {
	const ours = attempt(stream, read);
	const theirs = await oracle.ask(stream);
	if (ours instanceof GateError) return compareRefusal(stream, ours, theirs);
	if (theirs.error !== undefined) throw difference(stream, `Argo CD refuses it: ${theirs.error}`);
	const objects = ours.objects.map(({value}) => value);
	const expected = canonicalJson(objects);
	await compareObjects(stream, ours, expected, theirs.objects, oracle);
	await compareOutput(stream, ours, expected, oracle, read);
	const images = compareImages(stream, ours.objects);
	await compareSealed(stream, ours, chosen, oracle);
	const oddDocuments = new Set(ours.odd.map(({document}) => document));
	const documents = new Set(ours.objects.map(({document}) => document));
	return {
		kind: oddDocuments.size === 0 ? 'plain' : 'odd',
		plainDocuments: [...documents].filter((document) => !oddDocuments.has(document)).length,
		oddDocuments: oddDocuments.size,
		images,
		early: false,
	};
}

function attempt(stream: string, read: Reader): ReadManifests | GateError {
	try {
		return read(stream);
	} catch (error) {
		if (error instanceof GateError) return error;
		throw difference(stream, `our reader fails: ${String(error)}`, error);
	}
}

function compareRefusal(stream: string, {code, message}: GateError, theirs: Verdict): Agreement {
	const beyondLimits = code === 'limit-exceeded' && stream.length > smallestLimit;
	if (code !== 'manifests-unreadable' && !beyondLimits)
		throw difference(stream, `our reader refuses it as ${code}: ${message}`);
	const early = theirs.error === undefined;
	if (early && !beyondLimits && whyRefusalIsAllowed(stream, theirs.objects) === undefined) {
		throw difference(stream, `our reader refuses what Argo CD takes: ${message}`);
	}
	return {kind: 'unreadable', plainDocuments: 0, oddDocuments: 0, images: 0, early};
}

async function compareObjects(
	stream: string,
	{odd}: ReadManifests,
	expected: string,
	objects: readonly JsonObject[],
	oracle: Oracle,
): Promise<void> {
	const answer = canonicalJson(objects);
	if (answer === expected) return;
	const answers = new Set([answer]);
	for (let asked = 1; odd.length > 0 && asked < patience; asked += 1) {
		const {objects: others, error} = await oracle.ask(stream);
		if (error !== undefined) continue;
		const other = canonicalJson(others);
		if (other === expected) return;
		answers.add(other);
		// What is the same 40 times is no matter of chance.
		if (asked >= 40 && answers.size === 1) break;
	}
	throw difference(stream, `Argo CD reads\n  ${[...answers].slice(0, 4).join('\nor\n  ')}\nand we read\n  ${expected}`);
}

async function compareOutput(
	stream: string,
	{text, odd}: ReadManifests,
	expected: string,
	oracle: Oracle,
	read: Reader,
): Promise<void> {
	if (odd.length === 0) {
		if (text !== stream) throw difference(stream, `nothing is odd, but it is passed on as\n  ${JSON.stringify(text)}`);
		return;
	}
	const {objects, error} = await oracle.ask(text);
	const output = JSON.stringify(text);
	if (error !== undefined) throw difference(stream, `Argo CD refuses our output: ${error}\n  ${output}`);
	const answer = canonicalJson(objects);
	if (answer !== expected) {
		throw difference(stream, `of our output\n  ${output}\nArgo CD reads\n  ${answer}\nand not\n  ${expected}`);
	}
	const again = attempt(text, read);
	if (again instanceof GateError) throw difference(stream, `we refuse our own output: ${again.message}\n  ${output}`);
	if (again.text !== text)
		throw difference(stream, `we change our own output\n  ${output}\nto\n  ${JSON.stringify(again.text)}`);
}

function compareImages(stream: string, objects: readonly ManifestObject[]): number {
	const found = new Set(findImages(objects).map(({image}) => image));
	const unseen = [...walkImages(objects.map(({value}) => value))].filter((image) => !found.has(image));
	if (unseen.length > 0) throw difference(stream, `images are unseen: ${unseen.join(', ')}`);
	return found.size;
}

/** As print.ts does it: an edit for each object that is chosen, and the gate Job in front. */
async function compareSealed(stream: string, ours: ReadManifests, chosen: number, oracle: Oracle): Promise<void> {
	const changes = ours.objects.map((object, index) =>
		(chosen >> (index % 31)) & 1 ? changeOf(object, index) : undefined,
	);
	const edits = changes.flatMap((change) => change?.edits ?? []);
	if (edits.length === 0) return;
	const edited = replaceRanges(ours.text, edits);
	const sealed = ours.json ? prependJson(edited, job) : prependDocument(edited, JSON.stringify(job));
	const expected = canonicalJson([job, ...ours.objects.map(({value}, index) => changes[index]?.value ?? value)]);
	const {objects, error} = await oracle.ask(sealed);
	const output = JSON.stringify(sealed);
	if (error !== undefined) throw difference(stream, `Argo CD refuses the sealed output: ${error}\n  ${output}`);
	const answer = canonicalJson(objects);
	if (answer === expected) return;
	throw difference(stream, `of the sealed output\n  ${output}\nArgo CD reads\n  ${answer}\nand not\n  ${expected}`);
}

const job = {apiVersion: 'batch/v1', kind: 'Job', metadata: {generateName: 'gate-'}};
const seal = 'apps/denied: shop∕api:1.4 has "CVE-1" report 7f3a';
const hookKeys = {argo: 'argocd.argoproj.io/hook', helm: 'helm.sh/hook'};

/** What the gate changes in an object, and what comes of it. */
interface Change {
	readonly edits: readonly Edit[];
	readonly value: JsonObject;
}

/** Every other object that has a hook annotation is skipped instead of sealed. */
function changeOf({value, apiVersionAt, hooks: {argo, helm}}: ManifestObject, index: number): Change {
	if (index % 2 === 0 || (argo === undefined && helm === undefined)) {
		return {edits: [edit(apiVersionAt, seal)], value: {...value, apiVersion: seal}};
	}
	const metadata = mappingAt(value, 'metadata');
	const {[hookKeys.helm]: _, ...others} = mappingAt(metadata, 'annotations');
	const skipped = {
		...others,
		[hookKeys.argo]: 'Skip',
		...(argo !== undefined && helm !== undefined ? {[hookKeys.helm]: 'Skip'} : {}),
	};
	const at = [argo, helm].filter((hook) => hook !== undefined);
	return {
		edits: [
			...(argo === undefined && helm !== undefined ? [edit(helm.key, hookKeys.argo)] : []),
			...at.map((hook) => edit(hook.value, 'Skip')),
		],
		value: {...value, metadata: {...metadata, annotations: skipped}},
	};
}

function edit(range: TextRange, content: string): Edit {
	return {range, text: JSON.stringify(content)};
}

function mappingAt(object: JsonObject, key: string): JsonObject {
	const value = object[key];
	return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}

function difference(stream: string, what: string, cause?: unknown): Difference {
	return new Difference(`${what}\nstream, as the corpus takes it:\n${JSON.stringify(stream)}`, {cause});
}
