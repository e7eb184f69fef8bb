import {once} from 'node:events';
import {readFile, stat} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {resolve} from 'node:path';
import {setTimeout as wait} from 'node:timers/promises';
import {applicationRoot} from './application-root.ts';
import type {Surroundings} from './cli.ts';
import {GateError} from './errors.ts';
import {createRunTool, createStartTool} from './exec.ts';
import {chooseReferences, explanationOf} from './explain.ts';
import type {PolicyInForce} from './explain.ts';
import {admit, decide} from './gate/decide.ts';
import {defaultPolicy, parsePolicy} from './gate/policy.ts';
import type {Policy} from './gate/policy.ts';
import {platformsFor} from './gate/platforms.ts';
import {adviceFor, reasonText} from './gate/reasons.ts';
import {tighten} from './gate/tighten.ts';
import {oneLineSummary} from './gate/words.ts';
import {findImages} from './images/find.ts';
import {readManifests} from './manifests/read.ts';
import {renderParameters, tighteningParameters} from './parameters.ts';
import {printGate} from './print.ts';
import type {GateOutcome} from './print.ts';
import {createProgress} from './progress.ts';
import {detectSource} from './render/detect.ts';
import {render} from './render/render.ts';
import {formatExplanation, formatExplanationAsJson} from './report/explain.ts';
import {formatImagesAsJson, formatImagesAsText} from './report/images.ts';
import {formatReportAsJson} from './report/json.ts';
import type {Report} from './report/report.ts';
import {formatReportAsTable} from './report/table.ts';
import {canonicalOf, targetOf} from './scan-targets.ts';
import {startEngine} from './scan/engine.ts';
import type {EngineOptions} from './scan/engine.ts';
import {toolEnvironment} from './settings.ts';
import type {Settings} from './settings.ts';
import {checkTool, locateTools} from './tools.ts';
import type {
	Decision,
	DecisionReason,
	GateDecision,
	ImageReference,
	Log,
	ManifestObject,
	RenderedManifests,
	ScanVerdict,
	Source,
	ToolContext,
	ToolName,
} from './types.ts';
import {openWorkspace} from './workspace.ts';

export interface GateRequest {
	readonly settings: Settings;
	readonly surroundings: Surroundings;
	readonly log: Log;
}

/** What the stages of one run share. */
interface Run extends GateRequest {
	readonly context: ToolContext;
	readonly paths: Readonly<Record<ToolName, string>>;
	readonly policy: Policy;
	readonly policyInForce: PolicyInForce;
}

/** Source → RenderedManifests → ImageReference[] → ScanVerdict[] → GateDecision → output. */
export async function runGate(request: GateRequest): Promise<GateOutcome> {
	return withRun(request, async (run) => {
		const {command, format} = run.settings;
		const {manifests, trivyVersion} = await renderSource(run);
		if (command === 'render') return {stdout: manifests.bytes, exitCode: 0};
		const objects = readObjects(manifests, run.settings);
		const references = findImages(objects, run.policy.images);
		if (command === 'images') {
			const {all} = run.settings;
			return text(format === 'json' ? formatImagesAsJson(references) : formatImagesAsText(references, {all}), 0);
		}
		if (command === 'explain') return explain(references, trivyVersion, run);
		const verdicts = await scanReferences(references, trivyVersion, run);
		const decision = decide({references, verdicts, policy: run.policy, canonical: canonicalOf});
		const report = reportOf(decision, trivyVersion, run);
		if (command === 'scan') return printReport(report, run);
		return printGate({...run, manifests, objects, decision, report: formatReportAsTable(report, {colour: false})});
	});
}

