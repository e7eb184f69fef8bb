import {isMap, isPair} from 'yaml';
import type {AnnotationAt, JsonObject, ManifestObject} from '../types.ts';
import {checkNoAnchor, editableText, rangeOf} from './editable.ts';
import {keyText, nodeOffset} from './keys.ts';
import {type Reading, refuse} from './reading.ts';

const hookKeys = {argo: 'argocd.argoproj.io/hook', helm: 'helm.sh/hook'};

/**
 * Where an object's hook annotations stand. Both undefined when another annotation is neither text nor null: Argo CD
 * then sees no annotation at all (`NestedNullCoercingStringMap` in k8s.io/apimachinery). Throws manifests-ambiguous for
 * anchors, and for hook annotations that are not text on one line.
 */
export function readHooks(reading: Reading, node: unknown, annotations: JsonObject): ManifestObject['hooks'] {
	let argo: AnnotationAt | undefined;
	let helm: AnnotationAt | undefined;
	for (const pair of isMap(node) ? node.items : []) {
		if (!isPair(pair)) continue;
		const key = keyText(pair.key) ?? '';
		checkNoAnchor(reading, pair.value, `the annotation ${key}`);
		if (key === hookKeys.argo) argo = readHook(reading, pair.key, pair.value, annotations[key]);
		if (key === hookKeys.helm) helm = readHook(reading, pair.key, pair.value, annotations[key]);
	}
	const visible = Object.values(annotations).every((value) => typeof value === 'string' || value === null);
	return visible ? {argo, helm} : {argo: undefined, helm: undefined};
}

function readHook(reading: Reading, key: unknown, node: unknown, value: unknown): AnnotationAt {
	if (typeof value !== 'string') {
		const hint = 'Give it a value in quotes, or remove it.';
		throw refuse('manifests-ambiguous', reading, nodeOffset(key), 'has a hook annotation that is not text', hint);
	}
	const {text, range} = editableText(reading, node, value, 'a hook annotation');
	return {key: rangeOf(reading, key), value: range, text};
}
