import {finding, tell} from '../../checks.ts';
import type {Scenario} from '../../scenario.ts';

export const scenario: Scenario = {
	about: 'Two Applications deploy the same revision into one namespace and are denied at the same time.',
	outcomes: {job: {checked: 'each has a gate Job of its own, even in the same second, and both are refused'}},
	async play(stage) {
		const {t, name, application} = stage;
		const other = await stage.also('other', {spec: {destination: {namespace: name}}});
		await stage.push('denied');
		await other.refresh('normal');
		const syncs = await Promise.all([application.sync(), other.sync()]);
		for (const sync of syncs) t.is(sync.phase, 'Failed', tell(sync));
		const jobs = await stage.gateJobs();
		t.is(jobs.length, 2);
		for (const {metadata} of jobs) t.true(metadata.annotations?.['trivy-gate/summary']?.includes(finding));
		return undefined;
	},
};
