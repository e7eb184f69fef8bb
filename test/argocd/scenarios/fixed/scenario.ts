import type {Scenario} from '../../scenario.ts';

export const scenario: Scenario = {
	about: 'A revision was refused; the next one has the fixed image.',
	outcomes: {
		job: {
			checked:
				'it is synced; the failed gate Job of the sync before does not block, and is left to its time to live (gate-job-expires)',
		},
		seal: {checked: 'it is synced'},
		'fail-render': {checked: 'it is synced'},
	},
	async play({t, refusal, push, application, isRefused, isDeployed, gateJobs}) {
		await push('denied');
		await isRefused(await application.sync());
		await push(['allowed', 'next']);
		await isDeployed(await application.sync());
		const {sync} = await application.refresh('normal');
		t.is(sync?.status, 'Synced');
		t.deepEqual(
			(await gateJobs()).map(({spec}) => (spec as {ttlSecondsAfterFinished: number}).ttlSecondsAfterFinished),
			refusal === 'job' ? [86_400] : [],
		);
		return undefined;
	},
};
