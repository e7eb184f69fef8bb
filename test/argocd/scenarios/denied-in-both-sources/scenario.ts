import {finding, tell} from '../../checks.ts';
import type {Scenario} from '../../scenario.ts';

export const scenario: Scenario = {
	about: 'An Application with two sources, each with a denied image of its own.',
	first: 'nothing',
	application: ({repository}) => ({
		spec: {
			source: undefined,
			sources: ['one', 'two'].map((path) => ({
				repoURL: repository,
				targetRevision: 'main',
				path,
				plugin: {name: 'trivy-gate'},
			})),
		},
	}),
	outcomes: {job: {checked: 'each source has its gate Job, which tells about its images'}},
	async play(stage) {
		const {t, bed} = stage;
		await bed.lab.publish('api-vulnerable', 'shop/web:2');
		await stage.createNamespace();
		await stage.push('sources');
		const sync = await stage.application.sync();
		t.is(sync.phase, 'Failed', tell(sync));
		const summaries = (await stage.gateJobs()).map(({metadata}) => metadata.annotations?.['trivy-gate/summary'] ?? '');
		t.is(summaries.length, 2, tell(sync));
		for (const image of ['shop/api:1.4', 'shop/web:2'])
			t.true(
				summaries.some((text) => text.includes(image) && text.includes(finding)),
				summaries.join('\n'),
			);
		await stage.isUntouched(['Job/trivy-gate-denied-']);
		return undefined;
	},
};