/** Gives the run its directory, its tools and its deadline, and takes them away however it ends. */
async function withRun(request: GateRequest, story: (run: Run) => Promise<GateOutcome>): Promise<GateOutcome> {
	const {settings, surroundings, log} = request;
	const policyInForce = await loadPolicy(settings);
	const paths = await locateTools(settings.tools, surroundings.environment);
	const stop = new AbortController();
	const deadline = setTimeout(() => stop.abort('deadline'), timeLeftMs(settings.deadlineMs)).unref();
	surroundings.signal.addEventListener('abort', () => stop.abort(surroundings.signal.reason), {once: true});
	const workspace = await openWorkspace(tmpdir());
	try {
		const told = story({
			...request,
			paths,
			policy: policyInForce.policy,
			policyInForce,
			context: {
				run: createRunTool(paths, groups(settings)),
				environment: toolEnvironment(surroundings.environment, settings.caFile),
				makeDirectory: workspace.makeDirectory,
				signal: stop.signal,
				timeoutMs: settings.deadlineMs,
				log,
			},
		});
		return await Promise.race([told, overdue({signal: stop.signal, settings})]);
	} finally {
		clearTimeout(deadline);
		await workspace.remove();
	}
}

/** Rejects when the work has not ended some time after it was told to: not every system call can be given up. */
async function overdue({
	signal,
	settings,
}: {
	readonly signal: AbortSignal;
	readonly settings: Settings;
}): Promise<never> {
	if (!signal.aborted) await once(signal, 'abort');
	await wait(goodbyeMs(settings.deadlineMs) * 0.9);
	throw new GateError({
		stage: 'scan',
		code: signal.reason === 'deadline' ? 'deadline' : 'canceled',
		what: `the work did not end ${signal.reason === 'deadline' ? `within the deadline of ${settings.deadlineMs / 1000} s` : 'when the gate was stopped'}`,
		hint: 'Look whether the cache directory and the temporary directory are on a disk that answers.',
	});
}

function goodbyeMs(deadlineMs: number): number {
	return Math.min(3000, deadlineMs / 5);
}

/** The tools are stopped a little early, so that they end and the message is out before the deadline itself. */
function timeLeftMs(deadlineMs: number): number {
	return Math.max(0, deadlineMs - goodbyeMs(deadlineMs) - process.uptime() * 1000);
}

async function loadPolicy({policyFile, parameters}: Settings): Promise<PolicyInForce> {
	const wish = tighteningParameters(parameters);
	if (policyFile === undefined) return {policy: tighten(defaultPolicy, wish), file: undefined};
	const content = await readFile(policyFile, 'utf8').catch((error: unknown) => {
		throw new GateError({
			stage: 'settings',
			code: 'policy-invalid',
			what: 'the policy file cannot be read',
			where: policyFile,
			hint: 'Check --policy (TRIVY_GATE_POLICY) and that the file is mounted.',
			cause: error,
		});
	});
	const policy = tighten(parsePolicy(content, policyFile), wish);
	return {policy, file: {path: policyFile, text: content}};
}

async function renderSource(run: Run): Promise<{readonly manifests: RenderedManifests; readonly trivyVersion: string}> {
	const {settings, surroundings, context, paths} = run;
	const parameters = renderParameters(settings.parameters, settings.application);
	const source = await findSource(run);
	// Before anything else is under way: it may take as long as the other half of the pipe.
	const input = source.kind === 'stdin' ? await readAll(surroundings.stdin, context.signal) : undefined;
	const versions = checkTools(source, run);
	const rendered = render({
		source,
		parameters,
		build: settings.build,
		context,
		kustomizeBuildOptions: settings.kustomizeBuildOptions,
		helmPath: paths.helm,
		allowEmpty: settings.parameters['allow-empty'] === 'true',
		input,
	});
	// A tool of the wrong version explains a failed render, so its error goes first.
	const [checked, manifests] = await Promise.allSettled([versions, rendered]);
	if (checked.status === 'rejected') throw checked.reason;
	if (manifests.status === 'rejected') throw manifests.reason;
	return {manifests: manifests.value, trivyVersion: checked.value['trivy'] ?? ''};
}

