import {readFile, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import * as z from 'zod';
import {GateError} from '../errors.ts';
import type {ToolContext, ToolResult} from '../types.ts';

/** What reaching registries needs: crane with its surroundings, and the mirrors of each registry. */
export interface RegistryTools {
	readonly crane: (args: readonly string[]) => Promise<ToolResult>;
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
		crane: async (args) => {
			const home = await privateDockerConfig(context, dockerConfigFile);
			return context.run('crane', args, {
				environment: {...context.environment, HOME: home, DOCKER_CONFIG: home},
				directory: home,
				timeoutMs,
				signal: context.signal,
				maxOutput: 8 * 1024 * 1024,
			});
		},
	};
}
