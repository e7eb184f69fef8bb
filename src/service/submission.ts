import type {ServerResponse} from 'node:http';
import {GateError} from '../errors.ts';
import type {LocalScanEngine, Platform, ScanEvent, ScanTarget, ScanVerdict} from '../types.ts';
import type {Journal, RequestOutcome} from './journal.ts';
import {createLineStream} from './line-stream.ts';
import type {LineStream} from './line-stream.ts';
import type {Metrics} from './metrics.ts';
import type {Failure} from './protocol.ts';

/** A caller's set of images, as the API has read it. */
export interface Submission {
	readonly requestId: string;
	readonly application: string;
	readonly targets: readonly ScanTarget[];
	readonly platforms: readonly Platform[];
	readonly maxDatabaseAgeHours: number;
	/** After how many milliseconds the answer tells what is known by then. */
	readonly waitMs: number;
}

export interface SubmissionTools {
	readonly engine: LocalScanEngine;
	readonly journal: Journal;
	readonly metrics: Metrics;
	readonly trivyVersion: string;
	readonly secondsLeft: () => number;
	readonly timing: Timing;
	/** Aborted when the service ends. */
	readonly signal: AbortSignal;
}

export interface Timing {
	/** Milliseconds between lines that tell that the service lives. */
	readonly heartbeatMs: number;
	/** Milliseconds after which a client that reads nothing loses its connection. */
	readonly stallMs: number;
}

/**
 * Scans what was submitted and streams the answer; never rejects. A client that goes away gives up its own request: the
 * engine goes on with what is under way.
 */
export async function answerSubmission(
	submission: Submission,
	response: ServerResponse,
	tools: SubmissionTools,
): Promise<void> {
	const started = performance.now();
	const stop = new AbortController();
	const stopWith = (reason: 'deadline' | 'canceled') => () => stop.abort(reason);
	const deadline = setTimeout(stopWith('deadline'), submission.waitMs);
	const gone = stopWith('canceled');
	response.on('close', gone);
	tools.signal.addEventListener('abort', gone, {once: true});
	response.writeHead(200, {'content-type': 'application/x-ndjson', 'cache-control': 'no-store'});
	const stream = createLineStream(response, tools.timing.stallMs);
	const beat = () => stream.sendIfIdle(heartbeat(tools));
	const heart = setInterval(beat, tools.timing.heartbeatMs);
	beat();
	const outcome = await streamVerdicts(submission, stream, stop.signal, tools);
	clearTimeout(deadline);
	clearInterval(heart);
	tools.signal.removeEventListener('abort', gone);
	stream.end();
	const milliseconds = performance.now() - started;
	tools.metrics.requestEnded(outcome, milliseconds / 1000);
	tools.journal.write({
		event: 'request',
		requestId: submission.requestId,
		application: submission.application,
		images: submission.targets.length,
		outcome: response.destroyed ? 'gone' : outcome,
		milliseconds,
	});
}

async function streamVerdicts(
	submission: Submission,
	stream: LineStream,
	signal: AbortSignal,
	{engine, journal, trivyVersion, secondsLeft}: SubmissionTools,
): Promise<RequestOutcome> {
	const {requestId, application, targets, platforms, maxDatabaseAgeHours} = submission;
	/** The verdicts that were sent, with the number of their line. */
	const sent = new Map<ScanVerdict, number>();
	const tell = (verdict: ScanVerdict, milliseconds?: number) => {
		const line = sent.get(verdict);
		if (line !== undefined) return line;
		sent.set(verdict, sent.size);
		stream.send({kind: 'verdict', verdict: verdictLine(verdict), milliseconds});
		journal.write({
			event: 'verdict',
			requestId,
			application,
			image: verdict.image,
			platform: verdict.platform,
			digest: verdict.kind === 'scanned' ? verdict.digest : undefined,
			outcome: verdict.kind === 'unscanned' ? verdict.reason : verdict.cached ? 'stored' : 'scanned',
			detail: verdict.kind === 'unscanned' ? verdict.detail : undefined,
			milliseconds: milliseconds ?? 0,
		});
		return sent.size - 1;
	};
	let answered = false;
	const onEvent = (event: ScanEvent) => {
		// What goes on behind the answer is nobody's any more; the engine tells its own observer.
		if (answered) return;
		if (event.kind === 'finished') tell(event.verdict, event.milliseconds);
		else stream.sendIfIdle(event);
	};
	try {
		const verdicts = await engine.scan({application, targets, platforms, maxDatabaseAgeHours, signal, onEvent});
		answered = true;
		const lines = verdicts.map((verdict) => tell(verdict));
		stream.send({kind: 'answer', verdicts: lines, trivyVersion, secondsLeft: secondsLeft()});
		if (!signal.aborted) return 'answered';
		return signal.reason === 'deadline' ? 'late' : 'gone';
	} catch (error) {
		const failure = failureOf(error);
		journal.warn(failure.stage, `${failure.what} (request ${requestId})`);
		stream.send({kind: 'error', error: failure});
		return 'failed';
	}
}

function heartbeat({engine, secondsLeft}: SubmissionTools) {
	const {running, waiting} = engine.status();
	return {kind: 'heartbeat' as const, running, waiting, secondsLeft: secondsLeft()};
}

/** The wire's lists are mutable to zod. */
function verdictLine(verdict: ScanVerdict) {
	return verdict.kind === 'unscanned'
		? verdict
		: {...verdict, findings: [...verdict.findings], caveats: [...verdict.caveats]};
}

/** What another process is told about an error: everything of ours, nothing of a bug's inside. */
export function failureOf(error: unknown): Failure {
	if (error instanceof GateError) return error.explanation;
	return {
		stage: 'scan',
		code: 'internal',
		what: 'the scan service met a bug of trivy-gate',
		hint: 'Please report it with the lines of its log.',
	};
}
