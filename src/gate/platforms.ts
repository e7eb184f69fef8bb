import type {ImageReference, Platform} from '../types.ts';

/**
 * The platforms on which an image must pass: the policy's, less those on which none of its pods can run, plus those that
 * its pods ask for and the policy does not name.
 *
 * A pod's selectors are its author's, so they must not loosen anything. They do not: a pod with a node selector for arm64
 * is never started on another node (scheduler and kubelet both refuse), so what is left out is what cannot run; and the
 * finder counts selectors only where Kubernetes itself obeys them. When one place that names the image says nothing, or when
 * nothing of the policy would be left, every platform of the policy counts. What the policy does not name is scanned in
 * addition, so that an author cannot reach nodes that the operator forgot.
 */
export function platformsFor({origins}: ImageReference, platforms: readonly Platform[]): readonly Platform[] {
	const wanted = origins
		.filter(({outcome}) => outcome === 'scan')
		.flatMap((origin) => (origin.platforms === undefined ? platforms : platformsOfPod(origin.platforms, platforms)));
	return wanted.length === 0 ? platforms : [...new Set(wanted)].toSorted(inOrderOf(platforms));
}

function platformsOfPod(selected: readonly Platform[], platforms: readonly Platform[]): readonly Platform[] {
	const left = platforms.filter((platform) => selected.some((each) => covers(each, platform)));
	const more = selected.filter((each) => !platforms.some((platform) => covers(each, platform)));
	return [...(left.length === 0 ? platforms : left), ...more];
}

/** `linux/arm` stands for all of its variants: nodes do not say theirs. */
function covers(selected: Platform, platform: Platform): boolean {
	return platform === selected || platform.startsWith(`${selected}/`);
}

/** The policy's order first, then by text, so that the result does not depend on the order of origins. */
function inOrderOf(platforms: readonly Platform[]) {
	const rank = (platform: Platform) => {
		const index = platforms.indexOf(platform);
		return index === -1 ? platforms.length : index;
	};
	return (one: Platform, other: Platform) => rank(one) - rank(other) || (one < other ? -1 : 1);
}
