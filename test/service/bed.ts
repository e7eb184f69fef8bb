import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {targetOf} from '../../src/scan-targets.ts';
import {parseReference} from '../../src/images/reference.ts';
import {createApi} from '../../src/service/api.ts';
import type {ApiOptions} from '../../src/service/api.ts';
import type {ServiceAddress} from '../../src/service/address.ts';
import {createServiceClient} from '../../src/service/client.ts';
import type {ClientOptions, ServiceClient} from '../../src/service/client.ts';
import {createJournal} from '../../src/service/journal.ts';
import {listen} from '../../src/service/listen.ts';
import {createMetrics} from '../../src/service/metrics.ts';
import type {ImageName, ScanEvent, ScanRequest} from '../../src/types.ts';
import {amd64, createHandMadeEngine} from './hand-made-engine.ts';
import type {HandMadeEngine} from './hand-made-engine.ts';

/** A service on a real socket, in front of an engine made by hand. */
export interface ServiceBed {
	readonly engine: HandMadeEngine;
	readonly address: ServiceAddress;
	/** Lines of the journal, parsed. */
	readonly journal: ReadonlyArray<Readonly<Record<string, unknown>>>;
	readonly client: (options?: Partial<ClientOptions>) => ServiceClient;
	readonly stop: () => Promise<void>;
}

type BedOptions = Partial<Pick<ApiOptions, 'reports' | 'token' | 'timing'>> & {
	readonly waits?: readonly string[];
	readonly tellsLate?: boolean;
	/** A port of loopback instead of a socket. */
	readonly tcp?: boolean;
};

export async function startServiceBed({
	waits = [],
	tellsLate = false,
	tcp = false,
	token,
	reports,
	timing = {},
}: BedOptions = {}): Promise<ServiceBed> {
	const directory = await mkdtemp(join(tmpdir(), 'service-'));
	const engine = createHandMadeEngine({waits, tellsLate});
	const journal: Array<Readonly<Record<string, unknown>>> = [];
	const api = createApi({
		engine,
		metrics: createMetrics({status: engine.status, version: '0.0.0', now: () => Date.parse('2026-11-02T00:00:00Z')}),
		journal: createJournal({
			format: 'json',
			verbose: true,
			output: (line) => journal.push(JSON.parse(line) as Readonly<Record<string, unknown>>),
		}),
		token,
		version: '0.0.0',
		trivyVersion: '0.74.0',
		startedAt: '2026-11-01T12:00:00.000Z',
		targetOf: (image) => {
			const reference = parseReference(image);
			return reference.kind === 'image' ? targetOf(reference.name) : undefined;
		},
		secondsLeft: () => 42,
		reports,
		timing,
	});
	const address = await listen(
		api,
		tcp ? {kind: 'tcp', host: '127.0.0.1', port: 0} : {kind: 'unix', path: join(directory, 'own', 'socket')},
	);
	return {
		engine,
		address,
		journal,
		client: (options = {}) => createServiceClient({address, token, timeLeftMs: () => 120_000, ...options}),
		stop: async () => {
			await api.close();
			await rm(directory, {recursive: true});
		},
	};
}

/** A request for images of one platform, with the events that it was told. */
export function requestFor(
	images: readonly string[],
	options: Partial<ScanRequest> = {},
): ScanRequest & {readonly events: readonly ScanEvent[]} {
	const events: ScanEvent[] = [];
	return {
		application: 'shop',
		targets: images.map((image) => targetOf(image as ImageName)),
		platforms: [amd64],
		maxDatabaseAgeHours: 72,
		signal: new AbortController().signal,
		onEvent: (event) => events.push(event),
		...options,
		events,
	};
}
