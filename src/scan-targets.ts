import type {CanonicalImage} from './gate/decide.ts';
import {parseReference} from './images/reference.ts';
import {GateError} from './errors.ts';
import type {ImageName, ScanTarget} from './types.ts';

/** What an image name stands for, in the parts that the scan and the policy need. */
export function targetOf(image: ImageName): ScanTarget {
	const parsed = parsedName(image);
	return {
		image,
		host: parsed.domain,
		repository: parsed.path,
		version: parsed.digest === undefined ? `:${parsed.tag ?? 'latest'}` : `@${parsed.digest}`,
	};
}

export function canonicalOf(image: ImageName): CanonicalImage {
	const {domain, path, tag, digest} = parsedName(image);
	return {repository: `${domain}/${path}`, tag, digest};
}

function parsedName(image: ImageName) {
	const parsed = parseReference(image);
	if (parsed.kind === 'image') return parsed;
	throw new GateError({stage: 'scan', code: 'internal', what: `${image} was taken for an image reference and is none`});
}
