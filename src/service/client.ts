import {randomUUID} from 'node:crypto';
import type {ClientRequest, IncomingMessage} from 'node:http';
import {setTimeout as wait} from 'node:timers/promises';
import {GateError} from '../errors.ts';
import type {ScanEngine, ScanRequest} from '../types.ts';
import {addressText} from './address.ts';
import type {ServiceAddress} from './address.ts';
import {createReception} from './reception.ts';
import type {ServiceAnswer} from './reception.ts';
import {failureBody, limits, paths, read, reportList, requestIdHeader, scanLine, statusBody} from './protocol.ts';
import type {DecisionBody, ReportEntry, ScanBody, ServiceStatus} from './protocol.ts';

// An import would read all that it exports, and one of that loads Node's whole fetch: 12 ms at each start.
const {request: httpRequest} = process.getBuiltinModule('node:http');

export interface ClientOptions {
	readonly address: ServiceAddress;
	readonly token: string | undefined;
	/** Milliseconds until the request's signal will say `deadline`. */
	readonly timeLeftMs: () => number;
	/** Milliseconds without a word after which the service counts as gone; it says something every five seconds. */
	readonly silenceMs?: number;
}

/** The scan service behind its address: an engine that tells a little more. */
export interface ServiceClient extends ScanEngine {
	/** Like `scan`, with what else the service says. */
	readonly ask: (request: ScanRequest) => Promise<ServiceAnswer>;
	/** Tells what was decided, for metrics and the log; waits half a second at most, and never rejects. */
	readonly tell: (decision: DecisionBody) => Promise<'told' | 'not told'>;
	/** Hands a report over, to be kept; waits two seconds at most, and never rejects. */
	readonly keep: (report: object) => Promise<'kept' | 'not kept'>;
	/** The kept reports, newest first. @throws GateError service-unreachable. */
	readonly reports: (application: string | undefined) => Promise<readonly ReportEntry[]>;
	/** A kept report, or the newest of the application; undefined when there is none. @throws GateError service-unreachable. */
	readonly report: (application: string, reportId: string | undefined) => Promise<unknown>;
	/** @throws GateError service-unreachable. */
	readonly status: () => Promise<ServiceStatus>;
}

/** The service answers so much before the caller's own deadline, so that the answer is the service's. */
const headStartMs = 500;
const smallAnswerBytes = 1024 * 1024;

/** Asks a scan service. Nothing is connected until something is asked. */
export function createServiceClient(options: ClientOptions): ServiceClient {
	const connection = {...options, requestId: randomUUID(), silenceMs: options.silenceMs ?? 30_000};
	const ask = (request: ScanRequest) => askForVerdicts(request, connection);
	return {
		ask,
		scan: async (request) => (await ask(request)).verdicts,
		close: async () => {},
		tell: async (decision) => {
			const signal = AbortSignal.timeout(500);
			const told = await send(connection, 'POST', paths.decisions, signal, decision)
				.then(async (response) => {
					await textOf(response, connection);
					return response.statusCode === 204;
				})
				.catch(() => false);
			return told ? 'told' : 'not told';
		},
		keep: async (report) => {
			const kept = await send(connection, 'POST', paths.gateReports, AbortSignal.timeout(2000), report)
				.then(async (response) => {
					await textOf(response, connection);
					return response.statusCode === 204;
				})
				.catch(() => false);
			return kept ? 'kept' : 'not kept';
		},
		reports: async (application) => {
			const query = application === undefined ? '' : `?application=${encodeURIComponent(application)}`;
			const list = read(reportList, await dataAt(`${paths.gateReports}${query}`, connection));
			if (!list.ok) throw notTheService(connection, list.problems);
			return list.value.reports;
		},
		report: (application, reportId = 'latest') =>
			dataAt(`${paths.gateReports}/${encodeURIComponent(application)}/${reportId}.json`, connection),
		status: async () => {
			const status = read(statusBody, await dataAt(paths.status, connection));
			if (!status.ok) throw notTheService(connection, status.problems);
			return status.value;
		},
	};
}

/** What a path answers; undefined when there is nothing. */
async function dataAt(path: string, connection: Connection): Promise<unknown> {
	const response = await send(connection, 'GET', path, AbortSignal.timeout(connection.silenceMs));
	const text = await textOf(response, connection, limits.keptReportBytes);
	if (response.statusCode === 404 && path.startsWith(`${paths.gateReports}/`)) return undefined;
	if (response.statusCode !== 200) throw failureOf(response, text, connection);
	return parsed(text);
}

interface Connection extends ClientOptions {
	readonly requestId: string;
	readonly silenceMs: number;
}

async function askForVerdicts(request: ScanRequest, connection: Connection): Promise<ServiceAnswer> {
	const {application, targets, platforms, maxDatabaseAgeHours, signal} = request;
	const reception = createReception(request);
	if (signal.aborted) return reception.soFar();
	const body: ScanBody = {
		application,
		images: targets.map((target) =>
			target.platforms === undefined ? {image: target.image} : {image: target.image, platforms: [...target.platforms]},
		),
		platforms: [...platforms],
		maxDatabaseAgeHours,
		waitMs: Math.min(limits.waitMs, Math.max(0, Math.floor(connection.timeLeftMs() - headStartMs))),
	};
	try {
		const response = await send(connection, 'POST', paths.scans, signal, body);
		if (response.statusCode !== 200) throw failureOf(response, await textOf(response, connection), connection);
		for await (const line of linesOf(response, connection)) {
			const result = read(scanLine, parsed(line));
			if (!result.ok) throw notTheService(connection, result.problems);
			const answer = reception.take(result.value);
			if (typeof answer === 'string') throw notTheService(connection, answer);
			if (answer !== undefined) return answer;
		}
	} catch (error) {
		if (signal.aborted) return reception.soFar();
		throw error;
	}
	throw unreachable(connection, 'the scan service ended before its answer was complete');
}

