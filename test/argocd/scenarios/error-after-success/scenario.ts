import {finding} from '../../checks.ts';
import {labPolicy} from '../../../lab/gate.ts';
import type {Scenario} from '../../scenario.ts';

const relaxed = `${labPolicy}  severities: [UNKNOWN]\n`;
const strict = `${labPolicy}  severities: [CRITICAL]\n`;

export const scenario: Scenario = {
	about:
		'A revision was rendered; then the policy is tightened, so that the next render, by a hard refresh, is an error. Tried ' +
		'with ARGOCD_PAUSE_GEN_AFTER_FAILED_ATTEMPTS of the repo-server off (0) and out of reach (1000000).',
	policy: relaxed,
	first: 'nothing',
	outcomes: {
		'fail-render': {
			checked:
				'off: the next normal refresh gets what was rendered before, for up to a day; out of reach: it is rendered again, ' +
				'and refused',
		},
	},
	async play({t, bed: {argoCd}, name, repository, commit, sidecar}) {
		const revision = await commit('denied');
		for (const [attempts, after] of [
			['0', 'none'],
			['1000000', 'refused'],
		] as const) {
			await sidecar.setPolicy(relaxed);
			const address = await argoCd.startOtherRepoServer({ARGOCD_PAUSE_GEN_AFTER_FAILED_ATTEMPTS: attempts});
			const render = async (noCache: boolean) => {
				const result = await argoCd.ask(
					'GenerateManifest',
					{
						repo: {repo: repository},
						revision,
						appName: name,
						// The cache is one for all repo-servers.
						namespace: `${name}-${attempts}`,
						kubeVersion: '1.36.1',
						applicationSource: {
							repoURL: repository,
							path: '.',
							plugin: {name, parameters: [{name: 'enforcement', string: 'fail-render'}]},
						},
						noCache,
					},
					address,
				);
				if (!('error' in result)) return 'none';
				return result.error.includes(finding) ? 'refused' : result.error;
			};
			t.is(await render(false), 'none');
			await sidecar.setPolicy(strict);
			t.is(await render(true), 'refused');
			for (let again = 1; again <= 5; again++) t.is(await render(false), after, `attempts ${attempts}, again ${again}`);
		}
		return undefined;
	},
};
