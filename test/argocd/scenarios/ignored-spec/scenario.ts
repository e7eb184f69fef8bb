import type {Scenario} from '../../scenario.ts';

export const scenario: Scenario = {
	about:
		'The Application ignores differences in the whole spec, and a sync without hooks respects that: what is ignored is taken ' +
		'from the live object, the image too.',
	application: () => ({
		spec: {
			ignoreDifferences: [{group: 'apps', kind: 'Deployment', jsonPointers: ['/spec']}],
		},
	}),
	outcomes: {
		seal: {refused: 'the seal is not in the spec'},
		'fail-render': {refused: 'there is no target state'},
	},
	async play({push, application}) {
		await push('denied');
		return application.sync({strategy: 'apply', options: ['RespectIgnoreDifferences=true']});
	},
};
