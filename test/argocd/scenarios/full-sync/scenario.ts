import type {Scenario} from '../../scenario.ts';

export const scenario: Scenario = {
	about: 'A revision with a denied image is synced as usual: everything, with hooks.',
	outcomes: {
		job: {refused: 'the gate Job is the first hook, and fails'},
		seal: {refused: 'the sync is invalid before anything is applied; the row of the Deployment tells why'},
		'fail-render': {refused: 'there is no target state; the operation’s message tells why'},
	},
	async play({push, application}) {
		await push('denied');
		return application.sync();
	},
};
