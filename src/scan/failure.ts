import type {ToolResult, UnscannedReason} from '../types.ts';

/** Why a tool's run did not give what was asked for. */
export interface ScanFailure {
	readonly reason: UnscannedReason;
	/** Whether the same call may succeed a little later. */
	readonly transient: boolean;
	/** One line, in the tool's words where it has any. */
	readonly detail: string;
}

// The words of go-containerregistry, Go's net package and Trivy, in the order in which they decide.
const signs: ReadonlyArray<readonly [RegExp, UnscannedReason, boolean]> = [
	[/TOOMANYREQUESTS|\b429\b|toomanyrequests|rate limit/i, 'rate-limited', true],
	[
		/UNAUTHORIZED|\b401\b|DENIED|\b403\b|authentication required|requested access to the resource is denied/,
		'unauthorized',
		false,
	],
	[/MANIFEST_UNKNOWN|NAME_UNKNOWN|\b404\b|manifest unknown|repository name not known/, 'not-found', false],
	[/no child with platform|no matching platform|platform .* not found/i, 'platform-missing', false],
	[/\b5\d\d (?:Internal|Bad|Service|Gateway)|status code 5\d\d|INTERNAL_ERROR|UNAVAILABLE/, 'registry-error', true],
	[/no space left on device/i, 'scanner-failed', false],
	[/x509:|certificate|tls:/i, 'unreachable', false],
	[
		/connection refused|connection reset|no such host|network is unreachable|broken pipe|EOF|i\/o timeout|TLS handshake timeout|deadline exceeded|server misbehaving/i,
		'unreachable',
		true,
	],
];

/**
 * Explains a run that did not end with exit code 0.
 * @param timeoutMs what the run was given, for the message.
 */
export function explainFailure(result: ToolResult, tool: string, timeoutMs: number): ScanFailure {
	switch (result.kind) {
		case 'missing':
			return {reason: 'scanner-failed', transient: false, detail: `${tool} is not there`};
		case 'stopped':
			return explainStop(result, tool, timeoutMs);
		case 'exited': {
			const detail = lastWords(result.stderr) || `${tool} ended with exit code ${result.exitCode} and said nothing`;
			const sign = signs.find(([pattern]) => pattern.test(result.stderr));
			return sign === undefined
				? {reason: 'scanner-failed', transient: false, detail}
				: {reason: sign[1], transient: sign[2], detail};
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

/** The last line that a tool wrote, without Trivy's time stamp and level and without anything like a credential. */
export function lastWords(stderr: string): string {
	const line = stderr.trim().split('\n').at(-1) ?? '';
	return withoutCredentials(line.replace(/^\S+\s+(?:FATAL|ERROR|WARN)\s+/, '').replace(/^Error: /, '')).slice(0, 400);
}

/** Masks user:password@ in URLs and the values of token-like query parameters. */
export function withoutCredentials(text: string): string {
	return text
		.replaceAll(/\/\/[^\s/@]+@/g, '//***@')
		.replaceAll(/\b((?:access_)?token|password|signature|sig|X-Amz-[A-Za-z-]+)=[^&\s"]+/gi, '$1=***')
		.replaceAll(/\b(Bearer|Basic)\s+[\w+/=.~-]+/g, '$1 ***');
}
