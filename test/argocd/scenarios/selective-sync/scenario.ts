import type {Scenario} from '../../scenario.ts';

export const scenario: Scenario = {
	about: 'Of a revision with a denied image, only the Deployment that uses it is synced: a selective sync.',
	outcomes: {
		job: {deployed: 'selective syncs skip hooks'},
		seal: {refused: 'a sealed object cannot be applied'},
		'fail-render': {refused: 'there is no target state'},
	},
	async play({push, application}) {
		await push('denied');
		return application.sync({resources: [{group: 'apps', kind: 'Deployment', name: 'api'}]});
	},
};
