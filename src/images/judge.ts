import type {ImageOutcome, JsonValue} from '../types.ts';
import {shortJson} from './json.ts';
import {isList} from './place.ts';
import {hasVersion, namesRegistry, parseReference} from './reference.ts';

/**
 * How sure a place is to hold an image that a cluster pulls: `certain` by a pod's shape or a known field, `named` by a
 * variable or flag that is known to, `guess` by how it reads.
 */
export type Evidence = 'certain' | 'named' | 'guess';

/** What becomes of a text; the reason is a sentence, undefined for `scan`. */
export interface Judgement {
	readonly outcome: ImageOutcome;
	readonly reason: string | undefined;
}

/** Longer texts are no names, and not worth a regular expression's time. */
const longestGuess = 512;

/** What becomes of an image string at a place of which we are so sure. */
export function judgeText(text: string, evidence: Evidence): Judgement {
	const parsed = parseReference(text);
	const reason = parsed.kind === 'image' ? undefined : parsed.reason;
	switch (evidence) {
		case 'certain':
			return {outcome: parsed.kind === 'image' ? 'scan' : parsed.kind, reason};
		case 'named':
			// A program reads the text, and may know what to do with what is no name.
			if (parsed.kind === 'image') return {outcome: 'scan', reason};
			if (parsed.kind === 'invalid') return {outcome: parsed.pullable ? 'invalid' : 'potential', reason};
			return {outcome: 'unresolved', reason: /\$\(/u.test(text) ? kubeletReason : reason};
		case 'guess':
			return {outcome: 'potential', reason};
	}
}

const kubeletReason =
	'It holds a $(…), which the kubelet fills in from a variable of the container whose value is not written there.';

/** The same for a value that should be text; its second part is how it is told. */
export function judgeValue(value: JsonValue, evidence: Evidence): readonly [Judgement, text: string] {
	if (typeof value === 'string') return [judgeText(value, evidence), value];
	// Never an image's name when the value is not text, not even for the number 22.
	const text = typeof value === 'object' ? shortJson(value) : `${shortJson(value)} (${typeName(value)})`;
	const reason = `It is not text but ${typeName(value)}.`;
	return [{outcome: evidence === 'certain' ? 'invalid' : 'potential', reason}, text];
}

/** How sure a text is that stands where a variable or a flag is known to name an image: a mere word may be a setting. */
export function namedEvidence(text: string): Evidence {
	return isWord(text) && isName(text) ? 'guess' : 'named';
}

/** What people call a version that has no number. */
const usualTags = /:(?:latest|stable|edge|nightly|main|master|dev|devel|alpine|slim)$/u;

/**
 * Free text that reads like an image and hardly like anything else: a path, and a tag or digest. When it does not say its
 * registry, the tag has to look like a version, because `shop/database:password` and `default/web:8080` are something else.
 */
export function readsLikeImage(text: string): boolean {
	if (text.length >= longestGuess || text.indexOf('/') <= 0 || !hasVersion(text)) return false;
	const versioned = text.includes('@') || usualTags.test(text) || /:(?!\d{4,5}$)[^:]*\d[^:]*$/u.test(text);
	return (versioned || namesRegistry(text)) && isName(text);
}

/** A text beside a key that speaks of images: a valid name that is more than a word. */
export function mayBeImage(text: string): boolean {
	return text.length < longestGuess && !isWord(text) && isName(text);
}

/** A name behind a scheme that programs strip, as `docker://`; runtimes take none. */
export function withoutTransport(text: string): string {
	return text.replace(/^(?:docker|oci):\/\//u, '');
}

function isWord(text: string): boolean {
	return !/[/:@]/u.test(text);
}

/** Whether a runtime would take it for a name, even when Trivy does not. */
function isName(text: string): boolean {
	const parsed = parseReference(text);
	return parsed.kind === 'image' || (parsed.kind === 'invalid' && parsed.pullable);
}

function typeName(value: JsonValue): string {
	if (typeof value === 'boolean') return 'a boolean';
	if (typeof value === 'object') return isList(value) ? 'a list' : 'a mapping';
	return 'a number';
}
