import {statSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout as wait} from 'node:timers/promises';
import packageJson from '../package.json' with {type: 'json'};
import type {Surroundings} from './cli.ts';
import {GateError} from './errors.ts';
import {createRunTool, startCompanion} from './exec.ts';
import {parseReference} from './images/reference.ts';
import {openLocalEngine, processGroups} from './local-engine.ts';
import {loadPolicy} from './policy-file.ts';
import {reportDesk} from './report-desk.ts';
import {targetOf} from './scan-targets.ts';
import {readToken} from './scanner.ts';
import {addressText, reachableFromHere} from './service/address.ts';
import type {ServiceAddress} from './service/address.ts';
import {createApi, createProbeApi, createReportsApi} from './service/api.ts';
import {openArchive} from './service/archive.ts';
import {createJournal} from './service/journal.ts';
import type {Journal} from './service/journal.ts';
import {isLoopback, listen} from './service/listen.ts';
import type {ReportAccess} from './service/report-routes.ts';
import {createMetrics} from './service/metrics.ts';
import {createPace} from './service/pace.ts';
import {protocolSchema} from './service/protocol.ts';
import {defaultSocket, toolEnvironment, variableOf} from './settings.ts';
import type {Settings} from './settings.ts';
import {defaultCommand, runSidecar} from './sidecar.ts';
import type {RunningService} from './sidecar.ts';
import {readSourceCredentials} from './source-credentials.ts';
import {checkTool, locateTools} from './tools.ts';
import type {EngineEvent, ScanTarget} from './types.ts';
import {openWorkspace} from './workspace.ts';

interface ServeRequest {
	readonly settings: Settings;
	readonly surroundings: Surroundings;
}

/** `serve`: the scan service alone, until it is told to end. @returns the exit code. */
export async function serve({settings, surroundings}: ServeRequest): Promise<number> {
	const journal = openJournal(settings);
	const service = await startService(settings, surroundings, journal);
	const {signal} = surroundings;
	const died = await Promise.race([
		service.died,
		new Promise<undefined>((fulfil) => {
			if (signal.aborted) fulfil(undefined);
			else signal.addEventListener('abort', () => fulfil(undefined), {once: true});
		}),
	]);
	await service.close();
	if (died === undefined) return 0;
	throw died;
}

/** `sidecar`: the scan service and a command that uses it. @returns the exit code. */
export async function sidecar({
	settings,
	surroundings,
	command,
}: ServeRequest & {readonly command: readonly string[]}): Promise<number> {
	const [program = '', ...args] = command.length === 0 ? defaultCommand : command;
	const journal = openJournal(settings);
	return runSidecar({
		startService: () => startService(settings, surroundings, journal),
		startCommand: (service) =>
			startCompanion(program, args, {...definedOnly(surroundings.environment), [variableOf('service')]: service}),
		signal: surroundings.signal,
		gracePeriodMs: settings.gracePeriodMs,
		log: journal,
	});
}

/** The API's JSON schema as text. */
export function apiSchema(): string {
	return `${JSON.stringify(protocolSchema(), undefined, 2)}\n`;
}

/**
 * Starts the engine and lets the API listen. What an operator gets wrong (settings, policy, tools) is an error here, so
 * that a roll-out stops at it; what may come later (the database, registries) is told to whoever asks for a scan.
 */
