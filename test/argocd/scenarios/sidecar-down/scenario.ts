import {bedPolicy} from '../../bed.ts';
import {tell} from '../../checks.ts';
import type {Scenario} from '../../scenario.ts';

export const scenario: Scenario = {
	about: 'The sidecar is down when a new revision comes. Later it is up again.',
	policy: bedPolicy,
	outcomes: {
		job: {
			checked: 'Argo CD says that the plugin is missing and renders nothing by itself; then everything is as usual',
		},
	},
	async play({t, bed, name, sidecar, push, application, isRefused, isUntouched}) {
		await sidecar.stop();
		await push('denied');
		const sync = await application.sync();
		t.is(sync.phase, 'Error', tell(sync));
		t.regex(sync.message ?? '', /could not find cmp-server plugin/, tell(sync));
		await isUntouched();
		await bed.startSidecar(name, bedPolicy);
		await application.refresh('normal');
		await isRefused(await application.sync());
		return undefined;
	},
};
