import test from 'ava';
import {findImages} from '../../src/images/find.ts';
import type {JsonObject, JsonValue} from '../../src/types.ts';
import {object} from './samples.ts';

function found(kind: string, value: JsonObject): readonly string[] {
	const [, apiVersion = '', name = ''] = /^(.*)\/([^/]+)$/u.exec(kind) ?? [];
	const root = {apiVersion, kind: name, ...value};
	return findImages([object(root, {apiVersion, kind: name})])
		.flatMap(({image, origins}) => origins.map(({outcome, path, rule}) => `${outcome} ${image} (${rule}) ${path}`))
		.toSorted();
}

const finds = test.macro({
	exec(t, kind: string, value: JsonObject, ...expected: readonly string[]) {
		t.deepEqual(found(kind, value), expected.toSorted());
	},
	title: (what, kind: string, value: JsonObject, ..._expected: readonly string[]) =>
		what ?? `${kind} ${JSON.stringify(value)}`,
});

const digest = `sha256:${'f'.repeat(64)}`;
const args = (...list: readonly JsonValue[]): JsonObject => ({spec: {containers: [{args: list}]}});
const at = 'spec.containers[0].args';

// ── arguments ──────────────────────────────────────────────────────────────────────────────────────────────────
test(
	finds,
	'v1/Pod',
	args('--acme-http01-solver-image', 'quay.io/a/solver:1'),
	`scan quay.io/a/solver:1 (named/flag) ${at}[1]`,
);
test(finds, 'v1/Pod', args('--acme-http01-solver-image=solver'), `potential solver (text/flag) ${at}[0]`);
test(finds, 'v1/Pod', args('--acme-http01-solver-image=not an image'), `potential not an image (named/flag) ${at}[0]`);
test(finds, 'v1/Pod', args('--acme-http01-solver-image=${IMAGE}'), `unresolved \${IMAGE} (named/flag) ${at}[0]`);
test(finds, 'v1/Pod', args('--acme-http01-solver-image='));
test(
	finds,
	'v1/Pod',
	args('--images=web=quay.io/a/web:1,api=quay.io/a/api:1;none'),
	`scan quay.io/a/web:1 (named/list) ${at}[0]`,
	`scan quay.io/a/api:1 (named/list) ${at}[0]`,
);
test(finds, 'v1/Pod', args('--images', 'web=quay.io/a/web:1'), `scan quay.io/a/web:1 (named/list) ${at}[1]`);
test(finds, 'v1/Pod', args('--images=web=none'));
test(finds, 'v1/Pod', args('--worker-images=web=shop/web:1'), `potential shop/web:1 (text/flag) ${at}[0]`);
test(finds, 'v1/Pod', args('--deploy=web=quay.io/a/web:1'), `potential quay.io/a/web:1 (text/flag) ${at}[0]`);
test(finds, 'v1/Pod', args('--deploy=web=shop/web:1'), `potential shop/web:1 (text/flag) ${at}[0]`);
test(finds, 'v1/Pod', args('--deploy=web=shop/web:main-branch'));
test(finds, 'v1/Pod', args('--upstream=default/web:8080', '--key=shop/database:password'));
test(
	finds,
	'v1/Pod',
	args('--worker-images=web:1,shop/api', '--workerImages', '["job:2"]'),
	`potential web:1 (text/lines) ${at}[0]`,
	`potential shop/api (text/lines) ${at}[0]`,
	`potential job:2 (text/lines) ${at}[2]`,
);
test(finds, 'v1/Pod', args('--source=oci://quay.io/a/web:1'), `potential quay.io/a/web:1 (text/flag) ${at}[0]`);
test(
	finds,
	'v1/Pod',
	args('--opm-image=x', '--opmImage=docker://quay.io/a/opm:1'),
	`scan quay.io/a/opm:1 (named/flag) ${at}[1]`,
);
test(
	'a repository of one character is an image that Trivy does not take',
	finds,
	'v1/Pod',
	args('--opmImage=quay.io/a:1', '--runner-image', 'a'),
	`invalid quay.io/a:1 (named/flag) ${at}[0]`,
	`potential a (text/flag) ${at}[2]`,
);
test(
	finds,
	'v1/Pod',
	args('--image-pull-secret=shop/web:1'),
	`potential a value that is not shown (text/hidden) ${at}[0]`,
);
test(finds, 'v1/Pod', args('--token=quay.io/a/web:1'), `potential a value that is not shown (text/hidden) ${at}[0]`);
test(finds, 'v1/Pod', args('--a', '--image', 5, null, 'shop/web:1'), `potential shop/web:1 (text/reference) ${at}[4]`);
test(finds, 'v1/Pod', args('run', 'quay.io/a/web:1'), `potential quay.io/a/web:1 (text/reference) ${at}[1]`);
test(
	finds,
	'v1/Pod',
	args('docker', 'run "quay.io/a/web:1",', 'quay.io/a/other:2;true'),
	`potential quay.io/a/other:2 (text/lines) ${at}[2]`,
	`potential quay.io/a/web:1 (text/lines) ${at}[1]`,
);
test(finds, 'v1/Pod', {spec: {containers: [{args: 'quay.io/a/web:1', command: [5]}]}});
test(
	'a list of arguments may hold pods',
	finds,
	'x.example/v1/X',
	{args: ['a', {containers: [{image: 'a1'}]}]},
	'scan a1 (pod/containers) args[1].containers[0].image',
);

