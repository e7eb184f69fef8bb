import test from 'ava';
import {findImages} from '../../src/images/find.ts';
import type {JsonObject} from '../../src/types.ts';
import {object} from './samples.ts';

const hex = '0123456789abcdef'.repeat(4);
const digest = `sha256:${hex}`;

/** What an operator makes of the parts of a name, as its own source or schema says. */
const joins = test.macro({
	exec(t, kind: string, spec: JsonObject, ...expected: readonly string[]) {
		const [, apiVersion = '', name = ''] = /^(.*)\/([^/]+)$/u.exec(kind) ?? [];
		const found = findImages([object({apiVersion, kind: name, spec}, {apiVersion, kind: name})]);
		t.deepEqual(
			found
				.filter(({origins}) => !origins[0].rule.startsWith('deployer/') && !origins[0].rule.startsWith('chosen/'))
				.map(({image, outcome}) => (outcome === 'scan' ? image : `${outcome}: ${image}`))
				.toSorted(),
			expected.toSorted(),
		);
	},
	title: (_, kind: string, spec: JsonObject, ..._expected: readonly string[]) =>
		`${kind} ${JSON.stringify(spec, (_key, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value))}`,
});

const prometheus = 'monitoring.coreos.com/v1/Prometheus';
test(joins, prometheus, {image: 'a.example/pp:1', baseImage: 'a.example/bb', tag: 't'}, 'a.example/pp:1');
test(joins, prometheus, {baseImage: 'a.example/bb:2', tag: 't'}, 'a.example/bb:2');
test(joins, prometheus, {baseImage: 'a.example/bb', sha: hex, tag: 't', version: 'v1'}, `a.example/bb@${digest}`);
test(joins, prometheus, {baseImage: 'a.example/bb', tag: 't', version: 'v1'}, 'a.example/bb:t');
test(joins, prometheus, {baseImage: 'a.example/bb', version: 'v1'}, 'a.example/bb:v1');
test(joins, prometheus, {baseImage: 'a.example/bb'}, 'unresolved: a.example/bb');
test(joins, prometheus, {image: '', version: 'v1'});
test(
	joins,
	prometheus,
	{thanos: {baseImage: 'a.example/tt', version: 'v2'}, image: 'a.example/pp:1'},
	'a.example/pp:1',
	'a.example/tt:v2',
);
test(joins, 'monitoring.coreos.com/v1/Alertmanager', {baseImage: 'a.example/aa', tag: 'v3'}, 'a.example/aa:v3');

const grafana = 'grafana.integreatly.org/v1beta1/Grafana';
test(joins, grafana, {version: 'a.example/grafana'}, 'a.example/grafana');
test(joins, grafana, {version: 'grafana:11'}, 'grafana:11');
test(joins, grafana, {version: '11.1.0'}, 'unresolved: 11.1.0');

const gpu = 'nvidia.com/v1/ClusterPolicy';
test(
	joins,
	gpu,
	{driver: {repository: 'nvcr.io/nvidia', image: 'driver', version: '550'}},
	'nvcr.io/nvidia/driver:550',
);
test(
	joins,
	gpu,
	{driver: {repository: 'nvcr.io/nvidia', image: 'driver', version: digest}},
	`nvcr.io/nvidia/driver@${digest}`,
);
test(joins, gpu, {driver: {repository: '', image: 'a.example/driver:1', version: ''}}, 'a.example/driver:1');
test(joins, gpu, {driver: {repository: 'nvcr.io/nvidia', image: 'driver'}}, 'unresolved: nvcr.io/nvidia/driver');
test(
	joins,
	'nvidia.com/v1alpha1/NVIDIADriver',
	{repository: 'nvcr.io/nvidia', image: 'driver', version: '550'},
	'nvcr.io/nvidia/driver:550',
);

test(
	joins,
	'temporal.io/v1beta1/TemporalCluster',
	{image: 'temporalio/server', version: '1.24'},
	'temporalio/server:1.24',
);
test(
	joins,
	'temporal.io/v1beta1/TemporalCluster',
	{admintools: {image: 'temporalio/admin', version: '1'}},
	'temporalio/admin:1',
);

const plan = 'upgrade.cattle.io/v1/Plan';
test(
	joins,
	plan,
	{version: 'v1', upgrade: {image: 'rancher/k3s'}, prepare: {image: 'a.example/pp:2'}},
	'a.example/pp:2',
	'rancher/k3s:v1',
);
test(joins, plan, {channel: 'https://x', upgrade: {image: 'rancher/k3s'}}, 'unresolved: rancher/k3s');

