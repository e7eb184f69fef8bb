import {GateError} from './errors.ts';
import type {Seal} from './gate/seal.ts';
import {isSameJson} from './manifests/json.ts';
import {type ReadManifests, readManifests} from './manifests/read.ts';
import type {JsonObject, ManifestObject} from './types.ts';

/**
 * Reads a refusal once more before it is printed: behind the gate Job it must hold the same objects, changed where they
 * are sealed and nowhere else. What an edit could wake or cut off is found here, whatever it is.
 * @throws GateError internal.
 */
export function checkPrinted(text: string, read: ReadManifests, seal: Seal | undefined): void {
	const [job, ...objects] = readManifests(text).objects;
	const sealed = new Set(seal?.sealed.map(({objectIndex}) => objectIndex));
	const skipped = new Set(seal?.skipped.map(({objectIndex}) => objectIndex));
	const same =
		job?.kind === 'Job' &&
		objects.length === read.objects.length &&
		read.objects.every((before, index) => {
			const after = objects[index];
			if (after === undefined) return false;
			if (sealed.has(index)) return isSealed(after) && isSameJson(withoutVersion(before), withoutVersion(after));
			if (skipped.has(index)) return isSkipped(after) && isSameJson(withoutHooks(before), withoutHooks(after));
			return isSameJson(before.value, after.value);
		});
	if (same) return;
	throw new GateError({
		stage: 'gate',
		code: 'internal',
		what: 'the refusal that would be printed does not mean what was decided, so nothing is printed',
		hint: 'This is a bug; please report it, with the manifests if you can.',
	});
}

function isSealed({apiVersion}: ManifestObject): boolean {
	return /^(?:[^/]*\/)?(?:denied|unknown): /u.test(apiVersion);
}

function isSkipped({hooks: {argo}}: ManifestObject): boolean {
	return argo?.text === 'Skip';
}

function withoutVersion({value}: ManifestObject): JsonObject {
	return {...value, apiVersion: ''};
}

function withoutHooks({value}: ManifestObject): JsonObject {
	const metadata = asObject(value['metadata']);
	const annotations = Object.entries(asObject(metadata['annotations'])).filter(
		([key]) => key !== 'argocd.argoproj.io/hook' && key !== 'helm.sh/hook',
	);
	return {...value, metadata: {...metadata, annotations: Object.fromEntries(annotations)}};
}

function asObject(value: unknown): JsonObject {
	return typeof value === 'object' && value !== null && !Array.isArray(value) ? {...value} : {};
}
