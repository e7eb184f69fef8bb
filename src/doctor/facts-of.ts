import * as z from 'zod';
import type {
	Application,
	ApplicationSet,
	ClusterFacts,
	Component,
	Container,
	Mutator,
	PolicyBinding,
	Project,
	Source,
	Workload,
} from './cluster-facts.ts';
import type {Read} from './finding.ts';
import {globMatches} from './glob.ts';
import {memoryOf} from './memory-of.ts';
import * as objects from './objects.ts';

type ConfigMaps = ClusterFacts['configMaps'];

/** Reads every item, or says that one is not as it should be. */
function readAll<Schema extends z.ZodType>(
	schema: Schema,
	items: readonly unknown[],
	kind: string,
): Read<readonly z.output<Schema>[]> {
	const parsed = z.array(schema).safeParse(items);
	if (parsed.success) return {kind: 'read', value: parsed.data};
	const [issue] = parsed.error.issues;
	return {
		kind: 'unread',
		why: `the cluster has ${kind} that the gate cannot read (${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''})`,
		fix: 'Use the release of the gate that knows this release of Argo CD, or report it',
	};
}

function mapRead<From, To>(read: Read<From>, convert: (value: From) => To): Read<To> {
	return read.kind === 'read' ? {kind: 'read', value: convert(read.value)} : read;
}

/** ConfigMaps by name. */
export function configMapsOf(items: readonly unknown[]): Read<ConfigMaps> {
	return mapRead(readAll(objects.configMap, items, 'a ConfigMap'), (all) =>
		Object.fromEntries(all.map(({metadata, data}) => [metadata.name, data])),
	);
}

/** Deployments or StatefulSets, with the variables that ConfigMaps give them. */
export function workloadsFrom(
	items: readonly unknown[],
	kind: 'Deployment' | 'StatefulSet',
	configMaps: ConfigMaps,
): Read<readonly Workload[]> {
	return mapRead(readAll(objects.workload, items, `a ${kind}`), (all) =>
		all.map(({metadata, spec: {template}}) => ({
			name: `${kind}/${metadata.name}`,
			component: componentOf(metadata.name, metadata.labels['app.kubernetes.io/component']),
			containers: template.spec.containers.map((container) => containerOf(container, configMaps)),
			volumes: template.spec.volumes.map(({name, configMap, emptyDir}) => ({
				name,
				configMap: configMap?.name,
				inMemory: emptyDir?.medium === 'Memory',
			})),
		})),
	);
}

/** By the label that Argo CD's manifests, its Helm chart and its operator set; else by the name's end. */
function componentOf(name: string, label: string | undefined): Component {
	const words: readonly Component[] = ['repo-server', 'application-controller', 'server'];
	const labelled = words.find((word) => word === label);
	if (labelled !== undefined) return labelled;
	if (label !== undefined || name.endsWith('dex-server')) return 'other';
	return words.find((word) => name.endsWith(`-${word}`)) ?? 'other';
}

function containerOf(
	container: z.output<typeof objects.workload>['spec']['template']['spec']['containers'][number],
	configMaps: ConfigMaps,
): Container {
	const whole = container.envFrom.flatMap(({configMapRef}) =>
		Object.entries(configMaps[configMapRef?.name ?? ''] ?? {}),
	);
	const single = container.env.flatMap(({name, value, valueFrom}) => {
		const reference = valueFrom?.configMapKeyRef;
		const known = reference === undefined ? value : configMaps[reference.name]?.[reference.key];
		return known === undefined ? [] : [[name, known] as const];
	});
	return {
		name: container.name,
		image: container.image,
		words: [...container.command, ...container.args],
		environment: Object.fromEntries([...whole, ...single]),
		mounts: container.volumeMounts.map(({name, mountPath, subPath}) => ({path: mountPath, volume: name, subPath})),
		memoryLimit: memoryOf(container.resources.limits?.['memory']),
	};
}

export function applicationsOf(items: readonly unknown[]): Read<readonly Application[]> {
	return mapRead(readAll(objects.application, items, 'an Application'), (all) =>
		all.map(({metadata, spec, status}): Application => {
			const {automated, syncOptions} = spec.syncPolicy;
			const sources = [
				...(spec.source === undefined ? [] : [sourceOf(spec.source, 'spec.source')]),
				...spec.sources.map((source, index) => sourceOf(source, `spec.sources[${index}]`)),
			];
			const dry = spec.sourceHydrator?.drySource;
			return {
				name: `${metadata.namespace ?? ''}/${metadata.name}`,
				// Argo CD reads an empty project as "default".
				project: spec.project || 'default',
				// As GetSources of Argo CD's types.go chooses: several sources hide the single one.
				sources: spec.sources.length > 0 ? sources.filter(({field}) => field !== 'spec.source') : sources,
				drySource: dry === undefined ? undefined : sourceOf(dry, 'spec.sourceHydrator.drySource'),
				syncOptions,
				selfHeal: automated?.selfHeal === true && automated.enabled !== false,
				annotations: metadata.annotations,
				ignoredDifferences: spec.ignoreDifferences,
				syncedLocally: (status.operationState?.operation?.sync?.manifests.length ?? 0) > 0,
			};
		}),
	);
}

