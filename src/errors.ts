import type {Stage} from './types.ts';

/**
 * Why the gate could not do its work. Tests and callers use the code, people read the message.
 * A denial is not an error, and an image that cannot be scanned is a verdict.
 */
export const errorCodes = [
	'usage',
	'settings-invalid',
	'policy-invalid',
	'feed-unusable',
	'parameters-invalid',
	'tool-missing',
	'tool-version',
	'source-not-found',
	'source-refused',
	'path-outside',
	'render-failed',
	'render-empty',
	'dependency-missing',
	'manifests-unreadable',
	'limit-exceeded',
	'database-unavailable',
	'service-busy',
	'service-unreachable',
	'wave-out-of-range',
	'no-namespace',
	'images-unknown',
	'output-unwritable',
	'deadline',
	'canceled',
	'cluster-unavailable',
	'internal',
] as const;
export type ErrorCode = (typeof errorCodes)[number];

export interface Explanation {
	readonly stage: Stage;
	readonly code: ErrorCode;
	/** What happened; no full stop. */
	readonly what: string;
	/** Where: a file, an object, a line; no full stop. */
	readonly where?: string | undefined;
	/** What to do next: a sentence with its full stop. */
	readonly hint?: string | undefined;
	/** A tool's own words; shown indented below the line. */
	readonly output?: string | undefined;
	readonly cause?: unknown;
}

/** The one error class: `<stage>: <what happened> — <where>. <what to do>`, and a tool's words below it. */
export class GateError extends Error {
	readonly stage: Stage;
	readonly code: ErrorCode;
	readonly output: string | undefined;
	/** What it was made of, so that another process can tell the same. */
	readonly explanation: Omit<Explanation, 'cause'>;

	constructor({cause, ...explanation}: Explanation) {
		const {stage, code, what, where, hint, output} = explanation;
		const sentence = `${stage}: ${what}${where === undefined ? '' : ` — ${where}`}.`;
		super(hint === undefined ? sentence : `${sentence} ${hint}`, cause === undefined ? {} : {cause});
		this.stage = stage;
		this.code = code;
		this.output = output;
		this.explanation = explanation;
	}

	static {
		GateError.prototype.name = 'GateError';
	}
}
