import {printable} from '../log.ts';
import type {ImageOrigin, ImageOutcome, ImageReference} from '../types.ts';
import {fit, wrap} from './wrap.ts';

/** The published form of `trivy-gate images --format json`; `version` is raised when a field changes or goes away. */
export function formatImagesAsJson(references: readonly ImageReference[]): string {
	const images = references.map(({image, outcome, origins}) => ({
		image,
		outcome,
		origins: origins.map(({object, path, rule, outcome: own, ignoredBy, file, reason, platforms}) => ({
			object,
			path,
			rule,
			outcome: own,
			...(ignoredBy === undefined ? {} : {ignoredBy}),
			...(reason === undefined ? {} : {reason}),
			...(file === undefined ? {} : {file}),
			...(platforms === undefined ? {} : {platforms}),
		})),
	}));
	return `${JSON.stringify({version: 1, images}, undefined, 2)}\n`;
}

/** What the text shows without `--all`: what is scanned, and what is refused because it cannot be. */
const shown: ReadonlySet<ImageOutcome> = new Set(['scan', 'invalid', 'placeholder']);
const titles = [
	['scan', 'scanned'],
	['invalid', 'refused: nothing can scan them'],
	['placeholder', 'placeholders: something else fills them in; refused unless the policy warns'],
	['unresolved', 'brings images that manifests do not show'],
	['potential', 'may be images; never refused for themselves'],
	['ignored', 'ignored'],
] as const satisfies readonly (readonly [ImageOutcome, string])[];

/**
 * Each image with every place that names it and the rule that found it, for a person.
 * @param options `all`: also what may be an image, what is ignored, filled in or chosen elsewhere.
 */
export function formatImagesAsText(
	references: readonly ImageReference[],
	{all}: {readonly all: boolean} = {all: true},
): string {
	const listed = references.filter(({outcome}) => all || shown.has(outcome));
	const groups = titles.map(([outcome, title]) => ({
		title,
		images: listed.filter((image) => image.outcome === outcome),
	}));
	const sections = groups
		.filter(({images}) => images.length > 0)
		.map(({title, images}) =>
			all ? `── ${title}\n\n${images.map(block).join('\n\n')}` : images.map(block).join('\n\n'),
		);
	return `${[...sections, closing(references, listed)].join('\n\n')}\n`;
}

function block(reference: ImageReference): string {
	const {image, outcome, origins} = reference;
	const head = fit([image === '' ? '(empty)' : image, outcome === 'scan' ? '' : outcomeText(reference)], 0);
	const byObject = [...Map.groupBy(origins, ({object, file}) => `${object}\n${file ?? ''}`).values()];
	return [...head, ...byObject.flatMap((own) => objectLines(own, outcome))]
		.map((line) => printable(line).replaceAll('\n', ' '))
		.join('\n');
}

/** What becomes of an image, as `potential` or `ignored(helm-test)`. */
function outcomeText({outcome, origins}: ImageReference): string {
	const causes = [...new Set(origins.flatMap(({ignoredBy}) => ignoredBy ?? []))].toSorted();
	return outcome === 'ignored' && causes.length > 0 ? `ignored(${causes.join(', ')})` : outcome;
}

function objectLines(origins: readonly ImageOrigin[], outcome: ImageOutcome): readonly string[] {
	const [first] = origins;
	if (first === undefined) return [];
	const {object, file} = first;
	return [
		...fit([object, ...(file === undefined ? [] : [`in ${file}`])], 2),
		...origins.flatMap(({path, rule, outcome: own, ignoredBy, reason, platforms}) => {
			const cause = ignoredBy === undefined ? own : `ignored(${ignoredBy})`;
			const differs = own === outcome ? '' : cause;
			return [
				...fit([path, `[${rule}]`, platforms === undefined ? '' : `on ${platforms.join(', ')}`, differs], 4),
				...wrap(reason ?? '', 6),
			];
		}),
	];
}

function closing(references: readonly ImageReference[], listed: readonly ImageReference[]): string {
	const scanned = references.filter(({outcome}) => outcome === 'scan').length;
	const count = `${scanned} image${scanned === 1 ? '' : 's'} to scan`;
	const hidden = references.length - listed.length;
	if (hidden === 0) return count;
	return wrap(`${count}, and ${hidden} more to know of: --all lists what is not scanned, and why`, 0).join('\n');
}
