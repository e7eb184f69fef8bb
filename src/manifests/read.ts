import {GateError} from '../errors.ts';
import type {ManifestObject} from '../types.ts';
import {refuseOddCharacters} from './characters.ts';
import {composeRoot} from './compose.ts';
import {type ReadLimits, readLimits} from './limits.ts';
import {objectsOf} from './objects.ts';
import {count, type Reading} from './reading.ts';
import {refusal} from './refusal.ts';
import {type DocumentChunk, splitDocuments} from './split.ts';
import {readTokens} from './tokens.ts';
import {readValue} from './values.ts';

/**
 * The objects of a rendered text, as Argo CD takes them, in order. Throws manifests-ambiguous for anything that YAML
 * readers could read in two ways, manifests-unreadable for syntax errors and for what is no Kubernetes object,
 * limit-exceeded for what is too big; each names document, line, column and kind.
 */
export function readManifests(text: string, limits: ReadLimits = readLimits): readonly ManifestObject[] {
	if (text.length > limits.text) throw tooLong(limits);
	const chunks = splitDocuments(text, limits);
	refuseOddCharacters(text, chunks);
	refuseJsonStream(text, chunks);
	const spent = {tokens: 0, nodes: 0, expanded: 0};
	return chunks.filter((chunk) => !chunk.blank).flatMap((chunk) => readDocument({text, chunk, limits, spent}));
}

function readDocument(reading: Reading): readonly ManifestObject[] {
	const root = composeRoot(reading, readTokens(reading));
	return objectsOf(reading, root, readValue(reading, root));
}

/**
 * Argo CD reads a stream that starts with `{` with a JSON decoder first, and takes what follows for more objects,
 * without separators (`YAMLOrJSONDecoder` in k8s.io/apimachinery). Only one whole JSON object reads the same everywhere.
 */
function refuseJsonStream(text: string, chunks: readonly DocumentChunk[]): void {
	const offset = text.search(/\S/u);
	const [document] = chunks;
	if (document === undefined || text[offset] !== '{' || (chunks.length === 1 && isJson(text))) return;
	const what = 'starts with "{" but the manifests are not one JSON object';
	throw refusal('manifests-ambiguous', {text, document, offset}, what, 'Put a line "---" in front of each object.');
}

function isJson(text: string): boolean {
	try {
		JSON.parse(text);
		return true;
	} catch {
		return false;
	}
}

function tooLong(limits: ReadLimits): GateError {
	return new GateError({
		stage: 'read',
		code: 'limit-exceeded',
		what: `the manifests have more than ${count(limits.text)} characters`,
		hint: 'Split the application.',
	});
}
