// The bundle as the image has it: one directory and package.json, without node_modules.
import {spawnSync} from 'node:child_process';
import {copyFile, cp, mkdtemp} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import {build} from 'esbuild';

const root = join(import.meta.dirname, '..', '..');
/** Wide: it ends a test that hangs. */
const timeout = 120_000;

test('the bundle works from anywhere', async (t) => {
	const home = await mkdtemp(join(tmpdir(), 'bundle-'));
	const directory = join(home, 'trivy-gate');
	const built = spawnSync(process.execPath, ['plugin/bundle.mjs', directory], {cwd: root, encoding: 'utf8', timeout});
	t.is(built.status, 0, built.stderr);
	await copyFile(join(root, 'package.json'), join(directory, 'package.json'));
	const run = (args: readonly string[], input = '') =>
		spawnSync(process.execPath, [join(directory, 'trivy-gate.js'), ...args], {
			cwd: home,
			env: {PATH: process.env['PATH'] ?? '', HOME: home, TMPDIR: home},
			encoding: 'utf8',
			input,
			timeout,
		});
	const schema = run(['serve', '--print-schema']);
	t.is(schema.status, 0, schema.stderr);
	t.true(schema.stdout.startsWith('{'));
	const status = run(['status']);
	t.is(status.status, 2);
	t.regex(status.stderr, /the scan service does not listen \(ENOENT\)/);
	const doctor = run(['doctor', '--kubeconfig', 'nowhere']);
	t.is(doctor.status, 2);
	t.regex(doctor.stderr, /the kubeconfig cannot be used: it cannot be read/);
	const rendered = run(['render', '-'], 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n');
	t.is(rendered.status, 0, rendered.stderr);
});

test('the bundle brings itself compiled, wherever it is copied to', async (t) => {
	const home = await mkdtemp(join(tmpdir(), 'bundle-'));
	const built = spawnSync(process.execPath, ['plugin/bundle.mjs', join(home, 'built')], {cwd: root, timeout});
	t.is(built.status, 0);
	await cp(join(home, 'built'), join(home, 'copied'), {recursive: true});
	const told = spawnSync(process.execPath, [join(home, 'copied/trivy-gate.js'), 'render', '-'], {
		env: {NODE_DEBUG_NATIVE: 'COMPILE_CACHE'},
		encoding: 'utf8',
		input: 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n',
		timeout,
	});
	t.regex(told.stderr, /code cache for ESM \S*\/copied\/main-\w+\.js was accepted/);
	t.notRegex(told.stderr, /was rejected/);
});

test('generate does not load what only other commands need', async (t) => {
	const {metafile} = await build({
		absWorkingDir: root,
		entryPoints: ['src/main.ts'],
		bundle: true,
		splitting: true,
		outdir: 'nowhere',
		write: false,
		platform: 'node',
		format: 'esm',
		metafile: true,
	});
	const loaded = new Set(['src/main.ts']);
	for (const file of loaded) {
		for (const {path, kind} of metafile.inputs[file]?.imports ?? []) if (kind !== 'dynamic-import') loaded.add(path);
	}
	t.deepEqual(packagesOf(Object.keys(metafile.inputs)), [...packages]);
	t.deepEqual(packagesOf(loaded), ['yargs']);
	// `import {z} from 'zod'` would bring all of it.
	const outputs = Object.values(metafile.outputs).flatMap(({inputs}) => Object.entries(inputs));
	const locales = outputs.filter(([file, {bytesInOutput}]) => file.includes('/zod/v4/locales/') && bytesInOutput > 0);
	t.deepEqual(
		locales.map(([file]) => file),
		['node_modules/zod/v4/locales/en.js'],
	);
	t.false(loaded.has('src/service/client.ts'));
	t.false(loaded.has('src/scan/engine.ts'));
	const builtins = [...loaded].flatMap((file) => metafile.inputs[file]?.imports ?? []).map(({path}) => path);
	// Importing it loads Node's whole fetch besides.
	t.false(builtins.includes('node:http'));
});

const packages = ['@kubernetes/client-node', 'fastify', 'pino', 'prom-client', 'yargs'] as const;

function packagesOf(files: Iterable<string>): readonly string[] {
	return packages.filter((name) => [...files].some((file) => file.startsWith(`node_modules/${name}/`)));
}
