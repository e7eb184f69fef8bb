import {once} from 'node:events';
import {spawn} from 'node:child_process';
import {cp, mkdtemp} from 'node:fs/promises';
import {createServer, type AddressInfo} from 'node:net';
import {join} from 'node:path';
import {setTimeout as wait} from 'node:timers/promises';
import pLimit from 'p-limit';
import type {GateRunner} from '../lab/gate.ts';
import type {Lab} from '../lab/lab.ts';
import {runToEnd} from './measure.ts';

/** What the ways to scan a set share. */
export interface WaysOptions {
	readonly home: string;
	readonly lab: Lab;
	readonly gate: GateRunner;
	/** The bundle's first file. */
	readonly program: string;
	/** Trivy for the gate. */
	readonly trivy: string;
	readonly images: readonly string[];
}

/** A way to scan all images of the set once. What it needs besides is prepared before it is measured. */
export interface Way {
	readonly name: string;
	readonly group: 'serial' | 'at once 2' | 'at once 4';
	/** For the gate alone: its warm store comes after its cold one. */
	readonly kind: 'trivy' | 'gate, cold' | 'gate, warm';
	readonly prepare: () => Promise<() => Promise<void>>;
}

const trivyFlags = ['--scanners', 'vuln', '--image-src', 'remote', '--format', 'json', '--quiet'] as const;
const noQuestions = ['--skip-version-check', '--disable-telemetry', '--no-progress'] as const;

/** All ways, in the order in which they are measured. Every cache holds the database and nothing else when it begins. */
export async function waysToScan(options: WaysOptions): Promise<readonly Way[]> {
	const {home, lab} = options;
	const databaseCache = join(home, 'database');
	const download = ['image', '--download-db-only', '--cache-dir', databaseCache, '--quiet', ...noQuestions];
	await runToEnd(lab.tools.trivy, [...download, '--db-repository', lab.databaseRepository], {
		environment: {HOME: home},
		directory: home,
	});
	const freshCache = async (): Promise<string> => {
		const directory = await mkdtemp(join(home, 'cache-'));
		await cp(databaseCache, directory, {recursive: true});
		return directory;
	};
	return [
		{
			name: 'trivy, one after the other',
			group: 'serial',
			kind: 'trivy',
			prepare: async () => {
				const cache = await freshCache();
				return () => scanEach(options, 1, ['--cache-dir', cache, '--skip-db-update']);
			},
		},
		...[2, 4].flatMap((atOnce) => waysAtOnce(options, freshCache, atOnce)),
	];
}

function waysAtOnce(options: WaysOptions, freshCache: () => Promise<string>, atOnce: number): readonly Way[] {
	const group = atOnce === 2 ? 'at once 2' : 'at once 4';
	let gateCache: string | undefined;
	const gateFlags = ['--concurrency', String(atOnce)];
	return [
		{
			name: 'trivy, memory backend',
			group,
			kind: 'trivy',
			prepare: async () => {
				const cache = await freshCache();
				return () => scanEach(options, atOnce, ['--cache-dir', cache, '--cache-backend', 'memory', '--skip-db-update']);
			},
		},
		{
			name: 'trivy, clients of one server',
			group,
			kind: 'trivy',
			prepare: async () => {
				const cache = await freshCache();
				return () => withServer(options, cache, (server) => scanEach(options, atOnce, ['--server', server]));
			},
		},
		{
			name: 'the gate, cold',
			group,
			kind: 'gate, cold',
			prepare: async () => {
				gateCache = await options.gate.warmCache();
				return gateScan(options, gateCache, gateFlags);
			},
		},
		{
			name: 'the gate, warm',
			group,
			kind: 'gate, warm',
			prepare: async () => gateScan(options, gateCache ?? (await options.gate.warmCache()), gateFlags),
		},
	];
}

/** A Trivy for each image, some at once. */
async function scanEach({home, lab, images}: WaysOptions, atOnce: number, flags: readonly string[]): Promise<void> {
	const limit = pLimit(atOnce);
	const scan = async (image: string, index: number) => {
		const output = ['--output', join(home, `report-${index}.json`)];
		await runToEnd(lab.tools.trivy, ['image', ...flags, ...trivyFlags, ...noQuestions, ...output, '--', image], {
			environment: {HOME: home},
			directory: home,
		});
	};
	await Promise.all(images.map((image, index) => limit(() => scan(image, index))));
}

/** Starts a Trivy server, and ends it after the work. */
async function withServer(
	{home, lab}: WaysOptions,
	cache: string,
	work: (server: string) => Promise<void>,
): Promise<void> {
	const address = `127.0.0.1:${await freePort()}`;
	const server = spawn(lab.tools.trivy, ['server', '--listen', address, '--cache-dir', cache, '--skip-db-update'], {
		env: {HOME: home},
		cwd: home,
		stdio: 'ignore',
	});
	const ended = once(server, 'exit');
	try {
		while (
			!(await fetch(`http://${address}/healthz`).then(
				({ok}) => ok,
				() => false,
			))
		) {
			if (server.exitCode !== null) throw new Error('trivy’s server did not start');
			await wait(20);
		}
		await work(`http://${address}`);
	} finally {
		server.kill();
		await ended;
	}
}

async function freePort(): Promise<number> {
	const server = createServer().listen(0, '127.0.0.1');
	await once(server, 'listening');
	const {port} = server.address() as AddressInfo;
	server.close();
	await once(server, 'close');
	return port;
}

async function gateScan(
	{gate, program, trivy, images}: WaysOptions,
	cacheDirectory: string,
	flags: readonly string[],
): Promise<() => Promise<void>> {
	const environment = await gate.environment({cacheDirectory, environment: {TRIVY_GATE_TRIVY: trivy}});
	const input = images.map(podOf).join('');
	return async () => {
		await runToEnd(process.execPath, [program, 'scan', ...flags, '-'], {environment, input});
	};
}

/** A manifest that runs the image. */
export function podOf(image: string, index: number): string {
	return `---\napiVersion: v1\nkind: Pod\nmetadata: {name: p${index}}\nspec:\n  containers: [{name: a, image: '${image}'}]\n`;
}
