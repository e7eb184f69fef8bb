import {argoNamespace} from '../../argo-cd.ts';
import {tell} from '../../checks.ts';
import type {Scenario} from '../../scenario.ts';
import {waitFor} from '../../wait.ts';

export const scenario: Scenario = {
	about:
		'An application has a PostDelete hook without any image. Its last revision was refused because of its Deployment; then ' +
		'it is deleted with its objects.',
	first: ['allowed', 'hook'],
	outcomes: {
		job: {checked: 'everything is deleted, and the hook runs'},
		seal: {checked: 'everything is deleted, and the hook runs'},
		'fail-render': {
			checked: 'everything is deleted, and the hook does not run: Argo CD forgets the hooks of what it cannot render',
		},
	},
	async play({t, api, name, refusal, push, application, live}) {
		await push(['denied', 'hook']);
		const sync = await application.sync();
		t.not(sync.phase, 'Succeeded', tell(sync));
		const self = {apiVersion: 'argoproj.io/v1alpha1', kind: 'Application', namespace: argoNamespace, name};
		await waitFor('what Argo CD knows of hooks', async () => {
			const {finalizers = []} = (await api.get(self))?.metadata ?? {};
			return finalizers.some((each) => each.startsWith('post-delete-')) === (refusal !== 'fail-render');
		});
		await application.delete('cascade');
		t.is(await live('apps/v1', 'Deployment', 'api'), undefined);
		t.is(await live('v1', 'ConfigMap', 'settings'), undefined);
		t.is((await live('v1', 'ConfigMap', 'farewell')) !== undefined, refusal !== 'fail-render');
		return undefined;
	},
};
