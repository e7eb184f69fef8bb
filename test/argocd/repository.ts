import {cp, mkdir, readdir, rm} from 'node:fs/promises';
import {join} from 'node:path';
import {run} from '../../plugin/build-tools.mjs';

/** Directories of content/, or of the scenario's own; later ones on top. */
export type Contents = string | readonly string[];

/** A git repository that Argo CD reads by its path. */
export interface Repository {
	/** `file://…` */
	readonly url: string;
	/** Makes the content of these directories, later ones on top, the next commit. @returns its hash. */
	readonly commit: (...directories: readonly string[]) => Promise<string>;
}

export async function createRepository(directory: string): Promise<Repository> {
	await mkdir(directory, {recursive: true});
	const git = async (...args: readonly string[]) =>
		(await run('git', ['-c', 'user.name=lab', '-c', 'user.email=lab@example.invalid', ...args], {cwd: directory}))
			.stdout;
	await git('init', '--quiet', '--initial-branch=main');
	return {
		url: `file://${directory}`,
		async commit(...directories) {
			for (const name of await readdir(directory)) {
				if (name !== '.git') await rm(join(directory, name), {recursive: true});
			}
			for (const from of directories) await cp(from, directory, {recursive: true, verbatimSymlinks: true});
			await git('add', '--all');
			await git('commit', '--quiet', '--allow-empty', '--message', 'Next');
			return (await git('rev-parse', 'HEAD')).trim();
		},
	};
}
