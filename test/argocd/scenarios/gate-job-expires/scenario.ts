import {labPolicy} from '../../../lab/gate.ts';
import type {Scenario} from '../../scenario.ts';
import {waitFor} from '../../wait.ts';

export const scenario: Scenario = {
	about: 'The policy gives the gate Job five seconds to live. A revision is refused; the next one has the fixed image.',
	policy: `${labPolicy}  job: {ttlSecondsAfterFinished: 5}\n`,
	outcomes: {job: {checked: 'the fix is synced, and nothing of the gate stays in the cluster'}},
	async play({t, push, application, isRefused, isDeployed, gateJobs}) {
		await push('denied');
		await isRefused(await application.sync());
		await push('allowed');
		await isDeployed(await application.sync());
		await waitFor('the end of the gate Job', async () => (await gateJobs()).length === 0);
		const {sync} = await application.refresh('normal');
		t.is(sync?.status, 'Synced');
		return undefined;
	},
};
