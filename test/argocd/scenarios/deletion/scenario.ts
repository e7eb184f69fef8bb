import type {Scenario} from '../../scenario.ts';

export const scenario: Scenario = {
	about: 'The last revision of an application was refused; then the application is deleted with its objects.',
	outcomes: {
		job: {checked: 'everything is deleted'},
		seal: {checked: 'everything is deleted'},
		'fail-render': {checked: 'everything is deleted'},
	},
	async play({t, push, application, live, isRefused}) {
		await push('denied');
		await isRefused(await application.sync());
		await application.delete('cascade');
		t.is(await live('apps/v1', 'Deployment', 'api'), undefined);
		t.is(await live('v1', 'ConfigMap', 'settings'), undefined);
		return undefined;
	},
};