// ── variables ──────────────────────────────────────────────────────────────────────────────────────────────────
const env = (name: string, value: JsonValue): JsonObject => ({spec: {containers: [{env: [{name, value}]}]}});
const variable = 'spec.containers[0].env[0].value';
test(finds, 'v1/Pod', env('RELATED_IMAGE_A', 'quay.io/a/web:1'), `scan quay.io/a/web:1 (named/env) ${variable}`);
test(finds, 'v1/Pod', env('RELATED_IMAGE_A', 'web'), `potential web (named/env) ${variable}`);
test(finds, 'v1/Pod', env('RELATED_IMAGE_A', ''));
test(finds, 'v1/Pod', env('RELATED_IMAGE_A', 5));
test(finds, 'v1/Pod', env('APP_IMAGE', 'busybox'), `potential busybox (text/env) ${variable}`);
test(finds, 'v1/Pod', env('APP_IMAGE', 'docker://shop/web:1'), `potential shop/web:1 (text/env) ${variable}`);
test(finds, 'v1/Pod', env('IMAGE_OF_APP', 'busybox'));
test(finds, 'v1/Pod', env('IMAGE_OF_APP', 'shop/web:1'), `potential shop/web:1 (text/env) ${variable}`);
test(finds, 'v1/Pod', env('IMAGE_TAG', 'web:1'));
test(finds, 'v1/Pod', env('APP', 'shop/web:1'), `potential shop/web:1 (text/reference) ${variable}`);
test(finds, 'v1/Pod', env('APP', 'web:1'));
test(finds, 'v1/Pod', env('APP', 'a/web:1'), `potential a/web:1 (text/reference) ${variable}`);
test(finds, 'v1/Pod', env('APP', 'quay.io/a:1'), `potential quay.io/a:1 (text/reference) ${variable}`);
test(
	finds,
	'v1/Pod',
	env('AUTH_PROXY_IMAGE', 'quay.io/a/proxy:1'),
	`potential quay.io/a/proxy:1 (text/env) ${variable}`,
);
test(
	finds,
	'v1/Pod',
	env('WORKER_IMAGES', 'web:1\napi:2'),
	`potential api:2 (text/lines) ${variable}`,
	`potential web:1 (text/lines) ${variable}`,
);
test(
	finds,
	'v1/Pod',
	env('RELATED_IMAGE_A', 'quay.io/a/web:1, quay.io/a/api:1'),
	`scan quay.io/a/api:1 (named/list) ${variable}`,
	`scan quay.io/a/web:1 (named/list) ${variable}`,
);
test(
	finds,
	'v1/Pod',
	env('RELATED_IMAGE_A', 'docker://quay.io/a/web:1'),
	`scan quay.io/a/web:1 (named/env) ${variable}`,
);
test(finds, 'v1/Pod', env('RELATED_IMAGE_A', 'HOST/web:1'), `invalid HOST/web:1 (named/env) ${variable}`);
test(
	finds,
	'v1/Pod',
	env('CSI_RESIZER_IMAGE', 'longhornio/csi-resizer:v2'),
	`scan longhornio/csi-resizer:v2 (named/env) ${variable}`,
);
test(
	finds,
	'v1/Pod',
	env('STRIMZI_KAFKA_IMAGES', '3.9.0=${REGISTRY}/kafka:3.9.0'),
	`unresolved \${REGISTRY}/kafka:3.9.0 (named/list) ${variable}`,
);

