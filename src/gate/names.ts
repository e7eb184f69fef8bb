import type {ManifestObject} from '../types.ts';

/** `Kind/namespace/name`, or `Kind/name` without a namespace. */
export function objectName({kind, namespace, name}: ManifestObject): string {
	return [kind, ...(namespace === undefined ? [] : [namespace]), name].join('/');
}
