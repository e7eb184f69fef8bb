import * as z from 'zod';
import type {ToolResult, UnscannedReason} from '../types.ts';
import {readJson} from './json.ts';

/** Why a tool's run did not give what was asked for. */
export interface ScanFailure {
	readonly reason: UnscannedReason;
	/** Whether the same call may succeed a little later. */
	readonly transient: boolean;
	/** One line. Nothing of it is a registry's own text: that may be hostile, or an answer from inside the network. */
	readonly detail: string;
	/** In milliseconds, when who failed said how long to wait (Retry-After). */
	readonly retryAfterMs?: number;
}

interface Sign {
	readonly pattern: RegExp;
	readonly reason: UnscannedReason;
	readonly transient: boolean;
}

// The words of Trivy, go-containerregistry and Go's net package, in the order in which they decide.
const signs: readonly Sign[] = [
	{pattern: /\bTOOMANYREQUESTS\b|status code 429\b/, reason: 'rate-limited', transient: true},
	{pattern: /\b(?:UNAUTHORIZED|DENIED)\b|status code 40[13]\b/, reason: 'unauthorized', transient: false},
	{
		pattern: /\b(?:MANIFEST_UNKNOWN|NAME_UNKNOWN|BLOB_UNKNOWN)\b|status code 404\b/,
		reason: 'not-found',
		transient: false,
	},
	{pattern: /no child with platform|no matching platform/, reason: 'platform-missing', transient: false},
	{pattern: /\b(?:UNAVAILABLE|UNKNOWN)\b|status code 5\d\d\b/, reason: 'registry-error', transient: true},
	{pattern: /error verifying (?:sha256 checksum|size)/, reason: 'registry-error', transient: false},
	{pattern: /no space left on device/, reason: 'scanner-failed', transient: false},
	{pattern: /x509: [a-z ]+|failed to verify certificate/, reason: 'unreachable', transient: false},
	{
		pattern:
			/connection refused|connection reset by peer|no such host|network is unreachable|no route to host|broken pipe|unexpected EOF|\bEOF$|i\/o timeout|TLS handshake timeout|deadline exceeded|server misbehaving/m,
		reason: 'unreachable',
		transient: true,
	},
];

/**
 * Explains a run that did not end with exit code 0.
 * @param about.timeoutMs what the run was given.
 * @param about.reference what it was asked about: an author chooses it, so its words decide nothing.
 */
export function explainFailure(
	result: ToolResult,
	tool: string,
	{timeoutMs, reference}: {readonly timeoutMs: number; readonly reference?: string},
): ScanFailure {
	switch (result.kind) {
		case 'missing':
			return {reason: 'scanner-failed', transient: false, detail: `${tool} cannot be started (${result.code})`};
		case 'stopped':
			return explainStop(result, tool, timeoutMs);
		case 'exited': {
			const words = withoutReference(result.stderr, reference);
			for (const {pattern, reason, transient} of signs) {
				const [match] = pattern.exec(words) ?? [];
				if (match !== undefined) return {reason, transient, detail: `${tool}: ${match.trim()}`};
			}
			return {
				reason: 'scanner-failed',
				transient: false,
				detail: `${tool} ended with exit code ${result.exitCode}; --verbose shows its words`,
			};
		}
	}
}

function explainStop(result: ToolResult & {kind: 'stopped'}, tool: string, timeoutMs: number): ScanFailure {
	switch (result.reason) {
		case 'canceled':
			return {reason: 'canceled', transient: true, detail: `${tool} was stopped`};
		case 'timeout':
			return {
				reason: 'scanner-timeout',
				transient: true,
				detail: `${tool} took longer than ${Math.round(timeoutMs / 1000)} s`,
			};
		case 'signal':
			return {
				reason: 'scanner-failed',
				transient: true,
				detail: `${tool} was killed by ${result.signal ?? 'a signal'}; is there enough memory?`,
			};
		case 'output-too-big':
			return {reason: 'scanner-failed', transient: false, detail: `${tool} printed too much`};
	}
}

/** Only the last lines count: what went before were attempts. */
function withoutReference(stderr: string, reference: string | undefined): string {
	const words = stderr.trim().split('\n').slice(-3).join('\n');
	if (reference === undefined) return words;
	// Requests name the repository without its registry.
	const [, ...repository] = reference.replace(/[:@][^/]*$/, '').split('/');
	return words.replaceAll(reference, '').replaceAll(repository.join('/'), '');
}

interface AnswerSign {
	readonly statuses: readonly number[];
	/** Of distribution-spec and its predecessor (distribution's docs/content/spec/api.md). */
	readonly codes: readonly string[];
	readonly reason: UnscannedReason;
	readonly transient: boolean;
}

