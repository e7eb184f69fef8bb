import {printable} from '../log.ts';
import type {ImageOutcome, ImageReference} from '../types.ts';

/** The published form of `trivy-gate images --format json`. */
export function formatImagesAsJson(references: readonly ImageReference[]): string {
	const images = references.map(({image, outcome, origins}) => ({
		image,
		outcome,
		origins: origins.map(({object, path, rule, outcome: own, file, reason, platforms}) => ({
			object,
			path,
			rule,
			outcome: own,
			...(reason === undefined ? {} : {reason}),
			...(file === undefined ? {} : {file}),
			...(platforms === undefined ? {} : {platforms}),
		})),
	}));
	return `${JSON.stringify({images}, undefined, 2)}\n`;
}

/** What the text shows without `--all`: what is scanned, and what is refused because it cannot be. */
const shown: ReadonlySet<ImageOutcome> = new Set(['scan', 'invalid', 'placeholder']);
const titles = [
	['scan', 'scanned'],
	['invalid', 'refused: no image reference'],
	['placeholder', 'placeholders: something else fills them in'],
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

function block({image, outcome, origins}: ImageReference): string {
	const head = outcome === 'scan' ? image : `${image}  (${outcome})`;
	const places = origins.map(({object, path, rule, outcome: own, file, reason, platforms}) =>
		[
			`  ${object}`,
			path,
			`[${rule}]`,
			file ?? '',
			platforms === undefined ? '' : `on ${platforms.join(', ')}`,
			own === outcome ? '' : `(${own})`,
			reason === undefined ? '' : `— ${reason}`,
		]
			.filter((text) => text !== '')
			.join('  '),
	);
	return [head, ...places].map((text) => printable(text).replaceAll('\n', ' ')).join('\n');
}

function closing(references: readonly ImageReference[], listed: readonly ImageReference[]): string {
	const scanned = references.filter(({outcome}) => outcome === 'scan').length;
	const count = `${scanned} image${scanned === 1 ? '' : 's'} to scan`;
	const hidden = references.length - listed.length;
	return hidden === 0 ? count : `${count}, and ${hidden} more to know of: --all lists what is not scanned, and why`;
}
