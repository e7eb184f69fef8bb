import type {Scenario} from '../../scenario.ts';

export const scenario: Scenario = {
	about: 'Apply only, with Replace and Force: every object is deleted and created.',
	outcomes: {
		job: {deployed: 'the gate Job is a hook and is skipped'},
		seal: {refused: 'the sync is invalid before anything is deleted: the live Deployment keeps its uid'},
		'fail-render': {refused: 'there is no target state'},
	},
	async play({push, application}) {
		await push('denied');
		return application.sync({strategy: 'apply', force: true, options: ['Replace=true']});
	},
};
