import type {ExtraImage, ImageIgnore, ImageSettings, ManifestObject} from '../types.ts';
import {judgeText} from './judge.ts';
import {placeText} from './place.ts';
import {canonicalName, parseReference} from './reference.ts';
import type {Finding} from './search.ts';
import {appliesTo, placesOf} from './table.ts';
import {matchesWildcard} from './wildcard.ts';

/** What the operator's policy makes of the findings in one object: some are no images, and its kind may bring more. */
export function applySettings(
	findings: readonly Finding[],
	object: ManifestObject,
	{ignore, extra}: Pick<ImageSettings, 'ignore' | 'extra'>,
): readonly Finding[] {
	const {apiVersion, kind, value: root} = object;
	const subject = {group: apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '', kind};
	const all = [...findings, ...extra.filter((each) => appliesTo(each, subject)).map(extraFinding)];
	const rules = ignore.filter((each) => appliesTo({group: each.group ?? '*', kind: each.kind ?? '*'}, subject));
	if (rules.length === 0) return all;
	const ready = rules.map((rule) => ({
		rule,
		paths: rule.path === undefined ? undefined : placesOf(rule.path, {root, at: undefined}).map(placeText),
	}));
	return all.map((finding) => {
		const found = ready.find(({rule, paths}) => isMeant(rule, paths, finding));
		return found === undefined
			? finding
			: {...finding, outcome: 'ignored', ignoredBy: 'policy', reason: `The policy ignores it: ${found.rule.reason}`};
	});
}

function isMeant({image}: ImageIgnore, paths: readonly string[] | undefined, finding: Finding): boolean {
	if (paths !== undefined && !paths.some((path) => isAtOrBelow(finding.path, path))) return false;
	if (image === undefined || matchesWildcard(image, finding.image)) return true;
	const parsed = parseReference(finding.image);
	return parsed.kind === 'image' && matchesWildcard(image, canonicalName(parsed.name));
}

function isAtOrBelow(path: string, other: string): boolean {
	return path.startsWith(other) && /^(?:$|[.[:])/u.test(path.slice(other.length));
}

function extraFinding({image, reason, group, kind}: ExtraImage): Finding {
	const judgement = judgeText(image, 'certain');
	const why = judgement.outcome === 'scan' ? undefined : (judgement.reason ?? reason);
	return {
		image,
		place: undefined,
		path: '',
		rule: `policy/extra/${group}/${kind}`,
		outcome: judgement.outcome,
		reason: why,
	};
}
