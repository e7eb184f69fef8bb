import {comparable} from '../../inventory.ts';
import type {Scenario} from '../../scenario.ts';

export const scenario: Scenario = {
	about:
		'A Helm chart whose images are fine, with a value file and a parameter: deployed through the gate, and beside it by ' +
		'Argo CD’s own Helm with the same settings.',
	first: 'nothing',
	application: () => ({
		spec: {
			source: {
				path: 'chart',
				plugin: {
					parameters: [
						{name: 'release-name', string: 'shop'},
						{name: 'value-files', array: ['values-production.yaml']},
						{name: 'helm-parameters', map: {replicas: '0'}},
					],
				},
			},
		},
	}),
	outcomes: {seal: {checked: 'all objects are live, and equal to those of native rendering'}},
	async play(stage) {
		const {t, api, name} = stage;
		await stage.createNamespace();
		await stage.push('.');
		const sync = await stage.application.sync();
		t.is(sync.phase, 'Succeeded', JSON.stringify(sync));
		const native = await stage.also('native', {
			spec: {
				source: {
					path: 'chart',
					plugin: undefined,
					helm: {
						releaseName: 'shop',
						valueFiles: ['values-production.yaml'],
						parameters: [{name: 'replicas', value: '0'}],
					},
				},
			},
		});
		t.is((await native.sync()).phase, 'Succeeded');
		const gated = await comparable(api, name);
		t.deepEqual(Object.keys(gated), ['ConfigMap/before', 'ConfigMap/cluster', 'Deployment/shop-api']);
		t.deepEqual(gated, await comparable(api, `${name}-native`));
		return undefined;
	},
};
