import {GateError} from '../errors.ts';
import type {AnnotationAt, GateDecision, ImageDecision, ManifestObject, TextRange} from '../types.ts';
import {runsAtDeletion} from './hooks.ts';
import {oneLine, short} from './line.ts';
import {isUse, objectName} from './names.ts';
import {byReason} from './order.ts';
import {decisiveReasons} from './reasons.ts';
import {imageSentence} from './words.ts';

/** Of the text that stands for an API version, in UTF-16 units. */
export const sealLength = 200;

export interface TextEdit {
	readonly range: TextRange;
	readonly text: string;
}

/** An object that the seal changed, and the images because of which it did. */
export interface SealedObject {
	readonly objectIndex: number;
	/** `Kind/namespace/name`. */
	readonly object: string;
	readonly images: readonly string[];
}

export interface Seal {
	/** In the order of the text; no two of the same range. */
	readonly edits: readonly TextEdit[];
	readonly sealed: readonly SealedObject[];
	/** Hooks that run when the application is deleted: they are not applied, instead of making it undeletable. */
	readonly skipped: readonly SealedObject[];
	/** Sentences for the log. */
	readonly notes: readonly string[];
}

/** The refused images of one object, or of one place in the text; worst first. */
interface Use {
	readonly object: ManifestObject;
	readonly images: [ImageDecision, ...ImageDecision[]];
}

/**
 * What to replace in the rendered text so that Argo CD refuses every object that uses a denied image: the version of
 * its `apiVersion` becomes the verdict, its group stays. An image that is not known is treated alike, with the word
 * `unknown`: beside a denied one it must not become deployable by a selective sync.
 * @param objects those that the origins' `objectIndex` count.
 */
export function sealEdits({
	objects,
	decision,
}: {
	readonly objects: readonly ManifestObject[];
	readonly decision: GateDecision;
}): Seal {
	const sealed = new Map<number, Use>();
	const skipped = new Map<number, Use>();
	// An object that a document holds twice through an alias has one place, where the images of both are told.
	const places = new Map<string, Use>();
	for (const {image, object, objectIndex} of refusedUses(decision.images, objects)) {
		if (runsAtDeletion(object)) {
			addUse(skipped, objectIndex, object, image);
		} else {
			addUse(sealed, objectIndex, object, image);
			addUse(places, rangeKey(object.apiVersionAt), object, image);
		}
	}
	const edits = [
		...[...skipped.values()].flatMap(({object}) => skipEdits(object)),
		...[...places.values()].map((use) => ({
			range: use.object.apiVersionAt,
			text: JSON.stringify(sealedVersion(use, decision.reportId)),
		})),
	];
	return {
		edits: [...new Map(edits.map((edit) => [rangeKey(edit.range), edit])).values()].toSorted(
			(one, other) => one.range.start - other.range.start,
		),
		sealed: inOrder(sealed),
		skipped: inOrder(skipped),
		notes: inOrder(skipped).map(
			({object}) =>
				`${short(object)} runs when the application is deleted and uses a refused image: printed as hook Skip`,
		),
	};
}

/** Every use of a refused image by an object, worst image first. */
function refusedUses(images: readonly ImageDecision[], objects: readonly ManifestObject[]) {
	return images
		.filter(({decision}) => decision === 'deny' || decision === 'unknown')
		.toSorted(worstFirst)
		.flatMap((image) =>
			image.reference.origins.filter(isUse).map(({objectIndex}) => {
				const object = objects[objectIndex];
				if (object === undefined) throw unknownObject(objectIndex);
				return {image, object, objectIndex};
			}),
		);
}

function addUse<Key>(uses: Map<Key, Use>, key: Key, object: ManifestObject, image: ImageDecision): void {
	const use = uses.get(key);
	if (use === undefined) uses.set(key, {object, images: [image]});
	else if (use.images.at(-1) !== image) use.images.push(image);
}

function worstFirst({reasons: [one]}: ImageDecision, {reasons: [other]}: ImageDecision): number {
	return one === undefined || other === undefined ? 0 : byReason(one, other);
}

/** `apps/denied: shop∕api:1.4 has CVE-2021-44906 (CRITICAL), minimist 0.0.8 is fixed in 0.2.4 (+3 more) report 7f3a2c…` */
function sealedVersion({object: {apiVersion}, images: [worst, ...others]}: Use, reportId: string): string {
	const reasons = decisiveReasons(worst).length - 1;
	const more = [
		...(reasons > 0 ? [`+${reasons} more`] : []),
		...(others.length > 0 ? [`+${others.length} more ${others.length === 1 ? 'image' : 'images'}`] : []),
	].join(', ');
	const end = `${more === '' ? '' : ` (${more})`} report ${reportId}`;
	const word = worst.decision === 'deny' ? 'denied' : 'unknown';
	const text = oneLine(versionText(`${word}: ${imageSentence(worst)}`), sealLength - end.length);
	// Nothing of the group is needed but that it shows which kind of object it was.
	const group = versionText(apiVersion.slice(0, apiVersion.indexOf('/')));
	return `${apiVersion.includes('/') ? `${group}/` : ''}${text}${end}`;
}

/** A slash would end the group, and Argo CD's readers must not stumble over anything else. */
function versionText(text: string): string {
	return text.replaceAll('/', '∕').replaceAll(/[^\x20-\x7E∕…’→]/g, '?');
}

/** Both annotations must go, because Argo CD runs at deletion what either of them names. */
function skipEdits({hooks: {argo, helm}}: ManifestObject): TextEdit[] {
	if (argo !== undefined) return [argo, ...(helm === undefined ? [] : [helm])].map(skipValue);
	return helm === undefined
		? []
		: [{range: helm.key, text: JSON.stringify('argocd.argoproj.io/hook')}, skipValue(helm)];
}

function skipValue({value}: AnnotationAt): TextEdit {
	return {range: value, text: JSON.stringify('Skip')};
}

function inOrder(uses: ReadonlyMap<number, Use>): SealedObject[] {
	return [...uses]
		.toSorted(([one], [other]) => one - other)
		.map(([objectIndex, {object, images}]) => ({
			objectIndex,
			object: objectName(object),
			images: images.map(({reference}) => reference.image),
		}));
}

function rangeKey({start, end}: TextRange): string {
	return `${start}:${end}`;
}

function unknownObject(index: number): GateError {
	return new GateError({
		stage: 'gate',
		code: 'internal',
		what: `a refused image is used by object ${index}, which was not read`,
		hint: 'This is a mistake in the gate; nothing is printed.',
	});
}
