import type {Scenario} from '../../scenario.ts';

export const scenario: Scenario = {
	about:
		'Auto-sync with two retries, eight seconds apart. While Argo CD still retries the denied revision, the fix is pushed.',
	application: () => ({
		spec: {syncPolicy: {automated: {}, retry: {limit: 2, backoff: {duration: '8s', factor: 1, maxDuration: '8s'}}}},
	}),
	outcomes: {
		job: {checked: 'the fix waits until all retries of the denied revision are over'},
		seal: {checked: 'the fix waits until all retries of the denied revision are over'},
	},
	async play({t, push, application, isDeployed}) {
		await push('denied');
		const {operationState: denied} = await application.until(
			'the first retry',
			({operationState}) => operationState?.phase === 'Running' && operationState.retryCount === 1,
		);
		const fix = await push(['allowed', 'next']);
		const fixed = await application.automated('the fix', ({syncResult}) => syncResult?.revision === fix);
		await isDeployed(fixed);
		const waited = (Date.parse(fixed.startedAt) - Date.parse(denied?.startedAt ?? '')) / 1000;
		t.true(waited >= 16, `${waited} s`);
		return undefined;
	},
};
