import type {Scenario} from '../../scenario.ts';

export const scenario: Scenario = {
	about: 'Auto-sync, with two retries. A revision with a denied image is pushed.',
	application: () => ({
		spec: {syncPolicy: {automated: {}, retry: {limit: 2, backoff: {duration: '1s', factor: 1, maxDuration: '1s'}}}},
	}),
	outcomes: {
		job: {refused: 'the gate Job fails at every retry; one Job remains'},
		seal: {refused: 'every retry is refused'},
		'fail-render': {checked: 'no sync is tried; the application has a ComparisonError with the text'},
	},
	async play({t, refusal, push, application, gateJobs, isUntouched}) {
		const revision = await push('denied');
		if (refusal === 'fail-render') {
			const {conditions = [], operationState} = await application.status();
			t.true(conditions.some(({type, message}) => type === 'ComparisonError' && message.includes('CVE-2021-44906')));
			t.not(operationState?.syncResult?.revision, revision);
			await isUntouched();
			return undefined;
		}
		const sync = await application.automated('the refused sync', ({syncResult}) => syncResult?.revision === revision);
		t.is(sync.retryCount, 2);
		t.is((await gateJobs()).length, refusal === 'job' ? 1 : 0);
		const {conditions = []} = await application.until('the condition', ({conditions: found = []}) => found.length > 0);
		t.true(
			conditions.some(({type}) => type === 'SyncError'),
			JSON.stringify(conditions),
		);
		return sync;
	},
};
