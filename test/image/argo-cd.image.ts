// The image as Argo CD's sidecar: what the scenarios of test/argocd are played with is the gate of the image's files.
import {chmod, copyFile, mkdir, mkdtemp, rm, stat, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import {startArgoCd} from '../argocd/argo-cd.ts';
import {bedPolicy, publishImages, type Bed} from '../argocd/bed.ts';
import {startCluster} from '../argocd/cluster.ts';
import {answers, freePorts} from '../argocd/daemon.ts';
import {buildPrograms} from '../argocd/programs.ts';
import {createRepository} from '../argocd/repository.ts';
import type {Refusal, Scenario} from '../argocd/scenario.ts';
import {scenario as allowedHelm} from '../argocd/scenarios/allowed-helm/scenario.ts';
import {scenario as allowedKustomize} from '../argocd/scenarios/allowed-kustomize/scenario.ts';
import {scenario as fullSync} from '../argocd/scenarios/full-sync/scenario.ts';
import {play} from '../argocd/stage.ts';
import {startLab} from '../lab/lab.ts';
import {image} from './build.ts';
import {createSidecar} from './container.ts';
import {publishImage} from './published.ts';

const say = (line: string) => console.error(`image: ${line}`);
const stops: (() => Promise<unknown>)[] = [];
let bed: Bed;

test.before(async (t) => {
	t.timeout(10 * 60_000);
	const directory = await mkdtemp(join(tmpdir(), 'image-bed-'));
	stops.push(() => rm(directory, {recursive: true, force: true, maxRetries: 5}));
	const programs = await buildPrograms(say);
	const lab = await startLab({say});
	stops.push(lab.stop);
	await publishImages(lab);
	const published = await publishImage(image.layout, lab, directory);
	const cluster = await startCluster(programs.kubernetes, join(directory, 'cluster'));
	stops.push(cluster.stop);
	await mkdir(join(directory, 'argo-cd'));
	const argoCd = await startArgoCd({programs, cluster, tools: lab.tools, directory: join(directory, 'argo-cd')});
	stops.push(argoCd.stop);
	const [port] = await freePorts(1);
	const sidecar = await createSidecar({
		rootFileSystem: published.files,
		config: published.config,
		directory,
		environment: {
			TRIVY_GATE_DATABASE_REPOSITORY: lab.databaseRepository,
			TRIVY_GATE_METRICS_LISTEN: `127.0.0.1:${port}`,
			// Argo CD's image has a program of each name instead.
			ARGOCD_BINARY_NAME: 'argocd-cmp-server',
		},
		volumes: {plugins: argoCd.sockets},
	});
	await writeFile(
		join(sidecar.volume('trivy-gate-policy'), 'policy.yaml'),
		bedPolicy.replaceAll('REGISTRY', lab.registry),
	);
	// As the repo-server's init container does.
	const pluginServer = join(sidecar.volume('var-files'), 'argocd-cmp-server');
	await copyFile(programs.argoCd, pluginServer);
	await chmod(pluginServer, 0o755);
	const container = await sidecar.start(
		async () =>
			(await answers(`http://127.0.0.1:${port}/v1/ready`)) &&
			(await stat(join(argoCd.sockets, 'trivy-gate.sock'))).isSocket(),
	);
	stops.push(container.stop);
	bed = {
		lab,
		cluster,
		argoCd,
		directory,
		repository: (name) => createRepository(join(directory, 'repositories', name)),
		get sidecar(): never {
			throw new Error('the image is no sidecar of the bed');
		},
		startSidecar: onlyOne,
		startOtherPlugin: onlyOne,
	};
});

test.after.always('stop', async () => {
	for (const each of stops.splice(0).toReversed()) await each();
});

function onlyOne(): Promise<never> {
	return Promise.reject(new Error('the image is the only plugin here'));
}

const smoke = test.macro<[scenarioName: string, scenario: Scenario, refusal: Refusal]>({
	async exec(t, scenarioName, scenario, refusal) {
		t.timeout(10 * 60_000);
		await play(t, bed, {scenario, scenarioName, refusal, keep: false});
	},
	title: (_title, scenarioName, _scenario, refusal) => `${scenarioName} with the image as the sidecar, ${refusal}`,
});
test.serial(smoke, 'allowed-helm', allowedHelm, 'seal');
test.serial(smoke, 'allowed-kustomize', allowedKustomize, 'seal');
test.serial(smoke, 'full-sync', fullSync, 'job');
test.serial(smoke, 'full-sync', fullSync, 'seal');
test.serial(smoke, 'full-sync', fullSync, 'fail-render');

test.serial('Argo CD’s form shows what the image announces', async (t) => {
	const {url, commit} = await bed.repository('announced');
	await commit(join(import.meta.dirname, '..', 'argocd', 'parity'));
	const result = await bed.argoCd.ask('GetAppDetails', {
		repo: {repo: url},
		source: {repoURL: url, targetRevision: 'main', path: 'chart', plugin: {name: 'trivy-gate'}},
		appName: 'shop',
	});
	if ('error' in result) return t.fail(result.error);
	const {plugin} = result.answer as {
		readonly plugin: {readonly parametersAnnouncement: readonly {readonly name: string; readonly map?: object}[]};
	};
	const [policy, tags] = plugin.parametersAnnouncement;
	t.is(policy?.name, 'policy');
	t.deepEqual(tags, {...tags, name: 'image-tags', map: {tag: '1.5'}});
});
