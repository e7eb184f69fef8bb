import {setTimeout as sleep} from 'node:timers/promises';
import type {Scenario} from '../../scenario.ts';
import {allowedImage} from '../../checks.ts';

export const scenario: Scenario = {
	about:
		'Auto-sync with self-heal. The denied revision was tried and refused; then somebody changes a live object by hand.',
	application: () => ({
		spec: {syncPolicy: {automated: {selfHeal: true}, retry: {limit: 1, backoff: {duration: '1s'}}}},
	}),
	outcomes: {
		job: {checked: 'Argo CD does not try a failed revision again: drift stays, the denied image stays out'},
		seal: {checked: 'Argo CD does not try a failed revision again: drift stays, the denied image stays out'},
		'fail-render': {checked: 'without a target state there is no drift: it stays, and the denied image stays out'},
	},
	async play({t, bed, name, refusal, push, application, live, liveImage}) {
		const revision = await push('denied');
		if (refusal !== 'fail-render')
			await application.automated('the refused sync', ({syncResult}) => syncResult?.revision === revision);
		const settings = {apiVersion: 'v1', kind: 'ConfigMap', namespace: name, name: 'settings'};
		await bed.cluster.api.patch(settings, {data: {version: 'drifted'}});
		// Self-heal waits for two seconds here.
		await sleep(8000);
		await application.refresh('normal');
		await sleep(3000);
		t.like(await live('v1', 'ConfigMap', 'settings'), {data: {version: 'drifted'}});
		t.is(await liveImage(), allowedImage);
		return undefined;
	},
};
