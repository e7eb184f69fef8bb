import {finding, tell} from '../../checks.ts';
import {labPolicy} from '../../../lab/gate.ts';
import type {KubernetesObject} from '../../kubernetes-api.ts';
import type {Scenario} from '../../scenario.ts';
import {waitFor} from '../../wait.ts';

export const scenario: Scenario = {
	about: 'The gate Job has the form “pod”: its pod prints the report and ends with 1. (The test is the pod’s node.)',
	policy: `${labPolicy}  job: {form: pod, image: registry.example/tools/busybox:1.37}\n`,
	outcomes: {
		job: {checked: 'refused; the row names the container, which is named for the verdict, and the pod has the report'},
	},
	async play({t, api, name, push, application, isUntouched}) {
		await push('denied');
		const mark = await application.startSync();
		const pod = await waitFor('the pod', async () =>
			(await api.list(name)).find(
				(each): each is Pod => each.kind === 'Pod' && each.metadata.name.startsWith('trivy-gate'),
			),
		);
		const [container] = pod.spec.containers;
		t.true(container?.args.join('\n').includes(finding), JSON.stringify(pod.spec));
		const terminated = {
			exitCode: 1,
			reason: 'Error',
			startedAt: '2026-01-01T00:00:00Z',
			finishedAt: '2026-01-01T00:00:01Z',
		};
		const {apiVersion, kind, metadata} = pod;
		await api.patchStatus(
			{apiVersion, kind, ...metadata},
			{
				phase: 'Failed',
				containerStatuses: [
					{
						name: container?.name,
						image: container?.image,
						imageID: '',
						ready: false,
						restartCount: 0,
						state: {terminated},
					},
				],
			},
		);
		const sync = await application.finished(mark);
		t.is(sync.phase, 'Failed', tell(sync));
		t.regex(
			sync.syncResult?.resources?.[0]?.message ?? '',
			/^Container denied.* failed with exit code 1 matching FailJob/,
		);
		await isUntouched(['Job/trivy-gate-denied-']);
		return undefined;
	},
};

interface Pod extends KubernetesObject {
	readonly spec: {
		readonly containers: ReadonlyArray<{
			readonly name: string;
			readonly image: string;
			readonly args: readonly string[];
		}>;
	};
}
