import type {IgnoreCause, ImageOutcome, JsonObject, Platform} from '../types.ts';
import {type Evidence, judgeText} from './judge.ts';
import {type Place, placeText} from './place.ts';
import type {Variables} from './variables.ts';

/** One place that names an image, or something that brings images. */
export interface Finding {
	/** What is told: an image as written, or words for what has no name. */
	readonly image: string;
	readonly place: Place | undefined;
	readonly path: string;
	readonly rule: string;
	readonly outcome: ImageOutcome;
	readonly reason: string | undefined;
	readonly ignoredBy?: IgnoreCause;
	readonly platforms?: readonly Platform[];
}

/** What is searched: an object of the stream, an object inside of one, or what a text inside of one holds. */
export interface Scope {
	readonly group: string;
	readonly kind: string;
	readonly root: JsonObject;
	/** Where it is; undefined for an object of the stream. */
	readonly at: Place | undefined;
	/** Kubernetes' own kinds have no field for an image but those of pods: what else is written is refused or dropped. */
	readonly builtIn: boolean;
	/** Why nothing in it is more than a guess. */
	readonly guess: string | undefined;
	/** Why keys and texts are no more than a guess in the part of it that is walked through; the shape of a pod is. */
	readonly values: string | undefined;
	/** Why places are no images, by their text. */
	readonly excluded: ReadonlyMap<string, Exclusion> | undefined;
	/** What holds for the part of it that is walked through. */
	readonly exclusion: Exclusion | undefined;
	/** Of the container that is walked through. */
	readonly variables: Variables | undefined;
}

/** Why something that looks like an image is none. */
export interface Exclusion {
	readonly reason: string;
	/** Not even the shape of a pod counts. */
	readonly all: boolean;
}

/** The search of one object of the stream. */
export interface Search {
	readonly findings: Finding[];
	/** The strongest outcome of each path. */
	readonly taken: Map<string, ImageOutcome>;
	/** Paths that hold a part of an image's name. */
	readonly parts: Set<string>;
	/** Characters of text that may still be opened. */
	readonly room: {text: number};
}

/** The rule of images that are found in the lines of a text. */
export const linesRule = 'text/lines';
/** The rule of images in a list that a variable or a flag is known to hold. */
export const listRule = 'named/list';

/** Guesses about one object that are told; a catalogue of images in a ConfigMap may hold thousands. */
const maximumGuesses = 1000;

/** More places than any application has; each costs memory in every report. */
export const maximumFindings = 20_000;

const definite: ReadonlySet<ImageOutcome> = new Set(['scan', 'invalid', 'placeholder']);

/** Adds a finding, unless an earlier one at the same path knows better. */
export function addFinding(search: Search, finding: Omit<Finding, 'path'>): void {
	if (isFull(search, finding.outcome)) return;
	const path = finding.place === undefined ? '' : placeText(finding.place);
	// A text may name several images; they have no paths of their own.
	const several = finding.rule === linesRule || finding.rule === listRule;
	const key = several ? `${path}\n${finding.image}` : path;
	const whole = several ? search.taken.get(path) : undefined;
	const earlier = whole !== undefined && definite.has(whole) ? whole : search.taken.get(key);
	if (earlier !== undefined && (definite.has(earlier) || !definite.has(finding.outcome))) return;
	search.taken.set(key, finding.outcome);
	search.findings.push({...finding, path});
}

/** Whether no more of an outcome are told; asked before a path is made, which is what costs. */
function isFull(search: Search, outcome: ImageOutcome): boolean {
	const {length} = search.findings;
	// One more than is allowed: whoever counts them refuses the whole.
	if (length > maximumFindings) return true;
	if (outcome !== 'potential' || length < maximumGuesses) return false;
	if (!search.taken.has(more.path)) search.findings.push(more);
	search.taken.set(more.path, more.outcome);
	return true;
}

/** Adds a text that reads like an image, where a weaker rule saw it; not where a known field has a part of a name. */
export function addGuess(search: Search, guess: Guess, scope: Scope): void {
	const {text, place, rule} = guess;
	const {exclusion} = scope;
	const inText = weaknessOf(scope);
	if (isFull(search, inText === undefined && guess.evidence !== 'guess' ? 'scan' : 'potential')) return;
	if (search.parts.size > 0 && search.parts.has(placeText(place))) return;
	if (exclusion !== undefined) {
		addFinding(search, {image: text, place, rule, ...ignoredFor(exclusion)});
		return;
	}
	const evidence = inText === undefined ? guess.evidence : 'guess';
	const {outcome, reason} = judgeText(text, evidence);
	addFinding(search, {
		image: text,
		place,
		rule,
		outcome,
		reason: reason ?? (outcome === 'scan' ? undefined : (inText ?? guess.why)),
	});
}

/** What becomes of an image at a place that is known to hold none. */
export function ignoredFor({reason}: Exclusion) {
	return {outcome: 'ignored', ignoredBy: 'known', reason} as const;
}

/** Why what a key or a text says is no more than a guess; undefined when it may be more. */
export function weaknessOf({guess, values}: Scope): string | undefined {
	return guess ?? values;
}

/** What a weaker rule saw; `why` is a sentence about how weak it is. */
export interface Guess {
	readonly text: string;
	readonly place: Place;
	readonly rule: string;
	readonly evidence: Evidence;
	readonly why: string;
}

const more: Finding = {
	image: 'more texts that read like images',
	place: undefined,
	path: '…',
	rule: 'limit',
	outcome: 'unresolved',
	// Not by toLocaleString: loading what it knows takes 5 ms at every start.
	reason: `After ${maximumGuesses} findings in one object no more guesses are told.`,
};