// What the kubelet fills in.
const container = (...entries: readonly JsonValue[]): JsonObject => ({
	spec: {containers: [{env: entries, args: ['--opmImage=$(OPM)', '--runner-image=$$(OPM)']}]},
});
const variableAt = (index: number) => `spec.containers[0].env[${index}].value`;
test(
	finds,
	'v1/Pod',
	container(
		{name: 'HOST', value: 'quay.io'},
		{name: 'OPM', value: '$(HOST)/a/opm:1'},
		{name: 'RELATED_IMAGE_B', value: '$(OPM)'},
	),
	`scan quay.io/a/opm:1 (named/env) ${variableAt(2)}`,
	`scan quay.io/a/opm:1 (named/flag) ${at}[0]`,
	`potential quay.io/a/opm:1 (text/reference) ${variableAt(1)}`,
	`unresolved $(OPM) (named/flag) ${at}[1]`,
);
test(
	'an entry knows those before it, an argument the last of a name',
	finds,
	'v1/Pod',
	container(
		{name: 'OPM', value: 'quay.io/a/first:1'},
		{name: 'RELATED_IMAGE_B', value: '$(OPM)'},
		{name: 'RELATED_IMAGE_C', value: '$(LATER)'},
		{name: 'OPM', value: 'quay.io/a/last:1'},
		{name: 'LATER', value: 'quay.io/a/later:1'},
	),
	`potential quay.io/a/first:1 (text/reference) ${variableAt(0)}`,
	`scan quay.io/a/first:1 (named/env) ${variableAt(1)}`,
	`unresolved $(LATER) (named/env) ${variableAt(2)}`,
	`potential quay.io/a/last:1 (text/reference) ${variableAt(3)}`,
	`potential quay.io/a/later:1 (text/reference) ${variableAt(4)}`,
	`scan quay.io/a/last:1 (named/flag) ${at}[0]`,
	`unresolved $(OPM) (named/flag) ${at}[1]`,
);
test(
	'what is set from elsewhere is not known',
	finds,
	'v1/Pod',
	container({name: 'OPM', value: 'quay.io/a/first:1'}, {name: 'OPM', valueFrom: {}}),
	`potential quay.io/a/first:1 (text/reference) ${variableAt(0)}`,
	`unresolved $(OPM) (named/flag) ${at}[0]`,
	`unresolved $(OPM) (named/flag) ${at}[1]`,
);
test(finds, 'v1/Pod', env('API_SHASUM', digest), `unresolved ${digest} (text/env) ${variable}`);
test(
	finds,
	'v1/Pod',
	env('IMAGE_PULL_TOKEN', 'shop/web:1'),
	`potential a value that is not shown (text/hidden) ${variable}`,
);
test(
	finds,
	'v1/Pod',
	env('STRIMZI_KAFKA_IMAGES', '\n1=quay.io/a/k:1\n2=quay.io/a/kafka:2'),
	`scan quay.io/a/k:1 (named/list) ${variable}`,
	`scan quay.io/a/kafka:2 (named/list) ${variable}`,
);
test(
	finds,
	'v1/Pod',
	env('SECRET_CONFIG', '{"image":"quay.io/a/web:1"}'),
	`potential a value that is not shown (text/hidden) ${variable}`,
);
test(
	finds,
	'tekton.dev/v1/Task',
	{spec: {params: [{name: 'image', default: 'shop/web:1'}]}},
	'potential shop/web:1 (text/env) spec.params[0].default',
);

