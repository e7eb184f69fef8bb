import type {Scenario} from '../../scenario.ts';

export const scenario: Scenario = {
	about: 'A sync of the objects that differ only.',
	outcomes: {
		job: {refused: 'hooks run all the same'},
		seal: {refused: 'the sync is invalid before anything is applied'},
		'fail-render': {refused: 'there is no target state'},
	},
	async play({push, application}) {
		await push('denied');
		return application.sync({options: ['ApplyOutOfSyncOnly=true']});
	},
};
