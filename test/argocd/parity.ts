/** A setting of an Application's source, and the gate's parameters that mean the same. */
export interface Parity {
	readonly title: string;
	/** Directory of parity/. */
	readonly path: 'chart' | 'overlay' | 'labelled' | 'plain';
	/** `helm`, `kustomize` or `directory` of the native source. */
	readonly native: object;
	readonly plugin: ReadonlyArray<{
		readonly name: string;
		readonly string?: string;
		readonly array?: readonly string[];
		readonly map?: Readonly<Record<string, string>>;
	}>;
	/** More of the request, for both. */
	readonly request?: object;
	/** Both refuse to render. */
	readonly fails?: true;
}

const helm = (title: string, native: object, plugin: Parity['plugin'], more: Partial<Parity> = {}): Parity => ({
	title: `helm: ${title}`,
	path: 'chart',
	native: {helm: native},
	plugin,
	...more,
});
const kustomize = (title: string, native: object, plugin: Parity['plugin'], more: Partial<Parity> = {}): Parity => ({
	title: `kustomize: ${title}`,
	path: 'overlay',
	native: {kustomize: native},
	plugin,
	...more,
});
const directory = (title: string, native: object, plugin: Parity['plugin']): Parity => ({
	title: `directory: ${title}`,
	path: 'plain',
	native: {directory: native},
	plugin,
});

const values = 'motd: "0777"\nextra: {big: 12345678901234567890, float: 1.50, yes: yes, on: "on"}\nlist: [1, "2", ~]\n';
const patches = [
	{target: {kind: 'Deployment', name: 'api'}, patch: '[{"op": "replace", "path": "/spec/replicas", "value": 4}]'},
	{path: 'patch.yaml'},
];

const patchesWithOptions = [
	{
		target: {labelSelector: 'team=base'},
		patch: 'apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: other}\nspec: {serviceName: api}\n',
		options: {allowNameChange: true, allowKindChange: true},
	},
	{
		target: {group: '', version: 'v1', kind: 'Service', name: 'a.*'},
		patch: '$patch: delete\nkind: Service\nmetadata: {name: api}',
	},
];

