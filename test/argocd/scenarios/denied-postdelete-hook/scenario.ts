import type {Scenario} from '../../scenario.ts';

export const scenario: Scenario = {
	about:
		'A PostDelete hook of a new revision uses a denied image. The revision is refused; then the application is deleted.',
	outcomes: {
		job: {checked: 'the application is deleted, and the denied image runs'},
		seal: {checked: 'the hook is printed as Skip: the application is deleted and the hook does not run'},
		'fail-render': {checked: 'the application is deleted; Argo CD never learns of the hook'},
	},
	async play({t, bed, name, refusal, push, application, live, isUntouched}) {
		await push(['allowed', 'denied-hook']);
		const sync = await application.sync();
		t.is(sync.phase, refusal === 'fail-render' ? 'Error' : 'Failed', JSON.stringify(sync));
		await isUntouched(['Job/trivy-gate-denied-']);
		const ran = watchFor(() => live('batch/v1', 'Job', 'migrate'));
		await application.delete('cascade');
		t.is(await ran(), refusal === 'job');
		t.is(
			await bed.cluster.api.get({apiVersion: 'apps/v1', kind: 'Deployment', namespace: name, name: 'api'}),
			undefined,
		);
		return undefined;
	},
};

/** Whether something was seen, at any time until it is asked. */
function watchFor(look: () => Promise<unknown>): () => Promise<boolean> {
	let seen = false;
	const timer = setInterval(() => void look().then((found) => (seen ||= found !== undefined)), 100);
	return async () => {
		clearInterval(timer);
		seen ||= (await look()) !== undefined;
		return seen;
	};
}
