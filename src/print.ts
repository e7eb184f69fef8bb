import {checkPrinted} from './check-printed.ts';
import {GateError} from './errors.ts';
import {gateJob, printJob} from './gate/job.ts';
import {isUse} from './gate/names.ts';
import type {Policy} from './gate/policy.ts';
import {whatToDo} from './gate/reasons.ts';
import {type Seal, sealEdits} from './gate/seal.ts';
import {imageSentence, oneLineSummary} from './gate/words.ts';
import {keepLastLine, prependDocument, prependJson, replaceRanges} from './manifests/emit.ts';
import type {ReadManifests} from './manifests/read.ts';
import type {Settings} from './settings.ts';
import type {Enforcement, GateDecision, ImageDecision, Log, ManifestObject, RenderedManifests} from './types.ts';

/** What a command prints and how it ends. */
export interface GateOutcome {
	readonly stdout: Uint8Array;
	readonly exitCode: 0 | 1 | 2;
}

interface Printing {
	readonly manifests: RenderedManifests;
	readonly read: ReadManifests;
	readonly decision: GateDecision;
	/** For the log of the gate Job's pod. */
	readonly report: string;
	/** Until what goes on behind this run is scanned; undefined when nothing does. */
	readonly secondsLeft: number | undefined;
	readonly policy: Policy;
	readonly settings: Settings;
	readonly log: Log;
}

const nothing = new Uint8Array();

/**
 * What `generate` prints: the renderer's own bytes, or the refusal that the policy asks for.
 * @throws GateError images-unknown or deadline when an image is not known: an error is asked again, where a printed
 * refusal would be remembered for a day.
 */
export function printGate(printing: Printing): GateOutcome {
	const {decision, settings, log} = printing;
	const {enforcement, because} = effectiveEnforcement(printing);
	const unknown = decision.images.filter((image) => image.decision === 'unknown');
	if (unknown.length > 0 && enforcement !== 'warn') throw notKnown(unknown, printing);
	for (const image of decision.images.filter((each) => each.decision === 'warn'))
		log.warn('gate', `warning — ${imageSentence(image)}`);
	if (decision.decision === 'allow' || decision.decision === 'warn') {
		log.info('gate', oneLineSummary(decision));
		return {stdout: unchanged(printing), exitCode: 0};
	}
	log.warn('gate', oneLineSummary(decision));
	log.warn('gate', reportSentence(decision, settings));
	if (because !== undefined) log.warn('gate', `the render fails, because ${because}`);
	if (enforcement === 'warn') log.warn('gate', 'nothing is refused, because enforcement is warn');
	switch (enforcement) {
		case 'warn':
			return {stdout: unchanged(printing), exitCode: 0};
		case 'fail-render':
			return {stdout: nothing, exitCode: 1};
		case 'job':
			return {stdout: withJob(printing, undefined), exitCode: 0};
		case 'seal':
			return {stdout: withJob(printing, sealEdits({objects: printing.read.objects, decision})), exitCode: 0};
	}
}

/** The service keeps the report of an application; elsewhere whoever runs the gate can have it printed. */
function reportSentence(decision: GateDecision, settings: Settings): string {
	const {reportId} = decision;
	const {service, calledByArgo} = settings;
	if (service === undefined || !calledByArgo)
		return `report ${reportId}: "trivy-gate scan" with the same parameters tells all of it`;
	const url = reportUrl(decision, settings);
	return url === undefined
		? `report ${reportId}: "trivy-gate reports show ${reportId}" in the sidecar tells all of it`
		: `report ${reportId}: ${url} tells all of it`;
}

/** Where a browser finds the report that the service keeps. */
function reportUrl(
	{reportId}: GateDecision,
	{service, calledByArgo, keptReports: {url}, application: {name}}: Settings,
): string | undefined {
	const kept = service !== undefined && calledByArgo && url !== undefined;
	return kept ? `${url}/reports/${encodeURIComponent(name)}/${reportId}` : undefined;
}

/**
 * Where a Job would have no namespace, and where no cluster is known (Argo CD's source hydrator, which commits what is
 * printed), a denial fails the render whatever the policy says.
 */
