import type {Scenario} from '../../scenario.ts';

export const scenario: Scenario = {
	about: 'The operator has overridden the health of Jobs (argocd-cm): every Job is Healthy.',
	settings: {'resource.customizations.health.batch_Job': 'return {status = "Healthy", message = "always"}'},
	outcomes: {
		job: {deployed: 'the failed gate Job counts as succeeded'},
		seal: {refused: 'no health is asked for'},
		'fail-render': {refused: 'there is no target state'},
	},
	async play({push, application}) {
		await push('denied');
		return application.sync();
	},
};
