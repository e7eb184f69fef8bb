import {mkdir, readFile, rm, stat, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {parse, stringify} from 'yaml';
import {startDaemon, type Daemon} from './daemon.ts';

export interface SidecarOptions {
	/** Of the plugin, by which Applications choose it. */
	readonly name: string;
	/** Argo CD's program. */
	readonly argoCd: string;
	/** For its configuration, work directory and log. */
	readonly directory: string;
	/** Where the repo-server looks for plugins' sockets. */
	readonly sockets: string;
	/** What is started, and starts what it is given behind it: the image's program, or nothing. */
	readonly entry: readonly string[];
	/** Prints the manifests, instead of what plugin.yaml names. */
	readonly generate?: readonly string[];
	/** The operator's settings: TRIVY_GATE_*, PATH, HOME, TMPDIR. */
	readonly environment: Readonly<Record<string, string>>;
}

/** Starts a plugin of Argo CD as its container does: the shipped plugin.yaml, under argocd-cmp-server. */
export async function startSidecar({
	name,
	argoCd,
	directory,
	sockets,
	entry,
	generate,
	environment,
}: SidecarOptions): Promise<Daemon> {
	const configuration = join(directory, 'config');
	await mkdir(configuration, {recursive: true});
	await mkdir(join(directory, 'work'), {recursive: true});
	await writeFile(join(configuration, 'plugin.yaml'), await pluginConfiguration(name, generate));
	const socket = join(sockets, `${name}.sock`);
	// One that was killed leaves it behind.
	await rm(socket, {force: true});
	const [file, ...args] = [...entry, argoCd, '--config-dir-path', configuration, '--loglevel', 'info'];
	return startDaemon({
		name: `sidecar ${name}`,
		file,
		args,
		environment: {
			...environment,
			ARGOCD_BINARY_NAME: 'argocd-cmp-server',
			ARGOCD_PLUGINSOCKFILEPATH: sockets,
			ARGOCD_CMP_WORKDIR: join(directory, 'work'),
		},
		logFile: join(directory, 'sidecar.log'),
		ready: async () => (await stat(socket)).isSocket(),
	});
}

/** plugin.yaml as it is shipped, but for the name, and the command when another is given. */
async function pluginConfiguration(name: string, command: readonly string[] | undefined): Promise<string> {
	const shipped = parse(await readFile(join(import.meta.dirname, '../../plugin.yaml'), 'utf8')) as {
		readonly metadata: object;
		readonly spec: object;
	};
	return stringify({
		...shipped,
		metadata: {...shipped.metadata, name},
		spec: command === undefined ? shipped.spec : {generate: {command}},
	});
}
