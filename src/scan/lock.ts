import {readFile, readdir, rm, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {DatabaseSync} from 'node:sqlite';
import {setTimeout as wait} from 'node:timers/promises';
import * as z from 'zod';
import {readJson} from './json.ts';

/**
 * Locks a directory for this process, by SQLite's lock on a file in it: the system takes it away with the process,
 * however that ends, and no process number can be mistaken for another.
 * @returns what unlocks it, or undefined when another has it or the file system knows no locks.
 * @throws Error when the directory cannot be written.
 */
export function lockDirectory(directory: string): (() => void) | undefined {
	const database = new DatabaseSync(join(directory, 'lock'));
	try {
		database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
		return () => database.close();
	} catch {
		database.close();
		return undefined;
	}
}

const record = z.object({pid: z.number().int().positive(), since: z.string()});
const recordPrefix = 'process-';

/** Writes down that a process works in a directory, for whoever locks the directory next. @returns what takes it back. */
export async function recordProcess(directory: string, pid: number): Promise<() => Promise<void>> {
	const file = join(directory, `${recordPrefix}${pid}`);
	const since = await startOf(pid);
	if (since !== undefined) await writeFile(file, JSON.stringify({pid, since}), {mode: 0o600});
	return () => rm(file, {force: true});
}

/** Ends the processes that were written down and still run, because the one that started them was killed. */
export async function endRecordedProcesses(directory: string): Promise<void> {
	for (const name of await readdir(directory)) {
		if (!name.startsWith(recordPrefix)) continue;
		const file = join(directory, name);
		const parsed = record.safeParse(readJson(await readFile(file, 'utf8')));
		while (parsed.success && (await startOf(parsed.data.pid)) === parsed.data.since) {
			try {
				process.kill(parsed.data.pid, 'SIGKILL');
			} catch {
				// It has just ended.
			}
			await wait(10);
		}
		await rm(file, {force: true});
	}
}

/** When a process started, in the kernel's own measure (proc(5): starttime); undefined elsewhere than on Linux. */
async function startOf(pid: number): Promise<string | undefined> {
	const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
	if (text === undefined) return undefined;
	const [state, ...fields] = text.slice(text.lastIndexOf(')') + 2).split(' ');
	// One that has ended and was not waited for does nothing any more.
	return state === 'Z' ? undefined : fields[18];
}
