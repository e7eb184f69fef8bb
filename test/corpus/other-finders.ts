import type {JsonObject, JsonValue} from '../../src/types.ts';

/** How others find images, written anew from their documentation and sources, to be compared with. */

/** kbld's default rule (carvel-dev/kbld, pkg/kbld/config/conf.go): any key named `image` whose value is text. */
export function imageKeyWalk(object: JsonObject): Set<string> {
	const found = new Set<string>();
	visit(object, (key, value) => {
		if (key === 'image' && typeof value === 'string') found.add(value);
	});
	return found;
}

/** The walk of Argo CD and kustomize: `image` in the elements of `containers` and `initContainers`. */
export function containerWalk(object: JsonObject): Set<string> {
	const found = new Set<string>();
	visit(object, (key, value) => {
		if (key !== 'containers' && key !== 'initContainers') return;
		for (const image of elements(value).map((element) => element['image'])) {
			if (typeof image === 'string') found.add(image);
		}
	});
	return found;
}

const workloads: ReadonlySet<string> = new Set([
	'Pod',
	'CronJob',
	'ReplicationController',
	'Deployment',
	'DaemonSet',
	'StatefulSet',
	'ReplicaSet',
	'Job',
]);

/**
 * zarf's (zarf-dev/zarf, src/pkg/packager/find_images.go): the pods of known workloads, elsewhere `"image":"…"` with one
 * slash at most, and everywhere what looks like name:tag. zarf drops of the last what its registry does not know; that
 * needs a network, so it stays here.
 */
export function zarfExpressions(object: JsonObject): Set<string> {
	const json = JSON.stringify(object);
	const workload = typeof object['kind'] === 'string' && workloads.has(object['kind']);
	const found = workload ? containerWalk(object) : new Set<string>();
	if (!workload) {
		for (const [, image] of json.matchAll(/"image":"(([a-z0-9._-]+\/)?[a-z0-9._-]+(?::[a-z0-9._-]+)?)"/gimu)) {
			if (image !== undefined) found.add(image);
		}
	}
	for (const [, image] of json.matchAll(/["|=]([a-z0-9\-_./:]+:[\w.-]*[a-z.\-_][\w.-]*)"/gimu)) {
		if (image !== undefined) found.add(image);
	}
	return found;
}

function visit(value: JsonValue, see: (key: string, value: JsonValue) => void): void {
	if (typeof value !== 'object' || value === null) return;
	for (const [key, child] of Object.entries<JsonValue>(value)) {
		see(key, child);
		visit(child, see);
	}
}

function elements(value: JsonValue): JsonObject[] {
	return Array.isArray(value)
		? value.filter((item): item is JsonObject => typeof item === 'object' && item !== null && !Array.isArray(item))
		: [];
}
