import type {Scenario} from '../../scenario.ts';

export const scenario: Scenario = {
	about: 'Apply only, without validation of the objects.',
	outcomes: {
		job: {deployed: 'the gate Job is a hook and is skipped'},
		seal: {refused: 'the sync is invalid before anything is applied'},
		'fail-render': {refused: 'there is no target state'},
	},
	async play({push, application}) {
		await push('denied');
		return application.sync({strategy: 'apply', options: ['Validate=false']});
	},
};
