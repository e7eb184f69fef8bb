import {readFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {fileURLToPath} from 'node:url';
import packageJson from '../package.json' with {type: 'json'};
import {createRunTool} from './exec.ts';
import {storedDatabase} from './scan/database.ts';
import type {Settings} from './settings.ts';
import {toolEnvironment} from './settings.ts';
import {checkTool, locateTools} from './tools.ts';
import {toolNames} from './types.ts';
import type {Log, ToolName} from './types.ts';
import {openWorkspace} from './workspace.ts';

// The bundler writes the commit in; a checkout looks it up.
declare const TRIVY_GATE_COMMIT: string | undefined;

interface VersionRequest {
	readonly settings: Settings;
	readonly environment: Readonly<Record<string, string | undefined>>;
	readonly signal: AbortSignal;
	readonly log: Log;
}

/** The versions of the gate, its tools and the stored vulnerability database, one a line. */
export async function describeVersions({settings, environment, signal, log}: VersionRequest): Promise<string> {
	const paths = await locateTools(settings.tools, environment);
	const workspace = await openWorkspace(tmpdir());
	try {
		const context = {
			run: createRunTool(paths),
			environment: toolEnvironment(environment, settings.caFile),
			makeDirectory: workspace.makeDirectory,
			signal,
			timeoutMs: settings.deadlineMs,
			log,
		};
		const describe = async (name: ToolName) =>
			checkTool(name, paths[name], context).catch((error: unknown) =>
				error instanceof Error ? error.message : String(error),
			);
		const tools = await Promise.all(toolNames.map(async (name) => `${name} ${await describe(name)}`));
		const database = await storedDatabase('vulnerability', `${settings.cacheDirectory}/databases`);
		const age =
			database === undefined
				? 'none stored'
				: typeof database === 'string'
					? `unusable: ${database}`
					: `version ${database.info.version} of ${database.info.updatedAt}`;
		return [
			`trivy-gate ${packageJson.version} (${await commit()})`,
			...tools,
			`vulnerability database ${age}`,
			'',
		].join('\n');
	} finally {
		await workspace.remove();
	}
}

async function commit(): Promise<string> {
	if (typeof TRIVY_GATE_COMMIT === 'string') return TRIVY_GATE_COMMIT;
	const head = await gitFile('HEAD');
	const reference = /^ref: (.+)$/.exec(head)?.[1];
	const hash = reference === undefined ? head : await gitFile(reference);
	return hash === '' ? 'unknown commit' : hash.slice(0, 12);
}

async function gitFile(path: string): Promise<string> {
	const content = await readFile(fileURLToPath(new URL(`../.git/${path}`, import.meta.url)), 'utf8').catch(() => '');
	return content.trim();
}
