import {GateError} from '../errors.ts';
import type {ImageOrigin, ImageOutcome, ImageReference, ImageSettings, ManifestObject} from '../types.ts';
import {type Unused, whyNeverApplied} from './hooks.ts';
import {comparePlaces} from './place.ts';
import {parseReference} from './reference.ts';
import {type Finding, maximumFindings, type Search} from './search.ts';
import {applySettings} from './settings.ts';
import {openTable} from './table.ts';
import {searchObject} from './walk.ts';

/** Characters of YAML inside of texts that are read in one run: a second of work, or two. */
const maximumText = 512 * 1024;

/** Strongest first: what becomes of an image that several places name. */
const byStrength = ['scan', 'invalid', 'placeholder', 'unresolved', 'potential', 'ignored'] as const;

const nothingSaid: ImageSettings = {rules: [], ignore: [], extra: []};

/**
 * Every distinct image string in the objects with every place that names it: images sorted by their text, origins by
 * object and then by path, an image's outcome its strongest origin's. What brings images without naming them is told in
 * words. Rules add to each other; where several see one place, the one that knows most speaks.
 * @param settings what the operator's policy says about finding.
 * @throws GateError limit-exceeded beyond 20,000 places.
 */
export function findImages(
	objects: readonly ManifestObject[],
	settings: ImageSettings = nothingSaid,
): readonly ImageReference[] {
	const table = openTable(settings.rules);
	const room = {text: maximumText};
	const images = new Map<string, ImageOrigin[]>();
	let count = 0;
	for (const [objectIndex, object] of objects.entries()) {
		const search: Search = {findings: [], taken: new Map(), parts: new Set(), room};
		searchObject({value: object.value, at: undefined, guess: undefined}, table, search);
		const findings = applySettings(search.findings, object, settings);
		count += findings.length;
		if (count > maximumFindings) throw tooManyImages(object);
		const unused = whyNeverApplied(object);
		for (const finding of findings.toSorted(byPlace)) {
			const origin = originOf(finding, unused, object, objectIndex);
			const origins = images.get(finding.image);
			if (origins === undefined) images.set(finding.image, [origin]);
			else origins.push(origin);
		}
	}
	return [...images]
		.toSorted(([left], [right]) => compare(left, right))
		.flatMap(([image, origins]) => toReference(image, origins));
}

function originOf(
	{path, rule, outcome, reason, ignoredBy, platforms}: Finding,
	unused: Unused | undefined,
	object: ManifestObject,
	objectIndex: number,
): ImageOrigin {
	const place = {object: objectName(object), objectIndex, path, rule, file: object.file};
	if (unused !== undefined) return {...place, outcome: 'ignored', ...unused};
	return {
		...place,
		outcome,
		reason,
		...(ignoredBy === undefined ? {} : {ignoredBy}),
		...(platforms === undefined ? {} : {platforms}),
	};
}

function toReference(image: string, origins: readonly ImageOrigin[]): ImageReference[] {
	const [first, ...others] = origins;
	const outcome: ImageOutcome | undefined = byStrength.find((strength) =>
		origins.some((origin) => origin.outcome === strength),
	);
	if (first === undefined || outcome === undefined) return [];
	const parsed = parseReference(image);
	return [{image, name: parsed.kind === 'image' ? parsed.name : undefined, outcome, origins: [first, ...others]}];
}

function objectName({kind, namespace, name}: ManifestObject): string {
	return namespace === undefined ? `${kind}/${name}` : `${kind}/${namespace}/${name}`;
}

function tooManyImages(object: ManifestObject): GateError {
	return new GateError({
		stage: 'find',
		code: 'limit-exceeded',
		what: `the manifests name images in more than ${maximumFindings.toLocaleString('en')} places`,
		where: objectName(object),
		hint: 'Split the application.',
	});
}

function byPlace(one: Finding, other: Finding): number {
	if (one.place === undefined || other.place === undefined)
		return Number(one.place !== undefined) - Number(other.place !== undefined);
	return comparePlaces(one.place, other.place) || compare(one.image, other.image);
}

function compare(left: string, right: string): number {
	return left === right ? 0 : left < right ? -1 : 1;
}
