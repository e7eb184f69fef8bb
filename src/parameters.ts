import * as z from 'zod';
import {GateError} from './errors.ts';
import {enforcements, isPlatform, mostPlatforms} from './gate/fields.ts';
import type {TighteningParameters} from './gate/tighten.ts';
import {nearestName} from './nearest.ts';
import {severities} from './types.ts';
import type {RenderParameters} from './types.ts';

/**
 * What an application's author may set: in `spec.source.plugin.parameters` (Argo CD passes ARGOCD_APP_PARAMETERS), or
 * as flags of the same names on a laptop. One table makes the help, plugin.yaml's announcements and the documentation.
 */
export interface Parameter {
	readonly name: string;
	readonly title: string;
	readonly tooltip: string;
	readonly collection: 'string' | 'array' | 'map';
	/** `boolean` and `number` are strings with such content, as in Argo CD's announcements. */
	readonly item: 'string' | 'boolean' | 'number';
	readonly choices?: readonly string[];
	/** What each item must be, and that in words. */
	readonly form?: {readonly accepts: (text: string) => boolean; readonly words: string};
	/** For a parameter that changes the policy: what tighter means. It can never loosen. */
	readonly tighter?: string;
}

const text = {collection: 'string', item: 'string'} as const;
const flag = {collection: 'string', item: 'boolean'} as const;
const list = {collection: 'array', item: 'string'} as const;
const map = {collection: 'map', item: 'string'} as const;

