import {allowedImage, tell} from '../../checks.ts';
import type {Scenario} from '../../scenario.ts';

export const scenario: Scenario = {
	about:
		'The repository holds an .argocd-source.yaml, by which its author changes the Application’s source: loosening parameters ' +
		'(for all Applications or this one), another type, a plugin without a name, no plugin.',
	outcomes: {job: {checked: 'all are errors, which say what to do; nothing is rendered without the gate'}},
	async play({t, push, application, liveImage, isUntouched}) {
		for (const [trick, message] of Object.entries(tricks)) {
			await push(['denied', trick]);
			const sync = await application.sync();
			t.is(sync.phase, 'Error', tell(sync));
			t.regex(sync.message ?? '', message, tell(sync));
			await isUntouched();
		}
		t.is(await liveImage(), allowedImage);
		return undefined;
	},
};

const byGate = /the file has a "plugin" block.*Move it to the Application’s spec\.source\.plugin/;
const byArgoCd = /multiple application sources defined/;

const tricks = {
	loosening: byGate,
	// Its file is named for the Application.
	'loosening-one': byGate,
	'other-type': byArgoCd,
	'no-plugin': byArgoCd,
	'no-name': /could not find plugin supporting the given repository/,
};
