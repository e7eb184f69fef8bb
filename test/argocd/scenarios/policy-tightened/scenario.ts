import {setTimeout as sleep} from 'node:timers/promises';
import {deniedImage, finding} from '../../checks.ts';
import {labPolicy} from '../../../lab/gate.ts';
import type {KubernetesObject} from '../../kubernetes-api.ts';
import type {Scenario} from '../../scenario.ts';

export const scenario: Scenario = {
	about:
		'An image runs that is denied from now on, because the policy is tightened or a CVE is published; the revision does not ' +
		'change. Auto-sync with self-heal. Then somebody changes a live object by hand.',
	policy: `${labPolicy}  severities: [UNKNOWN]\n`,
	first: 'denied',
	application: () => ({
		spec: {syncPolicy: {automated: {selfHeal: true}, retry: {limit: 1, backoff: {duration: '1s'}}}},
	}),
	outcomes: {
		job: {checked: 'the application stays Synced, and drift is healed'},
		seal: {checked: 'the application turns OutOfSync, nothing is touched, and drift is not healed'},
		'fail-render': {
			checked:
				'the application turns Unknown for one refresh; the next one gets what was rendered before the change, so drift is ' +
				'healed, and a sync would go through',
		},
	},
	async play({t, api, name, refusal, application, sidecar, live, liveImage, isDeployed, isUntouched}) {
		const strict = `${labPolicy}  severities: [CRITICAL]\n`;
		await sidecar.setPolicy(strict);
		t.is((await application.refresh('normal')).sync?.status, 'Synced', 'what was rendered is kept');
		const {sync, conditions} = await application.refresh('hard');
		const expected = {job: 'Synced', seal: 'OutOfSync', 'fail-render': 'Unknown'} as const;
		t.is(sync?.status, expected[refusal], JSON.stringify(conditions));
		await sleep(5000);
		await isUntouched();
		const settings = {apiVersion: 'v1', kind: 'ConfigMap', namespace: name, name: 'settings'};
		await api.patch(settings, {data: {version: 'drifted'}});
		// Self-heal waits for two seconds here.
		await sleep(8000);
		const {data} = (await live<ConfigMap>('v1', 'ConfigMap', 'settings')) as ConfigMap;
		t.is(data.version, refusal === 'seal' ? 'drifted' : '1.4');
		t.is(await liveImage(), deniedImage);
		if (refusal === 'seal') t.true(JSON.stringify(await application.status()).includes(finding));
		if (refusal === 'fail-render') await isDeployed(await application.sync(), deniedImage);
		return undefined;
	},
};

interface ConfigMap extends KubernetesObject {
	readonly data: {readonly version: string};
}
