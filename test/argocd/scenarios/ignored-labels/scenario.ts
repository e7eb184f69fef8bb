import type {Scenario} from '../../scenario.ts';

export const scenario: Scenario = {
	about:
		'The Application ignores differences in labels and annotations, and a sync without hooks respects that: what is ' +
		'ignored is taken from the live object.',
	application: () => ({
		spec: {
			ignoreDifferences: [
				{group: 'apps', kind: 'Deployment', jsonPointers: ['/metadata/labels', '/metadata/annotations']},
			],
		},
	}),
	outcomes: {
		job: {deployed: 'the gate Job is a hook and is skipped'},
		seal: {refused: 'the seal is in none of them'},
		'fail-render': {refused: 'there is no target state'},
	},
	async play({push, application}) {
		await push('denied');
		return application.sync({strategy: 'apply', options: ['RespectIgnoreDifferences=true']});
	},
};
