import {readFile} from 'node:fs/promises';
import {join} from 'node:path';
import {parseAllDocuments} from 'yaml';
import {argoNamespace} from '../../argo-cd.ts';
import type {KubernetesObject} from '../../kubernetes-api.ts';
import type {Scenario} from '../../scenario.ts';
import {waitFor} from '../../wait.ts';

const policies = join(import.meta.dirname, '../../../../plugin/require-plugin/applications.yaml');
const gatedBy = /is gated by trivy-gate/;

export const scenario: Scenario = {
	about:
		'plugin/require-plugin is installed and the project is gated. Somebody takes the plugin out of an Application, and ' +
		'syncs local manifests. Another Application, which never had the plugin, was there before and syncs by itself.',
	first: 'nothing',
	application: ({name}) => ({spec: {project: name}}),
	outcomes: {
		seal: {
			checked:
				'both attempts are refused; the other Application is compared with Git but deploys nothing any more; Argo CD itself ' +
				'is not hindered: denied syncs fail with their reason, good ones go through',
		},
	},
	async play(stage) {
		const {t, api, name, push, apply, isDeployed} = stage;
		await apply(project(name, {}));
		await stage.createNamespace();
		await push('allowed');
		const {application} = stage;
		await isDeployed(await application.sync());
		const other = await stage.also('before', {
			spec: {project: name, source: {plugin: undefined}, syncPolicy: {automated: {selfHeal: true}}},
		});
		await other.automated('the first sync', ({phase}) => phase === 'Succeeded');

		for (const document of parseAllDocuments(await readFile(policies, 'utf8'))) {
			await apply(document.toJS() as KubernetesObject);
		}
		await api.apply(project(name, {'trivy-gate/gated': 'true'}));
		const self = {apiVersion: 'argoproj.io/v1alpha1', kind: 'Application', namespace: argoNamespace, name};
		const native = () => api.patch(self, {spec: {source: {plugin: null}}}, {dryRun: true});
		await waitFor('the policy', async () => (await refusal(native())) !== '');

		await push('denied');
		await stage.isRefused(await application.sync());
		t.regex(await refusal(application.patch({spec: {source: {plugin: null, directory: {}}}})), gatedBy);
		t.regex(await refusal(application.patch({operation: {sync: {manifests: ['{}']}}})), gatedBy);

		await other.refresh('normal');
		const {conditions = []} = await other.until(
			'what it could not do',
			({sync, conditions: found = []}) =>
				sync?.status === 'OutOfSync' && found.some(({message}) => gatedBy.test(message)),
		);
		t.true(conditions.some(({type}) => type === 'SyncError'));

		await push('allowed');
		await isDeployed(await application.sync());
		const log = await readFile(join(stage.bed.directory, 'argo-cd', 'application-controller.log'), 'utf8');
		t.deepEqual(
			log.split('\n').filter((line) => line.includes('error patching application') && line.includes(name)),
			[],
		);
		return undefined;
	},
};

function project(name: string, labels: Readonly<Record<string, string>>): KubernetesObject {
	return {
		apiVersion: 'argoproj.io/v1alpha1',
		kind: 'AppProject',
		metadata: {name, namespace: argoNamespace, labels},
		spec: {sourceRepos: ['*'], destinations: [{server: '*', namespace: '*'}]},
	};
}

/** What the API server says against it; empty when it does not. */
async function refusal(writing: Promise<void>): Promise<string> {
	return writing.then(
		() => '',
		(error: unknown) => (error instanceof Error ? error.message : String(error)),
	);
}
