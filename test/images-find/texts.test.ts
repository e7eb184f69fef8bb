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
test(finds, 'v1/Pod', args('--images=web=quay.io/a/web:1'), `scan quay.io/a/web:1 (named/flag) ${at}[0]`);
test(finds, 'v1/Pod', args('--images=web=none'));
test(finds, 'v1/Pod', args('--worker-images=web=shop/web:1'), `potential shop/web:1 (text/flag) ${at}[0]`);
test(finds, 'v1/Pod', args('--deploy=web=quay.io/a/web:1'), `potential quay.io/a/web:1 (text/flag) ${at}[0]`);
test(finds, 'v1/Pod', args('--deploy=web=shop/web:1'));
test(
	finds,
	'v1/Pod',
	args('--image-pull-secret=shop/web:1'),
	`potential a value that is not shown (text/hidden) ${at}[0]`,
);
test(finds, 'v1/Pod', args('--token=quay.io/a/web:1'), `potential a value that is not shown (text/hidden) ${at}[0]`);
test(finds, 'v1/Pod', args('--a', '--image', 5, null, 'shop/web:1'));
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
test(finds, 'v1/Pod', env('IMAGE_TAG', 'shop/web:1'));
test(finds, 'v1/Pod', env('APP', 'shop/web:1'));
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
	`scan quay.io/a/k:1 (text/lines) ${variable}`,
	`scan quay.io/a/kafka:2 (text/lines) ${variable}`,
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
	'potential quay.io/a/web:1 (text/reference) data["a.yaml"]: containers[0].image[0]',
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
	{data: {'a.yaml': Buffer.from('image: quay.io/a/web:1').toString('base64')}},
	'potential a value that is not shown (text/hidden) data["a.yaml"]',
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
test(finds, 'x.example/v1/X', {spec: {image: 'web', imageTag: 'v1'}}, 'potential web:v1 (key/split) spec');
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
test(finds, 'x.example/v1/X', {spec: {source: {repository: 'shop/web', version: 'v1'}}});
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
	'scan quay.io/a/web:v1 (key/split) spec',
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
	'unresolved an image that the operator chooses (table/grafana.integreatly.org/Grafana) spec.version',
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
