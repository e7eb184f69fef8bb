import {bedPolicy} from '../../bed.ts';
import type {Scenario} from '../../scenario.ts';

export const scenario: Scenario = {
	about:
		'A repo-server without the gate’s settings: three renders in a row fail, because the registry is down. Then it is up again.',
	policy: bedPolicy,
	environment: {TRIVY_GATE_RETRIES: '0'},
	first: 'nothing',
	outcomes: {
		job: {
			checked:
				'Argo CD replays the error for an hour, marked as cached, without asking the gate; a hard refresh ends that. ' +
				'plugin/ switches it off',
		},
	},
	async play({t, bed: {lab, argoCd}, name, repository, commit}) {
		await lab.publish('api-fixed', 'error-pause/api:1.0');
		const fault = lab.proxy.add({fault: {kind: 'status', status: 500}, path: '/v2/error-pause/'});
		const revision = await commit('failing');
		const address = await argoCd.startOtherRepoServer();
		const render = (more: object = {}) =>
			argoCd.ask(
				'GenerateManifest',
				{
					repo: {repo: repository},
					revision,
					appName: name,
					namespace: name,
					kubeVersion: '1.36.1',
					applicationSource: {repoURL: repository, path: '.', plugin: {name}},
					...more,
				},
				address,
			);
		for (let attempt = 1; attempt <= 3; attempt++) t.regex(errorOf(await render()), /could not be scanned/);
		fault.remove();
		const replayed = errorOf(await render());
		t.regex(replayed, /Manifest generation error \(cached\).*could not be scanned.*[Hh]ard refresh/s);
		for (let again = 1; again <= 3; again++) t.is(errorOf(await render()), replayed);
		t.is(errorOf(await render({noCache: true})), 'none');
		t.is(errorOf(await render()), 'none');
		return undefined;
	},
};

function errorOf(result: object): string {
	return 'error' in result ? String(result.error) : 'none';
}