// ── ConfigMaps and Secrets ─────────────────────────────────────────────────────────────────────────────────────
test(finds, 'v1/ConfigMap', {data: 'image: quay.io/a/web:1'});
test(finds, 'v1/ConfigMap', {data: {image: 5}});
test(finds, 'v1/ConfigMap', {data: {image: 'shop/web:1'}}, 'potential shop/web:1 (text/config) data.image');
test(
	finds,
	'v1/ConfigMap',
	{data: {WEB_REPOSITORY: 'shop/web', WEB_TAG: '1'}},
	'potential shop/web:1 (text/config) data.WEB_REPOSITORY',
);
test(
	finds,
	'v1/ConfigMap',
	{data: {webRepository: 'shop/web', webTag: '1'}},
	'potential shop/web:1 (text/config) data.webRepository',
);
test(
	finds,
	'v1/ConfigMap',
	{
		data: {
			'web.registry': 'quay.io',
			'web.repo': 'a/web',
			'web.tag': '1',
			Registry: 'quay.io',
			Repository: 'b.io/a/web',
			Tag: '1',
		},
	},
	'potential quay.io/a/web:1 (text/config) data["web.repo"]',
	'potential b.io/a/web:1 (text/config) data.Repository',
);
test(
	'a pod may take its variables from it',
	finds,
	'v1/ConfigMap',
	{data: {RELATED_IMAGE_A: 'quay.io/a/web:1'}},
	'scan quay.io/a/web:1 (named/config) data.RELATED_IMAGE_A',
);
test(
	finds,
	'v1/ConfigMap',
	{binaryData: {'a.yaml': Buffer.from('image: quay.io/a/web:1').toString('base64'), b: '/w==', c: 5}},
	'potential quay.io/a/web:1 (key/image) binaryData["a.yaml"]: image',
);
test(
	'what stands behind the name of a credential is not told',
	finds,
	'v1/ConfigMap',
	{data: {a: 'db.password=quay.io/a/hunter:2\nregistry=quay.io/a/web:1\n', b: 'prog --token quay.io/a/hunter:2;'}},
	'potential a value that is not shown (text/hidden) data.a',
	'potential quay.io/a/web:1 (text/lines) data.a',
	'potential a value that is not shown (text/hidden) data.b',
);
test(finds, 'v1/ConfigMap', {data: {repository: 'https://git.example/a', tag: '1'}});
test(finds, 'v1/ConfigMap', {data: {repository: 'shop/web', tag: ''}});
test(
	finds,
	'v1/ConfigMap',
	{data: {'a.txt': 'image=quay.io/a/web:1 image=quay.io/a/web:1'}},
	'potential quay.io/a/web:1 (text/lines) data["a.txt"]',
);
test(
	finds,
	'v1/ConfigMap',
	{data: {'a.yaml': 'image:\n  repository: quay.io/a/web\n  tag: "1"\n'}},
	'potential quay.io/a/web:1 (key/split) data["a.yaml"]: image',
);
test(
	finds,
	'v1/ConfigMap',
	{data: {'a.yaml': '- containers:\n  - image: quay.io/a/web:1\n'}},
	'potential quay.io/a/web:1 (pod/containers) data["a.yaml"]: [0].containers[0].image',
);
test(
	finds,
	'v1/ConfigMap',
	{data: {'a.yaml': 'containers:\n- image: [quay.io/a/web:1]\n'}},
	'potential ["quay.io/a/web:1"] (pod/containers) data["a.yaml"]: containers[0].image',
	'potential quay.io/a/web:1 (key/suffix) data["a.yaml"]: containers[0].image[0]',
);
test(
	finds,
	'v1/ConfigMap',
	{
		data: {
			'a.yaml':
				'apiVersion: monitoring.coreos.com/v1\nkind: Prometheus\nspec: {baseImage: quay.io/a/prom, version: v1}\n',
		},
	},
	'potential quay.io/a/prom:v1 (table/monitoring.coreos.com/Prometheus) data["a.yaml"]: spec.baseImage',
);
test(
	finds,
	'v1/ConfigMap',
	{data: {'a.yaml': 'image:\n  repository: quay.io/a/web\n  tag: 1.5\n'}},
	'potential quay.io/a/web:1.5 (a number) (key/split) data["a.yaml"]: image',
);
test(finds, 'v1/Secret', {data: 5, stringData: {image: 5}});
test(finds, 'v1/Secret', {data: {image: 'A'.repeat(2_000_001)}});
test(
	finds,
	'v1/Secret',
	{metadata: {annotations: {image: 'quay.io/a/web:1', note: 'text', odd: 5}}},
	'potential a value that is not shown (text/hidden) metadata.annotations.image',
);
test(
	finds,
	'v1/Secret',
	{data: {'a.yaml': Buffer.from('image: quay.io/a/web:1').toString('base64')}},
	'potential a value that is not shown (text/hidden) data["a.yaml"]',
);

