import {spawnSync} from 'node:child_process';
import {mkdir, mkdtemp, readdir, stat, utimes, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import {openWorkspace} from '../src/workspace.ts';

const parent = () => mkdtemp(join(tmpdir(), 'workspace-'));

test('directories are private, and gone when the run ends', async (t) => {
	const base = await parent();
	const workspace = await openWorkspace(base);
	const directory = await workspace.makeDirectory('scan');
	t.is((await stat(directory)).mode & 0o777, 0o700);
	await writeFile(join(directory, 'layer'), 'x');
	await workspace.remove();
	t.deepEqual(await readdir(base), []);
});

test('what a killed run left is swept, what a running one uses stays', async (t) => {
	const base = await parent();
	const gone = spawnSync(process.execPath, ['-e', '']).pid;
	for (const [name, pid] of [
		['trivy-gate-run-killed', gone],
		['trivy-gate-run-running', process.pid],
		['somebody-else', gone],
	] as const) {
		await mkdir(join(base, name));
		await writeFile(join(base, name, 'pid'), String(pid));
	}
	for (const name of ['trivy-gate-run-old', 'trivy-gate-run-of-somebody-else']) await mkdir(join(base, name));
	await writeFile(join(base, 'trivy-gate-run-old', 'pid'), String(process.pid));
	for (const name of ['trivy-gate-run-old', 'trivy-gate-run-of-somebody-else']) await utimes(join(base, name), 0, 0);
	const workspace = await openWorkspace(base);
	const left = await readdir(base);
	t.true(left.includes('trivy-gate-run-running'));
	t.true(left.includes('somebody-else'));
	t.false(left.includes('trivy-gate-run-killed'));
	t.false(left.includes('trivy-gate-run-old'));
	t.true(left.includes('trivy-gate-run-of-somebody-else'));
	await workspace.remove();
});
