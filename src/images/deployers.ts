import {addFinding, type Scope, type Search} from './search.ts';
import {appliesTo} from './table.ts';

/** A kind whose objects bring images that its manifests do not show; `todo` is a sentence. */
interface Deployer {
	readonly group: string;
	readonly kind: string;
	readonly todo: string;
}

const application = 'It deploys another source. Let the gate render that application, too.';
const flux =
	'Flux renders it in the cluster. Render it here with Helm or Kustomize instead, or list its images under images.extra of the policy.';
const chart =
	'A controller renders this chart in the cluster. Render it here instead, or list its images under images.extra of the policy.';
const olm =
	'Operator Lifecycle Manager resolves it in the cluster. List the images of the operator under images.extra of the policy.';
const crossplane =
	'Packages may depend on others, which Crossplane installs by itself. Name every package in manifests, by digest.';
const operator = 'Its operator brings images of its own. List them under images.extra of the policy.';
const stream =
	'What a tag of the image stream names can change in the cluster. Name images by registry and digest in the pods.';
const webhook =
	'It changes or adds containers when pods are admitted. Gate the images that it brings where it is configured.';

/** Kinds that bring images which manifests do not show (checked in their projects' documentation and schemas). */
const deployers: readonly Deployer[] = [
	{group: 'argoproj.io', kind: 'Application', todo: application},
	{group: 'argoproj.io', kind: 'ApplicationSet', todo: application},
	{group: 'helm.toolkit.fluxcd.io', kind: 'HelmRelease', todo: flux},
	{group: 'kustomize.toolkit.fluxcd.io', kind: 'Kustomization', todo: flux},
	{group: 'fluxcd.controlplane.io', kind: 'FluxInstance', todo: flux},
	{group: 'helm.cattle.io', kind: 'HelmChart', todo: chart},
	{group: 'helm.cattle.io', kind: 'HelmChartConfig', todo: chart},
	{group: 'fleet.cattle.io', kind: 'Bundle', todo: chart},
	{group: 'fleet.cattle.io', kind: 'GitRepo', todo: chart},
	{group: 'addons.cluster.x-k8s.io', kind: 'HelmChartProxy', todo: chart},
	{group: 'addons.cluster.x-k8s.io', kind: 'ClusterResourceSet', todo: chart},
	{group: 'operators.coreos.com', kind: 'Subscription', todo: olm},
	{group: 'operators.coreos.com', kind: 'CatalogSource', todo: olm},
	{group: 'olm.operatorframework.io', kind: 'ClusterExtension', todo: olm},
	{group: 'pkg.crossplane.io', kind: 'Provider', todo: crossplane},
	{group: 'pkg.crossplane.io', kind: 'Configuration', todo: crossplane},
	{group: 'pkg.crossplane.io', kind: 'Function', todo: crossplane},
	{group: 'operator.knative.dev', kind: 'KnativeServing', todo: operator},
	{group: 'operator.knative.dev', kind: 'KnativeEventing', todo: operator},
	{group: 'sailoperator.io', kind: 'Istio', todo: operator},
	{group: 'install.istio.io', kind: 'IstioOperator', todo: operator},
	{group: 'operator.cluster.x-k8s.io', kind: '*Provider', todo: operator},
	{group: 'opentelemetry.io', kind: 'Instrumentation', todo: webhook},
	{group: 'admissionregistration.k8s.io', kind: 'MutatingAdmissionPolicy', todo: webhook},
	{group: 'image.openshift.io', kind: 'ImageStream', todo: stream},
	{group: 'image.openshift.io', kind: 'ImageStreamTag', todo: stream},
];

/** Says that an object brings images that its manifest does not show, and what to do about it. */
export function searchDeployer(scope: Scope, search: Search): void {
	const deployer = deployers.find((each) => appliesTo(each, scope));
	if (deployer === undefined) return;
	addFinding(search, {
		image: `images that ${scope.kind} brings`,
		place: scope.at,
		rule: `deployer/${scope.group}/${scope.kind}`,
		outcome: 'unresolved',
		reason: deployer.todo,
	});
}
