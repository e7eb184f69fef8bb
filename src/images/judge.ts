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

/** What becomes of an image string at a place of which we are so sure. */
export function judgeText(text: string, evidence: Evidence): Judgement {
	const parsed = parseReference(text);
	const reason = parsed.kind === 'image' ? undefined : parsed.reason;
	switch (evidence) {
		case 'certain':
			return {outcome: parsed.kind === 'image' ? 'scan' : parsed.kind, reason};
		case 'named':
			// Nothing pulls the text itself: a program reads it, and may know what to do with it.
			if (parsed.kind === 'image') return {outcome: 'scan', reason};
			return {outcome: parsed.kind === 'placeholder' ? 'unresolved' : 'potential', reason};
		case 'guess':
			return {outcome: 'potential', reason};
	}
}

/** The same for a value that should be text; its second part is how it is told. */
export function judgeValue(value: JsonValue, evidence: Evidence): readonly [Judgement, text: string] {
	if (typeof value === 'string') return [judgeText(value, evidence), value];
	// Never an image's name when the value is not text, not even for the number 22.
	const text = typeof value === 'object' ? shortJson(value) : `${shortJson(value)} (${typeName(value)})`;
	const reason = `It is not text but ${typeName(value)}.`;
	return [{outcome: evidence === 'certain' ? 'invalid' : 'potential', reason}, text];
}

/** Free text that reads like an image and hardly like anything else: registry, repository, and a tag or digest. */
export function readsLikeImage(text: string): boolean {
	return text.length < 512 && hasVersion(text) && namesRegistry(text) && parseReference(text).kind === 'image';
}

/** A text beside a key that speaks of images: a valid name that is more than a word. */
export function mayBeImage(text: string): boolean {
	return text.length < 512 && /[/:@]/u.test(text) && parseReference(text).kind === 'image';
}

function typeName(value: JsonValue): string {
	if (typeof value === 'boolean') return 'a boolean';
	if (typeof value === 'object') return isList(value) ? 'a list' : 'a mapping';
	return 'a number';
}
