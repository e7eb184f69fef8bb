import {tell} from '../../checks.ts';
import type {Scenario} from '../../scenario.ts';

export const scenario: Scenario = {
	about: 'Two Applications deploy the same revision into one namespace and are denied at the same time.',
	outcomes: {
		job: {checked: 'each has a gate Job of its own, even in the same second, and both are refused'},
		seal: {checked: 'both are refused'},
		'fail-render': {checked: 'both are refused'},
	},
	async play(stage) {
		const {t, name, refusal, application} = stage;
		const other = await stage.also('other', {spec: {destination: {namespace: name}}});
		await stage.push('denied');
		await other.refresh('normal');
		const syncs = await Promise.all([application.sync(), other.sync()]);
		for (const sync of syncs) await stage.isRefused(sync);
		t.is((await stage.gateJobs()).length, refusal === 'job' ? 2 : 0, syncs.map(tell).join('\n'));
		return undefined;
	},
};
