import {finding} from '../../checks.ts';
import type {Scenario} from '../../scenario.ts';

export const scenario: Scenario = {
	about:
		'Fifty Applications have the same denied image, which nobody has scanned before. All are compared at once, and then all ' +
		'are hard refreshed at once.',
	alone: true,
	first: 'nothing',
	outcomes: {
		seal: {checked: 'all are rendered both times, none with an error, all are sealed, and the image is scanned once'},
	},
	async play({t, also, commit, name, repository, bed: {lab, argoCd, sidecar}}) {
		await lab.publishVariant('api-vulnerable', name);
		await commit('denied');
		const scans = async () => (await sidecar.journal('scan')).filter(({image}) => String(image).includes(name)).length;
		const decisions = async () =>
			(await sidecar.journal('decision')).filter(({images}) => JSON.stringify(images).includes(name));
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
		const refreshed = performance.now();
		const statuses = await Promise.all(applications.map((application) => application.refresh('hard')));
		for (const {conditions = [], sync} of statuses) {
			t.deepEqual(conditions, []);
			t.is(sync?.status, 'OutOfSync');
		}
		t.log(`compared in ${seconds(refreshed - started)}, refreshed in ${seconds(performance.now() - refreshed)}`);
		const decided = await decisions();
		t.is(decided.length, 100);
		t.true(decided.every(({outcome, enforcement}) => outcome === 'deny' && enforcement === 'seal'));
		t.is(await scans(), 1);
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

function seconds(milliseconds: number): string {
	return `${(milliseconds / 1000).toFixed(0)} s`;
}
