import type {ManifestObject} from '../types.ts';

/** Helm hooks that Argo CD maps to no phase of its own (gitops-engine, pkg/sync/hook/helm/type.go). */
const neverApplied = new Set(['test', 'test-success', 'test-failure', 'pre-rollback', 'post-rollback']);

/**
 * Why Argo CD never applies an object, as a sentence; undefined when it may. Cautious: only Argo CD's `Skip` alone, or
 * Helm hooks that are all known to be left out, and only when every annotation is text (versions of Argo CD disagree on
 * what they see otherwise).
 */
export function whyNeverApplied({hooks, value}: ManifestObject): string | undefined {
	if (!annotationsAreText(value)) return undefined;
	const types = (hooks.helm?.text ?? '').split(',').map((type) => type.trim());
	// At deletion Argo CD runs what either annotation names (controller/hook.go, isHookOfType).
	if (types.some((type) => /delete/i.test(type))) return undefined;
	if (hooks.argo !== undefined) return hooks.argo.text === 'Skip' ? 'Argo CD skips this object.' : undefined;
	const named = types.filter((type) => type !== '');
	if (named.length === 0 || !named.every((type) => neverApplied.has(type))) return undefined;
	return `Argo CD does not run Helm's ${named.join(' and ')} hooks.`;
}

function annotationsAreText({metadata}: ManifestObject['value']): boolean {
	if (typeof metadata !== 'object' || metadata === null || !('annotations' in metadata)) return true;
	return Object.values(metadata['annotations'] ?? {}).every((text) => typeof text === 'string');
}
