import {gateJob, tell} from '../../checks.ts';
import type {Scenario} from '../../scenario.ts';

export const scenario: Scenario = {
	about:
		'A PreDelete hook, which Argo CD knows from 3.3 on, uses a denied image. The revision is refused; then the application ' +
		'is deleted.',
	outcomes: {
		job: {checked: 'the application is deleted'},
		seal: {checked: 'the hook is printed as Skip: the application is deleted'},
		'fail-render': {checked: 'the application is deleted'},
	},
	async play({t, refusal, push, application, live, isUntouched}) {
		await push(['allowed', 'denied-hook']);
		const sync = await application.sync();
		t.is(sync.phase, refusal === 'fail-render' ? 'Error' : 'Failed', tell(sync));
		await isUntouched([gateJob]);
		await application.delete('cascade');
		t.is(await live('apps/v1', 'Deployment', 'api'), undefined);
		t.is(await live('batch/v1', 'Job', 'migrate'), undefined);
		return undefined;
	},
};
