import {stringify} from 'yaml';
import {parameters} from '../src/parameters.ts';
import type {Parameter} from '../src/parameters.ts';

/**
 * The text of plugin.yaml (Argo CD's cmpserver/plugin/config.go): no `version`, because it would become part of the
 * name in every Application, and no `discover`, because Argo CD renders natively when discovery fails.
 */
export function pluginYaml(): string {
	const document = {
		apiVersion: 'argoproj.io/v1alpha1',
		kind: 'ConfigManagementPlugin',
		metadata: {name: 'trivy-gate'},
		spec: {
			generate: {command: ['trivy-gate'], args: ['generate']},
			parameters: {
				static: parameters.map(announce),
				dynamic: {command: ['trivy-gate'], args: ['announce']},
			},
		},
	};
	return `# Made from src/parameters.ts by "node plugin/write-plugin-yaml.ts".\n${stringify(document, {lineWidth: 120})}`;
}

function announce({name, title, tooltip, collection, item, choices, tighter}: Parameter) {
	const sentences = [
		tooltip,
		...(choices === undefined ? [] : [`One of ${choices.join(', ')}.`]),
		...(tighter === undefined ? [] : [`Can only tighten the policy: ${tighter}.`]),
	];
	return {
		name,
		title,
		tooltip: sentences.join(' '),
		...(item === 'string' ? {} : {itemType: item}),
		...(collection === 'string' ? {} : {collectionType: collection}),
	};
}
