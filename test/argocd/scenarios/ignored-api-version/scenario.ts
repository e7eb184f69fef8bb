import type {Scenario} from '../../scenario.ts';

export const scenario: Scenario = {
	about:
		'The Application ignores differences in /apiVersion, and a sync without hooks respects that: what is ignored is taken ' +
		'from the live object.',
	application: () => ({
		spec: {ignoreDifferences: [{group: 'apps', kind: 'Deployment', jsonPointers: ['/apiVersion']}]},
	}),
	outcomes: {
		job: {deployed: 'the gate Job is a hook and is skipped'},
		seal: {deployed: 'the live version replaces the seal: whoever may change the Application can do this'},
		'fail-render': {refused: 'there is no target state'},
	},
	async play({push, application}) {
		await push('denied');
		return application.sync({strategy: 'apply', options: ['RespectIgnoreDifferences=true']});
	},
};
