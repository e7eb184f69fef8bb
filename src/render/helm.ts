import {writeFile} from 'node:fs/promises';
import {join, relative} from 'node:path';
import {GateError} from '../errors.ts';
import {confineTree, resolveInside} from './confine.ts';
import {csvField} from './csv-field.ts';
import {buildDependencies, isMissingDependency} from './helm-dependencies.ts';
import {readHelmValues, readJsonValues} from './helm-values.ts';
import {readBounded} from './read-bounded.ts';
import {buildSetValues, isCredential, isNested, setFileLine} from './set-values.ts';
import {substitute} from './substitute.ts';
import {privateHome, runTool} from './tool.ts';
import {findValueFiles, refuseAddress} from './value-files.ts';
import type {Mask} from './tool.ts';
import type {BuildEnvironment, RenderParameters, Source, SourceCredential, ToolContext} from '../types.ts';

interface HelmRender {
	readonly source: Source & {readonly kind: 'helm'};
	readonly parameters: RenderParameters;
	readonly build: BuildEnvironment;
	readonly context: ToolContext;
}

interface ChartRender extends HelmRender {
	readonly credentials: readonly SourceCredential[];
}

/**
 * Runs `helm template` as Argo CD does (util/helm/cmd.go, argument for argument) and returns what it printed.
 * The chart is read where it is; only when its dependencies are missing, they are built in a private copy.
 */
export async function renderHelm({
	source,
	parameters,
	build,
	credentials: sourceCredentials,
	context,
}: ChartRender): Promise<Uint8Array> {
	const {directory, root} = source;
	await confineTree(directory, root);
	const {home, environment} = await privateHome(context);
	const inputs = await context.makeDirectory('helm');
	const {args, masks} = await helmArguments({source, parameters, build, context, environment, inputs});
	const where = `chart ${relative(root, directory) || '.'}`;
	const template = (chart: string, more: readonly Mask[]) =>
		runTool({
			tool: 'helm',
			args,
			directory: chart,
			environment,
			context,
			masks: [
				...masks,
				...more,
				{path: directory, as: '.'},
				{path: root, as: '.'},
				{path: inputs, as: '.'},
				{path: home, as: '.'},
			],
			where,
			explain: (stderr) =>
				isMissingDependency(stderr)
					? {code: 'dependency-missing', what: 'a dependency of the chart is missing', hint: dependencyHint}
					: undefined,
		});
	try {
		return await template(directory, []);
	} catch (error) {
		if (!(error instanceof GateError) || error.code !== 'dependency-missing') throw error;
	}
	context.log.detail('render', 'dependencies of the chart are missing; building them in a private copy');
	const built = await buildDependencies({
		source,
		context,
		environment,
		home,
		where,
		hint: dependencyHint,
		credentials: sourceCredentials,
		passCredentials: parameters.helm.passCredentials,
	});
	return template(built.directory, built.masks);
}

/**
 * The values that the chart's templates would see, as JSON: its own, those of the value files, and the parameters, but for
 * what comes from file parameters, from charts below it and from the chart's authors by other roads. For people to look at.
 */
export async function readChartValues({source, parameters, build, context}: HelmRender): Promise<unknown> {
	const {environment} = await privateHome(context);
	const inputs = await context.makeDirectory('helm');
	const options = {source, parameters, build, context, environment, inputs};
	const files = [...(await ownValues(options)), ...(await valueFiles(options))];
	const {overlay, integers} = await setValues(options, files);
	const last = overlay === undefined ? [] : [await writeInput(inputs, 'parameters.yaml', overlay, 'parameters')];
	return readJsonValues({files: [...files, ...last], context, environment, inputs, set: integers});
}

async function ownValues({source, inputs}: Inputs): Promise<readonly Mask[]> {
	const as = 'values.yaml';
	const path = await resolveInside(source.root, source.directory, as, 'value file').catch((error: unknown) => {
		if (error instanceof GateError && error.code === 'source-not-found') return undefined;
		throw error;
	});
	if (path === undefined) return [];
	return [await writeInput(inputs, 'chart.yaml', await readBounded(path, 'value file', as), as)];
}

const dependencyHint =
	'Run "helm dependency build" and commit charts/, or make the repository reachable for the gate; for a private one the operator sets TRIVY_GATE_SOURCE_CREDENTIALS.';

interface Inputs extends HelmRender {
	readonly environment: Readonly<Record<string, string>>;
	/** A private directory for value files and parameters. */
	readonly inputs: string;
}

