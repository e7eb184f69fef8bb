import {writeFileSync} from 'node:fs';
import yargs from 'yargs';
import {GateError} from './errors.ts';
import {createLog, printable} from './log.ts';
import {nearestName} from './nearest.ts';
import {parameters} from './parameters.ts';
import {runGate} from './run.ts';
import {options, parseSettings} from './settings.ts';
import type {Command, Flags, Option} from './settings.ts';
import {terminalOf} from './terminal.ts';
import type {Log} from './types.ts';

/** The process as the program sees it; nothing below this file touches `process`. */
export interface Surroundings {
	readonly args: readonly string[];
	readonly environment: Readonly<Record<string, string | undefined>>;
	readonly stdin: AsyncIterable<Uint8Array>;
	readonly stdout: NodeJS.WriteStream;
	readonly stderr: NodeJS.WriteStream;
	/** Aborted with the signal's name when the process is told to end. */
	readonly signal: AbortSignal;
}

/** What the program can be told to do, in the order of its help. */
export const commands = [
	{name: 'generate', describe: 'Print the manifests, unchanged or refused: what Argo CD runs'},
	{name: 'scan', describe: 'Render, scan and report: exit code 0 allowed, 1 denied, 2 not known'},
	{name: 'images', describe: 'List every image and where it comes from, without scanning'},
	{name: 'explain', describe: 'Tell the whole story of one image: explain IMAGE [path]'},
	{name: 'render', describe: 'Print the rendered manifests as the gate sees them'},
	{
		name: 'doctor',
		describe: 'Look for what keeps the gate from gating, in a cluster or in the sidecar: exit code 1 with errors',
	},
	{
		name: 'policy',
		describe:
			'policy check FILE…: tell mistakes and doubts; policy explain [IMAGE]: tell what holds, and where it is said; policy schema',
	},
	{name: 'announce', describe: 'Print what Argo CD’s form shows of the policy and the chart’s values, as JSON'},
	{name: 'sidecar', describe: 'Run the scan service, and beside it Argo CD’s plugin server or what stands behind --'},
	{name: 'serve', describe: 'Run the scan service alone'},
	{
		name: 'reports',
		describe: 'Read the reports that the scan service keeps: reports list [APPLICATION] | show ID|APPLICATION',
	},
	{name: 'status', describe: 'Tell how the scan service is: exit code 0 ready, 2 not ready or not there'},
] as const satisfies ReadonlyArray<{readonly name: Command; readonly describe: string}>;

/** Runs one command and answers with its exit code (design: 0 allowed, 1 denied, 2 could not do its work). */
export async function main(surroundings: Surroundings): Promise<number> {
	const {stderr, stdout} = surroundings;
	try {
		const parsed = await parseArguments(surroundings);
		switch (parsed.kind) {
			case 'text':
				await write(stdout, parsed.text);
				return 0;
			case 'version':
				await write(stdout, await versions(parsed.flags, surroundings));
				return 0;
			case 'command': {
				const {stdout: printed = '', exitCode} = await runCommand(parsed, surroundings);
				await write(stdout, printed);
				return exitCode;
			}
		}
	} catch (error) {
		await write(stderr, explain(error));
		return 2;
	}
}

interface CommandOutcome {
	readonly stdout?: Uint8Array | string;
	readonly exitCode: number;
}

