import {cp, mkdtemp, readFile, readdir, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {runProgram} from '../../src/exec.ts';
import type {Lab} from './lab.ts';

const root = join(import.meta.dirname, '..', '..');
export const program = join(root, 'src', 'main.ts');

/** A run of the program as Argo CD or a person starts it: what it printed and how it ended. */
export interface GateRun {
	readonly exitCode: number;
	readonly stdout: string;
	readonly stderr: string;
	/** What was left in the run's temporary directory. */
	readonly leftovers: readonly string[];
}

export interface GateOptions {
	readonly directory?: string;
	readonly environment?: Readonly<Record<string, string>>;
	readonly input?: string;
	readonly signal?: AbortSignal;
	/** A watchdog's; default two minutes. */
	readonly timeoutMs?: number;
	/** Where databases and reports are kept; by default a copy of the warm one, thrown away afterwards. */
	readonly cacheDirectory?: string;
	/** A policy file's text in which REGISTRY stands for the lab's registry; by default {@link labPolicy}. */
	readonly policy?: string;
}

/** The lab's registry listens on loopback; `registry.example` is what manifests call it. */
export const labPolicy = `apiVersion: trivy-gate/v1alpha1
kind: Policy
spec:
  maxDatabaseAge: 3650d
  registries:
    permitAddresses: [127.0.0.0/8]
    mirrors:
      registry.example: ["REGISTRY"]
`;

/** Of the lab's database, so that outputs are the same on every day. */
export const databaseDate = new Date('2026-06-01T00:00:00Z');

/** Runs the program against a lab, with a database that is already there. */
export interface GateRunner {
	readonly run: (args: readonly string[], options?: GateOptions) => Promise<GateRun>;
	readonly environment: (options?: GateOptions) => Promise<Record<string, string>>;
	/** A cache directory that holds the database and no report. */
	readonly warmCache: () => Promise<string>;
	readonly stop: () => Promise<void>;
}

export async function createGateRunner(lab: Lab): Promise<GateRunner> {
	const home = await mkdtemp(join(tmpdir(), 'gate-runner-'));
	await lab.pushDatabase({updatedAt: databaseDate, nextUpdate: new Date('2099-01-01T00:00:00Z')});
	const warm = join(home, 'warm');
	const warmCache = async () => {
		const directory = await mkdtemp(join(home, 'cache-'));
		await cp(warm, directory, {recursive: true, verbatimSymlinks: true});
		return directory;
	};
	const environment = async ({environment: extra = {}, cacheDirectory, policy = labPolicy}: GateOptions = {}) => {
		const directory = await mkdtemp(join(home, 'run-'));
		const policyFile = join(directory, 'policy.yaml');
		await writeFile(policyFile, policy.replaceAll('REGISTRY', lab.registry));
		return {
			PATH: process.env['PATH'] ?? '',
			HOME: directory,
			TMPDIR: await mkdtemp(join(home, 'tmp-')),
			TRIVY_GATE_POLICY: policyFile,
			TRIVY_GATE_CACHE_DIR: cacheDirectory ?? (await warmCache()),
			TRIVY_GATE_DATABASE_REPOSITORY: lab.databaseRepository,
			TRIVY_GATE_HELM: lab.tools.helm,
			TRIVY_GATE_KUSTOMIZE: lab.tools.kustomize,
			TRIVY_GATE_TRIVY: lab.tools.trivy,
			...extra,
		};
	};
	const run = async (args: readonly string[], options: GateOptions = {}): Promise<GateRun> => {
		const variables = await environment(options);
		const result = await runProgram(process.execPath, [program, ...args], {
			environment: variables,
			directory: options.directory ?? root,
			timeoutMs: options.timeoutMs ?? 120_000,
			...(options.input === undefined ? {} : {input: options.input}),
			...(options.signal === undefined ? {} : {signal: options.signal}),
		});
		if (result.kind !== 'exited') throw new Error(`the gate did not end by itself: ${JSON.stringify(result)}`);
		const leftovers = await readdir(variables['TMPDIR'] ?? '');
		return {
			exitCode: result.exitCode,
			stdout: Buffer.from(result.stdout).toString('utf8'),
			stderr: result.stderr,
			leftovers,
		};
	};
	// Any scan downloads the database; this one has nothing to render.
	const first = await run(['scan', '-'], {
		cacheDirectory: warm,
		input: JSON.stringify({
			apiVersion: 'v1',
			kind: 'Pod',
			metadata: {name: 'warm'},
			spec: {containers: [{name: 'a', image: lab.image('alpine')}]},
		}),
	});
	if (first.exitCode !== 0) throw new Error(`the lab's database cannot be used: ${first.stderr}`);
	await rm(join(warm, 'reports'), {recursive: true, force: true});
	return {run, environment, warmCache, stop: () => rm(home, {recursive: true, force: true})};
}

/** Every file of a directory with its content, to tell whether anything was written. */
export async function contentOf(directory: string): Promise<Readonly<Record<string, string>>> {
	const entries = await readdir(directory, {recursive: true, withFileTypes: true});
	const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
	return Object.fromEntries(
		await Promise.all(files.toSorted().map(async (path) => [path, await readFile(path, 'latin1')] as const)),
	);
}
