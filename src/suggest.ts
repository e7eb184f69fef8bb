import {successorsOf} from './gate/successors.ts';
import {parseReference} from './images/reference.ts';
import type {Scanner} from './scanner.ts';
import type {DecisionReason, GateDecision, ImageDecision, ImageReference, ScanVerdict} from './types.ts';

/** Each costs a list of tags and some scans. */
const mostImages = 20;

export interface SuggestOptions {
	readonly scanner: Scanner;
	/** As the run itself scans and decides. */
	readonly scan: (references: readonly ImageReference[]) => Promise<readonly ScanVerdict[]>;
	readonly decide: (references: readonly ImageReference[], verdicts: readonly ScanVerdict[]) => Promise<GateDecision>;
}

/**
 * What the registries have instead of the denied images: by image a sentence about the first later tag that would be allowed
 * now, or about those that were tried in vain. What a registry does not tell is no error.
 */
export async function suggestionsFor(
	images: readonly ImageDecision[],
	{scanner, scan, decide}: SuggestOptions,
): Promise<ReadonlyMap<string, string>> {
	const denied = images.filter(
		({decision, reference, reasons}) =>
			decision === 'deny' && reference.outcome === 'scan' && !reasons.some(isRegistryRefusal),
	);
	const candidates = new Map<string, readonly ImageReference[]>();
	for (const {reference} of denied.slice(0, mostImages)) {
		candidates.set(reference.image, await candidatesOf(reference, scanner));
	}
	const tried = new Map([...candidates.values()].flat().map((reference) => [reference.image, reference]));
	const references = [...tried.values()];
	const decided = await decide(references, await scan(references));
	const outcomes = new Map(decided.images.map((image) => [image.reference.image, outcomeOf(image)]));
	return new Map([...candidates].map(([image, list]) => [image, sentence(list, outcomes)]));
}

async function candidatesOf(reference: ImageReference, scanner: Scanner): Promise<readonly ImageReference[]> {
	const parsed = parseReference(reference.image);
	if (parsed.kind !== 'image' || parsed.tag === undefined) return [];
	const {domain, path, tag} = parsed;
	const tags = await scanner.tags({host: domain, repository: path});
	const [name = ''] = reference.image.split('@');
	return successorsOf(tag, tags).flatMap((later) => {
		const candidate = parseReference(`${name.slice(0, name.length - tag.length)}${later}`);
		return candidate.kind === 'image' ? [{...reference, image: candidate.name, name: candidate.name}] : [];
	});
}

type Outcome = 'allowed' | 'denied' | 'not known';

/** A digest is added to the tag that is chosen, so that its absence says nothing yet. */
function outcomeOf({decision, reasons}: ImageDecision): Outcome {
	const decisive = reasons.filter(
		(reason) => reason.decision !== 'warn' && !(reason.kind === 'reference' && reason.rule === 'digest-required'),
	);
	if (decisive.length === 0) return 'allowed';
	return decision === 'unknown' ? 'not known' : 'denied';
}

/** A registry that the policy denies sees no request. */
function isRegistryRefusal(reason: DecisionReason): boolean {
	return reason.kind === 'reference' && reason.rule === 'registry-denied';
}

function sentence(candidates: readonly ImageReference[], outcomes: ReadonlyMap<string, Outcome>): string {
	if (candidates.length === 0) return 'The registry tells no later tag of the same form that could be used instead.';
	const found = candidates.find(({image}) => outcomes.get(image) === 'allowed');
	if (found !== undefined) return `Or move to ${found.image}, which the registry has and which would be allowed now.`;
	const told = (outcome: Outcome) =>
		candidates.filter(({image}) => outcomes.get(image) === outcome).map(({image}) => image.split(':').at(-1));
	const [denied, unknown] = [told('denied'), told('not known')];
	return [
		...(denied.length === 0 ? [] : [`Of the later tags ${denied.join(', ')} would be denied too.`]),
		...(unknown.length === 0 ? [] : [`Of the later tags ${unknown.join(', ')} could not be scanned.`]),
	].join(' ');
}
