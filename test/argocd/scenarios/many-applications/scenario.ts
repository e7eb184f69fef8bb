import {finding} from '../../checks.ts';
import type {Scenario} from '../../scenario.ts';

export const scenario: Scenario = {
	about: 'Fifty Applications with the same denied image are refreshed at once.',
	alone: true,
	first: 'nothing',
	outcomes: {seal: {checked: 'all are compared, none with an error, and all are sealed'}},
	async play({t, also, commit, bed: {argoCd}, name, repository}) {
		await commit('denied');
		const numbers = Array.from({length: 50}, (_, index) => String(index + 1));
		const started = performance.now();
		const applications = await Promise.all(numbers.map((number) => also(number)));
		for (const application of applications) {
			const {conditions = [], sync} = await application.until(
				'the comparison',
				({sync: compared}) => compared?.status !== undefined,
			);
			t.deepEqual(conditions, []);
			t.is(sync?.status, 'OutOfSync');
		}
		t.log(`50 Applications in ${((performance.now() - started) / 1000).toFixed(0)} s`);
		const rendered = await argoCd.ask('GenerateManifest', {
			repo: {repo: repository},
			revision: 'main',
			appName: `${name}-1`,
			namespace: `${name}-1`,
			kubeVersion: '1.36.1',
			applicationSource: {
				repoURL: repository,
				path: '.',
				plugin: {name: 'trivy-gate', parameters: [{name: 'enforcement', string: 'seal'}]},
			},
		});
		t.true(JSON.stringify(rendered).includes(finding));
		return undefined;
	},
};
