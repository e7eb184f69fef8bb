import {randomUUID} from 'node:crypto';
import {setTimeout as wait} from 'node:timers/promises';
import Fastify from 'fastify';
import type {FastifyError, FastifyInstance, FastifyReply, FastifyRequest} from 'fastify';
import {GateError} from '../errors.ts';
import type {ErrorCode} from '../errors.ts';
import type {LocalScanEngine, ScanTarget} from '../types.ts';
import type {Journal} from './journal.ts';
import type {Metrics} from './metrics.ts';
import {
	decisionBody,
	limits,
	paths,
	read,
	reportParameters,
	reportQuery,
	requestIdHeader,
	requestIdPattern,
	scanBody,
} from './protocol.ts';
import type {ServiceStatus} from './protocol.ts';
import {addReportEntrance, addReportRoutes, guardReports} from './report-routes.ts';
import type {ReportAccess, ReportDesk} from './report-routes.ts';
import {answerSubmission, failureOf} from './submission.ts';
import type {Timing} from './submission.ts';
import {isAuthorized} from './token.ts';

export interface ApiOptions {
	readonly engine: LocalScanEngine;
	readonly metrics: Metrics;
	readonly journal: Journal;
	/** Every request must carry it, but for those that ask for health and readiness. */
	readonly token: string | undefined;
	readonly version: string;
	readonly trivyVersion: string;
	/** ISO 8601. */
	readonly startedAt: string;
	/** Reads an image's name; undefined when it is none. */
	readonly targetOf: (image: string) => ScanTarget | undefined;
	readonly secondsLeft: () => number;
	/** Undefined where no reports are kept. */
	readonly reports?: ReportDesk | undefined;
	readonly timing?: Partial<Timing & ConnectionTiming>;
}

/** Of one client, in milliseconds: how long it may take before its connection is closed. */
interface ConnectionTiming {
	readonly headersMs: number;
	readonly requestMs: number;
	/** Without a byte in either direction. */
	readonly idleMs: number;
	/** How often the first two are looked at. */
	readonly checkMs: number;
}

/** Requests that are answered at once; more are told that the service is busy. */
const mostRequests = 1024;
/** For the answers of what is open when the service ends; what takes longer is cut. */
const goodbyeMs = 5000;
const mostConnections = 2 * mostRequests;

/** The service's HTTP API, which listens nowhere yet. `close` answers what is open with what is known. */
export function createApi(options: ApiOptions): FastifyInstance {
	const {engine, metrics, journal, token, timing} = options;
	const app = createServer(journal, timing);
	const ending = new AbortController();
	const open = new Set<Promise<void>>();
	const tools = {
		engine,
		metrics,
		journal,
		trivyVersion: options.trivyVersion,
		secondsLeft: options.secondsLeft,
		timing: {heartbeatMs: 5000, stallMs: 30_000, ...timing},
		signal: ending.signal,
	};
	app.addHook('onRequest', async (request, reply) => {
		if (token === undefined || request.routeOptions.url === paths.health || request.routeOptions.url === paths.ready) {
			return;
		}
		if (isAuthorized(request.headers.authorization, token)) return;
		await reply.header('www-authenticate', 'Bearer').code(401).send(failure('usage', 'the token is missing or wrong'));
	});
	app.addHook('preClose', async () => {
		ending.abort('canceled');
		await Promise.race([Promise.all(open), wait(goodbyeMs, undefined, {ref: false})]);
	});
	addProbes(app, engine);
	app.get(paths.metrics, (_request, reply) => sendMetrics(reply, metrics));
	app.get(paths.status, () => statusOf(options, open.size));
	app.post(paths.scans, (request, reply) => {
		const body = readOrRefuse(scanBody, request.body, 'the request');
		if (open.size >= mostRequests) throw busy();
		const targets = body.images.map(({image, platforms}) => {
			const target = options.targetOf(image);
			if (target === undefined) throw refused(`the request cannot be used: ${image} is no image reference`);
			return platforms === undefined ? target : {...target, platforms};
		});
		reply.hijack();
		const submission = {
			requestId: requestIdOf(request),
			application: body.application,
			targets,
			platforms: body.platforms,
			maxDatabaseAgeHours: body.maxDatabaseAgeHours,
			waitMs: body.waitMs,
		};
		const answered = answerSubmission(submission, reply.raw, tools)
			.catch((error: unknown) => {
				// A bug with one request must not end the others.
				tellBug(error, journal);
				reply.raw.destroy();
			})
			.finally(() => open.delete(answered));
		open.add(answered);
	});
	app.get(`${paths.reports}/:digest`, async (request, reply) => {
		const {digest} = readOrRefuse(reportParameters, request.params, 'the path');
		const {platform} = readOrRefuse(reportQuery, request.query, 'the query');
		const report = await engine.storedReport(digest, platform);
		if (report === undefined) throw refused(`no report of ${digest} for ${platform} is stored`, 404);
		return reply.type('application/json').send(report);
	});
	app.post(paths.decisions, async (request, reply) => {
		const {decision, ...body} = readOrRefuse(decisionBody, request.body, 'the decision');
		metrics.decided({...body, decision});
		journal.write({event: 'decision', requestId: requestIdOf(request), outcome: decision, ...body});
		return reply.code(204).send();
	});
	if (options.reports !== undefined) {
		addReportRoutes(app, options.reports);
		addReportEntrance(app, options.reports, journal);
	}
	return app;
}

