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

/** The objects of a namespace by `Kind/name`, without what differs between any two: to compare two namespaces. */
export async function comparable(api: KubernetesApi, namespace: string): Promise<Readonly<Record<string, unknown>>> {
	const objects = (await objectsIn(api, namespace)).map((object) => {
		const {kind, metadata, status: _, ...rest} = object as KubernetesObject & Readonly<Record<string, unknown>>;
		const annotations = Object.entries(metadata.annotations ?? {}).filter(([name]) => !ownAnnotations.includes(name));
		const text = JSON.stringify({
			...rest,
			labels: metadata.labels,
			annotations: Object.fromEntries(annotations),
		});
		return [`${kind}/${metadata.name}`, JSON.parse(text.replaceAll(namespace, 'NAMESPACE')) as unknown] as const;
	});
	return Object.fromEntries(objects.toSorted(([one], [other]) => one.localeCompare(other)));
}

/** They hold the name of the Application and of the namespace, and numbers of changes. */
const ownAnnotations = [
	'argocd.argoproj.io/tracking-id',
	'kubectl.kubernetes.io/last-applied-configuration',
	'deployment.kubernetes.io/revision',
];
