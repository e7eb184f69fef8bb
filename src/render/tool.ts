import {mkdir} from 'node:fs/promises';
import {join} from 'node:path';
import {GateError} from '../errors.ts';
import {printable, withoutCredentials} from '../log.ts';
import type {ErrorCode} from '../errors.ts';
import type {ToolContext, ToolName} from '../types.ts';

/** A path of this machine, and what a person reads in its place. */
export interface Mask {
	readonly path: string;
	readonly as: string;
}

interface Run {
	readonly tool: ToolName;
	readonly args: readonly string[];
	readonly directory: string;
	readonly environment: Readonly<Record<string, string>>;
	readonly context: ToolContext;
	readonly masks: readonly Mask[];
	/** Where in the repository, for messages. */
	readonly where: string;
	/** What a person can do when the tool says no, or the whole error for words that the caller knows. */
	readonly explain?: (
		stderr: string,
	) => {readonly code: ErrorCode; readonly what?: string; readonly hint: string} | undefined;
}

/**
 * Runs helm or kustomize and returns what it printed, byte for byte.
 * Every other ending is a GateError with the tool's own words, in which no path of this machine is left.
 */
export async function runTool({
	tool,
	args,
	directory,
	environment,
	context,
	masks,
	where,
	explain,
}: Run): Promise<Uint8Array> {
	const {signal, timeoutMs} = context;
	const result = await context.run(tool, args, {environment, directory, timeoutMs, signal});
	switch (result.kind) {
		case 'exited': {
			const output = readable(result.stderr, masks);
			if (result.exitCode === 0) {
				if (output !== '') context.log.detail('render', `${tool} said: ${output}`);
				return result.stdout;
			}
			const known = explain?.(result.stderr);
			throw new GateError({
				stage: 'render',
				code: known?.code ?? 'render-failed',
				what: known?.what ?? `${tool} exited with code ${result.exitCode}`,
				where,
				hint: known?.hint,
				output,
			});
		}
		case 'missing':
			throw new GateError({
				stage: 'tools',
				code: 'tool-missing',
				what: result.code === 'ENOENT' ? `${tool} is not installed` : `${tool} cannot be started (${result.code})`,
				where: result.path,
				hint: `Install ${tool}, or say where it is.`,
			});
		case 'stopped':
			throw new GateError({
				stage: 'render',
				where,
				output: readable(result.stderr, masks),
				...stopWords(tool, result.reason, context.signal),
			});
	}
}

/** A private home with nothing in it, and the variables that make helm, kustomize and git use it and nothing else. */
export async function privateHome(
	context: ToolContext,
): Promise<{readonly home: string; readonly environment: Record<string, string>}> {
	const home = await context.makeDirectory('home');
	const {SSL_CERT_FILE: authorities, SSL_CERT_DIR: authoritiesDirectory} = context.environment;
	const inside = (name: string) => join(home, name);
	const directories = {
		TMPDIR: inside('tmp'),
		XDG_CACHE_HOME: inside('cache'),
		XDG_CONFIG_HOME: inside('config'),
		XDG_DATA_HOME: inside('data'),
		XDG_STATE_HOME: inside('state'),
		HELM_CACHE_HOME: inside('helm/cache'),
		HELM_CONFIG_HOME: inside('helm/config'),
		HELM_DATA_HOME: inside('helm/data'),
		HELM_PLUGINS: inside('helm/plugins'),
		KUSTOMIZE_PLUGIN_HOME: inside('kustomize/plugins'),
		DOCKER_CONFIG: inside('docker'),
	};
	await Promise.all(Object.values(directories).map((path) => mkdir(path, {recursive: true, mode: 0o700})));
	return {
		home,
		environment: {
			...context.environment,
			HOME: home,
			...directories,
			// git has names of its own for them.
			...(authorities === undefined ? {} : {GIT_SSL_CAINFO: authorities}),
			...(authoritiesDirectory === undefined ? {} : {GIT_SSL_CAPATH: authoritiesDirectory}),
			// Nobody answers a prompt, and a base at file:// would be a road to other repositories on this machine.
			GIT_TERMINAL_PROMPT: '0',
			GIT_ALLOW_PROTOCOL: 'http:https:ssh',
		},
	};
}

/** A tool's words for a person: paths masked (the longest first), control characters gone, cut at 4000 characters. */
function readable(stderr: string, masks: readonly Mask[]): string {
	// A chart's schema, also a packed one, can point at any file, and the validator quotes from it.
	if (/file:\/\/\/(?!values\.schema\.json\b)/i.test(stderr)) {
		return 'The tool was led to a local file (file://…), and what it said is withheld. A values.schema.json must not refer to files.';
	}
	const longestFirst = masks.toSorted((a, b) => b.path.length - a.path.length);
	const masked = longestFirst.reduce((text, {path, as}) => text.replaceAll(path, as), stderr);
	const words = printable(withoutCredentials(masked.replaceAll('\r\n', '\n'))).trim();
	return words.length > maxWords ? `${words.slice(0, maxWords)}\n[…]` : words;
}

const maxWords = 4000;

function stopWords(
	tool: ToolName,
	reason: 'timeout' | 'canceled' | 'signal' | 'output-too-big',
	signal: AbortSignal,
): {readonly code: ErrorCode; readonly what: string; readonly hint?: string} {
	switch (reason) {
		case 'timeout':
			return {
				code: 'deadline',
				what: `${tool} did not end in time`,
				hint: 'Raise the deadline, or make the source smaller.',
			};
		case 'canceled':
			return signal.reason === 'deadline'
				? {
						code: 'deadline',
						what: `${tool} was still at work when the deadline came`,
						hint: 'Raise the deadline, or make the source smaller.',
					}
				: {code: 'canceled', what: `${tool} was stopped`};
		case 'signal':
			return {code: 'render-failed', what: `${tool} was killed by a signal`, hint: 'It may need more memory.'};
		case 'output-too-big':
			return {code: 'limit-exceeded', what: `${tool} printed more than the gate reads`, hint: 'Split the application.'};
	}
}
