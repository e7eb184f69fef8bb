import {bedPolicy} from '../../bed.ts';
import {tell} from '../../checks.ts';
import type {Scenario} from '../../scenario.ts';
import {waitFor} from '../../wait.ts';

export const scenario: Scenario = {
	about: 'The sidecar is killed in the middle of a scan, while Argo CD waits for the manifests. Later it is up again.',
	policy: bedPolicy,
	environment: {TRIVY_GATE_DEADLINE: '150'},
	outcomes: {
		job: {checked: 'Argo CD says that the plugin is gone and renders nothing by itself; then the revision is deployed'},
	},
	async play({t, bed, name, sidecar, push, application, isDeployed, isUntouched}) {
		const {lab} = bed;
		await lab.publishVariant('api-fixed', 'sidecar-killed');
		const held = lab.proxy.add({fault: {kind: 'hang'}, kind: 'blob-get', path: '/v2/shop/api-fixed-sidecar-killed/'});
		const pushed = push('held');
		await waitFor('the scan', async () => held.hits > 0);
		await sidecar.kill();
		await pushed;
		const {sync: compared, conditions = []} = await application.status();
		t.is(compared?.status, 'Unknown', JSON.stringify(conditions));
		t.regex(
			conditions[0]?.message ?? '',
			/CMP processing failed|could not find cmp-server plugin/,
			JSON.stringify(conditions),
		);
		const sync = await application.sync();
		t.is(sync.phase, 'Error', tell(sync));
		await isUntouched();

		held.remove();
		await bed.startSidecar(name, bedPolicy);
		await application.refresh('normal');
		await isDeployed(await application.sync(), 'registry.example/shop/api-fixed-sidecar-killed:1.0');
		return undefined;
	},
};
