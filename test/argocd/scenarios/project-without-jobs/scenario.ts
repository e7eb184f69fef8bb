import {argoNamespace} from '../../argo-cd.ts';
import {finding, tell} from '../../checks.ts';
import type {Scenario} from '../../scenario.ts';

export const scenario: Scenario = {
	about: 'The AppProject does not allow Jobs.',
	first: 'nothing',
	application: ({name}) => ({spec: {project: name}}),
	outcomes: {
		job: {checked: 'the sync is invalid, but what the user reads is that a Job is not permitted in the project'},
		seal: {refused: 'the row of the Deployment tells why'},
		'fail-render': {refused: 'there is no target state'},
	},
	async play(stage) {
		const {t, name, apply, refusal, push, isUntouched} = stage;
		await apply({
			apiVersion: 'argoproj.io/v1alpha1',
			kind: 'AppProject',
			metadata: {name, namespace: argoNamespace},
			spec: {
				sourceRepos: ['*'],
				destinations: [{server: '*', namespace: '*'}],
				namespaceResourceBlacklist: [{group: 'batch', kind: 'Job'}],
			},
		});
		await stage.createNamespace();
		await push('allowed');
		await stage.isDeployed(await stage.application.sync());
		await push('denied');
		const sync = await stage.application.sync();
		if (refusal !== 'job') return sync;
		t.is(sync.phase, 'Failed', tell(sync));
		t.true(sync.syncResult?.resources?.some(({message}) => message?.includes('not permitted in project') === true));
		t.false(tell(sync).includes(finding));
		await isUntouched();
		return undefined;
	},
};
