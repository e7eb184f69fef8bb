import {setTimeout as sleep} from 'node:timers/promises';
import {finding} from '../../checks.ts';
import {labPolicy} from '../../../lab/gate.ts';
import type {Scenario} from '../../scenario.ts';

const relaxed = `${labPolicy}  severities: [UNKNOWN]\n`;
const strict = `${labPolicy}  severities: [CRITICAL]\n`;

export const scenario: Scenario = {
	about:
		'A revision was rendered; then the policy is tightened, so that the next render, by a hard refresh, is an error. Tried ' +
		'with settings of the repo-server: pause after 0 failures (never), 1000000 (out of reach), 1 for one minute.',
	policy: relaxed,
	first: 'nothing',
	outcomes: {
		'fail-render': {
			checked:
				'0 and 1000000: the next normal refresh gets what was rendered before, for up to a day; 1: the error is remembered, ' +
				'and after a minute it is rendered again',
		},
	},
	async play({t, bed: {argoCd}, name, repository, commit, sidecar}) {
		const revision = await commit('denied');
		for (const {attempts, after} of [
			{attempts: '0', after: 'rendered'},
			{attempts: '1000000', after: 'rendered'},
			{attempts: '1', after: 'refused'},
		]) {
			await sidecar.setPolicy(relaxed);
			const address = await argoCd.startOtherRepoServer({
				ARGOCD_PAUSE_GEN_AFTER_FAILED_ATTEMPTS: attempts,
				ARGOCD_PAUSE_GEN_MINUTES: '1',
			});
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
				if (!('error' in result)) return 'rendered';
				return result.error.includes(finding) ? 'refused' : result.error;
			};
			t.is(await render(false), 'rendered');
			await sidecar.setPolicy(strict);
			t.is(await render(true), 'refused');
			for (let again = 1; again <= 5; again++) t.is(await render(false), after, `attempts ${attempts}, again ${again}`);
			if (after === 'rendered') continue;
			await sidecar.setPolicy(relaxed);
			t.is(await render(false), 'refused', 'what is remembered, although the policy allows it');
			await sleep(62_000);
			t.is(await render(false), 'rendered', 'after a minute');
		}
		return undefined;
	},
};
