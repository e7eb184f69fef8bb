/** Where images are: in every element of a list under the key `list`, in the field at the path `field`. */
export interface PodRule {
	readonly id: string;
	readonly list: string;
	readonly field: readonly [string, ...string[]];
}

/** The shape of a pod, looked for at any depth in any kind, because any resource may embed a pod. */
export const podRules: readonly PodRule[] = [
	{id: 'pod/containers', list: 'containers', field: ['image']},
	{id: 'pod/initContainers', list: 'initContainers', field: ['image']},
	{id: 'pod/ephemeralContainers', list: 'ephemeralContainers', field: ['image']},
	{id: 'pod/image-volume', list: 'volumes', field: ['image', 'reference']},
];
