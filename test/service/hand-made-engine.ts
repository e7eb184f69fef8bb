import type {GateError} from '../../src/errors.ts';
import type {
	EngineStatus,
	Finding,
	ImageName,
	LocalScanEngine,
	Platform,
	ScanRequest,
	ScanVerdict,
} from '../../src/types.ts';

export const amd64 = 'linux/amd64' as Platform;
export const digest = `sha256:${'a'.repeat(64)}`;

/** An engine that "scans" when the test lets it, and otherwise keeps to the port's promises. */
export interface HandMadeEngine extends LocalScanEngine {
	/** Every request that it got, in order. */
	readonly requests: readonly ScanRequest[];
	/** The images that were scanned, whether or not anybody still waited. */
	readonly scanned: readonly string[];
	/** Lets the scans of an image end: those that wait and those to come. */
	readonly release: (image: string) => void;
	/** What `scan` rejects with from now on. */
	failWith: GateError | undefined;
	findings: readonly Finding[];
	state: EngineStatus;
}

interface EngineOptions {
	/** Images whose scans end when the test says so. */
	readonly waits?: readonly string[];
	/** Tells events of a request that was answered already. */
	readonly tellsLate?: boolean;
}

export function createHandMadeEngine({waits = [], tellsLate = false}: EngineOptions = {}): HandMadeEngine {
	const gates = new Map(waits.map((image) => [image, Promise.withResolvers<void>()]));
	const requests: ScanRequest[] = [];
	const scanned: string[] = [];
	const engine: HandMadeEngine = {
		requests,
		scanned,
		failWith: undefined,
		findings: [],
		state: {
			problem: undefined,
			database: {version: 2, updatedAt: '2026-11-01T00:00:00Z'},
			javaDatabase: undefined,
			refreshProblem: undefined,
			trivyServer: 'running',
			concurrency: 2,
			running: 0,
			waiting: 0,
			queueLimit: 100,
			storeBytes: 1024,
			layerCacheBytes: 2048,
		},
		tags: async () => [],
		release: (image) => gates.get(image)?.resolve(),
		async scan(request) {
			requests.push(request);
			if (engine.failWith !== undefined) throw engine.failWith;
			const {targets, platforms, signal, onEvent} = request;
			const scans = targets.flatMap(({image, platforms: own = platforms}) =>
				own.map((platform) => ({image, platform})),
			);
			onEvent({kind: 'planned', images: scans.length});
			const stopped = new Promise<undefined>((fulfil) => {
				if (signal.aborted) fulfil(undefined);
				else signal.addEventListener('abort', () => fulfil(undefined), {once: true});
			});
			return Promise.all(
				scans.map(async ({image, platform}) => {
					onEvent({kind: 'started', image, platform});
					const done = (gates.get(image)?.promise ?? Promise.resolve()).then(() => {
						scanned.push(image);
						const verdict = scannedVerdict(image, platform, engine.findings);
						if (signal.aborted && tellsLate) onEvent({kind: 'finished', verdict, milliseconds: 9});
						return verdict;
					});
					const verdict = await Promise.race([done, stopped]);
					if (verdict === undefined) return unscannedVerdict(image, platform, signal);
					onEvent({kind: 'finished', verdict, milliseconds: 7});
					return verdict;
				}),
			);
		},
		storedReport: async (asked, platform) =>
			asked === digest && platform === amd64 ? '{"SchemaVersion":2}' : undefined,
		status: () => engine.state,
		close: async () => {},
	};
	return engine;
}

function scannedVerdict(image: ImageName, platform: Platform, findings: readonly Finding[]): ScanVerdict {
	return {
		image,
		platform,
		kind: 'scanned',
		digest,
		findings,
		caveats: [{kind: 'end-of-life', os: 'debian 9'}],
		os: 'debian 9',
		packages: 3,
		database: {version: 2, updatedAt: '2026-11-01T00:00:00Z'},
		cached: false,
	};
}

function unscannedVerdict(image: ImageName, platform: Platform, {reason}: AbortSignal): ScanVerdict {
	const late = reason === 'deadline';
	return {
		image,
		platform,
		kind: 'unscanned',
		reason: late ? 'deadline' : 'canceled',
		transient: true,
		detail: late ? 'the deadline came first' : 'the gate was stopped',
	};
}
