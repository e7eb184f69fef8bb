import {GateError} from './errors.ts';
import type {Exceptions} from './gate/exceptions.ts';
import {platformsFor} from './gate/platforms.ts';
import type {EffectivePolicy} from './gate/effective.ts';
import {fieldOf, fieldText, lineOf, type PolicyField} from './gate/policy-lines.ts';
import {adviceFor, reasonText} from './gate/reasons.ts';
import {canonicalName, sameImage} from './images/reference.ts';
import {ruleText} from './images/rule-text.ts';
import {nearestName} from './nearest.ts';
import type {Explanation} from './report/explain.ts';
import {canonicalOf} from './scan-targets.ts';
import type {ImageDecision, ImageReference} from './types.ts';

/** The policy as it holds for this run, and the file that it comes from. */
export interface PolicyInForce extends EffectivePolicy {
	readonly exceptions: Exceptions;
	/** Undefined when the defaults hold. */
	readonly file: {readonly path: string; readonly text: string} | undefined;
}

/**
 * The references of the manifests that a person means by an image: as written, in another spelling of the same name, or
 * the only ones that contain the text.
 * @throws GateError usage when there is none, or more than one name contains the text.
 */
export function chooseReferences(references: readonly ImageReference[], image: string): readonly ImageReference[] {
	const same = references.filter((reference) => sameImage(reference.image, image));
	if (same.length > 0) return same;
	const containing = references.filter((reference) => reference.image.includes(image));
	if (containing.length === 1) return containing;
	throw new GateError({
		stage: 'find',
		code: 'usage',
		what:
			containing.length === 0 ? `the manifests do not name ${image}` : `${containing.length} images contain ${image}`,
		hint: containing.length === 0 ? hintFor(image, references) : 'Write more of the name of the one that you mean.',
		output: containing
			.slice(0, 20)
			.map((reference) => reference.image)
			.join('\n'),
	});
}

function hintFor(image: string, references: readonly ImageReference[]): string {
	const nearest = nearestName(
		image,
		references.map((reference) => reference.image),
	);
	return nearest === undefined ? '"trivy-gate images --all" lists what there is.' : `Did you mean ${nearest}?`;
}

/** Everything there is to tell about one decided image. */
export function explanationOf(image: ImageDecision, inForce: PolicyInForce): Explanation {
	const {reference} = image;
	const own = reference.name === undefined ? inForce : inForce.forImage(canonicalOf(reference.name).repository);
	return {
		image,
		canonical: reference.name === undefined ? undefined : canonicalName(reference.name),
		platforms: platformsFor(reference, own.policy.platforms),
		ruleText,
		reasonText,
		policyLine: (reason) => policyLine(fieldOf(reason, own.policy), {...own, file: inForce.file}),
		advice: adviceFor(image),
	};
}

/** Where a field got its value: `policy.yaml, line 7: severities: CRITICAL`. */
export function policyLine(
	field: PolicyField | undefined,
	{policy, changes, file}: Pick<PolicyInForce, 'policy' | 'changes' | 'file'>,
): string {
	if (field === undefined) return 'no policy can allow it';
	const text = fieldText(policy, field);
	const change = changes.find((one) => one.field === field);
	if (change !== undefined) return `${change.by}: ${text}`;
	const line = file === undefined ? undefined : lineOf(file.text, field);
	return line === undefined || file === undefined ? `by default: ${text}` : `${file.path}, line ${line}: ${text}`;
}
