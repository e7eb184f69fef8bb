import type {ManifestObject} from '../types.ts';

const argoTypes: readonly string[] = ['PreSync', 'Sync', 'PostSync', 'SyncFail', 'Skip'];

/**
 * Whether Argo CD applies the object before the sync. An object's Helm hooks count only when its Argo annotation names
 * no phase of a sync (gitops-engine/pkg/sync/hook/hook.go, Types).
 */
export function runsBeforeSync({hooks}: ManifestObject): boolean {
	const argo = items(hooks.argo?.text).filter((type) => argoTypes.includes(type));
	if (argo.length > 0) return argo.includes('PreSync');
	return items(hooks.helm?.text).some((type) => type === 'pre-install' || type === 'pre-upgrade');
}

/**
 * Whether Argo CD runs the object when the application is deleted: either annotation suffices, also beside the other
 * (controller/hook.go, isHookOfType).
 */
export function runsAtDeletion({hooks}: ManifestObject): boolean {
	return (
		items(hooks.argo?.text).some((type) => type === 'PreDelete' || type === 'PostDelete') ||
		items(hooks.helm?.text).some(helmRunsAtDeletion)
	);
}

function helmRunsAtDeletion(type: string): boolean {
	return type === 'pre-delete' || type === 'post-delete';
}

function items(text: string | undefined): string[] {
	return (text ?? '').split(',').map((item) => item.trim());
}
