import {createHash} from 'node:crypto';
import {
	chmod,
	lstat,
	mkdir,
	mkdtemp,
	readdir,
	readFile,
	readlink,
	realpath,
	rm,
	symlink,
	writeFile,
} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {readPins, toolPath} from '../../plugin/build-tools.mjs';
import {createRunTool, runProgram} from '../../src/exec.ts';
import {detectSource} from '../../src/render/detect.ts';
import {render} from '../../src/render/render.ts';
import type {LabTools} from '../lab/prepared.ts';
import type {ExecutionContext} from 'ava';
import type {RenderedManifests, RenderParameters, SourceCredential, ToolContext, ToolName} from '../../src/types.ts';

export const secret = 'CREDENTIAL-f00dfeed';

const pins = await readPins();
/** The pinned programs. */
export const tools = Object.fromEntries(pins.tools.map((pin) => [pin.name, toolPath(pin, process.env)])) as LabTools;

/** A file's text, or where a symlink points. */
export type File = string | {readonly link: string};

/** A repository in a directory of its own, next to `outside/credentials`, which must never be read. */
export interface Lab {
	readonly root: string;
	readonly outside: string;
	readonly context: ToolContext;
	/** What `log.detail` was told. */
	readonly details: string[];
	/** The argument lists of helm and kustomize, in order. */
	readonly calls: {
		readonly tool: ToolName;
		readonly args: readonly string[];
		readonly environment: Readonly<Record<string, string>>;
	}[];
	readonly path: (...names: string[]) => string;
}

/** Makes a repository with these files; everything is removed when the test ends. */
export async function makeLab(
	t: ExecutionContext,
	files: Readonly<Record<string, File>>,
	programs: Partial<Record<ToolName, string>> = {},
): Promise<Lab> {
	const base = await realpath(await mkdtemp(join(tmpdir(), 'render-')));
	t.teardown(() => rm(base, {recursive: true, force: true}));
	const [root, outside, work] = [join(base, 'repository'), join(base, 'outside'), join(base, 'work')];
	await Promise.all([root, outside, work].map((path) => mkdir(path)));
	await writeFile(join(outside, 'credentials'), `token: ${secret}\n`);
	await writeFiles(root, files);
	const calls: Lab['calls'][number][] = [];
	const details: string[] = [];
	const run = createRunTool({...tools, ...programs});
	const context: ToolContext = {
		run: (tool, args, call) => {
			calls.push({tool, args, environment: call.environment});
			return run(tool, args, call);
		},
		environment: {PATH: process.env['PATH'] ?? ''},
		makeDirectory: (label) => mkdtemp(join(work, `${label}-`)),
		signal: new AbortController().signal,
		timeoutMs: 60_000,
		log: {info: () => {}, warn: () => {}, detail: (_stage, message) => details.push(message)},
	};
	return {root, outside, context, calls, details, path: (...names) => join(root, ...names)};
}

/** Writes files below a directory; a text that starts with `#!` is executable. */
export async function writeFiles(root: string, files: Readonly<Record<string, File>>): Promise<void> {
	for (const [name, file] of Object.entries(files)) {
		const path = join(root, name);
		await mkdir(dirname(path), {recursive: true});
		await (typeof file === 'string' ? writeFile(path, file) : symlink(file.link, path));
		if (typeof file === 'string' && file.startsWith('#!')) await chmod(path, 0o755);
	}
}

