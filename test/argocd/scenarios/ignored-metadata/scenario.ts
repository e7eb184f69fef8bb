import type {Scenario} from '../../scenario.ts';

export const scenario: Scenario = {
	about: 'The Application ignores differences in all metadata, and a sync without hooks respects that.',
	application: () => ({
		spec: {ignoreDifferences: [{group: 'apps', kind: 'Deployment', jsonPointers: ['/metadata']}]},
	}),
	outcomes: {
		job: {deployed: 'the gate Job is a hook and is skipped'},
		seal: {refused: 'the seal is not in the metadata'},
		'fail-render': {refused: 'there is no target state'},
	},
	async play({push, application}) {
		await push('denied');
		return application.sync({strategy: 'apply', options: ['RespectIgnoreDifferences=true']});
	},
};