test(
	'a Secret inside of another object is one, too',
	finds,
	'work.open-cluster-management.io/v1/ManifestWork',
	{
		spec: {
			workload: {
				manifests: [
					{apiVersion: 'v1', kind: 'Secret', stringData: {a: 'quay.io/a/hunter:2'}},
					{
						apiVersion: 'v1',
						kind: 'ConfigMap',
						data: {a: '{"apiVersion":"v1","kind":"Secret","stringData":{"image":"quay.io/a/hunter:2"}}'},
					},
				],
			},
		},
	},
	'potential a value that is not shown (text/hidden) spec.workload.manifests[0].stringData.a',
	'potential a value that is not shown (text/hidden) spec.workload.manifests[1].data.a: stringData.image',
);

// ── annotations ────────────────────────────────────────────────────────────────────────────────────────────────
const annotated = (key: string, value: JsonValue): JsonObject => ({metadata: {annotations: {[key]: value}}});
const note = (key: string) => `metadata.annotations["${key}"]`;
test(finds, 'v1/Pod', annotated('vault.hashicorp.com/agent-image', ''));
test(
	finds,
	'v1/Pod',
	annotated('vault.hashicorp.com/agent-image', 'shop/${X}:1'),
	`placeholder shop/\${X}:1 (named/annotation) ${note('vault.hashicorp.com/agent-image')}`,
);
test(
	finds,
	'v1/Pod',
	annotated('vault.hashicorp.com/agent-image', 'SHOP/vault:1'),
	`invalid SHOP/vault:1 (named/annotation) ${note('vault.hashicorp.com/agent-image')}`,
);
test(finds, 'v1/Pod', annotated('config.linkerd.io/proxy-version', 'v1'));
test(finds, 'v1/Pod', annotated('linkerd.io/inject', 'disabled'));
test(finds, 'v1/Pod', annotated('linkerd.io/inject', true));
test(
	finds,
	'v1/Pod',
	annotated('helm.sh/images', '- {{ x }}: quay.io/a/web:1'),
	`potential quay.io/a/web:1 (text/lines) ${note('helm.sh/images')}`,
);
test(
	finds,
	'v1/Pod',
	annotated('a.example/image', 'shop/web:1'),
	`potential shop/web:1 (text/annotation) ${note('a.example/image')}`,
);
test(finds, 'v1/Pod', {metadata: {annotations: ['quay.io/a/web:1'], labels: null}});
test(finds, 'v1/Pod', {metadata: 'quay.io/a/web:1'});

