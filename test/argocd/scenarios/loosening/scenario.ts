import type {Scenario} from '../../scenario.ts';

export const scenario: Scenario = {
	about: 'The author of the Application tries to loosen the policy by the plugin’s environment and parameters.',
	first: 'nothing',
	application: () => ({
		spec: {
			source: {
				plugin: {
					env: [
						{name: 'TRIVY_GATE_POLICY', value: '/dev/null'},
						{name: 'PATH', value: '/tmp'},
						{name: 'ENFORCEMENT', value: 'warn'},
					],
					parameters: [
						{name: 'enforcement', string: 'warn'},
						{name: 'severities', array: ['LOW']},
						{name: 'ignore-unfixed', string: 'true'},
						{name: 'no-packages', string: 'warn'},
						{name: 'max-database-age-hours', string: '80000'},
					],
				},
			},
		},
	}),
	outcomes: {job: {refused: 'they can only tighten: the operator’s policy stays as it is'}},
	async play(stage) {
		await stage.createNamespace();
		await stage.push('denied');
		return stage.application.sync();
	},
};