/**
 * Sends one request and waits for the head of the answer. A connection that is refused is tried once more: the service
 * may be starting again.
 */
async function send(
	connection: Connection,
	method: 'GET' | 'POST',
	path: string,
	signal: AbortSignal,
	body?: object,
): Promise<IncomingMessage> {
	for (let attempt = 1; ; attempt += 1) {
		try {
			return await sendOnce(connection, method, path, signal, body);
		} catch (error) {
			const code = codeOf(error);
			if (attempt === 2 || signal.aborted || !['ECONNREFUSED', 'ENOENT', 'EAGAIN'].includes(code)) {
				throw error instanceof GateError ? error : unreachable(connection, `${explainCode(code)} (${code})`, error);
			}
			await wait(250, undefined, {signal}).catch(() => {});
		}
	}
}

function sendOnce(
	{address, token, requestId, silenceMs}: Connection,
	method: 'GET' | 'POST',
	path: string,
	signal: AbortSignal,
	body?: object,
): Promise<IncomingMessage> {
	const content = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
	return new Promise((fulfil, reject) => {
		const request: ClientRequest = httpRequest({
			...(address.kind === 'unix' ? {socketPath: address.path} : {host: address.host, port: address.port}),
			method,
			path,
			signal,
			agent: false,
			timeout: silenceMs,
			maxHeaderSize: 8192,
			headers: {
				...(content === undefined ? {} : {'content-type': 'application/json', 'content-length': content.length}),
				...(token === undefined ? {} : {authorization: `Bearer ${token}`}),
				[requestIdHeader]: requestId,
			},
		});
		request.on('timeout', () => request.destroy(Object.assign(new Error('silence'), {code: 'ETIMEDOUT'})));
		request.on('response', fulfil);
		request.on('error', reject);
		request.end(content);
	});
}

/** The lines of an answer, each and all together bounded. */
async function* linesOf(response: IncomingMessage, connection: Connection): AsyncGenerator<string> {
	let pieces: Buffer[] = [];
	let lineBytes = 0;
	let allBytes = 0;
	for await (const chunk of chunksOf(response, connection)) {
		allBytes += chunk.length;
		let from = 0;
		for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, from)) {
			yield Buffer.concat([...pieces, chunk.subarray(from, end)]).toString('utf8');
			pieces = [];
			lineBytes = 0;
			from = end + 1;
		}
		pieces.push(chunk.subarray(from));
		lineBytes += chunk.length - from;
		if (lineBytes > limits.lineBytes || allBytes > limits.answerBytes) {
			throw notTheService(connection, 'its answer does not end');
		}
	}
}

async function textOf(
	response: IncomingMessage,
	connection: Connection,
	mostBytes: number = smallAnswerBytes,
): Promise<string> {
	const chunks: Buffer[] = [];
	let size = 0;
	for await (const chunk of chunksOf(response, connection)) {
		size += chunk.length;
		if (size > mostBytes) throw notTheService(connection, 'its answer does not end');
		chunks.push(chunk);
	}
	return Buffer.concat(chunks).toString('utf8');
}

async function* chunksOf(response: IncomingMessage, connection: Connection): AsyncGenerator<Buffer> {
	try {
		for await (const chunk of response as AsyncIterable<Buffer>) yield chunk;
	} catch (error) {
		const code = codeOf(error);
		throw unreachable(connection, `the scan service stopped in the middle of its answer (${code})`, error);
	}
}

function parsed(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}

/** The service's own words, when it is the service that speaks. */
function failureOf(response: IncomingMessage, text: string, connection: Connection): GateError {
	const body = read(failureBody, parsed(text));
	if (!body.ok) return notTheService(connection, `it answers with status ${response.statusCode ?? 'unknown'}`);
	const {error} = body.value;
	if (response.statusCode === 503) return new GateError(error);
	return new GateError({
		stage: 'scan',
		code: 'service-unreachable',
		what: `the scan service refuses the request: ${error.what}`,
		where: addressText(connection.address),
		hint:
			response.statusCode === 401
				? 'Check TRIVY_GATE_SERVICE_TOKEN_FILE.'
				: 'Check that the gate and the service are of one version.',
	});
}

function notTheService(connection: Connection, problems: string): GateError {
	return new GateError({
		stage: 'scan',
		code: 'service-unreachable',
		what: 'what answers is no scan service of this version',
		where: addressText(connection.address),
		hint: 'Check TRIVY_GATE_SERVICE.',
		output: problems.slice(0, 4000),
	});
}

function unreachable(connection: Connection, what: string, cause?: unknown): GateError {
	return new GateError({
		stage: 'scan',
		code: 'service-unreachable',
		what,
		where: addressText(connection.address),
		hint: 'No image was judged. Look at the log of the sidecar, then ask again with a hard refresh.',
		cause,
	});
}

function explainCode(code: string): string {
	switch (code) {
		case 'ECONNREFUSED':
		case 'ENOENT':
			return 'the scan service does not listen';
		case 'EACCES':
			return 'the scan service’s socket may not be opened';
		case 'ETIMEDOUT':
			return 'the scan service does not answer';
		default:
			return 'the scan service cannot be reached';
	}
}

function codeOf(error: unknown): string {
	return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
}
