import type {LabelSelector, PolicyBinding, Project} from './cluster-facts.ts';

/** Names of the projects whose Applications an enforced policy checks. */
export function gatedProjects(projects: readonly Project[], bindings: readonly PolicyBinding[]): ReadonlySet<string> {
	const enforced = bindings.filter(({policyExists, actions}) => policyExists && actions.includes('Deny'));
	return new Set(
		projects
			.filter(({name, labels}) =>
				enforced.some(({projects: chosen}) =>
					'named' in chosen ? chosen.named === name : selects(chosen.labelled, labels),
				),
			)
			.map(({name}) => name),
	);
}

/** As Kubernetes selects by labels; an empty selector selects everything. */
export function selects({matchLabels, matchExpressions}: LabelSelector, labels: Readonly<Record<string, string>>) {
	return (
		Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
		matchExpressions.every(({key, operator, values}) => {
			const value = labels[key];
			switch (operator) {
				case 'In':
					return value !== undefined && values.includes(value);
				case 'NotIn':
					return value === undefined || !values.includes(value);
				case 'Exists':
					return value !== undefined;
				case 'DoesNotExist':
					return value === undefined;
				default:
					return false;
			}
		})
	);
}
