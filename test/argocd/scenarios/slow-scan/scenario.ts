import {bedPolicy} from '../../bed.ts';
import {tell} from '../../checks.ts';
import type {Scenario} from '../../scenario.ts';
import {waitFor} from '../../wait.ts';

const repository = 'shop/api-fixed-slow-scan';
const image = `registry.example/${repository}:1.0`;

export const scenario: Scenario = {
	about:
		'The registry holds a layer back, so the scan does not end before the deadline. Then it gives the layer, and the scan ' +
		'ends while nobody asks.',
	policy: bedPolicy,
	environment: {TRIVY_GATE_DEADLINE: '6'},
	outcomes: {
		job: {
			checked:
				'nothing is deployed, and the message says why and what to do; at the next refresh it is deployed, from the same scan',
		},
	},
	async play({t, bed: {lab}, sidecar, push, application, isDeployed, isUntouched}) {
		await lab.publishVariant('api-fixed', 'slow-scan');
		lab.proxy.add({
			fault: {kind: 'barrier', clients: 2, timeoutMs: 240_000},
			kind: 'blob-get',
			path: /^\/v2\/shop\/api-fixed-slow-scan/,
		});
		const scans = async () => (await sidecar.journal('scan')).filter((scan) => scan['image'] === image);
		await push('slow');
		const sync = await application.sync();
		t.is(sync.phase, 'Error', tell(sync));
		t.regex(sync.message ?? '', /0 of 1 images? .*hard refresh/s, tell(sync));
		await isUntouched();

		// The second repository that somebody asks: what is held back goes on.
		await fetch(`http://${lab.registry}/v2/shop/api-fixed-slow-scan-goes-on/blobs/sha256:${'0'.repeat(64)}`);
		await waitFor('the scan', async () => (await scans()).length > 0);
		const fetched = lab.proxy.count({repository, kind: 'blob-get'});
		await application.refresh('normal');
		await isDeployed(await application.sync(), image);
		t.is((await scans()).length, 1);
		t.is(lab.proxy.count({repository, kind: 'blob-get'}), fetched);
		return undefined;
	},
};
