import type {Scenario} from '../../scenario.ts';

export const scenario: Scenario = {
	about: 'A sync with Force: Argo CD deletes and creates what it cannot change.',
	outcomes: {
		job: {refused: 'the gate Job fails first'},
		seal: {refused: 'the sync is invalid before anything is deleted: the live Deployment keeps its uid'},
		'fail-render': {refused: 'there is no target state'},
	},
	async play({push, application}) {
		await push('denied');
		return application.sync({force: true});
	},
};
