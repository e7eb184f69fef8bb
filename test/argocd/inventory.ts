import type {KubernetesApi, KubernetesObject} from './kubernetes-api.ts';

/** `Kind/name` of every object of a namespace, and which it is: the uid and how often it was changed. */
export type Inventory = Readonly<Record<string, string>>;

/** What is in a namespace, without what controllers make of other objects and events. */
export async function inventory(api: KubernetesApi, namespace: string): Promise<Inventory> {
	return inventoryOf(await objectsIn(api, namespace));
}

/** The objects of a namespace that somebody put there. */
export async function objectsIn(api: KubernetesApi, namespace: string): Promise<readonly KubernetesObject[]> {
	return (await api.list(namespace)).filter(
		({kind, metadata}) =>
			metadata.ownerReferences === undefined &&
			kind !== 'Event' &&
			!(kind === 'ServiceAccount' && metadata.name === 'default'),
	);
}

/** The generation counts changes of the specification; objects without one are changed as a whole. */
export function inventoryOf(objects: readonly KubernetesObject[]): Inventory {
	return Object.fromEntries(
		objects
			.map(({kind, metadata: {name, uid, generation, resourceVersion}}) => [
				`${kind}/${name}`,
				`${uid} ${generation === undefined ? `version ${resourceVersion}` : `generation ${generation}`}`,
			])
			.toSorted(([one = ''], [other = '']) => one.localeCompare(other)),
	) as Inventory;
}
