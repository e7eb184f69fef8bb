import {mkdir} from 'node:fs/promises';
import test from 'ava';
import {GateError} from '../../src/errors.ts';
import {below, chart, fingerprint, makeLab, parameters, renderLab, runByHand} from './lab.ts';
import type {ErrorCode} from '../../src/errors.ts';

const deployment = `apiVersion: apps/v1
kind: Deployment
metadata: {name: api, labels: {tier: web}}
spec:
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api}}
    spec: {containers: [{name: api, image: registry.example/api:1.0}]}
`;
const base = {'base/kustomization.yaml': 'resources: [deployment.yaml]\n', 'base/deployment.yaml': deployment};
const overlay =
	'resources:\n- ../base\nconfigMapGenerator:\n- {name: settings, files: [settings.txt], literals: [path=/etc/passwd]}\n';
const files = {
	...base,
	'overlay/kustomization.yaml': overlay,
	'overlay/settings.txt': 'x',
	'parts/extra/kustomization.yaml':
		'apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nnamePrefix: extra-\n',
};

test('prints byte for byte what kustomize build prints, from the checkout itself', async (t) => {
	const lab = await makeLab(t, files);
	const before = await fingerprint(lab.root);
	const manifests = await renderLab(lab, {directory: 'overlay'});
	t.is(manifests.text, await runByHand(lab, 'kustomize', lab.root, ['build', 'overlay']));
	t.deepEqual(
		lab.calls.map(({args}) => args),
		[['build', lab.path('overlay')]],
	);
	t.is(await fingerprint(lab.root), before);
});

test('makes Argo CD’s edits in its order, on a copy', async (t) => {
	const lab = await makeLab(t, files);
	const before = await fingerprint(lab.root);
	const {text} = await renderLab(lab, {
		directory: 'overlay',
		build: {ARGOCD_APP_NAME: 'shop'},
		parameters: parameters({
			kustomize: {
				namePrefix: 'p-',
				nameSuffix: '-s',
				images: ['registry.example/api=mirror.example/api:$ARGOCD_APP_NAME'],
				replicas: {api: '3'},
				commonLabels: {team: '${ARGOCD_APP_NAME}', also: 'this'},
				commonAnnotations: {note: '$ARGOCD_APP_NAME'},
				labelWithoutSelector: true,
				labelIncludeTemplates: true,
				forceCommonLabels: true,
				forceCommonAnnotations: true,
				namespace: 'ns',
				patches: '- target: {kind: Deployment}\n  patch: |\n    - {op: add, path: /spec/paused, value: true}\n',
				components: ['../parts/extra', '../parts/missing'],
				ignoreMissingComponents: true,
			},
		}),
	});
	t.is(await fingerprint(lab.root), before);
	t.deepEqual(lab.calls.map(({args}) => args.join(' ')).slice(0, -1), [
		'edit set nameprefix -- p-',
		'edit set namesuffix -- -s',
		'edit set image -- registry.example/api=mirror.example/api:shop',
		'edit set replicas -- api=3',
		'edit add label --force --without-selector --include-templates -- also:this team:shop',
		'edit add annotation --force -- note:$ARGOCD_APP_NAME',
		'edit set namespace -- ns',
		'edit add component -- ../parts/extra',
	]);
	for (const part of [
		'image: mirror.example/api:shop',
		'replicas: 3',
		'team: shop',
		'note: $ARGOCD_APP_NAME',
		'namespace: ns',
		'paused: true',
		'name: p-extra-api-s',
	])
		t.true(text.includes(part), part);
});

test('a patch is added to those that are there, and what is written stays as it is', async (t) => {
	const patched = `${overlay}patches:\n- target: {kind: Deployment}\n  patch: |\n    - {op: add, path: /spec/minReadySeconds, value: 5}\ncommonAnnotations: {a: "yes", b: "010", c: '2001-01-01'} # note\n`;
	const lab = await makeLab(t, {...files, 'overlay/kustomization.yaml': patched});
	const plain = await renderLab(lab, {directory: 'overlay'});
	const patches = '- patch: |\n    - {op: add, path: /spec/paused, value: true}\n  target: {kind: Deployment}\n';
	const {text} = await renderLab(lab, {directory: 'overlay', parameters: parameters({kustomize: {patches}})});
	t.is(text.replace('  paused: true\n', ''), plain.text);
	t.not(text, plain.text);
});

test('a flag among the operands is none', async (t) => {
	const lab = await makeLab(t, files);
	await t.throwsAsync(
		renderLab(lab, {directory: 'overlay', parameters: parameters({kustomize: {images: ['--help']}})}),
		{instanceOf: GateError},
	);
});

