import {finding, tell} from '../../checks.ts';
import type {Scenario} from '../../scenario.ts';

export const scenario: Scenario = {
	about: 'Two Applications deploy the same revision into one namespace and are denied at the same time.',
	outcomes: {
		job: {
			checked:
				'both are refused; in the same second they share one gate Job, because its name is made of the revision and the ' +
				'second, and its text is that of the one that came last',
		},
	},
	async play(stage) {
		const {t, name, application} = stage;
		const other = await stage.also('other', {spec: {destination: {namespace: name}}});
		await stage.push('denied');
		await other.refresh('normal');
		const syncs = await Promise.all([application.sync(), other.sync()]);
		for (const sync of syncs) t.is(sync.phase, 'Failed', tell(sync));
		const names = new Set(syncs.map(({syncResult}) => syncResult?.resources?.[0]?.name));
		const jobs = await stage.gateJobs();
		t.deepEqual(new Set(jobs.map(({metadata}) => metadata.name)), names);
		for (const {metadata} of jobs) t.true(metadata.annotations?.['trivy-gate/summary']?.includes(finding));
		return undefined;
	},
};
