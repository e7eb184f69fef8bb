import {resolve} from 'node:path';
import {applicationRoot} from './application-root.ts';
import type {Surroundings} from './cli.ts';
import {GateError} from './errors.ts';
import {chooseReferences, explanationOf} from './explain.ts';
import type {PolicyInForce} from './explain.ts';
import {admit, decide} from './gate/decide.ts';
import type {Policy} from './gate/policy.ts';
import {platformsFor} from './gate/platforms.ts';
import {loadFeeds} from './feed-files.ts';
import {openLedger, type LedgerFile} from './ledger-file.ts';
import {findImages} from './images/find.ts';
import {oddLines} from './manifests/odd.ts';
import {readManifests} from './manifests/read.ts';
import type {ReadManifests} from './manifests/read.ts';
import {renderParameters} from './parameters.ts';
import {loadPolicy} from './policy-file.ts';
import {printGate} from './print.ts';
import type {GateOutcome} from './print.ts';
import {createProgress} from './progress.ts';
import {detectSource} from './render/detect.ts';
import {render} from './render/render.ts';
import {formatExplanation, formatExplanationAsJson} from './report/explain.ts';
import {formatImagesAsJson, formatImagesAsText} from './report/images.ts';
import type {Report} from './report/model.ts';
import {formatReportAsTable} from './report/table.ts';
import {verdictsOfOutage} from './outage.ts';
import {reportOf} from './report-of.ts';
import {canonicalOf, targetOf} from './scan-targets.ts';
import {openScanner} from './scanner.ts';
import type {ScanAnswer, Scanner} from './scanner.ts';
import type {Settings} from './settings.ts';
import {readSourceCredentials} from './source-credentials.ts';
import {placesOf} from './source-places.ts';
import {terminalOf} from './terminal.ts';
import {checkToolOnce} from './tools.ts';
import type {
	Decision,
	DecisionReason,
	GateDecision,
	ImageName,
	ImageReference,
	Log,
	RenderedManifests,
	ScanVerdict,
	Source,
	ToolName,
} from './types.ts';
import {timeLeftMs, withTools} from './with-tools.ts';
import type {Tools} from './with-tools.ts';
import {writeWhole} from './write-file.ts';

export interface GateRequest {
	readonly settings: Settings;
	readonly surroundings: Surroundings;
	readonly log: Log;
}

/** What the stages of one run share. */
interface Run extends GateRequest, Tools {
	readonly policy: Policy;
	readonly policyInForce: PolicyInForce;
}

/** Source → RenderedManifests → ImageReference[] → ScanVerdict[] → GateDecision → output. */
export async function runGate(request: GateRequest): Promise<GateOutcome> {
	return withRun(request, async (run) => {
		const {command, format} = run.settings;
		const {manifests, trivyVersion} = await renderSource(run);
		if (command === 'render') return {stdout: manifests.bytes, exitCode: 0};
		const read = readObjects(manifests, run);
		const references = findImages(read.objects, run.policy.images);
		if (command === 'images') {
			const {all} = run.settings;
			return text(format === 'json' ? formatImagesAsJson(references) : formatImagesAsText(references, {all}), 0);
		}
		return withScanner(trivyVersion, run, async (scanner) => {
			if (command === 'explain') return explain(references, scanner, run);
			const answer = await scanReferences(references, scanner, run);
			const {verdicts, secondsLeft} = answer;
			const {decision, ledger, now} = await decideRun(references, verdicts, run);
			const about = {
				...callerOf(run.settings),
				decision,
				canonical: canonicalOf,
				odd: read.odd,
				trivyVersion: answer.trivyVersion,
			};
			if (command === 'scan') {
				const placeOf = await placesOf(references, manifests.source);
				return tellReport(reportOf({...about, placeOf, ...(await suggest(decision, scanner, run))}), run);
			}
			const report = reportOf(about);
			await ledger?.record(decision, now);
			const told = scanner.tell(decision, fairnessNameOf(run.settings), report);
			try {
				const table = formatReportAsTable(report, {colour: false});
				return printGate({...run, manifests, read, decision, report: table, secondsLeft});
			} finally {
				await told;
			}
		});
	});
}