/** What only some commands need is loaded by them: `generate` must start quickly. */
async function runCommand(
	{command, path, flags, image, images, words, program}: Parsed & {kind: 'command'},
	surroundings: Surroundings,
): Promise<CommandOutcome> {
	if (command === 'announce') {
		const {announce} = await import('./announce.ts');
		return announce({path, flags, surroundings, log: stderrLog(false), now: new Date()});
	}
	const settings = parseSettings(command, path, flags, surroundings.environment, image);
	switch (command) {
		case 'serve': {
			const {apiSchema, serve} = await import('./serve.ts');
			if (settings.printSchema) return {stdout: apiSchema(), exitCode: 0};
			return {exitCode: await serve({settings, surroundings})};
		}
		case 'sidecar': {
			const {sidecar} = await import('./serve.ts');
			return {exitCode: await sidecar({settings, surroundings, command: program})};
		}
		case 'doctor': {
			const {doctor} = await import('./doctor.ts');
			return doctor({settings, surroundings, log: stderrLog(settings.verbose), images});
		}
		case 'reports': {
			const {readReports} = await import('./reports.ts');
			return readReports({settings, words, terminal: terminalOf(surroundings.stdout, surroundings.environment)});
		}
		case 'status': {
			const {tellStatus} = await import('./status.ts');
			return tellStatus(settings);
		}
		case 'policy': {
			const {policyCommand} = await import('./policy-command.ts');
			return policyCommand({settings, words, now: new Date()});
		}
		case 'scan': {
			if (!settings.printSchema) return runGate({settings, surroundings, log: stderrLog(settings.verbose)});
			const {reportJsonSchema} = await import('./report/model.ts');
			return {stdout: `${JSON.stringify(reportJsonSchema(), undefined, 2)}\n`, exitCode: 0};
		}
		case 'generate':
		case 'images':
		case 'explain':
		case 'render':
			return runGate({settings, surroundings, log: stderrLog(settings.verbose)});
	}
}

async function versions(flags: Flags, {environment, signal}: Surroundings): Promise<string> {
	const {describeVersions} = await import('./version.ts');
	const settings = parseSettings('generate', '.', flags, environment);
	return describeVersions({settings, environment, signal, log: stderrLog(settings.verbose)});
}

/** Written at once, so that the order of lines is that of events, whatever ends the process. */
function stderrLog(verbose: boolean): Log {
	return createLog({
		verbose,
		write: (text) => {
			try {
				writeFileSync(2, text);
			} catch {
				// Nobody reads any more; the work goes on.
			}
		},
	});
}

type Parsed =
	| {readonly kind: 'text'; readonly text: string}
	| {readonly kind: 'version'; readonly flags: Flags}
	| ({readonly kind: 'command'; readonly flags: Flags} & Operands);

interface Operands {
	readonly command: Command;
	readonly path: string;
	/** Of `explain`. */
	readonly image: string | undefined;
	/** Of `sidecar`: what stands behind `--`. */
	readonly program: readonly string[];
	/** Of `doctor`. */
	readonly images: readonly string[];
	/** Of `policy` and `reports`: what to do, and with which files or reports. */
	readonly words: readonly string[];
}

async function parseArguments({args, stdout}: Surroundings): Promise<Parsed> {
	let help: string | undefined;
	const parser = yargs([...args])
		.scriptName('trivy-gate')
		.usage(
			'$0 <command> [path]\n\nKeeps vulnerable images out of clusters that Argo CD manages. The path is a Helm chart, a\nKustomize overlay or a directory of manifests (default: here); - reads manifests from stdin.',
		)
		.parserConfiguration({
			'camel-case-expansion': false,
			'parse-numbers': false,
			'parse-positional-numbers': false,
			'duplicate-arguments-array': true,
			'dot-notation': false,
			// `--no-packages` is a parameter's name.
			'boolean-negation': false,
			// What stands behind it is another program's.
			'populate--': true,
		})
		.exitProcess(false)
		.version(false)
		.wrap(Math.min(110, stdout.columns ?? 100))
		.help('help', 'Show help')
		.alias('help', 'h')
		.option('version', {type: 'boolean', describe: 'Show the versions of the gate, its tools and the database'})
		.epilogue('Each setting can be given as a variable: --cache-dir is TRIVY_GATE_CACHE_DIR.')
		.fail((message, error) => {
			// yargs has errors of its own for what a person mistyped.
			throw error instanceof GateError ? error : usageError(message || error.message);
		});
	// The path is not declared: yargs would turn "-" into nothing. A declared command makes yargs write the help down in
	// each run, which costs 60 ms.
	if (args.some((arg) => /^(?:-[^-]*h|--help)/.test(arg)))
		for (const {name, describe} of commands) parser.command(name, describe);
	for (const {name, ...option} of options as readonly Option[]) {
		parser.option(name, {
			// Numbers are checked with the other settings: yargs would turn a word into NaN.
			type: option.kind === 'boolean' ? 'boolean' : 'string',
			describe: option.defaultText === undefined ? option.describe : `${option.describe} [${option.defaultText}]`,
			requiresArg: option.kind !== 'boolean',
			group: 'Settings',
		});
	}
	for (const {name, tooltip, collection, item} of parameters) {
		const form = {string: '', array: ' (may be repeated)', map: ' (name=value, may be repeated)'}[collection];
		parser.option(name, {
			type: item === 'boolean' ? 'boolean' : 'string',
			describe: `${tooltip}${form}`,
			requiresArg: item !== 'boolean',
			group: 'Parameters of the application',
		});
	}
	const flags: Flags = await parser.parseAsync([...args], {}, (_error, _argv, output) => {
		if (output !== '') help = output;
	});
	if (help !== undefined) return {kind: 'text', text: `${help}\n`};
	refuseUnknownFlags(flags);
	if (flags['version'] === true) return {kind: 'version', flags};
	return {kind: 'command', ...operands(flags), flags};
}

