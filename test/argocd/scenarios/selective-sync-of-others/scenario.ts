import type {Scenario} from '../../scenario.ts';
import {allowedImage} from '../../checks.ts';

export const scenario: Scenario = {
	about: 'Of a revision with a denied image, only a ConfigMap is synced, which has nothing to do with it.',
	outcomes: {
		job: {checked: 'the ConfigMap is synced, the Deployment is not touched'},
		seal: {checked: 'the ConfigMap is synced, the Deployment is not touched'},
		'fail-render': {refused: 'there is no target state, not even of the ConfigMap'},
	},
	async play({t, refusal, push, application, live, liveImage, isUntouched}) {
		await push('denied');
		const sync = await application.sync({resources: [{group: '', kind: 'ConfigMap', name: 'settings'}]});
		if (refusal === 'fail-render') return sync;
		t.is(sync.phase, 'Succeeded', sync.message);
		const settings = await live('v1', 'ConfigMap', 'settings');
		t.like(settings, {data: {version: '1.4'}});
		t.is(await liveImage(), allowedImage);
		await isUntouched(['ConfigMap/settings']);
		return undefined;
	},
};