async function startService(
	settings: Settings,
	{environment, signal}: Surroundings,
	journal: Journal,
): Promise<RunningService> {
	const token = await readToken(settings.serviceToken);
	const access = await reportAccess(settings.keptReports);
	const {policy} = await loadPolicy(settings);
	await readSourceCredentials(settings);
	const paths = await locateTools(settings.tools, environment);
	const workspace = await openWorkspace(tmpdir());
	const stop = new AbortController();
	const context = {
		run: createRunTool(paths, processGroups(settings)),
		environment: toolEnvironment(environment, settings.caFile),
		makeDirectory: workspace.makeDirectory,
		signal: stop.signal,
		timeoutMs: settings.deadlineMs,
		log: journal,
	};
	const closers: Array<() => Promise<unknown>> = [workspace.remove];
	const close = async () => {
		stop.abort('canceled');
		const closed = (async () => {
			for (const each of closers.splice(0).toReversed()) await each();
		})();
		// Whatever hangs must not keep a container that has nothing left to do.
		await Promise.race([closed, wait(closeMs)]);
	};
	try {
		const trivyVersion = await checkTool('trivy', paths.trivy, {...context, signal});
		const pace = createPace();
		const metrics = createMetrics({status: () => engine.status(), version: packageJson.version, now: Date.now});
		const observe = (event: EngineEvent) => {
			metrics.observe(event);
			writeDown(event, journal);
			if (event.kind === 'scan-finished' && event.outcome === 'scanned') pace.observe(event.scanMs);
		};
		const engine = await openLocalEngine({
			settings,
			policy,
			context,
			paths,
			trivyVersion,
			lives: 'service',
			observe,
		});
		closers.push(engine.close);
		const reports = reportDesk(
			openArchive({
				directory: settings.keptReports.directory ?? join(settings.cacheDirectory, 'gate-reports'),
				keep: settings.keptReports.kept,
				maxBytes: settings.keptReports.bytes,
				now: Date.now,
				log: journal,
			}),
		);
		const shared = {engine, metrics, journal};
		const api = createApi({
			...shared,
			token,
			version: packageJson.version,
			trivyVersion,
			startedAt: new Date().toISOString(),
			targetOf: targetOfText,
			secondsLeft: () => pace.secondsLeft(engine.status()),
			reports,
		});
		const address = await listen(api, settings.listen ?? defaultSocket());
		closers.push(() => api.close());
		tellWhere('the scan service', address, journal);
		if (settings.metricsListen !== undefined) {
			const probes = createProbeApi(shared);
			const probed = await listen(probes, settings.metricsListen);
			closers.push(() => probes.close());
			tellWhere('health, readiness and metrics', probed, journal);
		}
		if (settings.keptReports.listen !== undefined) {
			const readers = createReportsApi(reports, access, journal);
			const read = await listen(readers, settings.keptReports.listen);
			closers.push(() => readers.close());
			tellWhere('reports', read, journal);
		}
		const watch = watchSocket(address);
		const keep = setInterval(() => void workspace.touch(), 60 * 60 * 1000).unref();
		closers.push(async () => {
			watch.stop();
			clearInterval(keep);
		});
		return {address: addressText(reachableFromHere(address)), died: watch.died, close};
	} catch (error) {
		await close();
		throw error;
	}
}

/** @throws GateError settings-invalid when the token cannot be read. */
async function reportAccess({access, tokenFile}: Settings['keptReports']): Promise<ReportAccess> {
	const token = access === 'anyone' ? undefined : await readToken(tokenFile, 'reports-token-file');
	return token === undefined ? {kind: 'anyone'} : {kind: 'token', token};
}

function targetOfText(image: string): ScanTarget | undefined {
	const reference = parseReference(image);
	return reference.kind === 'image' ? targetOf(reference.name) : undefined;
}

function tellWhere(what: string, address: ServiceAddress, journal: Journal): void {
	journal.info('scan', `${what}: listening at ${addressText(address)}`);
	if (address.kind === 'tcp' && !isLoopback(address)) {
		journal.warn('scan', `${addressText(address)} is open to the network, and what is said there is not encrypted`);
	}
}

const closeMs = 15_000;
const watchEveryMs = 5000;

/** A socket whose file is gone or replaced is reached by nobody, although everything else looks well. */
function watchSocket(address: ServiceAddress): {readonly died: Promise<Error>; readonly stop: () => void} {
	const {promise: died, resolve: tell} = Promise.withResolvers<Error>();
	if (address.kind === 'tcp') return {died, stop: () => {}};
	const inodeOf = () => statSync(address.path, {throwIfNoEntry: false})?.ino;
	const inode = inodeOf();
	const timer = setInterval(() => {
		if (inodeOf() === inode) return;
		tell(
			new GateError({
				stage: 'scan',
				code: 'service-unreachable',
				what: 'the scan service’s socket is gone',
				where: address.path,
				hint: 'Look for what removes it.',
			}),
		);
	}, watchEveryMs);
	return {died, stop: () => clearInterval(timer)};
}

/** What the engine tells, as far as it is not told by the engine's own log already. */
function writeDown(event: EngineEvent, journal: Journal): void {
	switch (event.kind) {
		case 'scan-finished': {
			const {image, platform, digest, outcome, waitedMs, scanMs} = event;
			journal.write({
				event: 'scan',
				image,
				platform,
				digest,
				outcome,
				waitedMs: Math.round(waitedMs),
				milliseconds: scanMs,
			});
			return;
		}
		case 'database-refreshed':
			journal.info('scan', `${event.database} database of ${event.info.updatedAt} is in use`);
			return;
		case 'database-refresh-failed':
			journal.warn('scan', `the ${event.database} database could not be refreshed: ${event.problem}`);
			return;
		case 'trivy-server':
			journal.info('scan', `trivy server ${event.state}${event.detail === '' ? '' : `: ${event.detail}`}`);
			return;
		case 'store-read':
		case 'layer':
			return;
	}
}

/** Written at once, so that nothing is lost when the process ends. */
function openJournal({logFormat, verbose}: Settings): Journal {
	return createJournal({
		format: logFormat,
		verbose,
		output: (text) => {
			try {
				writeFileSync(2, text);
			} catch {
				// Nobody reads any more; the work goes on.
			}
		},
	});
}

function definedOnly(environment: Surroundings['environment']): Readonly<Record<string, string>> {
	return Object.fromEntries(
		Object.entries(environment).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
	);
}
