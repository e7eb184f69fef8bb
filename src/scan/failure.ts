import type {ToolResult, UnscannedReason} from '../types.ts';

/** Why a tool's run did not give what was asked for. */
export interface ScanFailure {
	readonly reason: UnscannedReason;
	/** Whether the same call may succeed a little later. */
	readonly transient: boolean;
	/** One line. Nothing of it is a registry's own text: that may be hostile, or an answer from inside the network. */
	readonly detail: string;
}

interface Sign {
	readonly pattern: RegExp;
	readonly reason: UnscannedReason;
	readonly transient: boolean;
}

// The words of go-containerregistry, Go's net package and Trivy, in the order in which they decide.
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
		case 'output-refused':
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
