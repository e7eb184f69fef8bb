import {argoNamespace} from '../../argo-cd.ts';
import type {Scenario} from '../../scenario.ts';

export const scenario: Scenario = {
	about: 'The operator has excluded Jobs from what Argo CD manages (argocd-cm).',
	alone: true,
	outcomes: {
		job: {deployed: 'the gate Job is left out, with a warning in the application’s conditions'},
		seal: {refused: 'the Deployment is sealed all the same'},
	},
	async play({t, api, refusal, push, application}) {
		const settings = {apiVersion: 'v1', kind: 'ConfigMap', namespace: argoNamespace, name: 'argocd-cm'};
		const exclusions = '[{apiGroups: [batch], kinds: [Job], clusters: ["*"]}]';
		await api.patch(settings, {data: {'resource.exclusions': exclusions}});
		try {
			await push('denied');
			const sync = await application.sync();
			const {conditions = []} = await application.refresh('hard');
			t.is(
				conditions.some(({type}) => type === 'ExcludedResourceWarning'),
				true,
				JSON.stringify({refusal, conditions}),
			);
			return sync;
		} finally {
			await api.patch(settings, {data: {'resource.exclusions': null}});
		}
	},
};
