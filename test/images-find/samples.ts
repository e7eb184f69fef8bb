import type {JsonObject, ManifestObject} from '../../src/types.ts';

/** An object as the reader gives it, from its value. */
export function object(value: JsonObject, change: Partial<ManifestObject> = {}): ManifestObject {
	return {
		document: 1,
		apiVersion: 'v1',
		kind: 'Pod',
		namespace: undefined,
		name: 'web',
		file: undefined,
		value,
		apiVersionAt: {start: 0, end: 0},
		hooks: {argo: undefined, helm: undefined},
		...change,
	};
}

/** A hook annotation as the reader gives it. */
export function annotation(text: string) {
	return {key: {start: 0, end: 0}, value: {start: 0, end: 0}, text};
}
