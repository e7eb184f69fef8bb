import type {Scenario} from '../../scenario.ts';

export const scenario: Scenario = {
	about: 'A sync without validation of the objects.',
	outcomes: {
		job: {refused: 'the gate Job fails first'},
		seal: {refused: 'the sync is invalid before anything is applied'},
		'fail-render': {refused: 'there is no target state'},
	},
	async play({push, application}) {
		await push('denied');
		return application.sync({options: ['Validate=false']});
	},
};
