import type {AnnotationAt, JsonObject, ManifestObject, TextRange} from '../types.ts';

/**
 * Where an object's hook annotations stand. Both undefined when another annotation is neither text nor null: Argo CD
 * then sees no annotation at all (`NestedNullCoercingStringMap` in k8s.io/apimachinery). One that is null is an empty
 * text, which names no hook.
 */
export function readHooks(
	annotations: JsonObject,
	placeOf: (key: string) => {readonly key: TextRange; readonly value: TextRange},
): ManifestObject['hooks'] {
	const visible = Object.values(annotations).every((value) => typeof value === 'string' || value === null);
	const readHook = (key: string): AnnotationAt | undefined => {
		const text = annotations[key];
		if (!visible || text === undefined) return undefined;
		return {...placeOf(key), text: typeof text === 'string' ? text : ''};
	};
	return {argo: readHook('argocd.argoproj.io/hook'), helm: readHook('helm.sh/hook')};
}
