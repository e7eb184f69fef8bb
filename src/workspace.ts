import {mkdtemp, readFile, readdir, rm, stat, utimes, writeFile} from 'node:fs/promises';
import {join} from 'node:path';

const prefix = 'trivy-gate-run-';
/** No run takes this long without touching it, so what is older is a leftover even when its process number is in use again. */
const abandonedAfterMs = 24 * 60 * 60 * 1000;

/** A private directory (0700) for one run. */
export interface Workspace {
	readonly makeDirectory: (label: string) => Promise<string>;
	/** Tells that it is in use, for a run that takes days. */
	readonly touch: () => Promise<void>;
	/** Removes everything; call it however the run ends. */
	readonly remove: () => Promise<void>;
}

/** Makes a run's own directory below `parent` and sweeps what killed runs left there. */
export async function openWorkspace(parent: string): Promise<Workspace> {
	await sweep(parent);
	const directory = await mkdtemp(join(parent, prefix));
	await writeFile(join(directory, 'pid'), String(process.pid));
	return {
		makeDirectory: (label) => mkdtemp(join(directory, `${label}-`)),
		touch: async () => {
			const now = new Date();
			await utimes(directory, now, now).catch(() => {});
		},
		remove: () => rm(directory, {recursive: true, force: true, maxRetries: 3}),
	};
}

async function sweep(parent: string): Promise<void> {
	const names = await readdir(parent);
	await Promise.all(
		names
			.filter((name) => name.startsWith(prefix))
			.map(async (name) => {
				const directory = join(parent, name);
				// Somebody else's directory cannot be read, and is none of our business.
				if (await isAbandoned(directory).catch(() => false))
					await rm(directory, {recursive: true, force: true}).catch(() => {});
			}),
	);
}

async function isAbandoned(directory: string): Promise<boolean> {
	// Only what a run has marked as its own is ever removed.
	const pid = Number(await readFile(join(directory, 'pid'), 'utf8'));
	const info = await stat(directory);
	return Date.now() - info.mtimeMs > abandonedAfterMs || (pid > 0 && !isRunning(pid));
}

function isRunning(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return true;
	} catch (error) {
		return error instanceof Error && 'code' in error && error.code === 'EPERM';
	}
}
