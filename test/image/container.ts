import {chmod, mkdir, mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import {basename, join} from 'node:path';
import {parse} from 'yaml';
import {run} from '../../plugin/build-tools.mjs';
import {runProgram} from '../../src/exec.ts';
import {startDaemon, type Daemon} from '../argocd/daemon.ts';
import type {ImageConfig} from '../lab/manifest.ts';

/** The sidecar as plugin/ has it started. */
export interface Sidecar {
	/** Runs a command in a container of its own, and has it end. */
	readonly run: (
		command: readonly string[],
		options?: {readonly directory?: string; readonly input?: string},
	) => Promise<{readonly exitCode: number; readonly stdout: string; readonly stderr: string}>;
	/** Starts the image's own command in a container that stays. */
	readonly start: (ready: () => Promise<boolean>) => Promise<Daemon>;
	/** Where a volume of plugin/ is outside of the containers, which share it. */
	readonly volume: (name: string) => string;
}

interface Options {
	/** The image's files. */
	readonly rootFileSystem: string;
	readonly config: ImageConfig;
	/** For volumes, and what containers are described by. */
	readonly directory: string;
	/** In addition to the variables of the image and of plugin/, or instead of them. */
	readonly environment: Readonly<Record<string, string>>;
	/** Directories that are volumes instead of new ones. */
	readonly volumes?: Readonly<Record<string, string>>;
}

/** crun refuses to start where both versions of control groups are in use, also when it is to use none. */
const withoutControlGroups = ['--mount', 'sh', '-c', 'mount -t tmpfs tmpfs /sys/fs/cgroup && exec "$@"', 'sh'];

interface ContainerSpec {
	readonly name: string;
	readonly env: readonly {readonly name: string; readonly value: string}[];
	readonly securityContext: {
		readonly runAsUser: number;
		readonly readOnlyRootFilesystem: boolean;
		readonly allowPrivilegeEscalation: boolean;
		readonly capabilities: {readonly drop: readonly string[]};
	};
	readonly volumeMounts: readonly {readonly name: string; readonly mountPath: string; readonly readOnly?: boolean}[];
}

interface RepoServer {
	readonly spec: {readonly template: {readonly spec: {readonly containers: readonly ContainerSpec[]}}};
}

/** What crun's own example of a configuration has, as far as it is kept or changed here. */
interface RuntimeConfig {
	readonly process: object;
	readonly mounts: readonly {readonly destination: string}[];
	readonly linux: {readonly namespaces: readonly {readonly type: string}[]};
}

/**
 * Starts containers of the image by crun, as a kubelet does: user, capabilities, read-only root file system and volumes
 * are those of plugin/repo-server.yaml. Otherwise than there, the network is this machine's, nothing limits memory, and
 * system calls are not filtered.
 */
export async function createSidecar({
	rootFileSystem,
	config,
	directory,
	environment,
	volumes = {},
}: Options): Promise<Sidecar> {
	const repoServer = parse(
		await readFile(join(import.meta.dirname, '../../plugin/repo-server.yaml'), 'utf8'),
	) as RepoServer;
	const container = repoServer.spec.template.spec.containers.find(({name}) => name === 'trivy-gate');
	if (container === undefined) throw new Error('plugin/repo-server.yaml has no container trivy-gate');
	const {env, securityContext, volumeMounts} = container;
	if (String(securityContext.capabilities.drop) !== 'ALL') throw new Error('only dropping all capabilities is known');
	const volume = (name: string) => volumes[name] ?? join(directory, 'volumes', name);
	for (const {name} of volumeMounts) {
		await mkdir(volume(name), {recursive: true});
		// As a kubelet makes an emptyDir.
		await chmod(volume(name), 0o777);
	}
	const example = await exampleOfCrun(directory);
	const image = config.config as {
		readonly Env: readonly string[];
		readonly Entrypoint: readonly string[];
		readonly Cmd: readonly string[];
		readonly WorkingDir: string;
	};
	const variables = {
		...Object.fromEntries(image.Env.map((line) => line.split(/=(.*)/s) as [string, string])),
		HOME: '/home/argocd',
		...Object.fromEntries(env.map(({name, value}) => [name, value])),
		...environment,
	};
	const mounts = volumeMounts.map(({name, mountPath, readOnly = false}) => ({
		destination: mountPath,
		type: 'bind',
		source: volume(name),
		options: ['bind', readOnly ? 'ro' : 'rw', 'nosuid', 'nodev'],
	}));

	const crun = ['crun', `--root=${join(directory, 'crun')}`, '--cgroup-manager=disabled'];

	return {
		volume,
		async start(ready) {
			const bundle = await makeBundle(image.Cmd, image.WorkingDir);
			const daemon = await startDaemon({
				name: 'the image',
				file: 'unshare',
				args: [...withoutControlGroups, ...crun, 'run', `--bundle=${bundle}`, basename(bundle)],
				environment: {PATH: process.env['PATH'] ?? ''},
				logFile: join(directory, 'container.log'),
				ready,
			});
			return {
				...daemon,
				async stop() {
					await daemon.stop();
					await rm(bundle, {recursive: true, force: true});
				},
			};
		},
		async run(command, {directory: workDirectory = image.WorkingDir, input} = {}) {
			const bundle = await makeBundle(command, workDirectory);
			const args = [...withoutControlGroups, ...crun, 'run', `--bundle=${bundle}`, basename(bundle)];
			const result = await runProgram('unshare', args, {
				environment: {PATH: process.env['PATH'] ?? ''},
				directory: bundle,
				timeoutMs: 900_000,
				...(input === undefined ? {} : {input}),
			});
			await rm(bundle, {recursive: true});
			if (result.kind !== 'exited') throw new Error(`${command.join(' ')}: ${JSON.stringify(result)}`);
			const {exitCode, stdout, stderr} = result;
			return {exitCode, stdout: Buffer.from(stdout).toString(), stderr};
		},
	};

	/** Describes a container to crun. @returns the description's directory, which is named as the container. */
	async function makeBundle(command: readonly string[], workDirectory: string): Promise<string> {
		const bundle = await mkdtemp(join(directory, 'container-'));
		await writeFile(
			join(bundle, 'config.json'),
			JSON.stringify({
				...example,
				process: {
					user: {uid: securityContext.runAsUser, gid: securityContext.runAsUser},
					args: [...image.Entrypoint, ...command],
					env: Object.entries(variables).map(([name, value]) => `${name}=${value}`),
					cwd: workDirectory,
					capabilities: {},
					noNewPrivileges: !securityContext.allowPrivilegeEscalation,
				},
				root: {path: rootFileSystem, readonly: securityContext.readOnlyRootFilesystem},
				mounts: [...example.mounts, ...mounts],
			}),
		);
		return bundle;
	}
}

async function exampleOfCrun(directory: string): Promise<RuntimeConfig> {
	const place = await mkdtemp(join(directory, 'example-'));
	await run('crun', ['spec'], {cwd: place});
	const example = JSON.parse(await readFile(join(place, 'config.json'), 'utf8')) as RuntimeConfig;
	await rm(place, {recursive: true});
	return {
		...example,
		mounts: example.mounts.filter(({destination}) => destination !== '/sys/fs/cgroup'),
		linux: {...example.linux, namespaces: example.linux.namespaces.filter(({type}) => type !== 'network')},
	};
}
