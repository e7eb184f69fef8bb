import type {JsonValue, Platform} from '../types.ts';
import {platformsOf} from './architectures.ts';
import {judgeValue} from './judge.ts';
import {isObject, type Place, placeText, textAt, valueAt} from './place.ts';
import {addFinding, ignoredFor, type Scope, type Search} from './search.ts';
import {joinParts} from './parts.ts';
import {judgeParts} from './fields.ts';

/** The lists of a pod whose elements name images, with the field that does. */
const podLists: ReadonlyMap<string, readonly [rule: string, ...field: string[]]> = new Map([
	['containers', ['pod/containers', 'image']],
	['initContainers', ['pod/initContainers', 'image']],
	['ephemeralContainers', ['pod/ephemeralContainers', 'image']],
	['volumes', ['pod/image-volume', 'image', 'reference']],
]);

/** Whether a key is that of a list of a pod. */
export function isPodList(key: string): boolean {
	return podLists.has(key);
}

/** Finds the images of a list of a pod: the shape counts at any depth of any kind, because any resource may hold a pod. */
export function searchPodList(
	key: string,
	list: Place & {readonly value: readonly JsonValue[]},
	scope: Scope,
	search: Search,
): void {
	const [rule, ...field] = podLists.get(key) ?? [''];
	const pod = list.up?.value ?? scope.root;
	for (const [index, element] of list.value.entries()) {
		let place: Place | undefined = {up: list, step: index, value: element};
		for (const step of field) {
			const value: JsonValue | undefined = valueAt(place?.value, step);
			place = value === undefined || place === undefined ? undefined : {up: place, step, value};
		}
		// An image that is null is absent: the API server drops it.
		if (place === undefined || place.value === null) continue;
		searchImage(rule, place, {pod, list, scope}, search);
	}
}

interface Surroundings {
	/** The mapping that holds the list. */
	readonly pod: JsonValue;
	readonly list: Place;
	readonly scope: Scope;
}

function searchImage(rule: string, place: Place, {pod, list, scope}: Surroundings, search: Search): void {
	const {guess, builtIn, exclusion} = scope;
	if (exclusion?.all === true) {
		return addFinding(search, {
			image: judgeValue(place.value, 'guess')[1],
			place,
			rule,
			...ignoredFor(exclusion),
		});
	}
	// In custom resources a container's image may come in parts; Kubernetes itself refuses that.
	if (isObject(place.value) && !builtIn) {
		const parts = joinParts({keys: splitKeys}, place.value, null);
		if (parts.kind === 'image' || parts.kind === 'not-text') {
			return addFinding(search, {image: parts.text, place, rule, ...judgeParts(parts, guess)});
		}
	}
	if (place.value === 'auto' && guess === undefined && isInjected(list, scope)) {
		return addFinding(search, {
			image: 'auto',
			place,
			rule,
			outcome: 'placeholder',
			reason: 'Istio puts its proxy in here when the pod is admitted.',
		});
	}
	const [{outcome, reason}, image] = judgeValue(place.value, guess === undefined ? 'certain' : 'guess');
	const platforms = podPlatforms(pod, list, scope);
	addFinding(search, {
		image,
		place,
		rule,
		outcome,
		reason: reason ?? (outcome === 'scan' ? undefined : guess),
		...(platforms === undefined ? {} : {platforms}),
	});
}

export const splitKeys = {
	registry: 'registry',
	repository: 'repository',
	tag: ['tag', 'version'],
	digest: 'digest',
} as const;

/** Where each of Kubernetes' own kinds holds its pod: there, and only there, the scheduler obeys the pod's selectors. */
const podPaths: ReadonlyMap<string, string> = new Map([
	['/Pod', 'spec'],
	['/PodTemplate', 'template.spec'],
	['/ReplicationController', 'spec.template.spec'],
	['apps/DaemonSet', 'spec.template.spec'],
	['apps/Deployment', 'spec.template.spec'],
	['apps/ReplicaSet', 'spec.template.spec'],
	['apps/StatefulSet', 'spec.template.spec'],
	['batch/Job', 'spec.template.spec'],
	['batch/CronJob', 'spec.jobTemplate.spec.template.spec'],
]);

function podPlatforms(pod: JsonValue, list: Place, {group, kind, at, guess}: Scope): readonly Platform[] | undefined {
	if (!isObject(pod) || at !== undefined || guess !== undefined || list.up === undefined) return undefined;
	return podPaths.get(`${group}/${kind}`) === placeText(list.up) ? platformsOf(pod) : undefined;
}

/** Whether the template that holds the pod asks Istio to complete it. */
function isInjected(list: Place, {root}: Scope): boolean {
	const template = list.up?.up === undefined ? root : list.up.up.value;
	const metadata = valueAt(template, 'metadata');
	const asked = ['labels', 'annotations'].some(
		(key) => textAt(valueAt(metadata, key), 'sidecar.istio.io/inject') === 'true',
	);
	return asked || textAt(valueAt(metadata, 'annotations'), 'inject.istio.io/templates') !== undefined;
}