/** Every setting of a Helm, Kustomize or directory source for which the gate has a parameter. */
export const parities: readonly Parity[] = [
	helm('nothing is set', {}, []),
	helm('value files', {valueFiles: ['values-blue.yaml', 'environments/a-first.yaml']}, [
		{name: 'value-files', array: ['values-blue.yaml', 'environments/a-first.yaml']},
	]),
	helm('value files from the root of the repository', {valueFiles: ['/chart/values-blue.yaml']}, [
		{name: 'value-files', array: ['/chart/values-blue.yaml']},
	]),
	// Argo CD 3.2 takes no globs yet: natively they are written out.
	helm('value files by a glob', {valueFiles: ['environments/a-first.yaml', 'environments/b-second.yaml']}, [
		{name: 'value-files', array: ['environments/*.yaml']},
	]),
	helm(
		'value files by a glob over directories, and one that has a place of its own',
		{valueFiles: ['environments/b-second.yaml', 'environments/deep/c-third.yaml', 'environments/a-first.yaml']},
		[{name: 'value-files', array: ['environments/**/*.yaml', 'environments/a-first.yaml']}],
	),
	helm('a missing value file', {valueFiles: ['none.yaml']}, [{name: 'value-files', array: ['none.yaml']}], {
		fails: true,
	}),
	helm(
		'missing value files are passed over',
		{valueFiles: ['none.yaml', 'values-blue.yaml'], ignoreMissingValueFiles: true},
		[
			{name: 'value-files', array: ['none.yaml', 'values-blue.yaml']},
			{name: 'ignore-missing-value-files', string: 'true'},
		],
	),
	helm('inline values', {values}, [{name: 'values', string: values}]),
	helm('a values object', {valuesObject: {motd: 'object', extra: {deep: [1, {two: true}]}, replicas: 3}}, [
		{name: 'values', string: JSON.stringify({motd: 'object', extra: {deep: [1, {two: true}]}, replicas: 3})},
	]),
	helm('values and a values object', {values: 'motd: text', valuesObject: {motd: 'object'}}, [
		{name: 'values', string: JSON.stringify({motd: 'object'})},
	]),
	helm(
		'parameters',
		{
			parameters: Object.entries(parametersOfAllKinds()).map(([name, value]) => ({name, value})),
		},
		[{name: 'helm-parameters', map: parametersOfAllKinds()}],
	),
	helm('parameters forced to strings', {parameters: [{name: 'motd', value: '0123', forceString: true}]}, [
		{name: 'helm-string-parameters', map: {motd: '0123'}},
	]),
	helm('a parameter with commas', {parameters: [{name: 'motd', value: 'a,b,c'}]}, [
		{name: 'helm-parameters', map: {motd: 'a,b,c'}},
	]),
	helm('file parameters', {fileParameters: [{name: 'motd', path: 'message.txt'}]}, [
		{name: 'helm-file-parameters', map: {motd: 'message.txt'}},
	]),
	// Natively KUBE_VERSION is empty there, whatever Argo CD's documentation says; the gate fills it in.
	helm(
		'build environment in parameters',
		{parameters: [{name: 'motd', value: '$ARGOCD_APP_NAME-${ARGOCD_APP_REVISION_SHORT}'}]},
		[{name: 'helm-parameters', map: {motd: '$ARGOCD_APP_NAME-${ARGOCD_APP_REVISION_SHORT}'}}],
	),
	helm(
		'value files, values and parameters together',
		{
			valueFiles: ['values-blue.yaml'],
			values: 'motd: inline\nextra: {inline: true}\n',
			parameters: [{name: 'extra.parameter', value: 'true'}],
			fileParameters: [{name: 'extra.file', path: 'message.txt'}],
		},
		[
			{name: 'value-files', array: ['values-blue.yaml']},
			{name: 'values', string: 'motd: inline\nextra: {inline: true}\n'},
			{name: 'helm-parameters', map: {'extra.parameter': 'true'}},
			{name: 'helm-file-parameters', map: {'extra.file': 'message.txt'}},
		],
	),
	helm('release name', {releaseName: 'other'}, [{name: 'release-name', string: 'other'}]),
	helm('namespace', {namespace: 'elsewhere'}, [{name: 'namespace', string: 'elsewhere'}]),
	helm('Kubernetes version', {kubeVersion: '1.31.2'}, [{name: 'kube-version', string: '1.31.2'}]),
	helm('API versions', {apiVersions: ['shop.example/v1/Rollout']}, [
		{name: 'api-versions', array: ['shop.example/v1/Rollout']},
	]),
	helm('API versions of the cluster', {}, [], {request: {apiVersions: ['shop.example/v1', 'shop.example/v1/Rollout']}}),
	helm('without CRDs', {skipCrds: true}, [{name: 'skip-crds', string: 'true'}]),
	helm('without tests', {skipTests: true}, [{name: 'skip-tests', string: 'true'}]),
	helm('values that do not fit the schema', {values: 'replicas: -1'}, [{name: 'values', string: 'replicas: -1'}], {
		fails: true,
	}),
	helm('without the schema', {values: 'replicas: -1', skipSchemaValidation: true}, [
		{name: 'values', string: 'replicas: -1'},
		{name: 'skip-schema-validation', string: 'true'},
	]),
	kustomize('nothing is set', {}, []),
	kustomize('name prefix and suffix', {namePrefix: 'pre-', nameSuffix: '-post'}, [
		{name: 'name-prefix', string: 'pre-'},
		{name: 'name-suffix', string: '-post'},
	]),
	kustomize('images', {images: ['registry.example/shop/api=registry.example/shop/proxy:1.0']}, [
		{name: 'images', array: ['registry.example/shop/api=registry.example/shop/proxy:1.0']},
	]),
	kustomize('images by tag', {images: ['registry.example/shop/api:1.5', 'registry.example/shop/proxy:1.0']}, [
		{name: 'images', array: ['registry.example/shop/api:1.5', 'registry.example/shop/proxy:1.0']},
	]),
	kustomize('images by digest', {images: ['registry.example/shop/api@DIGEST']}, [
		{name: 'images', array: ['registry.example/shop/api@DIGEST']},
	]),
	kustomize(
		'images with the build environment',
		{images: ['registry.example/shop/api=registry.example/$ARGOCD_APP_NAME/proxy:1.0']},
		[{name: 'images', array: ['registry.example/shop/api=registry.example/$ARGOCD_APP_NAME/proxy:1.0']}],
	),
	kustomize('replicas', {replicas: [{name: 'api', count: 5}]}, [{name: 'replicas', map: {api: '5'}}]),
	kustomize('labels', {commonLabels: {app: 'shop', owner: 'me'}, forceCommonLabels: true}, [
		{name: 'common-labels', map: {app: 'shop', owner: 'me'}},
		{name: 'force-common-labels', string: 'true'},
	]),
	kustomize('labels with the build environment', {commonLabels: {owner: '$ARGOCD_APP_NAME'}}, [
		{name: 'common-labels', map: {owner: '$ARGOCD_APP_NAME'}},
	]),
	kustomize(
		'labels that the kustomization has',
		{commonLabels: {team: 'mine'}},
		[{name: 'common-labels', map: {team: 'mine'}}],
		{path: 'labelled', fails: true},
	),
	kustomize(
		'labels that the kustomization has, forced',
		{commonLabels: {team: 'mine'}, forceCommonLabels: true},
		[
			{name: 'common-labels', map: {team: 'mine'}},
			{name: 'force-common-labels', string: 'true'},
		],
		{path: 'labelled'},
	),
	kustomize('labels without selectors', {commonLabels: {owner: 'me'}, labelWithoutSelector: true}, [
		{name: 'common-labels', map: {owner: 'me'}},
		{name: 'label-without-selector', string: 'true'},
	]),
	kustomize(
		'labels in templates',
		{commonLabels: {owner: 'me'}, labelWithoutSelector: true, labelIncludeTemplates: true},
		[
			{name: 'common-labels', map: {owner: 'me'}},
			{name: 'label-without-selector', string: 'true'},
			{name: 'label-include-templates', string: 'true'},
		],
	),
	kustomize('annotations', {commonAnnotations: {note: 'x', other: 'a: b, c'}, forceCommonAnnotations: true}, [
		{name: 'common-annotations', map: {note: 'x', other: 'a: b, c'}},
		{name: 'force-common-annotations', string: 'true'},
	]),
	kustomize(
		'annotations that the kustomization has',
		{commonAnnotations: {note: 'mine'}},
		[{name: 'common-annotations', map: {note: 'mine'}}],
		{path: 'labelled', fails: true},
	),
	kustomize(
		'annotations that the kustomization has, forced',
		{commonAnnotations: {note: 'mine'}, forceCommonAnnotations: true},
		[
			{name: 'common-annotations', map: {note: 'mine'}},
			{name: 'force-common-annotations', string: 'true'},
		],
		{path: 'labelled'},
	),
	kustomize('annotations with a dollar', {commonAnnotations: {owner: '$ARGOCD_APP_NAME'}}, [
		{name: 'common-annotations', map: {owner: '$ARGOCD_APP_NAME'}},
	]),
	kustomize(
		'annotations with the build environment',
		{commonAnnotations: {owner: '$ARGOCD_APP_NAME-$$-$UNKNOWN'}, commonAnnotationsEnvsubst: true},
		[
			{name: 'common-annotations', map: {owner: '$ARGOCD_APP_NAME-$$-$UNKNOWN'}},
			{name: 'common-annotations-envsubst', string: 'true'},
		],
	),
	kustomize('namespace', {namespace: 'elsewhere'}, [{name: 'kustomize-namespace', string: 'elsewhere'}]),
	kustomize('patches', {patches}, [{name: 'patches', string: JSON.stringify(patches)}]),
	kustomize('patches with selectors and options', {patches: patchesWithOptions}, [
		{name: 'patches', string: JSON.stringify(patchesWithOptions)},
	]),
	kustomize('components in their order', {components: ['../second-component', '../component']}, [
		{name: 'components', array: ['../second-component', '../component']},
	]),
	kustomize(
		'all together',
		{
			namePrefix: 'pre-',
			nameSuffix: '-post',
			namespace: 'elsewhere',
			images: ['registry.example/shop/api=registry.example/shop/proxy:1.0'],
			replicas: [{name: 'api', count: 2}],
			commonLabels: {owner: 'me'},
			commonAnnotations: {note: 'mine'},
			patches,
			components: ['../component'],
		},
		[
			{name: 'name-prefix', string: 'pre-'},
			{name: 'name-suffix', string: '-post'},
			{name: 'kustomize-namespace', string: 'elsewhere'},
			{name: 'images', array: ['registry.example/shop/api=registry.example/shop/proxy:1.0']},
			{name: 'replicas', map: {api: '2'}},
			{name: 'common-labels', map: {owner: 'me'}},
			{name: 'common-annotations', map: {note: 'mine'}},
			{name: 'patches', string: JSON.stringify(patches)},
			{name: 'components', array: ['../component']},
		],
	),
	kustomize('components', {components: ['../component']}, [{name: 'components', array: ['../component']}]),
	kustomize('a missing component', {components: ['../none']}, [{name: 'components', array: ['../none']}], {
		fails: true,
	}),
	kustomize(
		'missing components are passed over',
		{components: ['../none', '../component'], ignoreMissingComponents: true},
		[
			{name: 'components', array: ['../none', '../component']},
			{name: 'ignore-missing-components', string: 'true'},
		],
	),
	directory('nothing is set', {}, []),
	directory('with subdirectories', {recurse: true}, [{name: 'recurse', string: 'true'}]),
	directory('files that are included', {recurse: true, include: '*.json'}, [
		{name: 'recurse', string: 'true'},
		{name: 'include', string: '*.json'},
	]),
	directory('files that are left out', {recurse: true, exclude: '{api.yaml,more/*}'}, [
		{name: 'recurse', string: 'true'},
		{name: 'exclude', string: '{api.yaml,more/*}'},
	]),
];

function parametersOfAllKinds(): Readonly<Record<string, string>> {
	return {
		replicas: '7',
		motd: 'true',
		'extra.nothing': 'null',
		'extra.float': '1.5',
		'extra.big': '12345678901',
		'extra.zeros': '0123',
		'extra.empty': '',
		list: '{a,b}',
		'nested.items[0].value': '2',
		'pullSecrets[0].name': 'secret',
		'extra.with\\.dot': 'dotted',
	};
}
