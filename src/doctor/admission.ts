import {checksOver} from './finding.ts';
import type {Trouble} from './finding.ts';
import type {ClusterFacts, Destination, Project} from './cluster-facts.ts';
import {globMatches} from './glob.ts';
import {gatedProjects} from './label-selector.ts';

const clusterCheck = checksOver<ClusterFacts>();

export const requirePlugin = clusterCheck({
	name: 'require-plugin',
	needs: ['bindings', 'projects'],
	fine: 'the API server refuses Applications of gated projects that leave the gate',
	find({bindings, projects}) {
		const usable = bindings.filter(({policyExists}) => policyExists);
		if (usable.length === 0) {
			return [
				{
					level: 'warning',
					what: 'nothing stops an Application from leaving the gate',
					why: 'Its author chooses the plugin: another source type, a second source or a local sync is rendered without it',
					fix: 'kubectl apply -k plugin/require-plugin, and label the AppProjects trivy-gate/gated=true',
				},
			];
		}
		if (!usable.some(({actions}) => actions.includes('Deny'))) {
			return [
				{
					level: 'warning',
					what: `${usable.map(({name}) => name).join(', ')} only warns or records`,
					why: 'An Application that leaves the gate is let through',
					fix: 'Set validationActions: [Deny] when what it records is in order',
				},
			];
		}
		if (gatedProjects(projects, usable).size > 0) return [];
		return [
			{
				level: 'warning',
				what: 'no AppProject is gated',
				why: 'plugin/require-plugin checks Applications of the projects with its label alone',
				fix: 'kubectl -n argocd label appproject NAME trivy-gate/gated=true',
			},
		];
	},
});

export const openProjects = clusterCheck({
	name: 'open-projects',
	needs: ['bindings', 'projects'],
	fine: 'no other project may deploy where gated projects do',
	find({bindings, projects}) {
		const names = gatedProjects(projects, bindings);
		const gated = projects.filter(({name}) => names.has(name));
		const open = projects.filter(
			(project) => !names.has(project.name) && gated.some((other) => overlap(project, other)),
		);
		if (open.length === 0) return [];
		return [
			{
				level: 'warning',
				what: 'projects that are not gated may deploy where gated ones do',
				why: 'An Application that is moved to such a project leaves the gate',
				fix: 'Label them too, or take these destinations from them; the project "default" may deploy everywhere until it is restricted',
				where: open.map(({name}) => name),
			},
		];
	},
});

function overlap(one: Project, other: Project): boolean {
	return one.destinations.some((mine) => other.destinations.some((theirs) => meet(mine, theirs)));
}

/** Whether two destinations may be the same; one that is given by name and one by address may. */
function meet(one: Destination, other: Destination): boolean {
	return meets(one.namespace, other.namespace) && meets(one.server, other.server) && meets(one.name, other.name);
}

function meets(one: string | undefined, other: string | undefined): boolean {
	if (one === undefined || other === undefined) return true;
	return globMatches(one, other) || globMatches(other, one);
}

export const mutators = clusterCheck({
	name: 'job-mutators',
	needs: ['mutators', 'policy'],
	fine: 'nothing changes Jobs as they are created',
	find: (facts) =>
		facts.mutators.map(({name}): Trouble => {
			const suspends = /kueue/i.test(name);
			return {
				level: suspends ? 'warning' : 'info',
				what: suspends ? `${name} can suspend Jobs as they are created` : `${name} may change Jobs as they are created`,
				why: 'A suspended gate Job never fails: the sync of a denied revision runs without an end, instead of telling why',
				fix: 'Exclude Jobs whose generateName is trivy-gate-denied-, or that ask for no queue (Kueue: manageJobsWithoutQueueName: false)',
			};
		}),
});

export const projectsWithoutJobs = clusterCheck({
	name: 'projects-without-jobs',
	needs: ['projects'],
	fine: 'every project permits the gate Job',
	find({projects}) {
		const without = projects.filter(({permitsJobs}) => !permitsJobs);
		if (without.length === 0) return [];
		return [
			{
				level: 'info',
				what: 'AppProjects do not permit Jobs',
				why: 'A denied revision is refused there all the same, with "batch:Job is not permitted" instead of the reason, unless the object itself is sealed',
				fix: 'Permit batch/Job, or set enforcement: seal',
				where: without.map(({name}) => name),
			},
		];
	},
});
