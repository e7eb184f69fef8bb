import type {JsonObject, JsonValue} from '../../src/types.ts';

const containerLists = ['containers', 'initContainers', 'ephemeralContainers'];
/** In these an `image` is no image: what the API server or a status says, a Ceph volume. */
const aside = ['metadata', 'status', 'rbd', 'managedFields'];

/**
 * The images of objects as anybody would look for them: the `image` of whatever stands in a list of containers, and, in
 * kinds that are not Kubernetes' own, every `image` that names a version.
 */
export function walkImages(objects: readonly JsonObject[]): ReadonlySet<string> {
	const images = new Set<string>();
	for (const object of objects) walk(object, isCustom(object) ?? false, images);
	return images;
}

function walk(value: JsonValue, outer: boolean, images: Set<string>): void {
	if (isList(value)) {
		for (const item of value) walk(item, outer, images);
	} else if (typeof value === 'object' && value !== null && value['kind'] !== 'Secret') {
		const custom = outer && (isCustom(value) ?? true);
		for (const [key, child] of Object.entries(value)) {
			if (containerLists.includes(key) && isList(child)) addContainers(child, images);
			if (custom && key === 'image' && isVersionedName(child)) images.add(child);
			if (!aside.includes(key)) walk(child, custom, images);
		}
	}
}

/** Whether a mapping is an object of a kind that somebody has defined; undefined when it is none at all. */
function isCustom({apiVersion, kind}: JsonObject): boolean | undefined {
	if (typeof apiVersion !== 'string' || typeof kind !== 'string') return undefined;
	return /^[a-z.]+\.[a-z]+\/v1$/u.test(apiVersion) && !apiVersion.includes('k8s.io');
}

function isVersionedName(value: JsonValue): value is string {
	return typeof value === 'string' && /^[a-z][a-z./-]*:\w[\w.-]*$/u.test(value);
}

function addContainers(containers: readonly JsonValue[], images: Set<string>): void {
	for (const container of containers) {
		if (typeof container !== 'object' || container === null || isList(container)) continue;
		const image = container['image'];
		if (typeof image === 'string' && image !== '') images.add(image);
	}
}

function isList(value: JsonValue): value is readonly JsonValue[] {
	return Array.isArray(value);
}
