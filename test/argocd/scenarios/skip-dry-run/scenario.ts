import {finding, gateJob, tell} from '../../checks.ts';
import type {Scenario} from '../../scenario.ts';

export const scenario: Scenario = {
	about:
		'A sync with SkipDryRunOnMissingResource, which leaves the check of unknown versions to the API server; then one without ' +
		'hooks.',
	outcomes: {
		job: {deployed: 'the gate Job fails at first; without hooks it is skipped'},
		seal: {checked: 'with hooks the gate Job fails first; without, the Deployment is refused when it is applied'},
		'fail-render': {refused: 'there is no target state'},
	},
	async play({t, refusal, push, application, gateJobs, isUntouched}) {
		await push('denied');
		const options = ['SkipDryRunOnMissingResource=true'];
		const sync = await application.sync({options});
		if (refusal === 'fail-render') return sync;
		t.is(sync.phase, 'Failed', tell(sync));
		t.is((await gateJobs()).length, 1, tell(sync));
		await isUntouched([gateJob]);
		const applied = await application.sync({strategy: 'apply', options});
		if (refusal === 'job') return applied;
		t.is(applied.phase, 'Failed', tell(applied));
		t.true(
			applied.syncResult?.resources?.some(({message}) => message?.includes(finding) === true),
			tell(applied),
		);
		// Objects that have nothing to do with it may have been applied before.
		await isUntouched([gateJob, 'ConfigMap/settings']);
		return undefined;
	},
};
