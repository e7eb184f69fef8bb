import {GateError} from './errors.ts';
import {gateJob} from './gate/job.ts';
import {isUse} from './gate/names.ts';
import type {Policy} from './gate/policy.ts';
import {whatToDo} from './gate/reasons.ts';
import {sealEdits} from './gate/seal.ts';
import {imageSentence, oneLineSummary} from './gate/words.ts';
import {prependDocument, replaceRanges} from './manifests/emit.ts';
import type {Settings} from './settings.ts';
import type {Enforcement, GateDecision, ImageDecision, Log, ManifestObject, RenderedManifests} from './types.ts';

/** What a command prints and how it ends. */
export interface GateOutcome {
	readonly stdout: Uint8Array;
	readonly exitCode: 0 | 1 | 2;
}

interface Printing {
	readonly manifests: RenderedManifests;
	readonly objects: readonly ManifestObject[];
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
	const {manifests, decision, log} = printing;
	const {enforcement, because} = effectiveEnforcement(printing);
	const unknown = decision.images.filter((image) => image.decision === 'unknown');
	if (unknown.length > 0 && enforcement !== 'warn') throw notKnown(unknown, printing);
	for (const image of decision.images.filter((each) => each.decision === 'warn'))
		log.warn('gate', `warning — ${imageSentence(image)}`);
	if (decision.decision === 'allow' || decision.decision === 'warn') {
		log.info('gate', oneLineSummary(decision));
		return {stdout: manifests.bytes, exitCode: 0};
	}
	log.warn('gate', oneLineSummary(decision));
	if (because !== undefined) log.warn('gate', `the render fails, because ${because}`);
	if (enforcement === 'warn') log.warn('gate', 'nothing is refused, because enforcement is warn');
	switch (enforcement) {
		case 'warn':
			return {stdout: manifests.bytes, exitCode: 0};
		case 'fail-render':
			return {stdout: nothing, exitCode: 1};
		case 'job':
			return {stdout: encode(prependDocument(manifests.text, jobOf(printing))), exitCode: 0};
		case 'seal':
			return {stdout: encode(prependDocument(sealed(printing), jobOf(printing))), exitCode: 0};
	}
}

/**
 * Where a Job would have no namespace, and where no cluster is known (Argo CD's source hydrator, which commits what is
 * printed), a denial fails the render whatever the policy says.
 */
function effectiveEnforcement({decision, objects, settings}: Printing): {
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
	return namespaceOf(decision, objects, settings) === undefined
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

function jobOf({decision, objects, policy, report, settings}: Printing): string {
	return gateJob({
		decision,
		objects,
		job: policy.job,
		report,
		application: settings.calledByArgo ? settings.application.name : undefined,
		namespace: namespaceOf(decision, objects, settings),
	});
}

function sealed({manifests, objects, decision, log}: Printing): string {
	const {edits, notes} = sealEdits({objects, decision});
	for (const note of notes) log.warn('gate', note);
	return replaceRanges(manifests.text, edits);
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