// ── keys ───────────────────────────────────────────────────────────────────────────────────────────────────────
test(finds, 'x.example/v1/X', {spec: {image: ''}});
test(finds, 'x.example/v1/X', {spec: {image: 'Ubuntu 24.04'}}, 'potential Ubuntu 24.04 (key/image) spec.image');
test(finds, 'x.example/v1/X', {spec: {image: '${X}'}}, 'placeholder ${X} (key/image) spec.image');
test(finds, 'x.example/v1/X', {spec: {image: 'web', imageTag: 'v1'}}, 'potential web:v1 (key/split) spec.image');
test(finds, 'x.example/v1/X', {image: 'quay.io/a/web', tag: 'v1'}, 'scan quay.io/a/web (key/image) image');
test(
	finds,
	'x.example/v1/X',
	{spec: {imageUrl: 'quay.io/a/web:1'}},
	'potential quay.io/a/web:1 (key/suffix) spec.imageUrl',
);
test(
	finds,
	'x.example/v1/X',
	{spec: {bannerImage: 'cdn.example/logo.png', backgroundImage: 'blue'}},
	'potential blue (key/suffix) spec.backgroundImage',
);
test(
	finds,
	'x.example/v1/X',
	{spec: {images: ['web', 'shop/web:1', 5]}},
	'potential shop/web:1 (key/suffix) spec.images[1]',
);
test(finds, 'x.example/v1/X', {spec: {source: {repository: 'https://git.example/a.git', tag: 'v1'}}});
test(finds, 'x.example/v1/X', {spec: {source: {repository: 'shop/a.git', tag: 'v1'}}});
test(
	finds,
	'x.example/v1/X',
	{spec: {source: {repository: 'shop/web', version: 'v1'}}},
	'potential shop/web:v1 (key/split) spec.source',
);
test(finds, 'x.example/v1/X', {spec: {source: {repository: 'stable', version: 'v1'}}});
test(
	finds,
	'x.example/v1/X',
	{spec: {image: {repository: 'quay.io/a/web'}, webImage: {repository: 'quay.io/a/web:1'}, apiImage: {name: 'web'}}},
	'unresolved quay.io/a/web (key/split) spec.image',
	'scan quay.io/a/web:1 (key/split) spec.webImage.repository',
);
test(
	finds,
	'x.example/v1/X',
	{spec: {values: {image: {repository: 'quay.io/a/web'}}}},
	'potential quay.io/a/web (key/split) spec.values.image',
);
test(
	finds,
	'x.example/v1/X',
	{
		spec: {
			images: [
				{registry: 'quay.io', repository: 'a/web', version: 'v1'},
				{name: 'quay.io/a/old', newName: 'quay.io/a/new', newTag: 'v2'},
				{name: 'quay.io/a/kept', newTag: 'v3'},
				{name: 'quay.io/a/kept', digest},
				{name: 'nginx:1.27'},
				{name: 'nginx'},
			],
			image: ['quay.io/a/first:1', 'second'],
		},
	},
	'scan quay.io/a/web:v1 (key/split) spec.images[0]',
	'potential quay.io/a/new:v2 (key/split) spec.images[1].newName',
	'potential quay.io/a/kept:v3 (key/split) spec.images[2].name',
	`scan quay.io/a/kept@${digest} (key/split) spec.images[3]`,
	'potential nginx:1.27 (key/split) spec.images[4].name',
	'scan quay.io/a/first:1 (key/suffix) spec.image[0]',
);
test(
	'a registry beside an image is a part of its name',
	finds,
	'x.example/v1/X',
	{
		spec: {
			a: {registry: 'quay.io/a', image: 'web', tag: 'v1'},
			b: {registry: 'quay.io', image: 'a/web'},
			c: {imageRegistry: 'quay.io', imageRepository: 'a/api', imageTag: 'v2'},
		},
	},
	'scan quay.io/a/web:v1 (key/split) spec.a.image',
	'scan quay.io/a/web (key/split) spec.b.image',
	'scan quay.io/a/api:v2 (key/split) spec.c.imageRepository',
);
test(
	'a repository that holds the image beside it is a part of its name',
	finds,
	'x.example/v1/X',
	{
		spec: {
			a: {repository: 'quay.io/a', image: 'web', version: 'v1'},
			b: {repository: 'acme/shop', image: 'runner', tag: 'v1'},
			c: {repository: 'acme/api', image: 'runner:v2', tag: 'v1'},
		},
	},
	'potential quay.io/a/web:v1 (key/split) spec.a',
	'potential runner:v1 (key/split) spec.b.image',
	'potential acme/api:v1 (key/split) spec.c',
	'scan runner:v2 (key/image) spec.c.image',
);
test(
	finds,
	'x.example/v1/X',
	{spec: {source: 'oci://quay.io/a/web:1', image: 'docker://quay.io/a/api:1', imageUri: 'oci://quay.io/a/job:1'}},
	'potential quay.io/a/web:1 (text/reference) spec.source',
	'potential quay.io/a/api:1 (key/image) spec.image',
	'potential quay.io/a/job:1 (key/suffix) spec.imageUri',
);
test('attributes of volumes are no images', finds, 'x.example/v1/X', {
	spec: {csi: {volumeAttributes: {imageName: 'csi-vol-1', image: 'quay.io/a/web:1'}}},
});
test(
	'a field named image with a repository of one character',
	finds,
	'x.example/v1/X',
	{spec: {image: 'quay.io/a:1'}},
	'invalid quay.io/a:1 (key/image) spec.image',
);
test(
	finds,
	'x.example/v1/X',
	{spec: {source: {repository: 'shop/web', tag: 'v1'}}},
	'potential shop/web:v1 (key/split) spec.source',
);
test(
	finds,
	'x.example/v1/X',
	{spec: {webImage: {repository: 'quay.io/a/web', version: 'v1'}}},
	'scan quay.io/a/web:v1 (key/split) spec.webImage',
);
test(
	finds,
	'x.example/v1/X',
	{spec: {image: {repository: 'quay.io/a/web', sha: 'f'.repeat(64)}}},
	`scan quay.io/a/web@${digest} (key/split) spec.image`,
);
test(finds, 'x.example/v1/X', {spec: {image: {repository: '', tag: 'v1'}}});
test(
	finds,
	'x.example/v1/X',
	{spec: {image_repository: 'quay.io/a/web', image_tag: 'v1', imageRepository: 'quay.io/a/x'}},
	'scan quay.io/a/web:v1 (key/split) spec.image_repository',
);
test(
	'a mapping may hold several images in parts',
	finds,
	'x.example/v1/X',
	{
		spec: {
			repository: 'quay.io/a/one',
			tag: 'v1',
			image: 'quay.io/a/two:v2',
			webImageRepository: 'quay.io/a/three',
			webImageTag: 'v3',
			apiImageRepository: 'quay.io/a/four',
			apiImageTag: 'v4',
		},
	},
	'scan quay.io/a/one:v1 (key/split) spec',
	'scan quay.io/a/two:v2 (key/image) spec.image',
	'scan quay.io/a/three:v3 (key/split) spec.webImageRepository',
	'scan quay.io/a/four:v4 (key/split) spec.apiImageRepository',
);
test(
	finds,
	'x.example/v1/X',
	{spec: {containers: [{image: {repository: 'quay.io/a/web', tag: 'v1'}}]}},
	'scan quay.io/a/web:v1 (pod/containers) spec.containers[0].image',
);
test(
	finds,
	'x.example/v1/X',
	{spec: {containers: [{image: {a: 1}}]}},
	'invalid {"a":1} (pod/containers) spec.containers[0].image',
);
test('what was observed, and disks in Ceph, are asked for nothing', finds, 'x.example/v1/X', {
	status: {image: 'quay.io/a/web:1'},
	spec: {rbd: {image: 'quay.io/a/web:1'}},
	metadata: {managedFields: [{image: 'quay.io/a/web:1'}], labels: {image: 'web'}},
});
test(
	'a status that is not the object’s own is a field like any other',
	finds,
	'x.example/v1/X',
	{spec: {status: {image: 'quay.io/a/web:1'}}},
	'scan quay.io/a/web:1 (key/image) spec.status.image',
);
test(
	'what excludes guesses does not exclude pods',
	finds,
	'constraints.gatekeeper.sh/v1beta1/K8sAllowedRepos',
	{
		spec: {
			image: 'quay.io/a/web:1',
			parameters: {
				image: 'a b',
				containers: [{image: 'quay.io/a/pod:1'}],
				source: {repository: 'quay.io/a/r', tag: '1'},
			},
		},
	},
	'ignored quay.io/a/web:1 (key/image) spec.image',
	'ignored quay.io/a/r:1 (key/split) spec.parameters.source',
	'scan quay.io/a/pod:1 (pod/containers) spec.parameters.containers[0].image',
);

