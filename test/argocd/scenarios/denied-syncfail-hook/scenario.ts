import type {Scenario} from '../../scenario.ts';

export const scenario: Scenario = {
	about: 'A SyncFail hook of a new revision uses a denied image: it runs when a sync fails, for example by a gate Job.',
	refusedObject: 'Job/migrate',
	outcomes: {
		job: {checked: 'the denied image runs, because the gate Job fails'},
		seal: {refused: 'an invalid sync runs no SyncFail hook'},
		'fail-render': {refused: 'there is no target state'},
	},
	async play({t, refusal, push, application, live}) {
		await push(['allowed', 'denied-hook']);
		const sync = await application.sync();
		if (refusal !== 'job') return sync;
		t.is(sync.phase, 'Failed');
		t.truthy(await live('batch/v1', 'Job', 'migrate'));
		return undefined;
	},
};
