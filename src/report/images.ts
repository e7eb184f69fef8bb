import {printable} from '../log.ts';
import type {ImageReference} from '../types.ts';

/** The published form of `trivy-gate images --format json`. */
export function formatImagesAsJson(references: readonly ImageReference[]): string {
	const images = references.map(({image, outcome, origins}) => ({
		image,
		outcome,
		origins: origins.map(({object, path, rule, outcome: own, file, reason}) => ({
			object,
			path,
			rule,
			outcome: own,
			...(reason === undefined ? {} : {reason}),
			...(file === undefined ? {} : {file}),
		})),
	}));
	return `${JSON.stringify({images}, undefined, 2)}\n`;
}

/** Each image with every place that names it, for a person. */
export function formatImagesAsText(references: readonly ImageReference[]): string {
	const blocks = references.map(({image, outcome, origins}) => {
		const head = outcome === 'scan' ? image : `${image}  (${outcome})`;
		const places = origins.map(({object, path, file, reason}) =>
			[
				'  ',
				object,
				'  ',
				path,
				file === undefined ? '' : `  ${file}`,
				reason === undefined ? '' : `  — ${reason}`,
			].join(''),
		);
		return [head, ...places].map((text) => printable(text).replaceAll('\n', ' ')).join('\n');
	});
	const count = `${references.length} image${references.length === 1 ? '' : 's'}`;
	return `${[...blocks, count].join('\n\n')}\n`;
}