function effectiveEnforcement({decision, read, settings}: Printing): {
	readonly enforcement: Enforcement;
	readonly because?: string;
} {
	const {enforcement} = decision;
	if (!settings.calledByArgo || enforcement === 'warn' || enforcement === 'fail-render') return {enforcement};
	if (settings.application.kubeVersion === undefined) {
		return {
			enforcement: 'fail-render',
			because:
				'no cluster is known (KUBE_VERSION is empty, as for the source hydrator) and a denial must not be committed',
		};
	}
	return namespaceOf(decision, read.objects, settings) === undefined
		? {enforcement: 'fail-render', because: 'there is no namespace for the gate Job'}
		: {enforcement};
}

function namespaceOf(
	decision: GateDecision,
	objects: readonly ManifestObject[],
	{application, parameters}: Settings,
): string | undefined {
	if (application.namespace !== undefined) return application.namespace;
	if (typeof parameters.namespace === 'string' && parameters.namespace !== '') return parameters.namespace;
	const denied = decision.images
		.filter((image) => image.decision === 'deny')
		.flatMap(({reference}) => reference.origins.filter(isUse));
	return denied.map(({objectIndex}) => objects[objectIndex]?.namespace).find((namespace) => namespace !== undefined);
}

/** The renderer's own bytes, unless a document had to be printed as JSON. */
function unchanged({manifests, read}: Printing): Uint8Array {
	return read.text === manifests.text ? manifests.bytes : encode(read.text);
}

function withJob({decision, read, policy, report, settings, log}: Printing, seal: Seal | undefined): Uint8Array {
	const job = gateJob({
		decision,
		objects: read.objects,
		job: policy.job,
		report,
		application: settings.calledByArgo ? settings.application.name : undefined,
		namespace: namespaceOf(decision, read.objects, settings),
		reportUrl: reportUrl(decision, settings),
	});
	for (const note of seal?.notes ?? []) log.warn('gate', note);
	const edited = replaceRanges(read.text, seal?.edits ?? []);
	const text = read.json ? prependJson(edited, job) : prependDocument(keepLastLine(edited), printJob(job));
	checkPrinted(text, read, seal);
	return encode(text);
}

function notKnown(unknown: readonly ImageDecision[], {decision, settings, secondsLeft}: Printing): GateError {
	const reasons = unknown.flatMap(({reasons: [worst]}) => (worst === undefined ? [] : [worst]));
	const late = reasons.every((reason) => reason.kind === 'unscanned' && reason.reason === 'deadline');
	const denied = decision.images.filter((image) => image.decision === 'deny');
	const scannable = decision.images.filter((image) => image.reference.outcome === 'scan').length;
	const known = `${scannable - unknown.length} of ${scannable} images`;
	const lines = [
		...(late ? [] : unknown.map(imageSentence)),
		...denied.map((image) => `denied already: ${imageSentence(image)}`),
	];
	if (late && secondsLeft !== undefined) {
		return new GateError({
			stage: 'scan',
			code: 'deadline',
			what: `${known} scanned, the rest goes on in the background; hard refresh in about ${durationText(secondsLeft)}`,
			output: lines.join('\n'),
		});
	}
	return new GateError({
		stage: 'scan',
		code: late ? 'deadline' : 'images-unknown',
		what: late
			? `${known} are scanned, then the deadline of ${settings.deadlineMs / 1000} s came`
			: `${unknown.length} of ${scannable} ${scannable === 1 ? 'image' : 'images'} could not be scanned`,
		hint: late
			? 'What is scanned is kept: a hard refresh goes on from there.'
			: [...new Set(reasons.map(whatToDo))].slice(0, 3).join(' '),
		output: lines.join('\n'),
	});
}

/** Rounded up to what a person would say: `10 s`, `3 min`. */
function durationText(seconds: number): string {
	return seconds <= 90 ? `${Math.max(1, Math.ceil(seconds / 10)) * 10} s` : `${Math.ceil(seconds / 60)} min`;
}

function encode(text: string): Uint8Array {
	return new TextEncoder().encode(text);
}
