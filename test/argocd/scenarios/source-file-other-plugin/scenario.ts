import type {Scenario} from '../../scenario.ts';

export const scenario: Scenario = {
	about:
		'Another plugin, which prints the files as they are, is installed beside the gate in the same repo-server. The ' +
		'repository holds an .argocd-source.yaml with its name.',
	outcomes: {
		seal: {deployed: 'the author of the repository has switched to the other plugin: install none beside the gate'},
	},
	async play({bed, push, application}) {
		await bed.startOtherPlugin('other-plugin', ['/bin/sh', '-c', 'for f in *.yaml; do echo ---; cat "$f"; done']);
		await push(['denied', 'other-plugin']);
		return application.sync();
	},
};
