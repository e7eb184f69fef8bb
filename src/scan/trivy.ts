import {mkdir, readFile, rm, stat, symlink, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {withoutCredentials} from '../log.ts';
import type {Log, ToolContext, ToolResult} from '../types.ts';
import type {Database} from './database.ts';
import {explainFailure} from './failure.ts';
import type {ScanFailure} from './failure.ts';
import type {ImageLayout} from './layout.ts';
import {privateDockerConfig} from './docker-config.ts';
import {parseReport} from './report.ts';
import type {TrivyReport} from './report.ts';
import type {ServerAccess} from './server.ts';

/** The arguments that change what Trivy finds: they belong to the key of a stored report. */
export const resultFlags = [
	'--scanners',
	'vuln',
	'--pkg-types',
	'os,library',
	'--detection-priority',
	'precise',
] as const;
const maxReportBytes = 256 * 1024 * 1024;

/** Starts Trivy with surroundings of its own; nothing of the checkout or of the gate's own environment reaches it. */
export interface TrivyRunner {
	readonly run: (
		args: readonly string[],
		options: {
			readonly cacheDirectory: string;
			readonly timeoutMs: number;
			readonly operands?: readonly string[];
			readonly environment?: Readonly<Record<string, string>>;
			/** Whether it talks to registries; what looks at files has no use for credentials. */
			readonly credentials?: boolean;
		},
	) => Promise<ToolResult>;
}

/**
 * Each run gets an empty working directory, its own HOME, TMPDIR, DOCKER_CONFIG, configuration and ignore file, because
 * Trivy reads trivy.yaml, .trivyignore and modules from where it stands (facts: trivy's pkg/flag, pkg/module).
 */
export function createTrivyRunner(context: ToolContext, dockerConfigFile: string | undefined): TrivyRunner {
	return {
		run: async (args, {cacheDirectory, timeoutMs, operands = [], environment = {}, credentials = false}) => {
			const home = await context.makeDirectory('trivy');
			const docker = await privateDockerConfig(context, credentials ? dockerConfigFile : undefined);
			const [config, ignore] = [join(home, 'config.yaml'), join(home, 'ignore')];
			const settings = ['--config', config, '--ignorefile', ignore, '--cache-dir', cacheDirectory];
			const quiet = ['--no-progress', '--quiet', '--skip-version-check', '--disable-telemetry'];
			try {
				await writeFile(config, '');
				await writeFile(ignore, '');
				const result = await context.run(
					'trivy',
					[...args, ...settings, ...quiet, ...(operands.length === 0 ? [] : ['--', ...operands])],
					{
						environment: {
							...context.environment,
							HOME: home,
							TMPDIR: home,
							XDG_DATA_HOME: home,
							DOCKER_CONFIG: docker,
							...environment,
						},
						directory: home,
						timeoutMs,
						signal: context.signal,
					},
				);
				tellWords(result, context.log);
				return result;
			} finally {
				// A killed Trivy leaves layers in its TMPDIR.
				await rm(home, {recursive: true, force: true});
				await rm(docker, {recursive: true, force: true});
			}
		},
	};
}

/**
 * `java-database-missing`: the image holds JARs, and Trivy needs its Java database to name them. `layers-lost`: Trivy's
 * cache does not have what it should. `cache-spoilt`: Trivy used other layers than those that were checked, so what it
 * keeps of them cannot be trusted any more.
 */
export type TrivyOutcome =
	| {readonly kind: 'report'; readonly text: string; readonly report: TrivyReport}
	| {readonly kind: 'java-database-missing'}
	| {readonly kind: 'layers-lost'}
	| ({readonly kind: 'cache-spoilt'} & ScanFailure)
	| ({readonly kind: 'failed'} & ScanFailure);

/**
 * Scans an image of which the checked layers that Trivy's server does not know lie on disk. The run counts only when exit
 * code, file, schema version, artifact name and type, the image's id, its layers and the server's database agree.
 * @param reference what the report calls it: `host/repository@sha256:…`
 */
export async function scanLayout(
	layout: ImageLayout,
	reference: string,
	{
		context,
		trivy,
		server,
		databases,
		timeoutMs,
	}: {
		readonly context: ToolContext;
		readonly trivy: TrivyRunner;
		readonly server: ServerAccess;
		readonly databases: {readonly vulnerability: Database; readonly java: Database | undefined};
		readonly timeoutMs: number;
	},
): Promise<TrivyOutcome> {
	const directory = await context.makeDirectory('scan');
	try {
		const cacheDirectory = join(directory, 'cache');
		await mkdir(cacheDirectory);
		if (databases.java !== undefined)
			await symlink(join(databases.java.directory, 'java-db'), join(cacheDirectory, 'java-db'));
		const output = join(directory, 'report.json');
		const {url, environment} = server;
		const args = ['image', '--server', url, '--input', layout.directory, ...scanArguments(output, timeoutMs)];
		const result = await trivy.run(args, {cacheDirectory, timeoutMs, environment});
		if (result.kind === 'exited' && result.exitCode === 0)
			return await readReport(output, layout, reference, databases.vulnerability);
		return explainScan(result, layout, timeoutMs);
	} finally {
		await rm(directory, {recursive: true, force: true});
	}
}

function scanArguments(output: string, timeoutMs: number): readonly string[] {
	// Without the package list an image whose package database is gone looks like a clean one.
	const report = ['--format', 'json', '--list-all-pkgs', '--output', output];
	const offline = ['--skip-db-update', '--skip-java-db-update', '--offline-scan'];
	const seconds = `${Math.ceil(timeoutMs / 1000)}s`;
	return [...resultFlags, ...report, ...offline, '--timeout', seconds];
}

/** The words of the scanner about itself: no registry is asked here. */
function explainScan(result: ToolResult, layout: ImageLayout, timeoutMs: number): TrivyOutcome {
	const words = result.kind === 'missing' ? '' : result.stderr;
	if (words.includes("'--skip-java-db-update' cannot be specified on the first run"))
		return {kind: 'java-database-missing'};
	if (words.includes('layer cache missing') || (words.includes(layout.directory) && words.includes('no such file')))
		return {kind: 'layers-lost'};
	if (/twirp error|failed to do request/.test(words)) {
		const detail = 'trivy’s server did not answer to the end; --verbose shows its words';
		return {kind: 'failed', reason: 'scanner-failed', transient: true, detail};
	}
	return {kind: 'failed', ...explainFailure(result, 'trivy', {timeoutMs})};
}

async function readReport(
	path: string,
	layout: ImageLayout,
	reference: string,
	database: Database,
): Promise<TrivyOutcome> {
	const size = await stat(path).then(
		(info) => info.size,
		() => undefined,
	);
	if (size === undefined) return invalid('trivy ended with exit code 0 and wrote no report');
	if (size > maxReportBytes) return invalid(`trivy wrote a report of ${size} bytes`);
	const text = await readFile(path, 'utf8');
	const parsed = parseReport(text, {
		artifact: layout.directory,
		imageId: layout.writtenId,
		diffIds: layout.diffIds,
		databaseUpdatedAt: database.info.updatedAt,
	});
	switch (parsed.kind) {
		case 'unusable':
			return invalid(`trivy's report is not usable: ${parsed.problems}`);
		case 'other-layers':
			return {...invalid('trivy looked at other layers than those of the image'), kind: 'cache-spoilt'};
		case 'report':
			// A stored report names the image and its id, not a directory that is gone and the id of what was written there.
			return {
				kind: 'report',
				text: text.replaceAll(layout.directory, reference).replaceAll(layout.writtenId, layout.imageId),
				report: parsed.report,
			};
	}
}

/** What it said is for the operator's log alone: an image may have put anything into it. */
function tellWords(result: ToolResult, log: Log): void {
	if (result.kind === 'missing' || (result.kind === 'exited' && result.exitCode === 0)) return;
	log.detail('scan', `trivy said: ${withoutCredentials(result.stderr.trim()).slice(-4000)}`);
}

function invalid(detail: string): {readonly kind: 'failed'} & ScanFailure {
	return {kind: 'failed', reason: 'report-invalid', transient: false, detail};
}
