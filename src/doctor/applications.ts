import {checksOver} from './finding.ts';
import type {Trouble} from './finding.ts';
import type {Application, ClusterFacts, Source} from './cluster-facts.ts';
import {customizationsOf} from './customizations.ts';
import {gatedProjects} from './label-selector.ts';
import {closesEverySync, isClosing} from './policy.ts';
import {count} from './words.ts';

const clusterCheck = checksOver<ClusterFacts>();

/** Sources that do not name the gate. */
function escapesOf({sources, drySource}: Application, plugins: readonly string[]): readonly Source[] {
	// What a hydrator commits is rendered without a plugin; its dry source is what can be gated.
	const rendered = drySource === undefined ? sources : [drySource];
	return rendered.filter(({plugin}) => plugin === undefined || !plugins.includes(plugin));
}

/** Whether the gate renders a part of it. */
export function usesGate(application: Application, plugins: readonly string[]): boolean {
	const {sources, drySource} = application;
	return [...sources, ...(drySource === undefined ? [] : [drySource])].some(
		({plugin}) => plugin !== undefined && plugins.includes(plugin),
	);
}

export const escapes = clusterCheck({
	name: 'escapes',
	needs: ['applications', 'projects', 'bindings', 'plugins'],
	fine: 'every source of every Application is rendered by the gate',
	find({applications, projects, bindings, plugins}) {
		const gated = gatedProjects(projects, bindings);
		const mixed = new Set(applications.filter((one) => usesGate(one, plugins)).map(({project}) => project));
		const escaping = applications
			.map((application) => ({application, sources: escapesOf(application, plugins)}))
			.filter(({sources}) => sources.length > 0);
		const inGated = escaping.filter(({application}) => gated.has(application.project));
		const inMixed = escaping.filter(({application: {project}}) => !gated.has(project) && mixed.has(project));
		const others = escaping.length - inGated.length - inMixed.length;
		const found: (Trouble | undefined)[] = [
			inGated.length === 0
				? undefined
				: {
						level: 'error',
						what: `${count(inGated.length, 'Application')} of gated projects ${inGated.length === 1 ? 'has' : 'have'} sources without the gate`,
						why: 'Each source is rendered by itself, and these are rendered by Argo CD, unscanned',
						fix: 'Set plugin.name in each source; what stood in helm: or kustomize: becomes parameters (README)',
						where: inGated.map(describe),
					},
			inMixed.length === 0
				? undefined
				: {
						level: 'warning',
						what: `${count(inMixed.length, 'Application')} ${inMixed.length === 1 ? 'has' : 'have'} sources without the gate, beside others of the same project that use it`,
						why: 'They are rendered by Argo CD, unscanned',
						fix: 'Set plugin.name in each source, then label the project trivy-gate/gated=true, so that it stays so (plugin/require-plugin)',
						where: inMixed.map(describe),
					},
			others === 0
				? undefined
				: {
						level: mixed.size === 0 && gated.size === 0 ? 'warning' : 'info',
						what: `${count(others, 'Application')} of projects that nothing gates ${others === 1 ? 'is' : 'are'} rendered without the gate`,
						why: 'Their images are not scanned',
						fix: 'Set plugin.name in their sources, if they should be',
						where: escaping.filter((one) => !inGated.includes(one) && !inMixed.includes(one)).map(describe),
					},
		];
		return found.filter((trouble) => trouble !== undefined);
	},
});

function describe({application, sources}: {readonly application: Application; readonly sources: readonly Source[]}) {
	return describeSources(application.name, sources);
}

/** `argocd/shop: spec.source (Helm)` */
export function describeSources(name: string, sources: readonly Source[]): string {
	const fields = sources.map(({field, plugin, type}) => {
		const how =
			plugin === undefined
				? (type ?? 'found out by Argo CD')
				: plugin === ''
					? 'plugin without a name'
					: `plugin ${plugin}`;
		return `${field} (${how})`;
	});
	return `${name}: ${fields.join(', ')}`;
}

