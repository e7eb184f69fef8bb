import {readFile} from 'node:fs/promises';
import {GateError} from './errors.ts';
import {openLocalEngine} from './local-engine.ts';
import type {LocalEngineOptions} from './local-engine.ts';
import type {Report} from './report/model.ts';
import {thinReport} from './report/thin.ts';
import {tokenProblem} from './service/token.ts';
import type {ServiceClient} from './service/client.ts';
import {variableOf} from './settings.ts';
import type {Settings, TokenSource} from './settings.ts';
import type {Decision, GateDecision, LocalScanEngine, ScanRequest, ScanVerdict} from './types.ts';

/** Who scans for one run: the scan service when the operator names one, else an engine in this process. */
export interface Scanner {
	readonly scan: (request: ScanRequest) => Promise<ScanAnswer>;
	/** The tags of a repository; none when nobody tells them. */
	readonly tags: LocalScanEngine['tags'];
	/**
	 * Tells the service what was decided, for its metrics and its log, and hands it the report of an application, to be
	 * kept; without a service nobody asks.
	 */
	readonly tell: (decision: GateDecision, application: string, report: Report) => Promise<void>;
	readonly close: () => Promise<void>;
}

export interface ScanAnswer {
	readonly verdicts: readonly ScanVerdict[];
	/** Empty when nobody could say it. */
	readonly trivyVersion: string;
	/** Until the rest is scanned; undefined when nothing goes on behind this run. */
	readonly secondsLeft: number | undefined;
}

export interface ScannerOptions extends Omit<LocalEngineOptions, 'observe' | 'lives'> {
	readonly timeLeftMs: () => number;
}

export async function openScanner(options: ScannerOptions): Promise<Scanner> {
	return options.settings.service === undefined ? localScanner(options) : serviceScanner(options);
}

async function localScanner(options: ScannerOptions): Promise<Scanner> {
	const engine = await openLocalEngine({
		...options,
		lives: 'call',
		observe: (event) => {
			if (event.kind === 'trivy-server')
				options.context.log.detail('scan', `trivy’s server: ${event.state} ${event.detail}`);
		},
	});
	return {
		scan: async (request) => ({
			verdicts: await engine.scan(request),
			trivyVersion: options.trivyVersion,
			secondsLeft: undefined,
		}),
		tags: engine.tags,
		tell: async () => {},
		close: engine.close,
	};
}

async function serviceScanner({settings, context, timeLeftMs}: ScannerOptions): Promise<Scanner> {
	const client = await openServiceClient(settings, timeLeftMs);
	return {
		scan: async (request) => {
			const {trivyVersion = '', ...answer} = await client.ask(request);
			return {...answer, trivyVersion};
		},
		tags: async () => [],
		tell: async (decision, application, report) => {
			const [told, kept] = await Promise.all([
				client.tell(decisionBody(decision, application)),
				application === '' ? 'not kept' : client.keep(thinReport(report)),
			]);
			context.log.detail('gate', `the decision was ${told} to the scan service, the report is ${kept}`);
		},
		close: client.close,
	};
}

/** The service that the settings name. @throws GateError settings-invalid when its token cannot be read. */
export async function openServiceClient(settings: Settings, timeLeftMs: () => number): Promise<ServiceClient> {
	const address = settings.service;
	if (address === undefined) throw new GateError({stage: 'scan', code: 'internal', what: 'no scan service is named'});
	const {createServiceClient} = await import('./service/client.ts');
	return createServiceClient({address, token: await readToken(settings.serviceToken), timeLeftMs});
}

/** @throws GateError settings-invalid, which never shows the token. */
export async function readToken(
	source: TokenSource | undefined,
	setting: 'service-token-file' | 'reports-token-file' = 'service-token-file',
): Promise<string | undefined> {
	if (source?.kind !== 'file') return source?.text;
	const content = await readFile(source.path, 'utf8').catch((error: unknown) => error);
	const token = typeof content === 'string' ? content.trim() : '';
	const problem = typeof content === 'string' ? tokenProblem(token) : 'cannot be read';
	if (problem === undefined) return token;
	throw new GateError({
		stage: 'settings',
		code: 'settings-invalid',
		what: `the file ${problem}`,
		where: source.path,
		hint: `Check --${setting} (${variableOf(setting)}).`,
	});
}

/** As the service takes them (service/protocol.ts). */
const mostImages = 200;
const mostDigests = 64;

/** What is not allowed, in so many words as the service takes. */
function decisionBody(
	{decision, enforcement, reportId, images, exceptions, breakGlass, ahead}: GateDecision,
	application: string,
) {
	const decided: ReadonlySet<Decision> = new Set(['deny', 'unknown', 'warn']);
	const told = images.filter((image) => decided.has(image.decision));
	return {
		application: application.slice(0, 512),
		decision,
		enforcement,
		reportId,
		milliseconds: Math.round(process.uptime() * 1000),
		images: told.slice(0, mostImages).map(({reference, decision: own, verdicts}) => ({
			image: reference.image.slice(0, 1024),
			decision: own,
			digests: [...new Set(verdicts.flatMap((verdict) => (verdict.kind === 'scanned' ? [verdict.digest] : [])))].slice(
				0,
				mostDigests,
			),
		})),
		omitted: Math.max(0, told.length - mostImages),
		excepted: exceptions.reduce((sum, {findings}) => sum + findings, 0),
		breakGlass: breakGlassUse(breakGlass),
		ahead: ahead.length,
	};
}

function breakGlassUse(grants: GateDecision['breakGlass']): 'none' | 'idle' | 'needed' {
	if (grants.length === 0) return 'none';
	return grants.some(({needed}) => needed) ? 'needed' : 'idle';
}
