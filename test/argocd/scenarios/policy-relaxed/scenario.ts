import {deniedImage} from '../../checks.ts';
import {labPolicy} from '../../../lab/gate.ts';
import type {Scenario} from '../../scenario.ts';

export const scenario: Scenario = {
	about: 'A revision was refused. The operator relaxes the policy; the user refreshes and syncs again.',
	policy: labPolicy,
	outcomes: {
		job: {checked: 'a normal refresh changes nothing, because Argo CD keeps what was rendered; a hard one does'},
		seal: {checked: 'a normal refresh changes nothing, because Argo CD keeps what was rendered; a hard one does'},
		'fail-render': {checked: 'errors are not kept: a normal refresh is enough'},
	},
	async play({refusal, push, application, sidecar, isRefused, isDeployed}) {
		await push('denied');
		await isRefused(await application.sync());
		await sidecar.setPolicy(`${labPolicy}  severities: [UNKNOWN]\n`);
		await application.refresh('normal');
		if (refusal !== 'fail-render') {
			await isRefused(await application.sync());
			await application.refresh('hard');
		}
		await isDeployed(await application.sync(), deniedImage);
		return undefined;
	},
};
