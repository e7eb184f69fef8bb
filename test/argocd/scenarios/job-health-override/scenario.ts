import {argoNamespace} from '../../argo-cd.ts';
import type {Scenario} from '../../scenario.ts';

export const scenario: Scenario = {
	about: 'The operator has overridden the health of Jobs (argocd-cm): every Job is Healthy.',
	alone: true,
	outcomes: {
		job: {deployed: 'the failed gate Job counts as succeeded'},
		seal: {refused: 'no health is asked for'},
	},
	async play({api, push, application}) {
		const settings = {apiVersion: 'v1', kind: 'ConfigMap', namespace: argoNamespace, name: 'argocd-cm'};
		const override = 'return {status = "Healthy", message = "always"}';
		await api.patch(settings, {data: {'resource.customizations.health.batch_Job': override}});
		try {
			await push('denied');
			return await application.sync();
		} finally {
			await api.patch(settings, {data: {'resource.customizations.health.batch_Job': null}});
		}
	},
};
