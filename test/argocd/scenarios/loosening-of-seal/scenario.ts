import {labPolicy} from '../../../lab/gate.ts';
import type {Scenario} from '../../scenario.ts';

export const scenario: Scenario = {
	about: 'The operator’s policy seals; the Application’s parameters ask for a mere warning, then for a mere Job.',
	policy: `${labPolicy}  enforcement: seal\n`,
	application: ({name}) => ({spec: {source: {plugin: {name, parameters: asking('warn')}}}}),
	outcomes: {seal: {refused: 'the operator’s policy stays as it is, so that no kind of sync gets through'}},
	async play({t, name, push, application, isRefused}) {
		await push('denied');
		await isRefused(await application.sync());
		await application.patch({spec: {source: {plugin: {name, parameters: asking('job')}}}});
		const {sync} = await application.refresh('hard');
		t.is(sync?.status, 'OutOfSync');
		return application.sync({strategy: 'apply'});
	},
};

function asking(enforcement: string): readonly object[] {
	return [{name: 'enforcement', string: enforcement}];
}
