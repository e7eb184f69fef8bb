import {readFile, rm, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import * as z from 'zod';
import {GateError} from '../errors.ts';
import {withoutCredentials} from '../log.ts';
import type {Log, ToolCall, ToolContext, ToolResult} from '../types.ts';
import {explainFailure} from './failure.ts';
import type {ScanFailure} from './failure.ts';

/** What reaching registries needs: crane with its surroundings, and the mirrors of each registry. */
export interface RegistryTools {
	readonly crane: (
		args: readonly string[],
		call: Pick<ToolCall, 'timeoutMs' | 'maxOutput' | 'read'>,
	) => Promise<ToolResult>;
	readonly mirrors: Readonly<Record<string, readonly string[]>>;
	readonly timeoutMs: number;
}

const dockerConfig = z.object({auths: z.record(z.string(), z.unknown()).optional()});

/**
 * Makes a private DOCKER_CONFIG directory from the operator's file, read anew for each call so that rotated credentials
 * count. Only `auths` is taken over: credential helpers would run programs and use the machine's own cloud identity.
 * @param file undefined: anonymous access.
 */
export async function privateDockerConfig(context: ToolContext, file: string | undefined): Promise<string> {
	const directory = await context.makeDirectory('docker');
	const auths = file === undefined ? {} : await readAuths(file);
	await writeFile(join(directory, 'config.json'), JSON.stringify({auths}), {mode: 0o600});
	return directory;
}

async function readAuths(file: string): Promise<Readonly<Record<string, unknown>>> {
	let json: unknown;
	try {
		json = JSON.parse(await readFile(file, 'utf8'));
	} catch (error) {
		// JSON.parse quotes the text that it cannot read, and this text holds passwords.
		const reason = error instanceof SyntaxError ? 'it is not JSON' : 'it cannot be read';
		throw unusable(file, reason);
	}
	const parsed = dockerConfig.safeParse(json);
	if (!parsed.success) throw unusable(file, '"auths" must map registries to credentials');
	return parsed.data.auths ?? {};
}

function unusable(file: string, reason: string): GateError {
	return new GateError({
		stage: 'scan',
		code: 'settings-invalid',
		what: `the registry credentials cannot be used: ${reason}`,
		where: file,
		hint: 'Mount a Docker config.json with an "auths" entry per registry, or leave --docker-config away for anonymous access.',
	});
}

/** Runs crane with private credentials; one call, one connection. */
export function createRegistryTools(
	context: ToolContext,
	{
		dockerConfigFile,
		mirrors,
		timeoutMs,
	}: {
		readonly dockerConfigFile: string | undefined;
		readonly mirrors: Readonly<Record<string, readonly string[]>>;
		readonly timeoutMs: number;
	},
): RegistryTools {
	return {
		mirrors,
		timeoutMs,
		crane: async (args, call) => {
			const home = await privateDockerConfig(context, dockerConfigFile);
			try {
				const result = await context.run('crane', args, {
					environment: {...context.environment, HOME: home, TMPDIR: home, DOCKER_CONFIG: home},
					directory: home,
					signal: context.signal,
					maxOutput: 8 * 1024 * 1024,
					...call,
				});
				tellWords('crane', result, context.log);
				return result;
			} finally {
				await rm(home, {recursive: true, force: true});
			}
		},
	};
}

/**
 * Asks a registry's mirrors, in order, and then the registry itself, until one answers.
 * @param ask.version `:tag` or `@digest`.
 * @param ask.arguments what crane is asked about a reference.
 */
export async function askRegistries(
	{host, repository}: {readonly host: string; readonly repository: string},
	{crane, mirrors}: RegistryTools,
	ask: {
		readonly version: string;
		readonly arguments: (reference: string) => readonly string[];
		readonly timeoutMs: number;
		readonly maxOutput?: number;
		/** Reads an answer as it comes; one that it refuses is not asked for again. */
		readonly read?: NonNullable<ToolCall['read']>;
	},
): Promise<{readonly kind: 'answered'; readonly stdout: Uint8Array} | ({readonly kind: 'failed'} & ScanFailure)> {
	const failures: {readonly host: string; readonly failure: ScanFailure}[] = [];
	const {timeoutMs, maxOutput, read} = ask;
	const call = {
		timeoutMs,
		...(maxOutput === undefined ? {} : {maxOutput}),
		...(read === undefined ? {} : {read}),
	};
	for (const server of [...(mirrors[host] ?? []), host]) {
		const reference = `${server}/${repository}${ask.version}`;
		const result = await crane(ask.arguments(reference), call);
		if (result.kind === 'exited' && result.exitCode === 0) return {kind: 'answered', stdout: result.stdout};
		const failure = explainFailure(result, 'crane', {timeoutMs, reference});
		failures.push({host: server, failure});
		if (result.kind === 'stopped' && (result.reason === 'canceled' || result.reason === 'output-refused')) break;
	}
	return {kind: 'failed', ...joinFailures(failures)};
}

/** The last that answered at all gives the reason; what each of them said is told. */
function joinFailures(failures: ReadonlyArray<{readonly host: string; readonly failure: ScanFailure}>): ScanFailure {
	const last = failures.findLast(({failure}) => failure.reason !== 'unreachable') ?? failures.at(-1);
	if (last === undefined) return {reason: 'unreachable', transient: false, detail: 'no registry was asked'};
	if (failures.length < 2) return last.failure;
	return {
		...last.failure,
		transient: failures.some(({failure}) => failure.transient),
		detail: failures.map(({host, failure}) => `${host}: ${failure.detail}`).join('; '),
	};
}

/** What a tool said is for the operator's log alone: a registry may have put anything into it. */
export function tellWords(tool: string, result: ToolResult, log: Log): void {
	if (result.kind === 'missing' || (result.kind === 'exited' && result.exitCode === 0)) return;
	log.detail('scan', `${tool} said: ${withoutCredentials(result.stderr.trim()).slice(-4000)}`);
}
