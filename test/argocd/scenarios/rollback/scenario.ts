import type {Scenario} from '../../scenario.ts';

export const scenario: Scenario = {
	about:
		'The history has a revision whose image is denied today. Somebody rolls back to it; Argo CD rolls back without hooks.',
	first: 'nothing',
	outcomes: {
		job: {deployed: 'the gate Job is a hook and is skipped'},
		seal: {refused: 'a sealed object cannot be applied'},
		'fail-render': {refused: 'there is no target state'},
	},
	async play(stage) {
		await stage.createNamespace();
		const old = await stage.commit('denied');
		await stage.push('allowed');
		await stage.isDeployed(await stage.application.sync());
		await stage.remember();
		return stage.application.sync({strategy: 'apply', revision: old});
	},
};