// In the order in which they decide.
const answerSigns: readonly AnswerSign[] = [
	{statuses: [429], codes: ['TOOMANYREQUESTS'], reason: 'rate-limited', transient: true},
	{statuses: [401, 403], codes: ['UNAUTHORIZED', 'DENIED'], reason: 'unauthorized', transient: false},
	{
		statuses: [404],
		codes: ['MANIFEST_UNKNOWN', 'NAME_UNKNOWN', 'BLOB_UNKNOWN', 'MANIFEST_BLOB_UNKNOWN'],
		reason: 'not-found',
		transient: false,
	},
	{
		statuses: [408, 500, 502, 503, 504, 522],
		codes: ['UNAVAILABLE', 'UNKNOWN'],
		reason: 'registry-error',
		transient: true,
	},
];
const answerCodes: ReadonlySet<string> = new Set(answerSigns.flatMap(({codes}) => codes));
const errorBody = z.object({errors: z.array(z.object({code: z.string()})).max(100)});

/**
 * Explains an answer with another status than was hoped for. Of its text only the codes that the specification knows are
 * told.
 * @param retryAfter the header, in seconds or as a date.
 * @param now milliseconds since 1970.
 */
export function explainAnswer(
	who: string,
	{status, body, retryAfter}: {readonly status: number; readonly body: Uint8Array; readonly retryAfter?: string},
	now: number,
): ScanFailure {
	const errors = errorBody.safeParse(readJson(body)).data?.errors ?? [];
	const codes = errors.map(({code}) => code).filter((code) => answerCodes.has(code));
	const sign = answerSigns.find(
		({statuses, codes: known}) => statuses.includes(status) || codes.some((code) => known.includes(code)),
	);
	const {reason, transient} = sign ?? {reason: 'registry-error', transient: status >= 500};
	const retryAfterMs = transient ? readRetryAfter(retryAfter, now) : undefined;
	return {
		reason,
		transient,
		detail: [`${who} answered ${status}`, ...new Set(codes)].join(' '),
		...(retryAfterMs === undefined ? {} : {retryAfterMs}),
	};
}

/** RFC 9110 section 10.2.3. */
function readRetryAfter(header: string | undefined, now: number): number | undefined {
	if (header === undefined) return undefined;
	const milliseconds = /^\d{1,6}$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now;
	return Number.isFinite(milliseconds) ? Math.max(0, milliseconds) : undefined;
}

const connectionProblems: Readonly<Record<string, string>> = {
	ECONNREFUSED: 'connection refused',
	ECONNRESET: 'connection reset',
	EPIPE: 'connection reset',
	UND_ERR_SOCKET: 'the connection was closed too early',
	ENOTFOUND: 'no such host',
	EAI_AGAIN: 'the name cannot be looked up',
	ETIMEDOUT: 'no connection in time',
	UND_ERR_CONNECT_TIMEOUT: 'no connection in time',
	UND_ERR_HEADERS_TIMEOUT: 'no answer in time',
	UND_ERR_BODY_TIMEOUT: 'no answer in time',
	EHOSTUNREACH: 'no route to the host',
	ENETUNREACH: 'the network is unreachable',
	ECONNABORTED: 'connection aborted',
};

/** The code of an error that says which address no connection may be opened to. */
export const addressRefused = 'ADDRESS_REFUSED';

/** Explains why there was no answer, or not all of one. Certificates do not mend themselves, connections may. */
export function explainConnection(who: string, error: unknown): ScanFailure {
	const code = codeOf(error);
	if (error instanceof Error && code === addressRefused)
		return {reason: 'address-refused', transient: false, detail: error.message};
	if (isAboutCertificate(code))
		return {
			reason: 'unreachable',
			transient: false,
			detail: `${who}: its certificate cannot be verified (${code})`,
		};
	const problem = connectionProblems[code] ?? `the connection failed (${code})`;
	return {reason: 'unreachable', transient: true, detail: `${who}: ${problem}`};
}

/** As OpenSSL's X509_verify_cert_error_string and Node name them. */
export function isAboutCertificate(code: string): boolean {
	return /CERT|SIGNATURE|ISSUER|^INVALID_(?:CA|PURPOSE)$|^(?:PATH_LENGTH_EXCEEDED|HOSTNAME_MISMATCH)$/.test(code);
}

/** The system's or the library's code of an error, or of what caused it. */
export function codeOf(error: unknown): string {
	if (!(error instanceof Error)) return 'unknown';
	if (error instanceof AggregateError && error.errors.length > 0 && !('code' in error)) return codeOf(error.errors[0]);
	if ('code' in error && typeof error.code === 'string' && /^[A-Z0-9_]{1,60}$/.test(error.code)) return error.code;
	return error.cause === undefined ? 'unknown' : codeOf(error.cause);
}