/** Gives the run who scans, and lets go of it however the run ends. */
async function withScanner(
	trivyVersion: string,
	run: Run,
	story: (scanner: Scanner) => Promise<GateOutcome>,
): Promise<GateOutcome> {
	const scanner = await openScanner({...run, trivyVersion, timeLeftMs: () => timeLeftMs(run.settings.deadlineMs)});
	try {
		return await story(scanner);
	} finally {
		await scanner.close();
	}
}

/** Gives the run its policy and what it runs tools with. */
async function withRun(request: GateRequest, story: (run: Run) => Promise<GateOutcome>): Promise<GateOutcome> {
	const policyInForce = await loadPolicy(request.settings);
	return withTools(request, (tools) => story({...request, ...tools, policy: policyInForce.policy, policyInForce}));
}

async function renderSource(run: Run): Promise<{readonly manifests: RenderedManifests; readonly trivyVersion: string}> {
	const {settings, surroundings, context, paths} = run;
	const parameters = renderParameters(settings.parameters, settings.application);
	const source = await findSource(run);
	const credentials = await readSourceCredentials(settings);
	// Before anything else is under way: it may take as long as the other half of the pipe.
	const input = source.kind === 'stdin' ? await readAll(surroundings.stdin, context.signal) : undefined;
	const versions = checkTools(source, run);
	const rendered = render({
		source,
		parameters,
		build: settings.build,
		credentials,
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
	const scans = settings.service === undefined && settings.command !== 'images' && settings.command !== 'render';
	const scanners: readonly ToolName[] = scans ? ['trivy'] : [];
	const names = [...renderers, ...scanners];
	const versions = await Promise.all(
		names.map(
			async (name) => [name, await checkToolOnce(name, paths[name], context, settings.cacheDirectory)] as const,
		),
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
async function scanReferences(references: readonly ImageReference[], scanner: Scanner, run: Run): Promise<ScanAnswer> {
	const {settings, surroundings, context, policy, policyInForce} = run;
	const policyOf = (name: ImageName) => policyInForce.forImage(canonicalOf(name).repository).policy;
	const targets = references.flatMap((reference) => {
		const {name} = reference;
		const refused =
			name === undefined ||
			reference.outcome !== 'scan' ||
			admit(reference, canonicalOf(name), policyOf(name)).some(isRegistryRefusal);
		return refused ? [] : [{...targetOf(name), platforms: platformsFor(reference, policy.platforms)}];
	});
	const watched =
		settings.command === 'scan' || settings.command === 'explain' || surroundings.stderr.isTTY || settings.verbose;
	const progress = watched ? createProgress({stream: surroundings.stderr, now: () => performance.now()}) : undefined;
	try {
		return await scanner.scan({
			application: fairnessNameOf(settings),
			targets,
			platforms: policy.platforms,
			maxDatabaseAgeHours: policy.maxDatabaseAgeHours,
			signal: context.signal,
			onEvent: progress?.onEvent ?? (() => {}),
		});
	} catch (error) {
		const verdicts = verdictsOfOutage(error, targets, policy);
		if (verdicts === undefined) throw error;
		return {verdicts, trivyVersion: '', secondsLeft: undefined};
	} finally {
		progress?.end();
	}
}

async function decideRun(
	references: readonly ImageReference[],
	verdicts: readonly ScanVerdict[],
	{policy, policyInForce, settings, log}: Run,
): Promise<{readonly decision: GateDecision; readonly ledger: LedgerFile | undefined; readonly now: Date}> {
	const {exceptions, forImage} = policyInForce;
	const policyOf = (repository: string) => forImage(repository).policy;
	const policies = references.map(({name}) => (name === undefined ? policy : policyOf(canonicalOf(name).repository)));
	const now = new Date();
	const feeds = await loadFeeds(policies, verdicts, now);
	const scope = callerOf(settings);
	// On a laptop nothing is deployed, so that nothing is remembered either.
	const remembers = settings.calledByArgo && policies.some(looksBack);
	const ledger = remembers ? await openLedger({...scope, directory: settings.ledger, log}) : undefined;
	const known = {exceptions, scope, feeds, ledger: ledger?.ledger, now};
	return {decision: decide({references, verdicts, policy, policyOf, canonical: canonicalOf, ...known}), ledger, now};
}

/** Looks for what could be used instead of what is denied, when it is asked for. */
async function suggest({images}: GateDecision, scanner: Scanner, run: Run) {
	if (!run.settings.suggest) return {};
	const {suggestionsFor} = await import('./suggest.ts');
	const suggestions = await suggestionsFor(images, {
		scanner,
		scan: async (references) => (await scanReferences(references, scanner, run)).verdicts,
		decide: async (references, verdicts) => (await decideRun(references, verdicts, run)).decision,
	});
	return {suggestions};
}

/** On a laptop there is no application to speak of. */
function fairnessNameOf({calledByArgo, application}: Settings): string {
	return calledByArgo ? application.name : '';
}

/** Scans one image alone and tells its whole story. */
async function explain(all: readonly ImageReference[], scanner: Scanner, run: Run): Promise<GateOutcome> {
	const references = chooseReferences(all, run.settings.image ?? '');
	const {verdicts} = await scanReferences(references, scanner, run);
	const {images} = (await decideRun(references, verdicts, run)).decision;
	const format = run.settings.format === 'json' ? formatExplanationAsJson : formatExplanation;
	return text(images.map((image) => format(explanationOf(image, run.policyInForce))).join('\n'), 0);
}

function isRegistryRefusal(reason: DecisionReason): boolean {
	return reason.kind === 'reference' && reason.rule === 'registry-denied';
}

/** An empty list is as dangerous as an empty text: Argo CD would prune the application. */
function readObjects({text: manifests}: RenderedManifests, {settings, log}: Run): ReadManifests {
	const read = readManifests(manifests);
	for (const line of oddLines(read.odd)) log.info('read', line);
	if (read.objects.length > 0 || settings.parameters['allow-empty'] === 'true') return read;
	throw new GateError({
		stage: 'read',
		code: 'render-empty',
		what: 'the rendered manifests hold no object',
		hint: 'With prune on, Argo CD would delete the application’s objects. Correct the values, or set the parameter allow-empty to true.',
	});
}

/** Of whom the report speaks; on a laptop the directory's name stands for the application. */
function callerOf({application: {name, project, revision}}: Settings) {
	return {application: name, project, revision};
}

const exitCodes: Readonly<Record<Decision, GateOutcome['exitCode']>> = {allow: 0, warn: 0, deny: 1, unknown: 2};

/** The report on stdout, and in the files that were asked for. */
async function tellReport(report: Report, {settings, surroundings}: Run): Promise<GateOutcome> {
	const {formatReport} = await import('./report/formats.ts');
	const {width, ...look} = terminalOf(surroundings.stdout, surroundings.environment);
	for (const {format, file} of settings.outputs) {
		await writeWhole(file, formatReport(report, format, {colour: false}));
	}
	const format = settings.format === 'text' ? 'table' : settings.format;
	return text(
		formatReport(report, format, {...look, ...(width === undefined ? {} : {width})}),
		exitCodes[report.decision],
	);
}

function text(content: string, exitCode: GateOutcome['exitCode']): GateOutcome {
	return {stdout: new TextEncoder().encode(content), exitCode};
}

/** Whether a policy asks what was allowed before. */
function looksBack({readmit, outages: {registry, scanner, busy}}: Policy): boolean {
	return readmit !== undefined || [registry, scanner, busy].includes('readmit');
}
