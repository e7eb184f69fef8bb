import {comparable} from '../../inventory.ts';
import type {Scenario} from '../../scenario.ts';

export const scenario: Scenario = {
	about:
		'A Kustomize overlay whose images are fine, with a prefix, labels and a patch of the Application: deployed through ' +
		'the gate, and beside it by Argo CD’s own Kustomize with the same settings.',
	first: 'nothing',
	application: () => ({
		spec: {
			source: {
				path: 'overlay',
				plugin: {
					parameters: [
						{name: 'name-prefix', string: 'shop-'},
						{name: 'common-labels', map: {team: 'shop'}},
						{name: 'label-without-selector', string: 'true'},
						{name: 'patches', string: `[{target: {kind: Deployment}, patch: ${JSON.stringify(patch)}}]`},
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
					path: 'overlay',
					plugin: undefined,
					kustomize: {
						namePrefix: 'shop-',
						commonLabels: {team: 'shop'},
						labelWithoutSelector: true,
						patches: [{target: {kind: 'Deployment'}, patch}],
					},
				},
			},
		});
		t.is((await native.sync()).phase, 'Succeeded');
		const gated = await comparable(api, name);
		t.deepEqual(
			Object.keys(gated).map((each) => each.replace(/-\w{10}$/, '-HASH')),
			['ConfigMap/shop-settings-HASH', 'Deployment/shop-api'],
		);
		t.deepEqual(gated, await comparable(api, `${name}-native`));
		return undefined;
	},
};

const patch = '[{"op": "add", "path": "/metadata/annotations", "value": {"patched": "yes"}}]';
