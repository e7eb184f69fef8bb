import {checksOver} from './finding.ts';
import type {Trouble} from './finding.ts';
import {describeSources, usesGate} from './applications.ts';
import type {ClusterFacts} from './cluster-facts.ts';
import {gatedProjects} from './label-selector.ts';
import {count} from './words.ts';

/** What plugin/require-plugin looks for in patches. */
const leavingWords = /(?:^|[^A-Za-z])(?:sources?|sourceHydrator|plugin|operation)(?:[^A-Za-z]|$)/;

export const applicationSets = checksOver<ClusterFacts>()({
	name: 'application-sets',
	needs: ['applicationSets', 'applications', 'projects', 'bindings', 'plugins'],
	fine: 'no ApplicationSet makes Applications without the gate where others use it',
	find({applicationSets: all, applications, projects, bindings, plugins}) {
		const byGate = ({plugin}: {readonly plugin: string | undefined}) =>
			plugin !== undefined && plugins.includes(plugin);
		const gated = gatedProjects(projects, bindings);
		const using = new Set([
			...applications.filter((one) => usesGate(one, plugins)).map(({project}) => project),
			...all.filter(({sources}) => sources.some(byGate)).map(({project}) => project),
		]);
		const escaping = all
			.map(({name, project, sources}) => ({name, project, sources: sources.filter((one) => !byGate(one))}))
			.filter(({sources}) => sources.length > 0);
		const inGated = escaping.filter(({project}) => gated.has(project));
		// Nobody knows which projects a template will name.
		const others = escaping.filter(
			({project}) => !gated.has(project) && (using.has(project) || (project.includes('{{') && using.size > 0)),
		);
		const patching = all.filter(
			({project, patch = ''}) => (gated.has(project) || using.has(project)) && leavingWords.test(patch),
		);
		const described = (sets: typeof escaping) => sets.map(({name, sources}) => describeSources(name, sources));
		const found: Trouble[] = [];
		if (inGated.length > 0) {
			found.push({
				level: 'error',
				what: `${count(inGated.length, 'ApplicationSet')} of gated projects ${makes(inGated.length)} Applications without the gate`,
				why: 'The API server refuses them when they are made, and those that were there before are rendered unscanned',
				fix: 'Set plugin.name in each source of the template, as it is written there, and not in a generator',
				where: described(inGated),
			});
		}
		if (others.length > 0) {
			found.push({
				level: 'warning',
				what: `${count(others.length, 'ApplicationSet')} ${makes(others.length)} Applications without the gate, in projects where others use it`,
				why: 'Each that is made is rendered by Argo CD, unscanned',
				fix: 'Set plugin.name in each source of the template, then label the project trivy-gate/gated=true, so that it stays so (plugin/require-plugin)',
				where: described(others),
			});
		}
		if (patching.length > 0) {
			found.push({
				level: 'warning',
				what: `${count(patching.length, 'ApplicationSet')} may change sources, plugins or operations by a patch`,
				why: 'A patch is merged over each Application after its template, and can take the plugin out',
				fix: 'Leave source, sources, sourceHydrator, plugin and operation out of spec.templatePatch',
				where: patching.map(({name}) => name),
			});
		}
		return found;
	},
});

function makes(sets: number): string {
	return sets === 1 ? 'makes' : 'make';
}
