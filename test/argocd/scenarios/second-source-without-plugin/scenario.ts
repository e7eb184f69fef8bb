import type {Scenario} from '../../scenario.ts';

export const scenario: Scenario = {
	about:
		'An Application with two sources; the second, which brings the denied image, does not name the plugin. Argo CD renders ' +
		'it by itself.',
	first: 'nothing',
	application: ({repository}) => ({
		spec: {
			source: undefined,
			sources: [
				{repoURL: repository, targetRevision: 'main', path: 'settings', plugin: {name: 'trivy-gate'}},
				{repoURL: repository, targetRevision: 'main', path: 'api'},
			],
		},
	}),
	outcomes: {job: {deployed: 'the gate never sees it: admission control of Applications has to require the plugin'}},
	async play(stage) {
		await stage.createNamespace();
		await stage.push('sources');
		return stage.application.sync();
	},
};
