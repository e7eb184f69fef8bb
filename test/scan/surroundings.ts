import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout as wait} from 'node:timers/promises';
import {createRunTool, createStartTool} from '../../src/exec.ts';
import type {StartTool, ToolContext} from '../../src/types.ts';
import type {Lab} from '../lab/lab.ts';

/** What a stage gets from run.ts, in a directory of its own, and what it said. */
export interface Surroundings {
	readonly home: string;
	readonly context: ToolContext;
	readonly start: StartTool;
	readonly said: readonly string[];
	readonly remove: () => Promise<void>;
}

export async function makeSurroundings(lab: Lab): Promise<Surroundings> {
	const home = await mkdtemp(join(tmpdir(), 'surroundings-'));
	const said: string[] = [];
	const say = (_stage: string, message: string) => said.push(message);
	return {
		home,
		said,
		start: createStartTool(lab.tools, {ownGroup: true}),
		context: {
			run: createRunTool(lab.tools, {ownGroup: true}),
			environment: {},
			makeDirectory: (label) => mkdtemp(join(home, `${label}-`)),
			signal: new AbortController().signal,
			timeoutMs: 60_000,
			log: {info: say, warn: say, detail: say},
		},
		remove: () => rm(home, {recursive: true, force: true, maxRetries: 3}),
	};
}

/** Waits for something to become so. The time is a watchdog's, not a measurement. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
	const deadline = performance.now() + 60_000;
	while (!(await isSo())) {
		if (performance.now() > deadline) throw new Error(`not in time: ${what}`);
		await wait(20);
	}
}