/** Parameters as an application without any has them. */
export function parameters(
	overrides: Partial<Omit<RenderParameters, 'helm' | 'kustomize' | 'plain'>> & {
		readonly helm?: Partial<RenderParameters['helm']>;
		readonly kustomize?: Partial<RenderParameters['kustomize']>;
		readonly plain?: Partial<RenderParameters['plain']>;
	} = {},
): RenderParameters {
	return {
		type: undefined,
		namespace: undefined,
		kubeVersion: undefined,
		apiVersions: [],
		...overrides,
		helm: {
			releaseName: 'app',
			valueFiles: [],
			ignoreMissingValueFiles: false,
			values: undefined,
			parameters: {},
			stringParameters: {},
			fileParameters: {},
			skipCrds: false,
			skipTests: false,
			skipSchemaValidation: false,
			passCredentials: false,
			...overrides.helm,
		},
		kustomize: {
			namePrefix: undefined,
			nameSuffix: undefined,
			namespace: undefined,
			images: [],
			replicas: {},
			commonLabels: {},
			commonAnnotations: {},
			forceCommonLabels: false,
			forceCommonAnnotations: false,
			commonAnnotationsEnvsubst: false,
			labelWithoutSelector: false,
			labelIncludeTemplates: false,
			patches: undefined,
			components: [],
			ignoreMissingComponents: false,
			...overrides.kustomize,
		},
		plain: {recurse: false, include: undefined, exclude: undefined, ...overrides.plain},
	};
}

interface Request {
	readonly directory?: string;
	readonly parameters?: RenderParameters;
	readonly build?: Readonly<Record<string, string>>;
	readonly kustomizeBuildOptions?: readonly string[];
	readonly allowEmpty?: boolean;
	readonly credentials?: readonly SourceCredential[];
}

/** Detects and renders a directory of the lab's repository. */
export async function renderLab(
	lab: Lab,
	{directory = '.', build = {}, kustomizeBuildOptions = [], allowEmpty, credentials, ...rest}: Request = {},
): Promise<RenderedManifests> {
	const chosen = rest.parameters ?? parameters();
	const source = await detectSource({
		directory: lab.path(directory),
		root: lab.root,
		type: chosen.type,
		plain: chosen.plain,
	});
	return render({
		source,
		parameters: chosen,
		build,
		credentials,
		context: lab.context,
		kustomizeBuildOptions,
		helmPath: tools.helm,
		allowEmpty,
	});
}

/** What a pinned tool prints, run by hand in a directory with a home of its own. */
export async function runByHand(lab: Lab, tool: ToolName, directory: string, args: readonly string[]): Promise<string> {
	const home = await lab.context.makeDirectory('by-hand');
	const result = await runProgram(tools[tool], args, {
		environment: {...lab.context.environment, HOME: home},
		directory,
		timeoutMs: 60_000,
	});
	if (result.kind !== 'exited' || result.exitCode !== 0) throw new Error(`${tool}: ${JSON.stringify(result)}`);
	return Buffer.from(result.stdout).toString('utf8');
}

/** A fingerprint of all names, contents, links, modes and times below a directory. */
export async function fingerprint(directory: string): Promise<string> {
	const hash = createHash('sha256');
	for (const entry of (await readdir(directory, {recursive: true})).toSorted()) {
		const path = join(directory, entry);
		const stats = await lstat(path);
		const content = stats.isSymbolicLink() ? await readlink(path) : stats.isFile() ? await readFile(path) : '';
		hash.update(`${entry}\0${stats.mode}\0${stats.mtimeMs}\0`).update(content);
	}
	return hash.digest('hex');
}

/** A small chart: one ConfigMap that prints its values, one Deployment. */
export const chart = {
	'Chart.yaml': 'apiVersion: v2\nname: api\nversion: 1.0.0\n',
	'values.yaml': 'image: {name: registry.example/api, tag: "1.0"}\nreplicas: 1\n',
	'templates/values.yaml':
		'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}-values}\ndata:\n  values: {{ .Values | toJson | quote }}\n',
	'templates/deployment.yaml':
		'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: {{ .Release.Name }}, namespace: {{ .Release.Namespace }}}\nspec:\n  replicas: {{ .Values.replicas }}\n  template: {spec: {containers: [{name: api, image: "{{ .Values.image.name }}:{{ .Values.image.tag }}"}]}}\n',
} satisfies Record<string, File>;

/** The same below a directory of the repository. */
export function below(directory: string, files: Readonly<Record<string, File>>): Record<string, File> {
	return Object.fromEntries(Object.entries(files).map(([name, file]) => [join(directory, name), file]));
}
