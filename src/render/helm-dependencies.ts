import {realpath, writeFile} from 'node:fs/promises';
import {join, relative} from 'node:path';
import {outside, isInside, notFound} from './confine.ts';
import {readBounded} from './read-bounded.ts';
import {copyRepository} from './private-copy.ts';
import {runTool} from './tool.ts';
import {isMapping, readYaml, stringsOf} from './yaml-values.ts';
import type {Mask} from './tool.ts';
import type {Source, ToolContext} from '../types.ts';

interface Build {
	readonly source: Source & {readonly kind: 'helm'};
	readonly context: ToolContext;
	/** With the private HELM_CONFIG_HOME. */
	readonly environment: Readonly<Record<string, string>>;
	readonly home: string;
	readonly where: string;
	readonly hint: string;
}

/** Whether helm's words mean that `helm dependency build` may help (Argo CD: util/helm/helm.go, IsMissingDependencyErr). */
export function isMissingDependency(stderr: string): boolean {
	return /found in (?:Chart|requirements)\.yaml, but missing in charts/.test(stderr);
}

/**
 * Copies the repository and runs `helm dependency build` on the chart in the copy, without credentials.
 * Returns the chart's directory in the copy. Throws dependency-missing with helm's words, or path-outside for a
 * `file://` dependency that is not in the repository.
 */
export async function buildDependencies({
	source,
	context,
	environment,
	home,
	where,
	hint,
}: Build): Promise<{readonly directory: string; readonly masks: readonly Mask[]}> {
	const copy = await realpath(await context.makeDirectory('copy'));
	await copyRepository(source.root, copy);
	const directory = join(copy, relative(source.root, source.directory));
	const masks = [
		{path: directory, as: '.'},
		{path: copy, as: '.'},
	];
	const {local, remote} = await declaredRepositories(directory);
	await Promise.all(local.map((repository) => confineDependency(repository, directory, copy)));
	await writeRepositories(environment['HELM_CONFIG_HOME'] ?? home, remote);
	await runTool({
		tool: 'helm',
		args: ['dependency', 'build', '.'],
		directory,
		environment,
		context,
		masks: [...masks, {path: home, as: '.'}],
		where,
		explain: () => ({code: 'dependency-missing', what: 'the chart’s dependencies cannot be built', hint}),
	});
	return {directory, masks};
}

/** Where the chart and its lock file say that dependencies are: `file://` from anywhere in them, http(s) from `repository`. */
async function declaredRepositories(
	directory: string,
): Promise<{readonly local: readonly string[]; readonly remote: readonly string[]}> {
	const local = new Set<string>();
	const remote = new Set<string>();
	for (const name of ['Chart.yaml', 'Chart.lock', 'requirements.yaml', 'requirements.lock']) {
		const content = await readBounded(join(directory, name), 'chart file', name).catch(() => undefined);
		if (content === undefined) continue;
		for (const value of readYaml(content, name)) {
			for (const text of stringsOf(value)) if (text.startsWith('file://')) local.add(text);
			for (const url of repositoryUrls(value)) remote.add(url);
		}
	}
	return {local: [...local], remote: [...remote]};
}

function repositoryUrls(chart: unknown): readonly string[] {
	const dependencies = isMapping(chart) ? chart['dependencies'] : undefined;
	if (!Array.isArray(dependencies)) return [];
	return dependencies.flatMap((dependency: unknown) => {
		const repository = isMapping(dependency) ? dependency['repository'] : undefined;
		return typeof repository === 'string' && /^https?:\/\//.test(repository) ? [repository] : [];
	});
}

async function confineDependency(repository: string, chart: string, root: string): Promise<void> {
	const path = repository.slice('file://'.length);
	// helm takes a leading slash for the root of this machine.
	if (path.startsWith('/')) throw outside('chart dependency', repository);
	const wanted = join(chart, path);
	if (!isInside(root, wanted)) throw outside('chart dependency', repository);
	const found = await realpath(wanted).catch((error: unknown) => {
		throw notFound('chart dependency', repository, error);
	});
	if (!isInside(root, found)) throw outside('chart dependency', repository);
}

/** What `helm repo add` would write, without an address (which may hold a password) on a command line. */
async function writeRepositories(configHome: string, urls: readonly string[]): Promise<void> {
	const repositories = urls.map((url) => ({name: url.replaceAll('/', '-'), url}));
	await writeFile(join(configHome, 'repositories.yaml'), JSON.stringify({apiVersion: '', repositories}), {mode: 0o600});
}
