import type {ImageOrigin, ImageReference, ManifestObject} from '../types.ts';

/** `Kind/namespace/name`, or `Kind/name` without a namespace. */
export function objectName({kind, namespace, name}: ManifestObject): string {
	return [kind, ...(namespace === undefined ? [] : [namespace]), name].join('/');
}

/** Whether an origin makes the image run, or be refused: guesses, hints and what is ignored do not. */
export function isUse({outcome}: Pick<ImageOrigin, 'outcome'>): boolean {
	return outcome === 'scan' || outcome === 'invalid' || outcome === 'placeholder';
}

/** Whether the gate decides about an image, and does not merely tell of it. */
export function isDecided({outcome}: Pick<ImageReference, 'outcome'>): boolean {
	return isUse({outcome});
}
