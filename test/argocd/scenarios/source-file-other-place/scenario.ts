import type {Scenario} from '../../scenario.ts';

export const scenario: Scenario = {
	about:
		'The repository holds an .argocd-source.yaml with another path, where the image is fine, and another repository and ' +
		'revision.',
	outcomes: {
		job: {refused: 'Argo CD takes none of them from the file'},
		seal: {refused: 'Argo CD takes none of them from the file'},
	},
	async play({push, application}) {
		await push(['denied', 'other-place']);
		return application.sync();
	},
};
