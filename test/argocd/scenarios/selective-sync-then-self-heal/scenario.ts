import type {KubernetesObject} from '../../kubernetes-api.ts';
import type {Scenario} from '../../scenario.ts';
import {waitFor} from '../../wait.ts';

export const scenario: Scenario = {
	about:
		'Auto-sync with self-heal. The denied revision was tried and refused; then somebody syncs one harmless object of it, ' +
		'which Argo CD remembers as a successful sync of the revision. Self-heal brings the rest, without hooks.',
	application: () => ({
		spec: {syncPolicy: {automated: {selfHeal: true}, retry: {limit: 1, backoff: {duration: '1s'}}}},
	}),
	outcomes: {
		job: {deployed: 'self-heal skips hooks, and no person was needed for the Deployment'},
		seal: {refused: 'self-heal is refused too'},
	},
	async play({push, application, live, remember}) {
		const revision = await push('denied');
		await application.automated('the refused sync', ({syncResult}) => syncResult?.revision === revision);
		// Self-heal may follow at once: it is not the end of this sync that is waited for.
		await application.startSync({resources: [{group: '', kind: 'ConfigMap', name: 'settings'}]});
		await waitFor('the ConfigMap', async () => {
			const settings = await live<ConfigMap>('v1', 'ConfigMap', 'settings');
			return settings?.data.version === '1.4';
		});
		await remember();
		return application.automated('self-heal', ({operation}) => operation.sync?.autoHealAttemptsCount !== undefined);
	},
};

interface ConfigMap extends KubernetesObject {
	readonly data: {readonly version: string};
}
