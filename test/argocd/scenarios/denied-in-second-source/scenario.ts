import type {Scenario} from '../../scenario.ts';

export const scenario: Scenario = {
	about: 'An Application with two sources, both with the plugin; the second brings the denied image.',
	first: ['gated/first'],
	application: ({repository, refusal}) => ({
		spec: {
			source: undefined,
			sources: ['settings', 'api'].map((path) => ({
				repoURL: repository,
				targetRevision: 'main',
				path,
				plugin: {name: 'trivy-gate', parameters: [{name: 'enforcement', string: refusal}]},
			})),
		},
	}),
	outcomes: {
		job: {refused: 'the gate Job of the second source stops both'},
		seal: {refused: 'the sync of both is invalid'},
		'fail-render': {refused: 'there is no target state, not even of the first source'},
	},
	async play({push, application}) {
		await push('gated/denied');
		return application.sync();
	},
};
