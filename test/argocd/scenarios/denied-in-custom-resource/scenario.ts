import type {Scenario} from '../../scenario.ts';
import {waitFor} from '../../wait.ts';

export const scenario: Scenario = {
	about: 'A custom resource, whose definition is in the cluster, has a container with a denied image.',
	first: 'nothing',
	refusedObject: 'Rollout/api',
	outcomes: {
		job: {refused: 'the gate Job fails'},
		seal: {refused: 'the row of the custom resource tells why'},
		'fail-render': {refused: 'there is no target state'},
	},
	async play(stage) {
		const {api} = stage;
		await api.apply(definition);
		// Until it is served, the API server does not know the kind.
		await waitFor('the definition', async () => {
			await api.get({apiVersion: 'lab.example/v1', kind: 'Rollout', name: 'none', namespace: 'default'});
			return true;
		});
		await stage.createNamespace();
		await stage.push('first');
		await stage.application.sync();
		await stage.push(['first', 'denied']);
		return stage.application.sync();
	},
};

const definition = {
	apiVersion: 'apiextensions.k8s.io/v1',
	kind: 'CustomResourceDefinition',
	metadata: {name: 'rollouts.lab.example'},
	spec: {
		group: 'lab.example',
		scope: 'Namespaced',
		names: {kind: 'Rollout', plural: 'rollouts', singular: 'rollout'},
		versions: [
			{
				name: 'v1',
				served: true,
				storage: true,
				schema: {openAPIV3Schema: {type: 'object', 'x-kubernetes-preserve-unknown-fields': true}},
			},
		],
	},
};
