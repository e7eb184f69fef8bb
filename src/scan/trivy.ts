import {readFile, rm, symlink, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import type {Platform, ToolContext, ToolResult} from '../types.ts';
import type {Database} from './database.ts';
import {explainFailure} from './failure.ts';
import type {ScanFailure} from './failure.ts';
import {privateDockerConfig} from './registry.ts';
import {parseReport} from './report.ts';
import type {TrivyReport} from './report.ts';

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
		options: {readonly cacheDirectory: string; readonly timeoutMs: number; readonly operands?: readonly string[]},
	) => Promise<ToolResult>;
}

/**
 * Each run gets an empty working directory, its own HOME, TMPDIR, DOCKER_CONFIG, configuration and ignore file, because
 * Trivy reads trivy.yaml, .trivyignore and modules from where it stands (facts: trivy's pkg/flag, pkg/module).
 */
export function createTrivyRunner(
	context: ToolContext,
	{
		dockerConfigFile,
		mirrors,
	}: {
		readonly dockerConfigFile: string | undefined;
		readonly mirrors: Readonly<Record<string, readonly string[]>>;
	},
): TrivyRunner {
	return {
		run: async (args, {cacheDirectory, timeoutMs, operands = []}) => {
			const home = await context.makeDirectory('trivy');
			const docker = await privateDockerConfig(context, dockerConfigFile);
			try {
				await writeFile(join(home, 'config.yaml'), JSON.stringify({registry: {mirrors: forTrivy(mirrors)}}));
				await writeFile(join(home, 'ignore'), '');
				const settings = [
					'--config',
					join(home, 'config.yaml'),
					'--ignorefile',
					join(home, 'ignore'),
					'--cache-dir',
					cacheDirectory,
				];
				const quiet = ['--no-progress', '--quiet', '--skip-version-check', '--disable-telemetry'];
				return await context.run(
					'trivy',
					[...args, ...settings, ...quiet, ...(operands.length === 0 ? [] : ['--', ...operands])],
					{
						environment: {...context.environment, HOME: home, TMPDIR: home, XDG_DATA_HOME: home, DOCKER_CONFIG: docker},
						directory: home,
						timeoutMs,
						signal: context.signal,
					},
				);
			} finally {
				// A killed Trivy leaves layers in its TMPDIR.
				await rm(home, {recursive: true, force: true});
				await rm(docker, {recursive: true, force: true});
			}
		},
	};
}

/** Trivy knows Docker Hub by its older name (google/go-containerregistry pkg/name/registry.go). */
function forTrivy(mirrors: Readonly<Record<string, readonly string[]>>): Record<string, readonly string[]> {
	return Object.fromEntries(
		Object.entries(mirrors).map(([host, list]) => [host === 'docker.io' ? 'index.docker.io' : host, list]),
	);
}

/** `java-database-missing`: the image holds JARs, and Trivy needs its Java database to name them. */
export type TrivyOutcome =
	| {readonly kind: 'report'; readonly text: string; readonly report: TrivyReport}
	| {readonly kind: 'java-database-missing'}
	| ({readonly kind: 'failed'} & ScanFailure);

/**
 * Scans one image by digest. The run counts only when exit code, file, schema version, artifact name and type agree.
 * @param reference `host/repository@sha256:…`
 */
export async function scanImage(
	reference: string,
	{
		context,
		trivy,
		databases,
		platform,
		timeoutMs,
	}: {
		readonly context: ToolContext;
		readonly trivy: TrivyRunner;
		readonly databases: {readonly vulnerability: Database; readonly java: Database | undefined};
		readonly platform: Platform;
		readonly timeoutMs: number;
	},
): Promise<TrivyOutcome> {
	const directory = await context.makeDirectory('scan');
	try {
		const cacheDirectory = await context.makeDirectory('databases');
		await symlink(join(databases.vulnerability.directory, 'db'), join(cacheDirectory, 'db'));
		if (databases.java !== undefined)
			await symlink(join(databases.java.directory, 'java-db'), join(cacheDirectory, 'java-db'));
		const output = join(directory, 'report.json');
		const result = await trivy.run(['image', ...scanArguments(platform, output, timeoutMs)], {
			cacheDirectory,
			timeoutMs,
			operands: [reference],
		});
		if (result.kind !== 'exited' || result.exitCode !== 0) {
			const words = result.kind === 'missing' ? '' : result.stderr;
			if (words.includes("'--skip-java-db-update' cannot be specified on the first run"))
				return {kind: 'java-database-missing'};
			return {kind: 'failed', ...explainFailure(result, 'trivy', timeoutMs)};
		}
		return await readReport(output, reference);
	} finally {
		await rm(directory, {recursive: true, force: true});
	}
}

function scanArguments(platform: Platform, output: string, timeoutMs: number): readonly string[] {
	const seconds = `${Math.ceil(timeoutMs / 1000)}s`;
	// Without the package list an image whose package database is gone looks like a clean one.
	const report = ['--format', 'json', '--list-all-pkgs', '--output', output];
	const offline = ['--skip-db-update', '--skip-java-db-update', '--offline-scan'];
	return [
		'--cache-backend',
		'memory',
		'--image-src',
		'remote',
		'--platform',
		platform,
		...resultFlags,
		...report,
		...offline,
		'--timeout',
		seconds,
	];
}

async function readReport(path: string, reference: string): Promise<TrivyOutcome> {
	const bytes = await readFile(path).catch(() => undefined);
	if (bytes === undefined) return invalid('trivy ended with exit code 0 and wrote no report');
	if (bytes.length > maxReportBytes) return invalid(`trivy wrote a report of ${bytes.length} bytes`);
	const text = bytes.toString('utf8');
	const parsed = parseReport(text, reference);
	return parsed.kind === 'report'
		? {kind: 'report', text, report: parsed.report}
		: invalid(`trivy's report is not usable: ${parsed.problems}`);
}

function invalid(detail: string): TrivyOutcome {
	return {kind: 'failed', reason: 'report-invalid', transient: false, detail};
}