async function findSource({settings}: Run): Promise<Source> {
	if (settings.path === '-') return {kind: 'stdin'};
	const directory = resolve(settings.path);
	const root = await applicationRoot(directory, settings.root);
	const {type, plain} = renderParameters(settings.parameters, settings.application);
	return detectSource({directory, root, type, plain});
}

/** The versions of the tools that the command needs. */
async function checkTools(source: Source, {settings, paths, context}: Run): Promise<Partial<Record<ToolName, string>>> {
	const renderers: readonly ToolName[] = source.kind === 'helm' || source.kind === 'kustomize' ? [source.kind] : [];
	const scanners: readonly ToolName[] =
		settings.command === 'images' || settings.command === 'render' ? [] : ['crane', 'trivy'];
	const names = [...renderers, ...scanners];
	const versions = await Promise.all(
		names.map(async (name) => [name, await checkTool(name, paths[name], context)] as const),
	);
	return Object.fromEntries(versions);
}

/** Reads stdin to its end, as long as there is time. */
async function readAll(stream: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<Uint8Array> {
	const stopped = Promise.withResolvers<never>();
	stopped.promise.catch(() => {});
	const stop = () => stopped.reject(stdinStillOpen(signal));
	signal.addEventListener('abort', stop, {once: true});
	const chunks: Uint8Array[] = [];
	let size = 0;
	const reader = stream[Symbol.asyncIterator]();
	for (;;) {
		const next = await Promise.race([reader.next(), stopped.promise]);
		if (next.done === true) break;
		size += next.value.length;
		if (size > maxStdinBytes)
			throw new GateError({
				stage: 'render',
				code: 'limit-exceeded',
				what: 'stdin holds more than 100 MiB',
				hint: 'Split the application.',
			});
		chunks.push(next.value);
	}
	signal.removeEventListener('abort', stop);
	return Buffer.concat(chunks);
}

const maxStdinBytes = 100 * 1024 * 1024;

function stdinStillOpen(signal: AbortSignal): GateError {
	return signal.reason === 'deadline'
		? new GateError({
				stage: 'render',
				code: 'deadline',
				what: 'stdin was still open when the deadline came',
				hint: 'Look at what the first half of the pipe does, or raise the deadline.',
			})
		: new GateError({stage: 'render', code: 'canceled', what: 'the gate was stopped while it read stdin'});
}

/** Scans what the policy lets be scanned: a registry that it denies sees no request. */
async function scanReferences(
	references: readonly ImageReference[],
	trivyVersion: string,
	run: Run,
): Promise<readonly ScanVerdict[]> {
	const {settings, surroundings, context, policy} = run;
	const targets = references.flatMap((reference) => {
		const {name} = reference;
		const refused =
			name === undefined ||
			reference.outcome !== 'scan' ||
			admit(reference, canonicalOf(name), policy).some(isRegistryRefusal);
		return refused ? [] : [{...targetOf(name), platforms: platformsFor(reference, policy.platforms)}];
	});
	const watched =
		settings.command === 'scan' || settings.command === 'explain' || surroundings.stderr.isTTY || settings.verbose;
	const progress = watched ? createProgress({stream: surroundings.stderr, now: () => performance.now()}) : undefined;
	try {
		const engine = await startEngine({
			...(await engineOptions(trivyVersion, run)),
			readyAtOnce: false,
			queueLimit: Infinity,
		});
		try {
			return await engine.scan({
				application: settings.calledByArgo ? settings.application.name : '',
				targets,
				platforms: policy.platforms,
				maxDatabaseAgeHours: policy.maxDatabaseAgeHours,
				signal: context.signal,
				onEvent: progress?.onEvent ?? (() => {}),
			});
		} finally {
			await engine.close();
		}
	} finally {
		progress?.end();
	}
}

async function engineOptions(
	trivyVersion: string,
	{settings, policy, paths, context}: Run,
): Promise<Omit<EngineOptions, 'readyAtOnce' | 'queueLimit'>> {
	return {
		context,
		start: createStartTool(paths, groups(settings)),
		concurrency: settings.concurrency,
		memoryBytes: process.constrainedMemory(),
		retries: settings.retries,
		scanTimeoutMs: settings.scanTimeoutMs,
		tagMemoryMs: settings.tagMemoryMs,
		trivyVersion,
		cacheDirectory: settings.cacheDirectory,
		cacheBytes: settings.cacheBytes,
		layerCacheBytes: settings.layerCacheBytes,
		layerSpaceBytes: settings.layerSpaceBytes,
		dockerConfigFile: await dockerConfigFile(settings),
		mirrors: policy.registries.mirrors,
		permittedAddresses: policy.registries.permitAddresses,
		database: {
			repositories: settings.databaseRepositories,
			javaRepositories: settings.javaDatabaseRepositories,
			update: settings.databaseUpdate,
		},
		now: Date.now,
		onEvent: (event) => {
			if (event.kind === 'trivy-server') context.log.detail('scan', `trivy’s server: ${event.state} ${event.detail}`);
		},
	};
}

/** Where Argo CD calls, every program stays in the gate's own group, which it ends. */
function groups({calledByArgo}: Settings): {readonly ownGroup: boolean} {
	return {ownGroup: !calledByArgo && process.platform !== 'win32'};
}

/** Scans one image alone and tells its whole story. */
async function explain(all: readonly ImageReference[], trivyVersion: string, run: Run): Promise<GateOutcome> {
	const references = chooseReferences(all, run.settings.image ?? '');
	const verdicts = await scanReferences(references, trivyVersion, run);
	const {images} = decide({references, verdicts, policy: run.policy, canonical: canonicalOf});
	const format = run.settings.format === 'json' ? formatExplanationAsJson : formatExplanation;
	return text(images.map((image) => format(explanationOf(image, run.policyInForce))).join('\n'), 0);
}

function isRegistryRefusal(reason: DecisionReason): boolean {
	return reason.kind === 'reference' && reason.rule === 'registry-denied';
}

async function dockerConfigFile({dockerConfigFile: {path, required}}: Settings): Promise<string | undefined> {
	const there = await stat(path).then(
		() => true,
		() => false,
	);
	return there || required ? path : undefined;
}

/** An empty list is as dangerous as an empty text: Argo CD would prune the application. */
function readObjects({text: manifests}: RenderedManifests, {parameters}: Settings): readonly ManifestObject[] {
	const objects = readManifests(manifests);
	if (objects.length > 0 || parameters['allow-empty'] === 'true') return objects;
	throw new GateError({
		stage: 'read',
		code: 'render-empty',
		what: 'the rendered manifests hold no object',
		hint: 'With prune on, Argo CD would delete the application’s objects. Correct the values, or set the parameter allow-empty to true.',
	});
}

function reportOf(decision: GateDecision, trivyVersion: string, {settings}: Run): Report {
	return {
		application: settings.application.name,
		decision,
		database: decision.images.flatMap(({verdicts}) => verdicts).find((verdict) => verdict.kind === 'scanned')?.database,
		trivyVersion,
		summary: oneLineSummary(decision),
		explain: reasonText,
		advise: adviceFor,
	};
}

const exitCodes: Readonly<Record<Decision, GateOutcome['exitCode']>> = {allow: 0, warn: 0, deny: 1, unknown: 2};

function printReport(report: Report, {settings, surroundings}: Run): GateOutcome {
	const colour = surroundings.stdout.isTTY && (surroundings.environment['NO_COLOR'] ?? '') === '';
	const content = settings.format === 'json' ? formatReportAsJson(report) : formatReportAsTable(report, {colour});
	return text(content, exitCodes[report.decision.decision]);
}

function text(content: string, exitCode: GateOutcome['exitCode']): GateOutcome {
	return {stdout: new TextEncoder().encode(content), exitCode};
}