export const parameters = [
	{
		name: 'type',
		title: 'Type',
		tooltip: 'How to render; by default as Argo CD detects it.',
		...text,
		choices: ['helm', 'kustomize', 'plain'],
	},
	{
		name: 'allow-empty',
		title: 'Allow empty',
		tooltip: 'Accept a render without any object (with prune on, Argo CD then deletes the application’s objects).',
		...flag,
	},
	{
		name: 'namespace',
		title: 'Namespace',
		tooltip: 'Namespace that is rendered for; by default the destination’s.',
		...text,
	},
	{
		name: 'kube-version',
		title: 'Kubernetes version',
		tooltip: 'Version that charts see; by default the cluster’s.',
		...text,
	},
	{
		name: 'api-versions',
		title: 'API versions',
		tooltip: 'API versions that charts see; by default the cluster’s.',
		...list,
	},
	{
		name: 'release-name',
		title: 'Release name',
		tooltip: 'Helm release name; by default the application’s name.',
		...text,
	},
	{
		name: 'value-files',
		title: 'Value files',
		tooltip: 'Helm value files inside the repository, in order; globs are allowed.',
		...list,
	},
	{
		name: 'ignore-missing-value-files',
		title: 'Ignore missing value files',
		tooltip: 'Pass over value files that are not there.',
		...flag,
	},
	{name: 'values', title: 'Values', tooltip: 'Helm values as YAML, applied after the value files.', ...text},
	{name: 'helm-parameters', title: 'Helm parameters', tooltip: 'Like helm’s --set: name to value.', ...map},
	{name: 'helm-string-parameters', title: 'Helm string parameters', tooltip: 'Like helm’s --set-string.', ...map},
	{
		name: 'helm-file-parameters',
		title: 'Helm file parameters',
		tooltip: 'Like helm’s --set-file: name to a file inside the repository.',
		...map,
	},
	{name: 'skip-crds', title: 'Skip CRDs', tooltip: 'Leave a chart’s crds/ folder out.', ...flag},
	{name: 'skip-tests', title: 'Skip tests', tooltip: 'Leave Helm test hooks out.', ...flag},
	{
		name: 'skip-schema-validation',
		title: 'Skip schema validation',
		tooltip: 'Do not check values against the chart’s schema.',
		...flag,
	},
	{
		name: 'pass-credentials',
		title: 'Pass credentials',
		tooltip: 'Send a chart repository’s credentials to other hosts that it names, too, where the operator permits it.',
		...flag,
	},
	{name: 'name-prefix', title: 'Name prefix', tooltip: 'Kustomize namePrefix.', ...text},
	{name: 'name-suffix', title: 'Name suffix', tooltip: 'Kustomize nameSuffix.', ...text},
	{
		name: 'kustomize-namespace',
		title: 'Kustomize namespace',
		tooltip: 'Kustomize namespace, set on every object.',
		...text,
	},
	{name: 'images', title: 'Images', tooltip: 'Kustomize image overrides, as name=new:tag.', ...list},
	{name: 'replicas', title: 'Replicas', tooltip: 'Kustomize replica counts: name to number.', ...map},
	{name: 'common-labels', title: 'Common labels', tooltip: 'Kustomize labels for every object.', ...map},
	{name: 'common-annotations', title: 'Common annotations', tooltip: 'Kustomize annotations for every object.', ...map},
	{name: 'force-common-labels', title: 'Force common labels', tooltip: 'Overwrite labels that are there.', ...flag},
	{
		name: 'force-common-annotations',
		title: 'Force common annotations',
		tooltip: 'Overwrite annotations that are there.',
		...flag,
	},
	{
		name: 'common-annotations-envsubst',
		title: 'Variables in common annotations',
		tooltip: 'Replace $ARGOCD_APP_… in common annotations.',
		...flag,
	},
	{
		name: 'label-without-selector',
		title: 'Label without selector',
		tooltip: 'Do not put common labels into selectors.',
		...flag,
	},
	{
		name: 'label-include-templates',
		title: 'Label templates',
		tooltip: 'Put common labels into templates too.',
		...flag,
	},
	{name: 'patches', title: 'Patches', tooltip: 'Kustomize patches, as the YAML list of a kustomization.', ...text},
	{name: 'components', title: 'Components', tooltip: 'Kustomize components inside the repository.', ...list},
	{
		name: 'ignore-missing-components',
		title: 'Ignore missing components',
		tooltip: 'Pass over components that are not there.',
		...flag,
	},
	{name: 'recurse', title: 'Recurse', tooltip: 'Plain manifests: look into subdirectories.', ...flag},
	{name: 'include', title: 'Include', tooltip: 'Plain manifests: only files that match this glob.', ...text},
	{name: 'exclude', title: 'Exclude', tooltip: 'Plain manifests: not files that match this glob.', ...text},
	{
		name: 'severities',
		title: 'Severities',
		tooltip: 'Severities that deny, besides those of the policy.',
		...list,
		choices: ['UNKNOWN', 'LOW', 'MEDIUM', 'HIGH', 'CRITICAL'],
		tighter: 'more severities',
	},
	{
		name: 'ignore-unfixed',
		title: 'Ignore unfixed',
		tooltip: 'false: deny findings without a fix too.',
		...flag,
		tighter: 'false',
	},
	{
		name: 'no-packages',
		title: 'No packages',
		tooltip: 'deny: refuse images in which Trivy sees no packages.',
		...text,
		choices: ['deny', 'warn'],
		tighter: 'deny',
	},
	{
		name: 'end-of-life',
		title: 'End of life',
		tooltip: 'deny: refuse images of distributions without support.',
		...text,
		choices: ['deny', 'warn'],
		tighter: 'deny',
	},
	{
		name: 'stale-database',
		title: 'Stale database',
		tooltip: 'deny: refuse when the vulnerability database is too old.',
		...text,
		choices: ['deny', 'warn'],
		tighter: 'deny',
	},
	{
		name: 'max-database-age-hours',
		title: 'Database age',
		tooltip: 'Hours after which the vulnerability database is too old.',
		collection: 'string',
		item: 'number',
		tighter: 'fewer hours',
	},
	{
		name: 'platforms',
		title: 'Platforms',
		tooltip: 'Platforms to scan, besides those of the policy, as linux/arm64.',
		...list,
		form: {accepts: isPlatform, words: 'os/arch, such as linux/arm64'},
		tighter: 'more platforms',
	},
	{
		name: 'digest-required',
		title: 'Digest required',
		tooltip: 'true: refuse images without a digest.',
		...flag,
		tighter: 'true',
	},
	{
		name: 'enforcement',
		title: 'Enforcement',
		tooltip: 'What a denial does.',
		...text,
		choices: ['warn', 'job', 'seal', 'fail-render'],
		tighter: 'later in the order warn, job, seal, fail-render',
	},
] as const satisfies readonly Parameter[];

/** What the form shows beside the parameters, by the names of its announcements. Nobody can set it. */
export const shown = [
	{
		name: 'policy',
		title: 'Policy (shown only)',
		tooltip: 'The operator’s policy, with what this application’s parameters tighten.',
	},
	{
		name: 'image-tags',
		title: 'Image tags in the values (shown only)',
		tooltip: 'What the chart’s values choose. To override one, set it as a Helm string parameter.',
	},
] as const;
export type ShownName = (typeof shown)[number]['name'];

