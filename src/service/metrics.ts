import {Counter, Gauge, Histogram, Registry, collectDefaultMetrics} from 'prom-client';
import type {Decision, EngineEvent, EngineStatus} from '../types.ts';
import type {RequestOutcome} from './journal.ts';

/** Prometheus metrics of one service. */
export interface Metrics {
	/** For the engine's observer. */
	readonly observe: (event: EngineEvent) => void;
	readonly requestEnded: (outcome: RequestOutcome, seconds: number) => void;
	readonly decided: (told: Told) => void;
	/** Text in Prometheus' format, of this moment. */
	readonly text: () => Promise<string>;
	readonly contentType: string;
}

/** What a run tells of its decision. */
interface Told {
	readonly application: string;
	readonly decision: Decision;
	readonly excepted: number;
	readonly breakGlass: 'none' | 'idle' | 'needed';
	readonly ahead: number;
}

export interface MetricsOptions {
	readonly status: () => EngineStatus;
	readonly version: string;
	/** Milliseconds since 1970. */
	readonly now: () => number;
}

/** Applications beyond these are counted together: each is a time series for each decision. */
const mostApplications = 2000;
const others = '(others)';
/** Seconds: a stored report to an image of gigabytes. */
const buckets = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 45, 90, 180, 300, 600];

export function createMetrics({status, version, now}: MetricsOptions): Metrics {
	const registry = new Registry();
	const registers = [registry];
	collectDefaultMetrics({register: registry});
	const counter = <Label extends string>(name: string, help: string, labelNames: readonly Label[]) =>
		new Counter({name: `trivy_gate_${name}`, help, labelNames, registers});
	const histogram = <Label extends string>(name: string, help: string, labelNames: readonly Label[] = []) =>
		new Histogram({name: `trivy_gate_${name}`, help, labelNames, buckets, registers});
	const gauge = (name: string, help: string, value: (status: EngineStatus) => number) =>
		new Gauge({
			name: `trivy_gate_${name}`,
			help,
			registers,
			collect() {
				this.set(value(status()));
			},
		});
	const scans = counter('scans_total', 'Scans that ended, by outcome', ['outcome']);
	const waited = histogram('scan_wait_seconds', 'How long a scan waited for its turn');
	const took = histogram('scan_seconds', 'How long a scan took');
	const storeReads = counter('store_reads_total', 'Questions to the store of reports', ['result']);
	const layers = counter('layers_total', 'Layers of images: fetched, or known already', ['outcome']);
	const layerBytes = counter('layer_bytes_total', 'Bytes of layers: fetched, or saved because they were known', [
		'outcome',
	]);
	const refreshes = counter('database_refreshes_total', 'Downloads of a database', ['database', 'outcome']);
	const restarts = counter('trivy_server_restarts_total', 'How often the trivy server was started again', []);
	const requests = histogram('request_seconds', 'How long callers waited for their answer', ['outcome']);
	const decisions = counter('decisions_total', 'What generate decided, by application', ['application', 'decision']);
	const excepted = counter('excepted_findings_total', 'Findings that exceptions let pass, by application', [
		'application',
	]);
	const breakGlassUses = counter('break_glass_total', 'Decisions of revisions for which break-glass held', [
		'application',
		'needed',
	]);
	const aheads = new Gauge({
		name: 'trivy_gate_denials_ahead',
		help: 'What passed at the last decision and will be refused soon, by application',
		labelNames: ['application'],
		registers,
	});
	new Gauge({name: 'trivy_gate_info', help: 'The version that runs', labelNames: ['version'], registers}).set(
		{version},
		1,
	);
	gauge('ready', '1 when images can be scanned', ({problem}) => (problem === undefined ? 1 : 0));
	gauge('queue_length', 'Scans that wait for their turn', ({waiting}) => waiting);
	gauge('queue_limit', 'Scans that may wait', ({queueLimit}) => queueLimit);
	gauge('scans_running', 'Scans that run now', ({running}) => running);
	gauge('concurrency', 'Scans that may run at once', ({concurrency}) => concurrency);
	gauge('store_bytes', 'Size of the store of reports', ({storeBytes}) => storeBytes);
	gauge('layer_cache_bytes', 'Size of the layer cache', ({layerCacheBytes}) => layerCacheBytes);
	registry.registerMetric(
		new Gauge({
			name: 'trivy_gate_database_age_seconds',
			help: 'Since a database was built by its makers; absent while there is none',
			labelNames: ['database'],
			registers: [],
			collect() {
				const {database, javaDatabase} = status();
				this.reset();
				for (const [name, info] of Object.entries({vulnerability: database, java: javaDatabase})) {
					if (info !== undefined) this.set({database: name}, (now() - Date.parse(info.updatedAt)) / 1000);
				}
			},
		}),
	);
	const applications = new Set<string>();
	return {
		observe: (event) => {
			switch (event.kind) {
				case 'scan-finished':
					scans.inc({outcome: event.outcome});
					waited.observe(event.waitedMs / 1000);
					took.observe(event.scanMs / 1000);
					return;
				case 'store-read':
					storeReads.inc({result: event.hit ? 'hit' : 'miss'});
					return;
				case 'layer':
					layers.inc({outcome: event.outcome});
					layerBytes.inc({outcome: event.outcome}, event.bytes);
					return;
				case 'database-refreshed':
					refreshes.inc({database: event.database, outcome: 'done'});
					return;
				case 'database-refresh-failed':
					refreshes.inc({database: event.database, outcome: 'failed'});
					return;
				case 'trivy-server':
					if (event.state === 'restarting') restarts.inc();
					return;
			}
		},
		requestEnded: (outcome, seconds) => requests.observe({outcome}, seconds),
		decided: ({application: name, decision, excepted: findings, breakGlass, ahead}) => {
			if (applications.size < mostApplications) applications.add(name);
			const known = applications.has(name);
			const application = known ? name : others;
			decisions.inc({application, decision});
			if (findings > 0) excepted.inc({application}, findings);
			if (breakGlass !== 'none') breakGlassUses.inc({application, needed: String(breakGlass === 'needed')});
			// Of many together the last one says nothing.
			if (known) aheads.set({application}, ahead);
		},
		text: () => registry.metrics(),
		contentType: registry.contentType,
	};
}
