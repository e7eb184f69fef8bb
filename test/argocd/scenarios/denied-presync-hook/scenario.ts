import type {Scenario} from '../../scenario.ts';

export const scenario: Scenario = {
	about: 'A PreSync hook of a new revision uses a denied image; everything else is fine.',
	refusedObject: 'Job/migrate',
	outcomes: {
		job: {refused: 'the gate Job’s wave is before the hook’s, which is never created'},
		seal: {refused: 'the row of the hook tells why'},
		'fail-render': {refused: 'there is no target state'},
	},
	async play({push, application}) {
		await push(['allowed', 'denied-hook']);
		return application.sync();
	},
};