export type ParameterName = (typeof parameters)[number]['name'];
export type ParameterValue = string | readonly string[] | Readonly<Record<string, string>>;
export type ParameterValues = Partial<Record<ParameterName, ParameterValue>>;

const announced = z.array(
	z.object({
		name: z.string(),
		string: z.string().optional(),
		array: z.array(z.string()).nullish(),
		map: z.record(z.string(), z.string()).nullish(),
	}),
);

/**
 * Reads ARGOCD_APP_PARAMETERS (a JSON array, or `null`; Argo CD's types.go, ApplicationSourcePluginParameter).
 * Text is taken for lists (one a line or comma) and booleans, because users write it so in Argo CD's form.
 * @throws GateError parameters-invalid with every problem.
 */
export function parseArgoParameters(json: string | undefined): ParameterValues {
	if (json === undefined || json === '' || json === 'null') return {};
	let input: unknown;
	try {
		input = JSON.parse(json);
	} catch {
		throw invalid(['ARGOCD_APP_PARAMETERS is not JSON']);
	}
	const parsed = announced.safeParse(input);
	if (!parsed.success) throw invalid(parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`));
	const problems: string[] = [];
	const values: ParameterValues = {};
	for (const entry of parsed.data) {
		const parameter = parameters.find(({name}) => name === entry.name);
		if (shown.some(({name}) => name === entry.name)) {
			problems.push(`"${entry.name}" only shows something and cannot be set; remove it`);
			continue;
		}
		if (parameter === undefined) {
			problems.push(`"${entry.name}" is not a parameter of the gate${nearest(entry.name)}`);
			continue;
		}
		const value = valueFor(parameter, entry);
		if (value === undefined) problems.push(`"${entry.name}" must be given as ${parameter.collection}`);
		else values[parameter.name] = value;
	}
	return checkValues(values, problems);
}

function valueFor({collection}: Parameter, entry: z.infer<typeof announced>[number]): ParameterValue | undefined {
	switch (collection) {
		case 'string':
			return entry.string;
		case 'array':
			return (
				entry.array ??
				entry.string
					?.split(/[\n,]/)
					.map((item) => item.trim())
					.filter((item) => item !== '')
			);
		case 'map':
			return entry.map ?? undefined;
	}
}

/**
 * Checks booleans, numbers and choices.
 * @throws GateError parameters-invalid with every problem, `problems` first.
 */
export function checkValues(values: ParameterValues, problems: readonly string[] = []): ParameterValues {
	const found = [...problems];
	for (const {name, ...rest} of parameters) {
		const parameter: Parameter = {name, ...rest};
		const value = values[name];
		for (const item of typeof value === 'string' ? [value] : arrayOf(value)) {
			if (parameter.item === 'boolean' && item !== 'true' && item !== 'false' && item !== '')
				found.push(`"${parameter.name}" must be true or false, not "${item}"`);
			if (parameter.item === 'number' && item !== '' && !/^\d{1,9}$/.test(item))
				found.push(`"${parameter.name}" must be a number, not "${item}"`);
			if (parameter.choices !== undefined && item !== '' && !parameter.choices.includes(item))
				found.push(`"${parameter.name}" must be one of ${parameter.choices.join(', ')}, not "${item}"`);
			if (parameter.form !== undefined && !parameter.form.accepts(item))
				found.push(`"${parameter.name}" must be ${parameter.form.words}, not "${item}"`);
		}
	}
	if (arrayOf(values.platforms).length > mostPlatforms) found.push(`"platforms" may name ${mostPlatforms} at most`);
	if (found.length > 0) throw invalid(found);
	return values;
}

function invalid(problems: readonly string[]): GateError {
	return new GateError({
		stage: 'settings',
		code: 'parameters-invalid',
		what:
			problems.length === 1
				? 'a parameter of the application cannot be used'
				: `${problems.length} parameters of the application cannot be used`,
		where: 'spec.source.plugin.parameters',
		hint: '"trivy-gate generate --help" lists them.',
		output: problems.join('\n'),
	});
}

/** What Argo CD says about the application, from ARGOCD_APP_* and KUBE_*. */
export interface ApplicationContext {
	readonly name: string;
	/** The AppProject; undefined when nobody tells it. */
	readonly project: string | undefined;
	readonly revision: string | undefined;
	readonly namespace: string | undefined;
	readonly kubeVersion: string | undefined;
	readonly apiVersions: readonly string[];
}

/** The part of the parameters that is about rendering, with the application's own facts as defaults. */
export function renderParameters(values: ParameterValues, application: ApplicationContext): RenderParameters {
	const string = (name: ParameterName) => {
		const value = values[name];
		return typeof value === 'string' && value !== '' ? value : undefined;
	};
	const boolean = (name: ParameterName) => string(name) === 'true';
	const array = (name: ParameterName) => arrayOf(values[name]);
	const record = (name: ParameterName) => recordOf(values[name]);
	const type = string('type');
	return {
		type: type === 'helm' || type === 'kustomize' || type === 'plain' ? type : undefined,
		namespace: string('namespace') ?? application.namespace,
		kubeVersion: string('kube-version') ?? application.kubeVersion,
		apiVersions: array('api-versions').length > 0 ? array('api-versions') : application.apiVersions,
		helm: {
			// Applications outside of the control plane's namespace are called <namespace>_<name>.
			releaseName: string('release-name') ?? application.name.slice(application.name.indexOf('_') + 1),
			valueFiles: array('value-files'),
			ignoreMissingValueFiles: boolean('ignore-missing-value-files'),
			values: string('values'),
			parameters: record('helm-parameters'),
			stringParameters: record('helm-string-parameters'),
			fileParameters: record('helm-file-parameters'),
			skipCrds: boolean('skip-crds'),
			skipTests: boolean('skip-tests'),
			skipSchemaValidation: boolean('skip-schema-validation'),
			passCredentials: boolean('pass-credentials'),
		},
		kustomize: {
			namePrefix: string('name-prefix'),
			nameSuffix: string('name-suffix'),
			namespace: string('kustomize-namespace'),
			images: array('images'),
			replicas: record('replicas'),
			commonLabels: record('common-labels'),
			commonAnnotations: record('common-annotations'),
			forceCommonLabels: boolean('force-common-labels'),
			forceCommonAnnotations: boolean('force-common-annotations'),
			commonAnnotationsEnvsubst: boolean('common-annotations-envsubst'),
			labelWithoutSelector: boolean('label-without-selector'),
			labelIncludeTemplates: boolean('label-include-templates'),
			patches: string('patches'),
			components: array('components'),
			ignoreMissingComponents: boolean('ignore-missing-components'),
		},
		plain: {recurse: boolean('recurse'), include: string('include'), exclude: string('exclude')},
	};
}

function arrayOf(value: ParameterValue | undefined): readonly string[] {
	return isList(value) ? value : [];
}

function recordOf(value: ParameterValue | undefined): Readonly<Record<string, string>> {
	return typeof value === 'object' && !isList(value) ? value : {};
}

function isList(value: ParameterValue | undefined): value is readonly string[] {
	return Array.isArray(value);
}

function nearest(name: string): string {
	const best = nearestName(
		name,
		parameters.map((parameter) => parameter.name),
	);
	return best === undefined ? '' : `; did you mean "${best}"?`;
}

/** The part of the parameters that may tighten the policy. */
export function tighteningParameters(values: ParameterValues): TighteningParameters {
	const wish = (name: ParameterName) => {
		const value = values[name];
		return typeof value === 'string' && value !== '' ? value : undefined;
	};
	const boolean = (name: ParameterName) => (wish(name) === undefined ? undefined : wish(name) === 'true');
	const choice = (name: 'no-packages' | 'end-of-life' | 'stale-database') =>
		wish(name) === 'deny' ? 'deny' : undefined;
	const age = wish('max-database-age-hours');
	return {
		severities: severities.filter((severity) => arrayOf(values.severities).includes(severity)),
		ignoreUnfixed: boolean('ignore-unfixed'),
		noPackages: choice('no-packages'),
		endOfLife: choice('end-of-life'),
		staleDatabase: choice('stale-database'),
		maxDatabaseAgeHours: age === undefined ? undefined : Number(age),
		platforms: arrayOf(values.platforms).filter(isPlatform),
		digestRequired: boolean('digest-required'),
		enforcement: enforcements.find((enforcement) => enforcement === wish('enforcement')),
	};
}
