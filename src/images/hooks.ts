import type {IgnoreCause, ManifestObject} from '../types.ts';

const tests: ReadonlySet<string> = new Set(['test', 'test-success', 'test-failure']);
/** Helm hooks that Argo CD maps to no phase of its own, tests too (gitops-engine, pkg/sync/hook/helm/type.go). */
const neverApplied: ReadonlySet<string> = new Set([...tests, 'pre-rollback', 'post-rollback']);

/** Why Argo CD never applies an object; `reason` is a sentence. */
export interface Unused {
	readonly ignoredBy: IgnoreCause;
	readonly reason: string;
}

/**
 * Why Argo CD never applies an object; undefined when it may. Cautious: only Argo CD's `Skip` alone, or Helm hooks that are
 * all known to be left out, and only when every annotation is text (versions of Argo CD disagree on what they see otherwise).
 */
export function whyNeverApplied({hooks, value}: ManifestObject): Unused | undefined {
	if (!annotationsAreText(value)) return undefined;
	const types = (hooks.helm?.text ?? '').split(',').map((type) => type.trim());
	// At deletion Argo CD runs what either annotation names (controller/hook.go, isHookOfType).
	if (types.some((type) => /delete/i.test(type))) return undefined;
	if (hooks.argo !== undefined) {
		return hooks.argo.text === 'Skip' ? {ignoredBy: 'skip', reason: 'Argo CD skips this object.'} : undefined;
	}
	const named = types.filter((type) => type !== '');
	if (named.length === 0 || !named.every((type) => neverApplied.has(type))) return undefined;
	return {
		ignoredBy: named.every((type) => tests.has(type)) ? 'helm-test' : 'helm-hook',
		reason: `Argo CD does not run Helm's ${named.join(' and ')} hooks.`,
	};
}

function annotationsAreText({metadata}: ManifestObject['value']): boolean {
	if (typeof metadata !== 'object' || metadata === null || !('annotations' in metadata)) return true;
	return Object.values(metadata['annotations'] ?? {}).every((text) => typeof text === 'string');
}
