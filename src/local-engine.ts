import {stat} from 'node:fs/promises';
import {createStartTool} from './exec.ts';
import type {Policy} from './gate/policy.ts';
import type {Settings} from './settings.ts';
import type {EngineEvent, LocalScanEngine, ToolContext, ToolName} from './types.ts';

export interface LocalEngineOptions {
	readonly settings: Settings;
	/** Of the operator: an author's parameters have no say in how registries are reached. */
	readonly policy: Policy;
	/** Its signal ends the engine. */
	readonly context: ToolContext;
	readonly paths: Readonly<Record<ToolName, string>>;
	readonly trivyVersion: string;
	/**
	 * `call` ends with its answer and may ask for as many images as it likes; `service` answers many callers for days, and
	 * is made ready before the first.
	 */
	readonly lives: 'call' | 'service';
	/** For metrics and the log. */
	readonly observe?: (event: EngineEvent) => void;
}

/** The scan engine of this process, loaded by who scans here: clients of a service must start quickly. @throws GateError when its cache directory cannot be used. */
export async function openLocalEngine({
	settings,
	policy,
	context,
	paths,
	trivyVersion,
	lives,
	observe = () => {},
}: LocalEngineOptions): Promise<LocalScanEngine> {
	const {startEngine} = await import('./scan/engine.ts');
	return startEngine({
		context,
		start: createStartTool(paths, processGroups(settings)),
		concurrency: settings.concurrency,
		memoryBytes: process.constrainedMemory(),
		queueLimit: lives === 'service' ? settings.queueLimit : Infinity,
		readyAtOnce: lives === 'service',
		retries: settings.retries,
		scanTimeoutMs: settings.scanTimeoutMs,
		tagMemoryMs: settings.tagMemoryMs,
		trivyVersion,
		cacheDirectory: settings.cacheDirectory,
		cacheBytes: settings.cacheBytes,
		layerCacheBytes: settings.layerCacheBytes,
		layerSpaceBytes: settings.layerSpaceBytes,
		dockerConfigFile: await dockerConfigFile(settings),
		mirrors: policy.registries.mirrors,
		permittedAddresses: policy.registries.permitAddresses,
		database: {
			repositories: settings.databaseRepositories,
			javaRepositories: settings.javaDatabaseRepositories,
			update: settings.databaseUpdate,
		},
		now: Date.now,
		onEvent: observe,
	});
}

/** Where Argo CD calls, every program stays in the gate's own group, which it ends. */
export function processGroups({calledByArgo}: Settings): {readonly ownGroup: boolean} {
	return {ownGroup: !calledByArgo && process.platform !== 'win32'};
}

async function dockerConfigFile({dockerConfigFile: {path, required}}: Settings): Promise<string | undefined> {
	const there = await stat(path).then(
		() => true,
		() => false,
	);
	return there || required ? path : undefined;
}