const rejected = test.macro({
	async exec(t, kustomize: NonNullable<Parameters<typeof parameters>[0]>['kustomize'], code: ErrorCode) {
		const lab = await makeLab(t, files);
		const error = await t.throwsAsync(
			renderLab(lab, {directory: 'overlay', parameters: parameters({kustomize: kustomize ?? {}})}),
			{instanceOf: GateError},
		);
		t.is(error.code, code);
		t.false(`${error.message}${error.output}`.includes(lab.root.slice(0, -'/repository'.length)));
	},
	title: (_title, kustomize, code) => `${JSON.stringify(kustomize)} is ${String(code)}`,
});
test(rejected, {replicas: {api: 'many'}}, 'parameters-invalid');
test(rejected, {patches: 'patch: x'}, 'parameters-invalid');
test(rejected, {patches: '- &a {patch: x}\n- *a'}, 'parameters-invalid');
test(rejected, {patches: '- patch: x\n---\n- patch: y'}, 'parameters-invalid');
test(rejected, {components: ['../parts/missing']}, 'render-failed');
test(rejected, {commonLabels: {'': 'x'}}, 'render-failed');

test('files outside of a kustomization stay kustomize’s to refuse, with what to do', async (t) => {
	const lab = await makeLab(t, {
		...files,
		'overlay/kustomization.yaml': 'configMapGenerator: [{name: a, files: [../base/deployment.yaml]}]\n',
	});
	const error = await t.throwsAsync(renderLab(lab, {directory: 'overlay'}), {instanceOf: GateError});
	t.is(error.code, 'render-failed');
	t.regex(error.message, /Files of a kustomization lie below it/);
	t.regex(error.output ?? '', /security; file/);
});

test('a kustomization that does not build tells why, without paths of this machine', async (t) => {
	const lab = await makeLab(t, {...files, 'overlay/kustomization.yaml': 'resources: [missing.yaml]\n'});
	const error = await t.throwsAsync(renderLab(lab, {directory: 'overlay'}), {instanceOf: GateError});
	t.is(error.code, 'render-failed');
	t.regex(error.output ?? '', /missing\.yaml/);
	t.false(`${error.message}${error.output}`.includes(lab.root.slice(0, -'/repository'.length)));
});

test('the operator’s build options are passed on; charts are inflated in a copy', async (t) => {
	const lab = await makeLab(t, {
		'overlay/kustomization.yaml': 'helmCharts: [{name: api, releaseName: shop, valuesInline: {replicas: 4}}]\n',
		...below('overlay/charts/api', chart),
		'overlay/charts/api/templates/version.yaml':
			'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: version}\ndata: {version: {{ .Capabilities.KubeVersion.Version }}, has: "{{ .Capabilities.APIVersions.Has "x.example/v1" }}"}\n',
	});
	const before = await fingerprint(lab.root);
	const {text} = await renderLab(lab, {
		directory: 'overlay',
		parameters: parameters({kubeVersion: '1.29.4', apiVersions: ['x.example/v1']}),
		kustomizeBuildOptions: ['--enable-helm'],
	});
	for (const part of ['replicas: 4', 'version: v1.29.4', 'has: "true"', 'name: shop'])
		t.true(text.includes(part), part);
	t.is(await fingerprint(lab.root), before);
});

test('generators and transformers of the repository work', async (t) => {
	const lab = await makeLab(t, {
		...files,
		'overlay/kustomization.yaml': 'generators: [plugins/generator.yaml]\ntransformers: [plugins]\n',
		'overlay/plugins/generator.yaml':
			'apiVersion: builtin\nkind: ConfigMapGenerator\nmetadata: {name: made}\nfiles: [settings.txt]\n',
		'overlay/plugins/kustomization.yaml': 'resources: [prefix.yaml]\n',
		'overlay/plugins/prefix.yaml':
			'apiVersion: builtin\nkind: PrefixTransformer\nmetadata: {name: p}\nprefix: pre-\nfieldSpecs: [{path: metadata/name}]\n',
	});
	const {text} = await renderLab(lab, {directory: 'overlay'});
	t.is(text, await runByHand(lab, 'kustomize', lab.root, ['build', 'overlay']));
	t.regex(text, /name: pre-made/);
});

test('without the option charts are refused by kustomize', async (t) => {
	const lab = await makeLab(t, {
		'overlay/kustomization.yaml': 'helmCharts: [{name: api}]\n',
		...below('overlay/charts/api', chart),
	});
	const error = await t.throwsAsync(renderLab(lab, {directory: 'overlay'}), {instanceOf: GateError});
	t.is(error.code, 'render-failed');
	t.regex(error.output ?? '', /--enable-helm/);
});

test('a copy leaves out .git and keeps links that stay inside', async (t) => {
	const lab = await makeLab(t, {
		...files,
		'.git/config': 'x',
		'shared/settings.txt': 'shared',
		'overlay/kustomization.yaml': 'resources: [../linked]\n',
		linked: {link: 'base'},
		'unrelated/out': {link: '../../outside'},
	});
	await mkdir(lab.path('empty'));
	const {text} = await renderLab(lab, {directory: 'overlay', parameters: parameters({kustomize: {namePrefix: 'p-'}})});
	t.regex(text, /name: p-api/);
});
