import {finding} from '../../checks.ts';
import type {Scenario} from '../../scenario.ts';

export const scenario: Scenario = {
	about: 'The Application compares by server-side apply (ServerSideDiff).',
	application: () => ({metadata: {annotations: {'argocd.argoproj.io/compare-options': 'ServerSideDiff=true'}}}),
	outcomes: {
		job: {refused: 'the gate Job fails'},
		seal: {checked: 'the comparison fails with the text, and so does every sync'},
		'fail-render': {refused: 'there is no target state'},
	},
	async play({t, refusal, push, application, isUntouched}) {
		await push('denied');
		const sync = await application.sync();
		if (refusal !== 'seal') return sync;
		const {conditions = []} = await application.refresh('normal');
		const told = JSON.stringify({conditions, sync});
		t.true(
			conditions.some(({type, message}) => type === 'ComparisonError' && message.includes(finding)),
			told,
		);
		t.not(sync.phase, 'Succeeded', told);
		await isUntouched();
		const applied = await application.sync({strategy: 'apply'});
		t.not(applied.phase, 'Succeeded', JSON.stringify(applied));
		await isUntouched();
		return undefined;
	},
};
