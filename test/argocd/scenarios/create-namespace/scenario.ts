import type {Scenario} from '../../scenario.ts';

export const scenario: Scenario = {
	about: 'The first revision of an application has a denied image; CreateNamespace shall make its namespace.',
	first: 'nothing',
	outcomes: {
		job: {refused: 'the namespace is created, for the gate Job, which is all there is in it'},
		seal: {refused: 'no namespace is created'},
		'fail-render': {refused: 'no namespace is created'},
	},
	async play(stage) {
		await stage.push('denied');
		const sync = await stage.application.sync({options: ['CreateNamespace=true']});
		const namespace = await stage.bed.cluster.api.get({apiVersion: 'v1', kind: 'Namespace', name: stage.name});
		stage.t.is(namespace !== undefined, stage.refusal === 'job');
		return sync;
	},
};
