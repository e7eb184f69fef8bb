import {mkdir, readFile, stat, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {parse, stringify} from 'yaml';
import {program} from '../lab/gate.ts';
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
	/** The operator's settings: TRIVY_GATE_*, PATH, HOME, TMPDIR. */
	readonly environment: Readonly<Record<string, string>>;
	/** What prints the manifests instead of the gate of this checkout. */
	readonly command?: readonly string[];
}

/** Starts the gate as a plugin of Argo CD: the shipped plugin.yaml, under argocd-cmp-server. */
export async function startSidecar({
	name,
	argoCd,
	directory,
	sockets,
	environment,
	command,
}: SidecarOptions): Promise<Daemon> {
	await mkdir(join(directory, 'config'), {recursive: true});
	await mkdir(join(directory, 'work'), {recursive: true});
	await writeFile(join(directory, 'config', 'plugin.yaml'), await pluginConfiguration(name, command));
	return startDaemon({
		name: `sidecar ${name}`,
		file: argoCd,
		args: ['--config-dir-path', join(directory, 'config'), '--loglevel', 'info'],
		environment: {
			...environment,
			ARGOCD_BINARY_NAME: 'argocd-cmp-server',
			ARGOCD_PLUGINSOCKFILEPATH: sockets,
			ARGOCD_CMP_WORKDIR: join(directory, 'work'),
		},
		logFile: join(directory, 'sidecar.log'),
		ready: async () => (await stat(join(sockets, `${name}.sock`))).isSocket(),
	});
}

/** plugin.yaml as it is shipped, but for the name and the commands. */
async function pluginConfiguration(name: string, command: readonly string[] | undefined): Promise<string> {
	const shipped = parse(await readFile(join(import.meta.dirname, '../../plugin.yaml'), 'utf8')) as {
		readonly metadata: object;
		readonly spec: {readonly parameters: object};
	};
	const gate = [process.execPath, program];
	return stringify({
		...shipped,
		metadata: {...shipped.metadata, name},
		spec: {
			...shipped.spec,
			generate: {command: command ?? [...gate, 'generate']},
			parameters: {...shipped.spec.parameters, dynamic: {command: [...gate, 'announce']}},
		},
	});
}