const k0s = 'k0smotron.io/v1beta1/Cluster';
test(joins, k0s, {image: 'k0sproject/k0s', version: 'v1.31.2+k0s.1'}, 'k0sproject/k0s:v1.31.2-k0s.1');
test(joins, k0s, {image: 'k0sproject/k0s', version: 'v1.31.2-k0s.0'}, 'k0sproject/k0s:v1.31.2-k0s.0');
test(joins, k0s, {image: 'k0sproject/k0s', version: 'v1.31.2'}, 'k0sproject/k0s:v1.31.2-k0s.0');

const argo = 'argoproj.io/v1beta1/ArgoCD';
test(joins, argo, {image: 'quay.io/argoproj/argocd', version: 'v2'}, 'quay.io/argoproj/argocd:v2');
test(joins, argo, {image: 'quay.io/argoproj/argocd', version: digest}, `quay.io/argoproj/argocd@${digest}`);
test(joins, argo, {ha: {redisProxyImage: 'haproxy', redisProxyVersion: '3'}}, 'haproxy:3');

const datadog = 'datadoghq.com/v2alpha1/DatadogAgent';
test(joins, datadog, {override: {a: {image: {name: 'a.example/agent:7'}}}}, 'a.example/agent:7');
test(
	joins,
	datadog,
	{global: {registry: 'gcr.io/dd'}, override: {a: {image: {name: 'agent', tag: '7'}}}},
	'gcr.io/dd/agent:7',
);
test(
	joins,
	datadog,
	{override: {a: {image: {name: 'a.example/agent', tag: '7', jmxEnabled: true}}}},
	'a.example/agent:7-jmx',
);

test(joins, 'operator.tigera.io/v1/Installation', {registry: 'a.example/', imagePath: 'calico'}, 'unresolved: calico');
test(joins, 'operator.tigera.io/v1/ImageSet', {images: [{image: 'calico/node', digest}]}, 'unresolved: calico/node');
test(
	joins,
	'kubevirt.io/v1/KubeVirt',
	{imageRegistry: 'a.example/kubevirt', imageTag: 'v1'},
	'unresolved: a.example/kubevirt',
	'unresolved: v1',
);
test(
	joins,
	'operator.victoriametrics.com/v1beta1/VMAgent',
	{image: {repository: 'a.example/vm', tag: 'v1'}},
	'a.example/vm:v1',
);
test(
	joins,
	'operator.victoriametrics.com/v1beta1/VMAgent',
	{configReloaderImageTag: 'a.example/reload:v1'},
	'a.example/reload:v1',
);
test(
	joins,
	'platform.confluent.io/v1beta1/Kafka',
	{image: {application: 'a.example/kk:1', init: 'a.example/ii:1'}},
	'a.example/ii:1',
	'a.example/kk:1',
);
test(joins, 'tempo.grafana.com/v1alpha1/TempoStack', {images: {tempo: 'a.example/tt:1'}}, 'a.example/tt:1');
test(
	joins,
	'app.redislabs.com/v1/RedisEnterpriseCluster',
	{redisEnterpriseImageSpec: {repository: 'a.example/rr', versionTag: '7'}},
	'a.example/rr:7',
);
test(
	joins,
	'app.redislabs.com/v1/RedisEnterpriseCluster',
	{redisEnterpriseImageSpec: {repository: 'a.example/rr', digestHash: digest}},
	`a.example/rr@${digest}`,
);
test(
	joins,
	'clickhouse.com/v1alpha1/KeeperCluster',
	{containerTemplate: {image: {repository: 'a.example/cc', tag: '24'}}},
	'a.example/cc:24',
);
test(
	joins,
	'clickhouse.com/v1alpha1/KeeperCluster',
	{containerTemplate: {image: {repository: 'a.example/cc', hash: digest}}},
	`a.example/cc@${digest}`,
);
test(
	joins,
	'apps.emqx.io/v1beta4/EmqxBroker',
	{
		template: {
			spec: {
				reloaderImage: 'a.example/rr:1',
				emqxContainer: {image: {registry: 'a.example', repository: 'emqx', prefix: 'v', version: '5', suffix: '-x'}},
			},
		},
	},
	'a.example/emqx:v5-x',
	'a.example/rr:1',
);
test(
	joins,
	'awx.ansible.com/v1beta1/AWX',
	{image: 'a.example/awx', image_version: '24', postgres_image: 'pg', postgres_image_version: '16'},
	'a.example/awx:24',
	'pg:16',
);
test(joins, 'awx.ansible.com/v1beta1/AWX', {image: 'a.example/awx'}, 'unresolved: a.example/awx');