export const hydrators = clusterCheck({
	name: 'hydrators',
	needs: ['applications', 'plugins'],
	fine: 'no Application syncs what a hydrator committed before',
	find({applications, plugins}) {
		const hydrated = applications.filter(
			({drySource}) => drySource?.plugin !== undefined && plugins.includes(drySource.plugin),
		);
		if (hydrated.length === 0) return [];
		return [
			{
				level: 'warning',
				what: `${count(hydrated.length, 'Application')} ${hydrated.length === 1 ? 'syncs' : 'sync'} what a hydrator committed after the gate let it through`,
				why: 'What is synced is rendered from the branch, unscanned: whoever may push there passes by the gate, and a verdict counts as long as the commit',
				fix: 'Let nobody but Argo CD push to the branches of syncSource and hydrateTo',
				where: hydrated.map(({name}) => name),
			},
		];
	},
});

export const ignoredDifferences = clusterCheck({
	name: 'ignored-differences',
	needs: ['applications', 'configMaps', 'plugins'],
	fine: 'no Application keeps ignored metadata or versions of what is live',
	find({applications, configMaps, plugins}) {
		const everywhere = customizationsOf(configMaps['argocd-cm'] ?? {}, 'ignoreDifferences');
		const respecting = applications.filter(
			(one) => usesGate(one, plugins) && one.syncOptions.includes('RespectIgnoreDifferences=true'),
		);
		const ignoring = (field: RegExp) =>
			respecting
				.filter(
					({ignoredDifferences: ignored}) =>
						ignored.some(({jsonPointers, jqPathExpressions}) =>
							[...jsonPointers, ...jqPathExpressions].some((path) => field.test(path)),
						) || everywhere.some(({text}) => field.test(text)),
				)
				.map(({name}) => name);
		const versions = ignoring(/(?:^|[\s'"\-[,/.])apiVersion\b/);
		const metadata = ignoring(/(?:^|[\s'"\-[,/.])metadata\b/).filter((name) => !versions.includes(name));
		const found: Trouble[] = [];
		if (versions.length > 0) {
			found.push({
				level: 'error',
				what: 'Applications with RespectIgnoreDifferences ignore differences of /apiVersion',
				why: 'Argo CD then puts the live version where the seal was, and deploys the denied image',
				fix: 'Remove /apiVersion from ignoreDifferences, or RespectIgnoreDifferences=true from the sync options',
				where: versions,
			});
		}
		if (metadata.length > 0) {
			found.push({
				level: 'info',
				what: 'Applications with RespectIgnoreDifferences ignore differences of metadata',
				why: 'Labels and annotations that the gate or the chart sets may not reach the cluster; the seal is not among them',
				fix: 'Ignore as little of metadata as possible',
				where: metadata,
			});
		}
		return found;
	},
});

export const skippedDryRuns = clusterCheck({
	name: 'skipped-dry-runs',
	needs: ['applications', 'plugins'],
	fine: 'no Application skips the dry run of unknown kinds as a whole',
	find({applications, plugins}) {
		const skipping = applications.filter(
			(one) => usesGate(one, plugins) && one.syncOptions.includes('SkipDryRunOnMissingResource=true'),
		);
		if (skipping.length === 0) return [];
		return [
			{
				level: 'warning',
				what: 'Applications skip the dry run of unknown kinds (SkipDryRunOnMissingResource)',
				why: 'A sealed object is one of an unknown version, so it is refused only when its turn comes: what has an earlier wave is deployed',
				fix: 'Set it as an annotation on the objects that need it, instead of on the Application',
				where: skipping.map(({name}) => name),
			},
		];
	},
});

export const selfHeal = clusterCheck({
	name: 'self-heal',
	needs: ['applications', 'policy', 'plugins'],
	fine: 'self-heal deploys nothing that the gate refused',
	find({applications, policy, plugins}) {
		const open = applications.filter(
			(application) =>
				application.selfHeal &&
				usesGate(application, plugins) &&
				!closesEverySync(policy) &&
				!application.sources.every(({enforcement}) => isClosing(enforcement)),
		);
		if (open.length === 0) return [];
		return [
			{
				level: 'error',
				what: `${count(open.length, 'Application')} with self-heal ${open.length === 1 ? 'is' : 'are'} refused by a Job alone`,
				why: 'Self-heal syncs run no hooks. What changes without a new revision goes out through them: a chart or base that moved, a cache that ran out, the commit after one with manifest-generate-paths',
				fix: 'Set enforcement: seal in the policy, or as a parameter of these Applications',
				where: open.map(({name}) => name),
			},
		];
	},
});
