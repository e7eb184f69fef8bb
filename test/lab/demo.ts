// `npm run demo`: real images, a real database and the real program, on this machine alone.
import {createHash} from 'node:crypto';
import {mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {runProgram} from '../../src/exec.ts';
import {startLab} from './lab.ts';
import type {Lab} from './lab.ts';

const started = Date.now();
const root = join(import.meta.dirname, '..', '..');
const directory = await mkdtemp(join(tmpdir(), 'trivy-gate-demo-'));
const lab = await startLab({say: (line) => console.error(`demo: ${line}`)});
try {
	console.log(
		'The registry, the database, the policy and the tools are set by TRIVY_GATE_* variables for what follows.',
	);
	await publishImages(lab);
	await showAllowed(lab);
	await showRefused(lab);
} finally {
	await lab.stop();
	await rm(directory, {recursive: true, force: true});
}
console.error(`demo: everything that was started is stopped; ${((Date.now() - started) / 1000).toFixed(1)} s`);

/** The names that the demo's manifests use. */
async function publishImages(running: Lab): Promise<void> {
	await running.publish('api-vulnerable', 'shop/api:1.4');
	await running.publish('api-fixed', 'shop/api:1.5');
	await running.publish('debian', 'shop/migrate:1.0');
	await running.publish('alpine', 'shop/proxy:1.0');
}

async function showAllowed(running: Lab): Promise<void> {
	title('A Kustomize overlay whose images are fine: allowed');
	await show(running, ['scan', 'test/demo/overlay'], 0);
	const generated = await gate(running, ['generate', 'test/demo/overlay'], 0);
	const native = await tool(running.tools.kustomize, ['build', 'test/demo/overlay']);
	if (Buffer.compare(generated, native) !== 0) throw new Error('trivy-gate generate differs from kustomize build');
	console.log('\n$ trivy-gate generate test/demo/overlay | sha256sum     (what Argo CD gets)');
	console.log(sha256(generated));
	console.log('$ kustomize build test/demo/overlay | sha256sum         (the same, byte for byte)');
	console.log(sha256(native));
}

async function showRefused(running: Lab): Promise<void> {
	title('A Helm chart with a vulnerable image: refused');
	await show(running, ['scan', 'test/demo/chart'], 1);
	const args = ['generate', 'test/demo/chart', '--release-name', 'shop', '--namespace', 'shop'];
	const generated = (await gate(running, args, 0)).toString('utf8');
	const [, job = '', ...unchanged] = generated.split(/^---\n/m);
	console.log(`\n$ trivy-gate ${args.join(' ')}`);
	console.log(job.trimEnd());
	console.log(`(the chart’s own ${unchanged.filter((text) => text !== '').length} objects follow, unchanged)`);
}

function title(text: string): void {
	console.log(`\n── ${text} ${'─'.repeat(Math.max(0, 96 - text.length))}`);
}

async function show(running: Lab, args: readonly string[], exitCode: number): Promise<void> {
	console.log(`\n$ trivy-gate ${args.join(' ')}`);
	console.log((await gate(running, args, exitCode)).toString('utf8').trimEnd());
	console.log(`(exit code ${exitCode})`);
}

/** Runs the program as a user would, with the lab's registry, database and tools, and a cache of its own. */
async function gate(
	{registry, databaseRepository, tools}: Lab,
	args: readonly string[],
	exitCode: number,
): Promise<Buffer> {
	const policy = await readFile(join(root, 'test/demo/policy.yaml'), 'utf8');
	const policyFile = join(directory, 'policy.yaml');
	await writeFile(policyFile, policy.replace('REGISTRY', registry));
	return tool(join(root, 'src/trivy-gate.mjs'), args, exitCode, {
		TRIVY_GATE_POLICY: policyFile,
		TRIVY_GATE_CACHE_DIR: join(directory, 'cache'),
		TRIVY_GATE_DATABASE_REPOSITORY: databaseRepository,
		TRIVY_GATE_HELM: tools.helm,
		TRIVY_GATE_KUSTOMIZE: tools.kustomize,
		TRIVY_GATE_TRIVY: tools.trivy,
	});
}

async function tool(
	file: string,
	args: readonly string[],
	exitCode = 0,
	environment: Readonly<Record<string, string>> = {},
): Promise<Buffer> {
	const result = await runProgram(file, args, {
		environment: {PATH: process.env['PATH'] ?? '', HOME: directory, ...environment},
		directory: root,
		timeoutMs: 120_000,
	});
	if (result.kind !== 'exited' || result.exitCode !== exitCode) {
		throw new Error(
			`${file} ${args.join(' ')} did not end with ${exitCode}: ${JSON.stringify(result.kind === 'exited' ? result.exitCode : result)}\n${result.kind === 'missing' ? '' : result.stderr}`,
		);
	}
	return Buffer.from(result.stdout);
}

function sha256(bytes: Uint8Array): string {
	return createHash('sha256').update(bytes).digest('hex');
}