const tidb = 'pingcap.com/v1alpha1/TidbCluster';
test(joins, tidb, {version: 'v8', tikv: {baseImage: 'a.example/tikv'}}, 'a.example/tikv:v8');
test(joins, tidb, {version: 'v8', tikv: {baseImage: 'a.example/tikv', version: 'v7'}}, 'a.example/tikv:v7');
test(
	joins,
	tidb,
	{version: 'v8', tikv: {image: 'a.example/whole:1', baseImage: 'a.example/tikv'}},
	'a.example/whole:1',
);
test(joins, tidb, {version: 'v8', tikv: {}}, 'unresolved: pingcap/tikv:v8');
test(
	joins,
	'mysql.oracle.com/v2/InnoDBCluster',
	{imageRepository: 'a.example/mysql', version: '9.1.0'},
	'unresolved: a.example/mysql',
);
test(
	joins,
	'bootstrap.cluster.x-k8s.io/v1beta1/KubeadmConfig',
	{clusterConfiguration: {imageRepository: 'a.example/k8s', dns: {imageTag: 'v1'}}},
	'unresolved: a.example/k8s',
	'unresolved: v1',
);
test(
	joins,
	'gateway.envoyproxy.io/v1alpha1/EnvoyProxy',
	{
		provider: {
			kubernetes: {envoyDeployment: {container: {image: 'a.example/envoy:1', imageRepository: 'a.example/other'}}},
		},
	},
	'a.example/envoy:1',
	'unresolved: a.example/other',
);
test(
	'values of a chart are guesses',
	joins,
	'helm.toolkit.fluxcd.io/v2/HelmRelease',
	{
		values: {
			image: {registry: 'a.example', repository: 'shop/api', tag: '1'},
			other: {image: {repository: 'b.example/xx', sha: digest}},
		},
	},
	'potential: a.example/shop/api:1',
	`potential: b.example/xx@${digest}`,
);

// What stands beside an image and is no part of it.
test(
	joins,
	'actions.summerwind.dev/v1alpha1/Runner',
	{repository: 'acme/shop', image: 'a.example/runner:1'},
	'a.example/runner:1',
);
test(
	joins,
	'helm.cattle.io/v1/HelmChart',
	{repo: 'https://charts.example', version: '1.0.0', jobImage: 'a.example/job:1'},
	'a.example/job:1',
);
test(joins, 'kibana.k8s.elastic.co/v1/Kibana', {version: '8.15.0', image: 'a.example/kibana:8'}, 'a.example/kibana:8');
test(
	joins,
	'kafka.strimzi.io/v1beta2/Kafka',
	{kafka: {version: '3.9.0', image: 'a.example/kafka:1'}},
	'a.example/kafka:1',
);
test(joins, 'monitoring.coreos.com/v1/ThanosRuler', {version: 'v1', image: 'a.example/thanos'}, 'a.example/thanos');
test(
	joins,
	'dynatrace.com/v1beta3/DynaKube',
	{oneAgent: {applicationMonitoring: {version: '1.2.3', codeModulesImage: 'a.example/code:1'}}},
	'a.example/code:1',
);

// Tags that are no text.
test(
	joins,
	'zookeeper.pravega.io/v1beta1/ZookeeperCluster',
	{image: {repository: 'zk', tag: 3.9}},
	'invalid: zk:3.9 (a number)',
);
test(
	joins,
	'zookeeper.pravega.io/v1beta1/ZookeeperCluster',
	{image: {repository: 'zk', tag: 12n}},
	'invalid: zk:12 (a number)',
);
test(
	joins,
	'zookeeper.pravega.io/v1beta1/ZookeeperCluster',
	{image: {repository: 'zk', tag: {a: 1}}},
	'invalid: zk:… (not text)',
);
test(
	joins,
	'unheard.example/v1/Thing',
	{image: {repository: 'a.example/xx', tag: 1.1}},
	'invalid: a.example/xx:1.1 (a number)',
);
test(
	joins,
	'helm.toolkit.fluxcd.io/v2/HelmRelease',
	{values: {image: {repository: 'a.example/xx', tag: 1.1}}},
	'potential: a.example/xx:1.1 (a number)',
);

test('a tag that is a number is told with both readings', (t) => {
	const spec = {image: {repository: 'zk', tag: 1.1}};
	const [found] = findImages([object({apiVersion: 'zookeeper.pravega.io/v1beta1', kind: 'ZookeeperCluster', spec})]);
	t.regex(found?.origins[0].reason ?? '', /number 1\.1 .*written as 1\.10, and reads as 1\.1\. Put it in quotes/u);
	t.is(found?.origins[0].path, 'spec.image');
	t.is(found?.name, undefined);
});
