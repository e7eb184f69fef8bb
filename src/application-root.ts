import {access} from 'node:fs/promises';
import {dirname, join, resolve, sep} from 'node:path';

/**
 * The root of the repository that holds an application's directory: the border that no author-given path may cross.
 * Argo CD unpacks a repository into `<base>/_cmp_server/<uuid>` (cmpserver/plugin/plugin.go); on a laptop it is the
 * nearest directory with a `.git`, else the application's directory itself.
 */
export async function applicationRoot(directory: string, setting: string | undefined): Promise<string> {
	if (setting !== undefined) return resolve(setting);
	// The first match counts: what stands right of it is the author's to name.
	const unpacked = /^(?<root>.*?[\\/]_cmp_server[\\/][0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?=[\\/]|$)/.exec(
		directory,
	)?.groups?.['root'];
	if (unpacked !== undefined) return unpacked;
	for (let parent = directory; ; parent = dirname(parent)) {
		if (await exists(join(parent, '.git'))) return parent;
		if (parent === dirname(parent) || parent.endsWith(sep)) return directory;
	}
}

function exists(path: string): Promise<boolean> {
	return access(path).then(
		() => true,
		() => false,
	);
}
