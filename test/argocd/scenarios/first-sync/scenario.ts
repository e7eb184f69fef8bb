import type {Scenario} from '../../scenario.ts';

export const scenario: Scenario = {
	about: 'The first revision of an application has a denied image. Its namespace is there.',
	first: 'nothing',
	outcomes: {
		job: {refused: 'the gate Job is all that there is afterwards'},
		seal: {refused: 'not even the gate Job is created'},
		'fail-render': {refused: 'nothing is created'},
	},
	async play(stage) {
		await stage.createNamespace();
		await stage.push('denied');
		return stage.application.sync();
	},
};
