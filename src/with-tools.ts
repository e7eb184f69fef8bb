import {once} from 'node:events';
import {tmpdir} from 'node:os';
import {setTimeout as wait} from 'node:timers/promises';
import type {Surroundings} from './cli.ts';
import {GateError} from './errors.ts';
import {createRunTool} from './exec.ts';
import {processGroups} from './local-engine.ts';
import {toolEnvironment} from './settings.ts';
import type {Settings} from './settings.ts';
import {locateTools} from './tools.ts';
import type {Log, ToolContext, ToolName} from './types.ts';
import {openWorkspace} from './workspace.ts';

interface Request {
	readonly settings: Settings;
	readonly surroundings: Surroundings;
	readonly log: Log;
}

/** What a run has tools with. */
export interface Tools {
	readonly context: ToolContext;
	readonly paths: Readonly<Record<ToolName, string>>;
}

/** Gives a run its directory, its tools and its deadline, and takes them away however it ends. */
export async function withTools<Result>(
	{settings, surroundings, log}: Request,
	story: (tools: Tools) => Promise<Result>,
): Promise<Result> {
	const paths = await locateTools(settings.tools, surroundings.environment);
	const stop = new AbortController();
	const deadline = setTimeout(() => stop.abort('deadline'), timeLeftMs(settings.deadlineMs)).unref();
	surroundings.signal.addEventListener('abort', () => stop.abort(surroundings.signal.reason), {once: true});
	const workspace = await openWorkspace(tmpdir());
	try {
		const told = story({
			paths,
			context: {
				run: createRunTool(paths, processGroups(settings)),
				environment: toolEnvironment(surroundings.environment, settings.caFile),
				makeDirectory: workspace.makeDirectory,
				signal: stop.signal,
				timeoutMs: settings.deadlineMs,
				log,
			},
		});
		return await Promise.race([told, overdue(stop.signal, settings)]);
	} finally {
		clearTimeout(deadline);
		await workspace.remove();
	}
}

/** Rejects when the work has not ended some time after it was told to: not every system call can be given up. */
async function overdue(signal: AbortSignal, settings: Settings): Promise<never> {
	if (!signal.aborted) await once(signal, 'abort');
	await wait(goodbyeMs(settings.deadlineMs) * 0.9);
	throw new GateError({
		stage: 'scan',
		code: signal.reason === 'deadline' ? 'deadline' : 'canceled',
		what: `the work did not end ${signal.reason === 'deadline' ? `within the deadline of ${settings.deadlineMs / 1000} s` : 'when the gate was stopped'}`,
		hint: 'Look whether the cache directory and the temporary directory are on a disk that answers.',
	});
}

function goodbyeMs(deadlineMs: number): number {
	return Math.min(3000, deadlineMs / 5);
}

/** The tools are stopped a little early, so that they end and the message is out before the deadline itself. */
export function timeLeftMs(deadlineMs: number): number {
	return Math.max(0, deadlineMs - goodbyeMs(deadlineMs) - process.uptime() * 1000);
}
