/** Names under which images are known to travel as text. `*` stands for any characters; facts, each with its source. */

/** Variables whose value is an image that their program runs. */
export const imageVariables: readonly string[] = [
	// Operator Lifecycle Manager's convention.
	'RELATED_IMAGE_*',
	// strimzi/strimzi-kafka-operator: install/cluster-operator/060-Deployment-strimzi-cluster-operator.yaml
	'STRIMZI_DEFAULT_*_IMAGE',
	'STRIMZI_DEFAULT_MAVEN_BUILDER',
	// googleforgames/agones: install/yaml/install.yaml
	'SIDECAR_IMAGE',
	// argoproj/argo-events: manifests/base/controller-manager
	'ARGO_EVENTS_IMAGE',
	// hashicorp/vault-helm: templates/injector-deployment.yaml
	'AGENT_INJECT_VAULT_IMAGE',
	// cloudnative-pg/cloudnative-pg: releases
	'OPERATOR_IMAGE_NAME',
	'POSTGRES_IMAGE_NAME',
	// rook/rook: deploy/examples/operator.yaml
	'ROOK_CSI_*_IMAGE',
	'ROOK_CSIADDONS_IMAGE',
	// knative/operator: cmd/operator/kodata
	'DISPATCHER_IMAGE',
	'APISERVER_RA_IMAGE',
	// longhorn/longhorn: deploy/longhorn.yaml
	'CSI_ATTACHER_IMAGE',
	'CSI_PROVISIONER_IMAGE',
	'CSI_NODE_DRIVER_REGISTRAR_IMAGE',
	'CSI_RESIZER_IMAGE',
	'CSI_SNAPSHOTTER_IMAGE',
	'CSI_LIVENESS_PROBE_IMAGE',
];

/** Variables that list images as `version=image`, one a line (strimzi, as above). */
export const imageListVariables: readonly string[] = ['STRIMZI_KAFKA_*IMAGES'];

/**
 * Keys of ConfigMaps whose value is an image (rook, zalando/postgres-operator, aquasecurity/trivy-operator,
 * knative/serving's config-deployment), besides the variables.
 */
export const imageConfigKeys: readonly string[] = [
	'docker_image',
	'connection_pooler_image',
	'logical_backup_docker_image',
	'node.collector.imageRef',
	'queue-sidecar-image',
];

/** Flags whose value is an image, as `--flag=image` or `--flag image`. */
export const imageFlags: ReadonlySet<string> = new Set([
	// prometheus-community/helm-charts: charts/kube-prometheus-stack/templates/prometheus-operator/deployment.yaml
	'prometheus-config-reloader',
	'thanos-default-base-image',
	// cert-manager/cert-manager: deploy/charts/cert-manager/templates/deployment.yaml
	'acme-http01-solver-image',
	// actions/actions-runner-controller: charts/actions-runner-controller/templates/deployment.yaml
	'runner-image',
	'docker-image',
	// openshift/operator-framework-olm: manifests
	'configmapServerImage',
	'opmImage',
	'operator-image',
	'util-image',
	// longhorn/longhorn: deploy/longhorn.yaml
	'engine-image',
	'instance-manager-image',
	'share-manager-image',
	'backing-image-manager-image',
	'support-bundle-manager-image',
	'manager-image',
	// tektoncd/pipeline: config/controller.yaml
	'entrypoint-image',
	'nop-image',
	'sidecarlogresults-image',
	'workingdirinit-image',
	'shell-image',
	'shell-image-win',
	// argoproj/argo-helm: charts/argo-workflows/templates/controller/workflow-controller-deployment.yaml
	'executor-image',
]);

/** Flags that list images as `--flag=name=image` (openshift/cluster-monitoring-operator: manifests). */
export const imageListFlags: ReadonlySet<string> = new Set(['images']);

/** Flags with a repository to which their program adds a version of its own; `:latest` would be another image. */
export const repositoryFlags: ReadonlySet<string> = new Set([
	'prometheus-default-base-image',
	'alertmanager-default-base-image',
]);

/** Annotations on pods that name the image of an injected container; the second key holds its version. */
export const injectedImages: readonly {readonly key: string; readonly version?: string}[] = [
	// istio/istio: manifests/charts/istio-control/istio-discovery/files/injection-template.yaml
	{key: 'sidecar.istio.io/proxyImage'},
	{key: 'gateway.istio.io/agentgatewayImage'},
	// linkerd/linkerd2: pkg/k8s/labels.go
	{key: 'config.linkerd.io/proxy-image', version: 'config.linkerd.io/proxy-version'},
	{key: 'config.linkerd.io/debug-image', version: 'config.linkerd.io/debug-image-version'},
	// hashicorp/vault-k8s: agent-inject/agent/annotations.go
	{key: 'vault.hashicorp.com/agent-image'},
	// dapr/dapr: pkg/injector/annotations/annotations.go
	{key: 'dapr.io/sidecar-image'},
];

/** Labels and annotations of pods and namespaces that ask for injected containers, whose images manifests do not show. */
export const injectors: readonly {readonly key: string; readonly values: readonly string[]; readonly who: string}[] = [
	{key: 'sidecar.istio.io/inject', values: ['true'], who: 'Istio'},
	{key: 'istio-injection', values: ['enabled'], who: 'Istio'},
	{key: 'istio.io/rev', values: ['*'], who: 'Istio'},
	{key: 'linkerd.io/inject', values: ['enabled', 'ingress'], who: 'Linkerd'},
	{key: 'vault.hashicorp.com/agent-inject', values: ['true'], who: 'Vault'},
	{key: 'dapr.io/enabled', values: ['true'], who: 'Dapr'},
	{key: 'instrumentation.opentelemetry.io/inject-*', values: ['true', '*/*'], who: 'OpenTelemetry'},
	{key: 'sidecar.opentelemetry.io/inject', values: ['true', '*/*'], who: 'OpenTelemetry'},
];

/** On a workload: OpenShift writes the images of image streams into its containers. */
export const streamTriggers = 'image.openshift.io/triggers';

/** Annotations that list images for people and tools (Helm charts, Artifact Hub, OLM). */
export const listAnnotations: ReadonlySet<string> = new Set([
	'helm.sh/images',
	'images',
	'artifacthub.io/images',
	'containerImage',
	'alm-examples',
]);