async function helmArguments(
	options: Inputs,
): Promise<{readonly args: readonly string[]; readonly masks: readonly Mask[]}> {
	const {namespace, kubeVersion, apiVersions, helm} = options.parameters;
	const values = await valueFiles(options);
	const fileParameters = await setFiles(options);
	const {overlay, integers} = await setValues(options, values);
	const last =
		overlay === undefined ? [] : [await writeInput(options.inputs, 'parameters.yaml', overlay, 'parameters')];
	const allValues = [...values, ...last];
	return {
		args: [
			'template',
			'.',
			'--name-template',
			releaseName(helm.releaseName),
			...(namespace === undefined || namespace === '' ? [] : ['--namespace', namespace]),
			...(kubeVersion === undefined || kubeVersion === '' ? [] : ['--kube-version', kubeVersion]),
			...integers.flatMap((line) => ['--set', line]),
			...fileParameters.flatMap(({line}) => ['--set-file', line]),
			...allValues.flatMap(({path}) => ['--values', csvField(path)]),
			...apiVersions.flatMap((version) => ['--api-versions', version]),
			...(helm.skipCrds ? [] : ['--include-crds']),
			...(helm.skipSchemaValidation ? ['--skip-schema-validation'] : []),
			...(helm.skipTests ? ['--skip-tests'] : []),
		],
		masks: [...allValues, ...fileParameters, ...credentials(options)],
	};
}

/** Value files and inline values as private copies: the names that helm sees are ours, so none of them means anything to it. */
async function valueFiles({source, parameters, build, inputs}: Inputs): Promise<readonly Mask[]> {
	const {helm} = parameters;
	const found = await findValueFiles({
		files: helm.valueFiles.map((file) => substitute(file, build)),
		ignoreMissing: helm.ignoreMissingValueFiles,
		directory: source.directory,
		root: source.root,
	});
	const copies: Mask[] = [];
	for (const [index, {path, as}] of found.entries()) {
		copies.push(await writeInput(inputs, `values-${index}.yaml`, await readBounded(path, 'value file', as), as));
	}
	if (helm.values !== undefined && helm.values !== '')
		copies.push(await writeInput(inputs, 'inline.yaml', helm.values, 'inline values'));
	return copies;
}

async function setFiles({
	source,
	parameters,
	build,
	inputs,
}: Inputs): Promise<readonly (Mask & {readonly line: string})[]> {
	const copies: (Mask & {readonly line: string})[] = [];
	for (const [index, [name, file]] of Object.entries(parameters.helm.fileParameters).entries()) {
		const as = refuseAddress(substitute(file, build));
		const path = await resolveInside(source.root, source.directory, as, 'file parameter');
		const copy = await writeInput(inputs, `file-${index}`, await readBounded(path, 'file parameter', as), as);
		copies.push({...copy, line: setFileLine(name, copy.path)});
	}
	return copies;
}

async function setValues(
	{parameters, build, context, environment, inputs}: Inputs,
	files: readonly Mask[],
): Promise<ReturnType<typeof buildSetValues>> {
	const {parameters: typed, stringParameters} = parameters.helm;
	const nested = [...Object.keys(typed), ...Object.keys(stringParameters)].some(isNested);
	const base =
		nested && files.length > 0 ? await readHelmValues({files, context, environment, inputs}) : new Map<string, never>();
	return buildSetValues({parameters: typed, stringParameters, build, base});
}

/** A schema that is not met quotes the value; of a credential nothing is left of it. */
function credentials({parameters, build}: Inputs): readonly Mask[] {
	const all = [...Object.entries(parameters.helm.parameters), ...Object.entries(parameters.helm.stringParameters)];
	return all
		.filter(([name, value]) => isCredential(name) && value.length > 2)
		.map(([, value]) => ({path: substitute(value, build), as: '***'}))
		.filter(({path}) => path !== '');
}

/** helm runs a release name as a template, in which `env` reads the gate's environment. */
function releaseName(name: string): string {
	if (!name.includes('{{')) return name;
	throw new GateError({
		stage: 'render',
		code: 'parameters-invalid',
		what: 'the release name is a template',
		where: name,
		hint: 'Write the name itself.',
	});
}

async function writeInput(directory: string, name: string, content: string | Uint8Array, as: string): Promise<Mask> {
	const path = join(directory, name);
	await writeFile(path, content, {mode: 0o600, flag: 'wx'});
	return {path, as};
}
