import {bedPolicy} from '../../bed.ts';
import {tell} from '../../checks.ts';
import type {Scenario} from '../../scenario.ts';

export const scenario: Scenario = {
	about: 'The registry does not answer in time, so the scan does not end before the deadline. Later it answers.',
	policy: bedPolicy,
	environment: {TRIVY_GATE_DEADLINE: '6'},
	outcomes: {
		job: {
			checked: 'nothing is deployed, and the message says why and what to do; after the next refresh it is deployed',
		},
	},
	async play({t, bed: {lab}, push, application, isDeployed, isUntouched}) {
		await lab.publish('api-fixed', 'slow-scan/api:1.0');
		const fault = lab.proxy.add({fault: {kind: 'hang'}, path: '/v2/slow-scan/'});
		await push('slow');
		const sync = await application.sync();
		t.is(sync.phase, 'Error', tell(sync));
		t.regex(sync.message ?? '', /deadline of 6 s came.*hard refresh/s, tell(sync));
		await isUntouched();
		fault.remove();
		await application.refresh('normal');
		await isDeployed(await application.sync(), 'registry.example/slow-scan/api:1.0');
		return undefined;
	},
};
