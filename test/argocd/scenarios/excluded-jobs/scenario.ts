import type {Scenario} from '../../scenario.ts';

export const scenario: Scenario = {
	about: 'The operator has excluded Jobs from what Argo CD manages (argocd-cm).',
	settings: {'resource.exclusions': '[{apiGroups: [batch], kinds: [Job], clusters: ["*"]}]'},
	outcomes: {
		job: {deployed: 'the gate Job is left out, with a warning in the application’s conditions'},
		seal: {refused: 'the Deployment is sealed all the same'},
		'fail-render': {refused: 'there is no target state'},
	},
	async play({t, refusal, push, application}) {
		await push('denied');
		const sync = await application.sync();
		const {conditions = []} = await application.refresh('hard');
		t.is(
			conditions.some(({type}) => type === 'ExcludedResourceWarning'),
			refusal !== 'fail-render',
			JSON.stringify({refusal, conditions}),
		);
		return sync;
	},
};
