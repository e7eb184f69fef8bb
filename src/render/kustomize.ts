import {realpath} from 'node:fs/promises';
import {join, relative} from 'node:path';
import {confineKustomization} from './kustomization.ts';
import {addPatches, checkComponents, planEdits} from './kustomize-edits.ts';
import {writeGitCredentials} from './git-credentials.ts';
import {copyRepository} from './private-copy.ts';
import {secretMasks} from './source-address.ts';
import {privateHome, runTool} from './tool.ts';
import type {ErrorCode} from '../errors.ts';
import type {Mask} from './tool.ts';
import type {BuildEnvironment, RenderParameters, Source, SourceCredential, ToolContext} from '../types.ts';

interface KustomizeRender {
	readonly source: Source & {readonly kind: 'kustomize'};
	readonly parameters: RenderParameters;
	readonly build: BuildEnvironment;
	readonly credentials: readonly SourceCredential[];
	readonly context: ToolContext;
	/** The operator's, never the author's. */
	readonly buildOptions: readonly string[];
	/** For --enable-helm. */
	readonly helmPath: string | undefined;
}

/**
 * Runs `kustomize build` as Argo CD does, from the repository's root, and returns what it printed.
 * With edits to make, or with helm, which unpacks charts where it reads, a private copy of the repository is built.
 */
export async function renderKustomize({
	source,
	parameters,
	build,
	credentials,
	context,
	buildOptions,
	helmPath,
}: KustomizeRender): Promise<Uint8Array> {
	const {directory, root} = source;
	const helm = buildOptions.some((option) => option.startsWith('--enable-helm'));
	const unrestricted = buildOptions.some((option) => option.startsWith('--load-restrictor'));
	const components = await checkComponents(parameters.kustomize, directory, root);
	const edits = planEdits({...parameters.kustomize, components}, build);
	await confineKustomization({directory, root, helm, unrestricted});
	const {home, environment} = await privateHome(context);
	await writeGitCredentials(home, credentials);
	const place = edits.length > 0 || helm ? await privateCopy(source, context) : {directory, root, masks: []};
	const masks = [
		...place.masks,
		...secretMasks(credentials),
		{path: directory, as: '.'},
		{path: root, as: '.'},
		{path: home, as: '.'},
	];
	const where = `kustomization ${relative(root, directory) || '.'}`;
	const run = (args: readonly string[], from: string) =>
		runTool({
			tool: 'kustomize',
			args,
			directory: from,
			environment: {...environment, ...(helm ? plainSymlinks : {})},
			context,
			masks,
			where,
			explain: (stderr) => hintFor(stderr),
		});

	for (const edit of edits) {
		if (edit.kind === 'patches') await addPatches(place.directory, source.file, edit.yaml);
		else await run(edit.args, place.directory);
	}
	if (edits.length > 0) await confineKustomization({directory: place.directory, root: place.root, helm, unrestricted});
	const helmOptions = helm ? helmArguments(parameters, buildOptions, helmPath) : [];
	return run(['build', place.directory, ...buildOptions, ...helmOptions], place.root);
}

function hintFor(stderr: string): {readonly code: ErrorCode; readonly hint: string} | undefined {
	if (/not in or below|must resolve to a file/.test(stderr))
		return {
			code: 'render-failed',
			hint: 'Files of a kustomization lie below it; make the other directory a base or a component.',
		};
	if (/could not read Username|Authentication failed|returned error: 40[13]/.test(stderr))
		return {
			code: 'render-failed',
			hint: 'A remote base is private: the operator can give the gate credentials for it (TRIVY_GATE_SOURCE_CREDENTIALS), or commit it to the repository.',
		};
	return undefined;
}

/** A chart that git brings may hold links, which helm would follow anywhere. */
const plainSymlinks = {GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'core.symlinks', GIT_CONFIG_VALUE_0: 'false'};

interface Place {
	readonly directory: string;
	readonly root: string;
	readonly masks: readonly Mask[];
}

async function privateCopy(
	{directory, root}: Source & {readonly kind: 'kustomize'},
	context: ToolContext,
): Promise<Place> {
	const copy = await realpath(await context.makeDirectory('copy'));
	await copyRepository(root, copy);
	const copied = join(copy, relative(root, directory));
	const masks = [
		{path: copied, as: '.'},
		{path: copy, as: '.'},
	];
	return {directory: copied, root: copy, masks};
}

/** Argo CD passes the cluster's version and kinds on to the charts of a kustomization. */
function helmArguments(
	{kubeVersion, apiVersions}: RenderParameters,
	options: readonly string[],
	helmPath: string | undefined,
): readonly string[] {
	const named = options.some((option) => option.startsWith('--helm-command'));
	return [
		...(helmPath === undefined || named ? [] : ['--helm-command', helmPath]),
		...(kubeVersion === undefined || kubeVersion === '' ? [] : ['--helm-kube-version', kubeVersion]),
		...apiVersions.flatMap((version) => ['--helm-api-versions', version]),
	];
}
