import type {Scenario} from '../../scenario.ts';

export const scenario: Scenario = {
	about: 'The Deployment with the denied image is an item of a List.',
	outcomes: {
		job: {refused: 'the gate Job fails'},
		seal: {refused: 'the item is sealed, not the List'},
		'fail-render': {refused: 'there is no target state'},
	},
	async play({push, application}) {
		await push('denied');
		return application.sync();
	},
};