/** The reports alone, for people's browsers. */
export function createReportsApi(reports: ReportDesk, access: ReportAccess, journal: Journal): FastifyInstance {
	const app = createServer(journal);
	guardReports(app, access);
	addReportRoutes(app, reports);
	return app;
}

/** Health, readiness and metrics alone, for probes and Prometheus: nothing can be asked for or changed here. */
export function createProbeApi({
	engine,
	metrics,
	journal,
}: Pick<ApiOptions, 'engine' | 'metrics' | 'journal'>): FastifyInstance {
	const app = createServer(journal);
	addProbes(app, engine);
	app.get(paths.metrics, (_request, reply) => sendMetrics(reply, metrics));
	return app;
}

function createServer(journal: Journal, timing: Partial<ConnectionTiming> = {}): FastifyInstance {
	const {headersMs = 10_000, requestMs = 30_000, idleMs = 60_000, checkMs = 1000} = timing;
	const app = Fastify({
		logger: false,
		bodyLimit: limits.bodyBytes,
		requestTimeout: requestMs,
		connectionTimeout: idleMs,
		keepAliveTimeout: 5000,
		maxRequestsPerSocket: 1000,
		forceCloseConnections: true,
		exposeHeadRoutes: false,
		http: {headersTimeout: headersMs, connectionsCheckingInterval: checkMs, maxHeaderSize: 8192},
	});
	app.server.maxConnections = mostConnections;
	// JSON alone: a text would reach the handlers unread.
	app.removeContentTypeParser('text/plain');
	app.setErrorHandler<FastifyError | GateError>(async (error, _request, reply) => sendError(reply, error, journal));
	app.setNotFoundHandler(async (_request, reply) => reply.code(404).send(failure('usage', 'there is nothing here')));
	return app;
}

function addProbes(app: FastifyInstance, engine: LocalScanEngine): void {
	app.get(paths.health, () => ({status: 'ok'}));
	app.get(paths.ready, async (_request, reply) => {
		const {problem} = engine.status();
		return reply.code(problem === undefined ? 200 : 503).send({ready: problem === undefined, problem});
	});
}

async function sendMetrics(reply: FastifyReply, metrics: Metrics): Promise<FastifyReply> {
	return reply.type(metrics.contentType).send(await metrics.text());
}

function statusOf(
	{engine, version, trivyVersion, startedAt, secondsLeft}: ApiOptions,
	requests: number,
): ServiceStatus {
	return {version, trivyVersion, startedAt, requests, secondsLeft: secondsLeft(), engine: engine.status()};
}

/** The client's, when it has the form of one. */
function requestIdOf(request: FastifyRequest): string {
	const given = request.headers[requestIdHeader];
	return typeof given === 'string' && requestIdPattern.test(given) ? given : randomUUID();
}

function readOrRefuse<Schema extends Parameters<typeof read>[0]>(schema: Schema, value: unknown, what: string) {
	const result = read(schema, value);
	if (!result.ok) throw refused(`${what} cannot be used: ${result.problems}`);
	return result.value;
}

/** An error that is told to the client with its status. */
function refused(message: string, statusCode = 400): Error & {readonly statusCode: number} {
	return Object.assign(new Error(message), {statusCode});
}

function busy(): GateError {
	return new GateError({
		stage: 'scan',
		code: 'service-busy',
		what: `the scan service is answering ${mostRequests} requests already`,
		hint: 'Ask again with a hard refresh.',
	});
}

async function sendError(
	reply: FastifyReply,
	error: FastifyError | GateError,
	journal: Journal,
): Promise<FastifyReply> {
	if (error instanceof GateError) return reply.code(503).send({error: failureOf(error)});
	const {statusCode = 500} = error;
	if (statusCode < 500) return reply.code(statusCode).send(failure('usage', error.message));
	tellBug(error, journal);
	return reply.code(500).send({error: failureOf(error)});
}

function tellBug(error: unknown, journal: Journal): void {
	const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
	journal.warn('scan', `a request met a bug of trivy-gate: ${text}`);
}

function failure(code: ErrorCode, what: string) {
	return {error: failureOf(new GateError({stage: 'scan', code, what}))};
}
