import type {Scenario} from '../../scenario.ts';

export const scenario: Scenario = {
	about: 'A revision with a denied image is synced without hooks: “Apply only” in the UI, `--strategy apply`.',
	outcomes: {
		job: {deployed: 'the gate Job is a hook and is skipped'},
		seal: {refused: 'a sealed object cannot be applied'},
		'fail-render': {refused: 'there is no target state'},
	},
	async play({push, application}) {
		await push('denied');
		return application.sync({strategy: 'apply'});
	},
};
