import {cp, mkdir, mkdtemp, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {isDeepStrictEqual} from 'node:util';
import type {ExecutionContext} from 'ava';
import {stringify} from 'yaml';
import {run} from '../../plugin/build-tools.mjs';
import {startChartServer} from '../lab/chart-server.ts';
import {bedPolicy, type Bed} from './bed.ts';
import type {KubernetesObject} from './kubernetes-api.ts';
import {parities, type Parity} from './parity.ts';

/**
 * Whether Argo CD's repo-server has the same objects, in the same order, from its own tool and from the gate.
 * @param pluginName of the gate.
 * @returns the objects.
 */
export async function compare(
	t: ExecutionContext,
	bed: Bed,
	repository: string,
	parity: Omit<Parity, 'title' | 'path'> & {readonly path: string},
	pluginName = 'trivy-gate',
): Promise<readonly unknown[]> {
	const render = rendererOf(bed, repository, parity);
	const native = await render(parity.native);
	const gated = await render({plugin: {name: pluginName, parameters: parity.plugin}});
	t.is('error' in native, parity.fails === true, JSON.stringify(native));
	t.is('error' in gated, parity.fails === true, JSON.stringify(gated));
	t.deepEqual(manifestsOf(gated), manifestsOf(native));
	return manifestsOf(native);
}

/** The policy of a plugin that scans nothing and lets everything through, because it is about rendering. */
export const scanNothing = `apiVersion: trivy-gate/v1alpha1
kind: Policy
spec:
  enforcement: warn
  registries: {allow: [registry.invalid]}
`;

/**
 * A chart of other people with its own values. One that renders otherwise each time, because it makes passwords, cannot be
 * compared, and one that Argo CD refuses has to be refused by the gate. Where Argo CD takes it that nothing is rendered,
 * the gate has to be told.
 */
export async function comparePublicChart(
	t: ExecutionContext,
	bed: Bed,
	repository: string,
	chart: string,
): Promise<void> {
	const render = rendererOf(bed, repository, {path: chart});
	const [native, again] = [await render({helm: {}}), await render({helm: {}})];
	const gated = await render({plugin: {name: 'parity-unscanned', parameters: [{name: 'allow-empty', string: 'true'}]}});
	t.is('error' in gated, 'error' in native, JSON.stringify({gated, native}).slice(0, 2000));
	if (!isDeepStrictEqual(manifestsOf(native), manifestsOf(again))) return t.log('it renders otherwise each time');
	t.log('error' in native ? 'both refuse it' : `${manifestsOf(native).length} objects`);
	t.deepEqual(manifestsOf(gated), manifestsOf(native));
}

/** Has the repo-server render a source that begins with these settings. */
function rendererOf(bed: Bed, repository: string, {path, request}: {readonly path: string; readonly request?: object}) {
	const filled = (source: object) =>
		JSON.parse(JSON.stringify(source).replaceAll('DIGEST', bed.lab.digest('api-fixed'))) as object;
	return (source: object) =>
		bed.argoCd.ask('GenerateManifest', {
			repo: {repo: repository},
			revision: 'main',
			appName: 'shop',
			namespace: 'shop-production',
			kubeVersion: '1.36.1',
			apiVersions: ['v1', 'apps/v1', 'apps/v1/Deployment'],
			appLabelKey: 'app.kubernetes.io/instance',
			trackingMethod: 'annotation',
			projectName: 'default',
			noCache: true,
			...request,
			applicationSource: {repoURL: repository, targetRevision: 'main', path, ...filled(source)},
		});
}

/**
 * A chart whose dependency is in a repository with a password, which Argo CD and the gate's operator know. By its name:
 * Argo CD looks for credentials of other addresses only when they begin with https.
 */
export async function comparePrivateDependency(t: ExecutionContext, bed: Bed): Promise<void> {
	const directory = await mkdtemp(join(bed.directory, 'private-'));
	const login = {username: 'reader', password: 'p@ss w0rd'};
	const runHelm = (...args: readonly string[]) => run(bed.lab.tools.helm, args, {environment: {HOME: directory}});
	const charts = join(directory, 'charts');
	await runHelm('package', join(parityContent, 'chart'), '--destination', charts);
	await runHelm('repo', 'index', charts);
	const server = await startChartServer(charts, login);
	t.teardown(server.stop);

	const sources = join(directory, 'sources');
	await mkdir(join(sources, 'charts'), {recursive: true});
	for (const [file, text] of Object.entries({url: server.url, name: 'private', ...login}))
		await writeFile(join(sources, 'charts', file), text);
	const sidecar = await bed.startSidecar('parity-private', bedPolicy, {TRIVY_GATE_SOURCE_CREDENTIALS: sources});
	t.teardown(sidecar.stop);

	const content = join(directory, 'content');
	await cp(join(parityContent, 'private'), content, {recursive: true});
	const dependency = {name: 'shop', version: '1.2.3', repository: '@private'};
	await writeFile(
		join(content, 'Chart.yaml'),
		stringify({apiVersion: 'v2', name: 'private', version: '1.0.0', dependencies: [dependency]}),
	);
	const repository = await bed.repository('parity-private');
	await repository.commit(content);
	const objects = await compare(
		t,
		bed,
		repository.url,
		{
			path: '.',
			native: {helm: {}},
			plugin: [],
			request: {repos: [{repo: server.url, name: 'private', type: 'helm', ...login}]},
		},
		'parity-private',
	);
	t.true(objects.length > 1);
	t.true(server.requests.every(({login: given}) => given === 'right'));
}

/** Fields of a source that are no settings of a render by the gate, and why. */
const notCovered: Readonly<Record<string, string>> = {
	'helm.version': 'Argo CD does not look at it any more.',
	'helm.passCredentials': 'Only the operator can permit it; test/render/credentials.test.ts has it.',
	'kustomize.version': 'It chooses among the operator’s programs.',
	'kustomize.kubeVersion': 'For charts of a kustomization, which the operator’s build options allow.',
	'kustomize.apiVersions': 'For charts of a kustomization, which the operator’s build options allow.',
	'directory.jsonnet': 'Jsonnet is refused.',
};

/** The settings that Argo CD's own definition has and no parity compares; none is right. */
export async function missingParities({cluster}: Bed): Promise<readonly string[]> {
	const definition = await cluster.api.get<ApplicationDefinition>({
		apiVersion: 'apiextensions.k8s.io/v1',
		kind: 'CustomResourceDefinition',
		name: 'applications.argoproj.io',
	});
	const source = definition?.spec.versions[0]?.schema.openAPIV3Schema.properties.spec.properties.source.properties;
	const wanted = ['helm', 'kustomize', 'directory'].flatMap((kind) =>
		Object.keys(source?.[kind]?.properties ?? {none: ''}).map((name) => `${kind}.${name}`),
	);
	const compared = parities.flatMap(({native}) =>
		Object.entries(native).flatMap(([kind, settings]) =>
			Object.keys(settings as object).map((name) => `${kind}.${name}`),
		),
	);
	return wanted.filter((name) => !compared.includes(name) && notCovered[name] === undefined);
}

interface ApplicationDefinition extends KubernetesObject {
	readonly spec: {
		readonly versions: ReadonlyArray<{
			readonly schema: {
				readonly openAPIV3Schema: {
					readonly properties: {
						readonly spec: {
							readonly properties: {
								readonly source: {readonly properties: Readonly<Record<string, {readonly properties?: object}>>};
							};
						};
					};
				};
			};
		}>;
	};
}

/** The content that all of them render. */
export const parityContent = join(import.meta.dirname, 'parity');

function manifestsOf(result: object): readonly unknown[] {
	if (!('answer' in result)) return [];
	// Left out when there are none.
	const {manifests = []} = result.answer as {readonly manifests?: readonly string[]};
	return manifests.map((text) => JSON.parse(text) as unknown);
}