export function applicationSetsOf(items: readonly unknown[]): Read<readonly ApplicationSet[]> {
	return mapRead(readAll(objects.applicationSet, items, 'an ApplicationSet'), (all) =>
		all.map(({metadata, spec}): ApplicationSet => ({
			name: `${metadata.namespace ?? ''}/${metadata.name}`,
			project: spec.template.spec.project || 'default',
			sources: [
				...templateSources(spec.template.spec, 'spec.template.spec'),
				// What a generator's template leaves out stays; lists are replaced.
				...objects
					.generatorTemplates(spec.generators)
					.flatMap((template) => templateSources(template, 'the template of a generator'))
					.filter(({field, plugin}) => plugin !== undefined || !field.endsWith('.source')),
			],
			patch: spec.templatePatch,
		})),
	);
}

/** As an Application with this specification would be rendered. */
function templateSources({source, sources, sourceHydrator}: objects.TemplateSpec, at: string): readonly Source[] {
	const dry = sourceHydrator?.drySource;
	if (dry !== undefined) return [sourceOf(dry, `${at}.sourceHydrator.drySource`)];
	if (sources.length > 0) return sources.map((one, index) => sourceOf(one, `${at}.sources[${index}]`));
	return source === undefined ? [] : [sourceOf(source, `${at}.source`)];
}

function sourceOf({plugin, helm, kustomize, directory, chart, ref}: objects.SourceObject, field: string): Source {
	const types: ReadonlyArray<readonly [string, boolean]> = [
		['Helm', helm !== undefined || chart !== undefined],
		['Kustomize', kustomize !== undefined],
		['directory', directory !== undefined],
		['values of other sources', ref !== undefined],
	];
	return {
		field,
		plugin: plugin?.name,
		type: types.find(([, is]) => is)?.[0],
		enforcement: plugin?.parameters.find(({name}) => name === 'enforcement')?.string,
	};
}

export function projectsOf(items: readonly unknown[]): Read<readonly Project[]> {
	return mapRead(readAll(objects.project, items, 'an AppProject'), (all) =>
		all.map(({metadata, spec}): Project => {
			const {namespaceResourceWhitelist: permitted, namespaceResourceBlacklist: forbidden} = spec;
			const covers = (list: typeof forbidden) =>
				list.some(({group, kind}) => globMatches(group, 'batch') && globMatches(kind, 'Job'));
			return {
				name: metadata.name,
				labels: metadata.labels,
				// Those with ! are exceptions.
				destinations: spec.destinations
					.filter(({server, namespace}) => !server?.startsWith('!') && !namespace?.startsWith('!'))
					.map(({server, name, namespace}) => ({server, name, namespace})),
				permitsJobs: (permitted === undefined || covers(permitted)) && !covers(forbidden),
			};
		}),
	);
}

/**
 * The bindings whose parameters are AppProjects, as those of plugin/require-plugin, with or without their policies.
 * @param policies names of the policies that the gate ships.
 */
export function bindingsOf(bindings: readonly unknown[], policies: readonly unknown[]): Read<readonly PolicyBinding[]> {
	const names = readAll(objects.validatingPolicy, policies, 'a ValidatingAdmissionPolicy');
	if (names.kind === 'unread') return names;
	return mapRead(readAll(objects.validatingBinding, bindings, 'a ValidatingAdmissionPolicyBinding'), (all) =>
		all
			.filter(({spec}) => spec.policyName === shippedPolicy)
			.map(({metadata, spec}) => ({
				name: metadata.name,
				policy: spec.policyName,
				policyExists: names.value.some((policy) => policy.metadata.name === spec.policyName),
				actions: spec.validationActions,
				projects: chosenProjects(spec.paramRef),
			})),
	);
}

/** Of plugin/require-plugin/applications.yaml. */
const shippedPolicy = 'trivy-gate-applications';

function chosenProjects(reference: z.output<typeof objects.validatingBinding>['spec']['paramRef']) {
	if (reference?.name !== undefined) return {named: reference.name};
	return {labelled: reference?.selector ?? {matchLabels: {}, matchExpressions: []}};
}

/** What changes Jobs as they are created: webhooks, and policies where there are. */
export function mutatorsOf(webhooks: readonly unknown[], policies: readonly unknown[]): Read<readonly Mutator[]> {
	const configurations = readAll(objects.webhookConfiguration, webhooks, 'a MutatingWebhookConfiguration');
	if (configurations.kind === 'unread') return configurations;
	return mapRead(readAll(objects.mutatingPolicy, policies, 'a MutatingAdmissionPolicy'), (all) => [
		...configurations.value
			.filter(({webhooks: each}) => each.some(({rules}) => rules.some(coversJobs)))
			.map(({metadata}) => ({name: `MutatingWebhookConfiguration/${metadata.name}`})),
		...all
			.filter(({spec}) => spec.matchConstraints.resourceRules.some(coversJobs))
			.map(({metadata}) => ({name: `MutatingAdmissionPolicy/${metadata.name}`})),
	]);
}

function among(list: readonly string[], word: string): boolean {
	return list.includes('*') || list.includes(word);
}

function coversJobs({apiGroups, resources, operations}: objects.ResourceRule): boolean {
	return (
		among(apiGroups, 'batch') && (among(resources, 'jobs') || resources.includes('*/*')) && among(operations, 'CREATE')
	);
}