function refuseUnknownFlags(flags: Flags): void {
	const known = [
		'_',
		'--',
		'$0',
		'help',
		'h',
		'version',
		...options.map(({name}) => name),
		...parameters.map(({name}) => name),
	];
	const unknown = Object.keys(flags).filter((name) => !known.includes(name));
	if (unknown.length === 0) return;
	const sentences = unknown.map((name) => {
		const nearest = nearestName(name, known.slice(6));
		return `--${name} is not a flag${nearest === undefined ? '' : `; did you mean --${nearest}?`}`;
	});
	throw usageError(sentences.join('\n'));
}

function operands(flags: Flags): Operands {
	const behind = wordsOf(flags['--']);
	const [name, ...before] = wordsOf(flags['_']);
	const others = name === 'sidecar' ? before : [...before, ...behind];
	const command = commands.find((candidate) => candidate.name === name)?.name;
	if (name === undefined) throw usageError('a command is missing');
	if (command === undefined) {
		const nearest = nearestName(
			name,
			commands.map((candidate) => candidate.name),
		);
		throw usageError(`"${name}" is not a command${nearest === undefined ? '' : `; did you mean "${nearest}"?`}`);
	}
	const [image, ...paths] = command === 'explain' ? others : [undefined, ...others];
	if (command === 'explain' && (image === undefined || image === '')) throw usageError('explain needs an image');
	if (command === 'doctor') return {command, path: '.', image: undefined, images: others, words: [], program: behind};
	if (command === 'policy' || command === 'reports')
		return {command, path: '.', image: undefined, images: [], words: others, program: behind};
	if (paths.length > 1) throw usageError(`one path is expected, not ${paths.length}`);
	if (paths[0] === '') throw usageError('the path is empty');
	if (['serve', 'sidecar', 'status'].includes(command) && paths.length > 0)
		throw usageError(`${command} takes no path`);
	return {command, path: paths[0] ?? '.', image, images: [], words: [], program: behind};
}

function wordsOf(value: unknown): readonly string[] {
	return Array.isArray(value) ? value.map(String) : [];
}

function usageError(message: string): GateError {
	return new GateError({
		stage: 'settings',
		code: 'usage',
		what: 'the command line cannot be used',
		hint: 'See "trivy-gate --help".',
		output: message,
	});
}

/** What went wrong, in the house form; anything unexpected is a bug and shows where it happened. */
function explain(error: unknown): string {
	if (error instanceof GateError) return printable(`${error.message}\n${indent(error.output)}`);
	const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
	return printable(`gate: this is a bug of trivy-gate. Please report it with these lines:\n${indent(stack)}`);
}

function indent(output: string | undefined): string {
	const lines = (output ?? '').trimEnd();
	return lines === '' ? '' : `${lines.replaceAll(/^/gm, '  ')}\n`;
}

/**
 * Waits until the reader has everything: ending the process would cut what is still in the pipe. A reader that does not
 * want more is the end of it, not a failure.
 */
async function write(stream: NodeJS.WriteStream, content: Uint8Array | string): Promise<void> {
	await new Promise<void>((fulfil, reject) => {
		stream.write(content, (error: NodeJS.ErrnoException | null | undefined) =>
			error === null || error === undefined || error.code === 'EPIPE' ? fulfil() : reject(error),
		);
	});
}