// ── the table's odder forms ────────────────────────────────────────────────────────────────────────────────────
test(finds, 'extensions.istio.io/v1alpha1/WasmPlugin', {spec: {url: 'https://files.example/filter.wasm'}});
test(finds, 'extensions.istio.io/v1alpha1/WasmPlugin', {spec: {url: 5}});
test(finds, 'artifact.falcosecurity.dev/v1alpha1/Plugin', {spec: {ociArtifact: {image: {}}}});
test(
	finds,
	'sailoperator.io/v1/IstioCNI',
	{spec: {values: {cni: {image: 'install-cni'}}}},
	'unresolved install-cni (table/sailoperator.io/IstioCNI) spec.values.cni.image',
);
test(
	finds,
	'grafana.integreatly.org/v1beta1/Grafana',
	{spec: {version: ''}},
	'unresolved an image that the operator of Grafana chooses (docker.io/grafana/grafana) (chosen/grafana.integreatly.org/Grafana) spec.version',
);
test(
	finds,
	'grafana.integreatly.org/v1beta1/Grafana',
	{spec: {version: null}},
	'unresolved an image that the operator of Grafana chooses (docker.io/grafana/grafana) (chosen/grafana.integreatly.org/Grafana) spec.version',
);
test(finds, 'grafana.integreatly.org/v1beta1/Grafana', {spec: 'odd'});
test(
	finds,
	'kubevirt.io/v1/KubeVirt',
	{spec: {imageTag: '', imageRegistry: null}},
	'unresolved an image that the operator of KubeVirt chooses (the operator’s own list) (chosen/kubevirt.io/KubeVirt) spec',
);
test(
	finds,
	'operator.cluster.x-k8s.io/v1alpha2/AddonProvider',
	{spec: {deployment: {containers: [{imageUrl: 5}]}}},
	'invalid 5 (a number) (table/operator.cluster.x-k8s.io/AddonProvider) spec.deployment.containers[0].imageUrl',
	'unresolved images that AddonProvider brings (deployer/operator.cluster.x-k8s.io/AddonProvider) ',
);
test(
	finds,
	'job.min.io/v1alpha1/MinIOJob',
	{spec: {mcImage: null}},
	'unresolved quay.io/minio/mc:RELEASE.2024-10-02T08-27-28Z (table/job.min.io/MinIOJob) spec.mcImage',
);
test(
	finds,
	'repo-manager.pulpproject.org/v1beta2/Pulp',
	{spec: {image: 'quay.io/a/pulp', image_web: 'quay.io/a/pulp-web:1'}},
	'scan quay.io/a/pulp-web:1 (table/repo-manager.pulpproject.org/Pulp) spec.image_web',
	'unresolved quay.io/a/pulp (table/repo-manager.pulpproject.org/Pulp) spec.image',
);
test(
	finds,
	'apiextensions.k8s.io/v1/CustomResourceDefinition',
	{
		spec: {
			properties: {image: {default: 'web'}, webImage: {default: 'quay.io/a/web:1'}, host: {default: 'quay.io/a/b:1'}},
		},
	},
	'potential quay.io/a/web:1 (schema/default) spec.properties.webImage.default',
);
test(
	'defaults of a schema that are lists and mappings',
	finds,
	'apiextensions.k8s.io/v1/CustomResourceDefinition',
	{
		spec: {
			properties: {
				containers: {default: [{image: 'web'}]},
				image: {default: {repository: 'quay.io/a/web', tag: '1'}},
				size: {default: {tag: '1'}},
			},
		},
	},
	'potential web (pod/containers) spec.properties.containers.default: containers[0].image',
	'potential quay.io/a/web:1 (key/split) spec.properties.image.default: image',
);
test(
	'a policy that adds containers',
	finds,
	'admissionregistration.k8s.io/v1beta1/MutatingAdmissionPolicy',
	{
		spec: {
			mutations: [
				{
					applyConfiguration: {
						expression: 'Object{spec: Object.spec{containers: [Object.spec.containers{image: "quay.io/a/web:1"}]}}',
					},
				},
			],
		},
	},
	'unresolved images that MutatingAdmissionPolicy brings (deployer/admissionregistration.k8s.io/MutatingAdmissionPolicy) ',
	'potential quay.io/a/web:1 (text/lines) spec.mutations[0].applyConfiguration.expression',
);
test(
	'a text that cannot be read is still looked through',
	finds,
	'argoproj.io/v1alpha1/Workflow',
	{spec: {templates: [{resource: {manifest: 'kind: {{pod}}\nimage: quay.io/a/web:1\n'}}]}},
	'unresolved images in a text that cannot be read (text/object) spec.templates[0].resource.manifest',
	'potential quay.io/a/web:1 (text/lines) spec.templates[0].resource.manifest',
);
test(
	'a version alone is one of an image that the operator chooses',
	finds,
	'operator.victoriametrics.com/v1beta1/VMAgent',
	{spec: {image: {tag: 'v1.93.0'}}},
	'unresolved an image that the operator of VMAgent chooses (v1.93.0) (table/operator.victoriametrics.com/VMAgent) spec.image.repository',
);
test(
	finds,
	'repo-manager.pulpproject.org/v1beta2/Pulp',
	{spec: {}},
	'unresolved quay.io/pulp/pulp-minimal:stable (table/repo-manager.pulpproject.org/Pulp) spec.image',
	'unresolved quay.io/pulp/pulp-web:stable (table/repo-manager.pulpproject.org/Pulp) spec.image_web',
);

test(
	'the shape of a pod is more than a guess, also in values of a chart',
	finds,
	'x.example/v1/X',
	{spec: {values: {containers: [{image: 'web'}], image: 'quay.io/a/web:1'}}},
	'potential quay.io/a/web:1 (key/image) spec.values.image',
	'scan web (pod/containers) spec.values.containers[0].image',
);
test(
	finds,
	'x.example/v1/X',
	{spec: {image: {name: 'quay.io/a/web', version: 'v1'}}},
	'scan quay.io/a/web:v1 (key/split) spec.image',
);
test(
	finds,
	'x.example/v1/X',
	{spec: {initImage: {registry: 'quay.io', repo: 'a/web', tag: 'v1'}}},
	'scan quay.io/a/web:v1 (key/split) spec.initImage',
);
test(finds, 'x.example/v1/X', {spec: {source: {name: 'web', tag: 'v1'}}});
