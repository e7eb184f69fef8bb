import {chmod, copyFile, mkdir, symlink} from 'node:fs/promises';
import {delimiter, dirname, join} from 'node:path';
import {run} from '../../plugin/build-tools.mjs';

const root = join(import.meta.dirname, '..', '..');

/** Makes the bundle that the image holds. @returns a PATH on which it is `trivy-gate`, with the Node that it needs. */
export async function installGate(directory: string): Promise<string> {
	const bundle = join(directory, 'bundle');
	const programs = join(directory, 'bin');
	await run(process.execPath, ['plugin/bundle.mjs', bundle], {cwd: root});
	await chmod(join(bundle, 'trivy-gate.js'), 0o755);
	await copyFile(join(root, 'package.json'), join(bundle, 'package.json'));
	await mkdir(programs);
	await symlink(join(bundle, 'trivy-gate.js'), join(programs, 'trivy-gate'));
	return [programs, dirname(process.execPath), process.env['PATH'] ?? ''].join(delimiter);
}
