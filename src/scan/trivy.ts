import {mkdir, readFile, rm, symlink, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import * as z from 'zod';
import type {ToolContext, ToolResult} from '../types.ts';
import type {Database} from './database.ts';
import {explainFailure} from './failure.ts';
import type {ScanFailure} from './failure.ts';
import {privateDockerConfig, tellWords} from './registry.ts';
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
export function createTrivyRunner(context: ToolContext, dockerConfigFile: string | undefined): TrivyRunner {
	return {
		run: async (args, {cacheDirectory, timeoutMs, operands = []}) => {
			const home = await context.makeDirectory('trivy');
			const docker = await privateDockerConfig(context, dockerConfigFile);
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
						environment: {...context.environment, HOME: home, TMPDIR: home, XDG_DATA_HOME: home, DOCKER_CONFIG: docker},
						directory: home,
						timeoutMs,
						signal: context.signal,
					},
				);
				tellWords('trivy', result, context.log);
				return result;
			} finally {
				// A killed Trivy leaves layers in its TMPDIR.
				await rm(home, {recursive: true, force: true});
				await rm(docker, {recursive: true, force: true});
			}
		},
	};
}

/** `java-database-missing`: the image holds JARs, and Trivy needs its Java database to name them. */
export type TrivyOutcome =
	| {readonly kind: 'report'; readonly text: string; readonly report: TrivyReport}
	| {readonly kind: 'java-database-missing'}
	| ({readonly kind: 'failed'} & ScanFailure);

/**
 * Scans an image that lies on disk. The run counts only when exit code, file, schema version, artifact name and type,
 * and the image's own id agree.
 * @param layout directory of an OCI layout that holds this one image.
 * @param reference what the report calls it: `host/repository@sha256:…`
 */
export async function scanLayout(
	layout: string,
	reference: string,
	{
		context,
		trivy,
		databases,
		timeoutMs,
	}: {
		readonly context: ToolContext;
		readonly trivy: TrivyRunner;
		readonly databases: {readonly vulnerability: Database; readonly java: Database | undefined};
		readonly timeoutMs: number;
	},
): Promise<TrivyOutcome> {
	const directory = await context.makeDirectory('scan');
	try {
		const cacheDirectory = join(directory, 'cache');
		await mkdir(cacheDirectory);
		await symlink(join(databases.vulnerability.directory, 'db'), join(cacheDirectory, 'db'));
		if (databases.java !== undefined)
			await symlink(join(databases.java.directory, 'java-db'), join(cacheDirectory, 'java-db'));
		const output = join(directory, 'report.json');
		const args = ['image', '--input', layout, ...scanArguments(output, timeoutMs)];
		const result = await trivy.run(args, {cacheDirectory, timeoutMs});
		if (result.kind !== 'exited' || result.exitCode !== 0) {
			const words = result.kind === 'missing' ? '' : result.stderr;
			if (words.includes("'--skip-java-db-update' cannot be specified on the first run"))
				return {kind: 'java-database-missing'};
			return {kind: 'failed', ...explainFailure(result, 'trivy', {timeoutMs})};
		}
		return await readReport(output, layout, reference);
	} finally {
		await rm(directory, {recursive: true, force: true});
	}
}

function scanArguments(output: string, timeoutMs: number): readonly string[] {
	// Without the package list an image whose package database is gone looks like a clean one.
	const report = ['--format', 'json', '--list-all-pkgs', '--output', output];
	const offline = ['--skip-db-update', '--skip-java-db-update', '--offline-scan'];
	const seconds = `${Math.ceil(timeoutMs / 1000)}s`;
	return ['--cache-backend', 'memory', ...resultFlags, ...report, ...offline, '--timeout', seconds];
}

async function readReport(path: string, layout: string, reference: string): Promise<TrivyOutcome> {
	const bytes = await readFile(path).catch(() => undefined);
	if (bytes === undefined) return invalid('trivy ended with exit code 0 and wrote no report');
	if (bytes.length > maxReportBytes) return invalid(`trivy wrote a report of ${bytes.length} bytes`);
	const text = bytes.toString('utf8');
	const parsed = parseReport(text, {artifact: layout, imageId: await imageIdOf(layout)});
	if (parsed.kind === 'unusable') return invalid(`trivy's report is not usable: ${parsed.problems}`);
	// A stored report names the image, not a directory that is gone.
	return {kind: 'report', text: text.replaceAll(layout, reference), report: parsed.report};
}

const index = z.object({manifests: z.array(z.object({digest: z.string()})).length(1)});
const manifest = z.object({config: z.object({digest: z.string()})});

/** The digest of the image's configuration, which Trivy calls its id. */
async function imageIdOf(layout: string): Promise<string> {
	const {manifests} = index.parse(JSON.parse(await readFile(join(layout, 'index.json'), 'utf8')));
	const blob = join(layout, 'blobs', ...(manifests[0]?.digest ?? '').split(':'));
	return manifest.parse(JSON.parse(await readFile(blob, 'utf8'))).config.digest;
}

function invalid(detail: string): TrivyOutcome {
	return {kind: 'failed', reason: 'report-invalid', transient: false, detail};
}
