import {createHash} from 'node:crypto';
import {Document, visit, type Scalar} from 'yaml';
import type {GateDecision, ImageDecision, JsonObject, ManifestObject} from '../types.ts';
import {short} from './line.ts';
import {deniedImagesJson, reportLines} from './evidence.ts';
import type {Policy} from './policy.ts';
import {decisiveReasons, reasonLabels} from './reasons.ts';
import {gateWave} from './waves.ts';
import {oneLineSummary} from './words.ts';

export interface GateJobOptions {
	readonly decision: GateDecision;
	/** Everything that is printed beside the Job; decides the Job's sync wave. */
	readonly objects: readonly ManifestObject[];
	readonly job: Policy['job'];
	/** Whose Job it is, so that no two applications of a namespace have the same; undefined for local use. */
	readonly application: string | undefined;
	/** Undefined leaves it out, as for local use. */
	readonly namespace: string | undefined;
	/** Where a browser finds the report; Argo CD's page of the Job links it. */
	readonly reportUrl?: string | undefined;
	/** The report as text, which the pod of the form `pod` prints. */
	readonly report: string;
}

/**
 * The Job that fails before anything is synced. It has no
 * fixed name, which a later source could take over, and no hook delete policy: Argo CD's default replaces it when the
 * same sync tries again, and otherwise only its time to live removes it, so that the evidence outlives the sync.
 * @throws GateError wave-out-of-range.
 */
export function gateJob({
	decision,
	objects,
	job,
	application,
	namespace,
	reportUrl,
	report,
}: GateJobOptions): JsonObject {
	const form = job.form === 'pod' && job.image !== undefined ? podForm(decision, job.image, report) : podlessForm();
	return {
		apiVersion: 'batch/v1',
		kind: 'Job',
		metadata: {
			generateName: `trivy-gate-denied-${ownerMark(application, decision)}`,
			...(namespace === undefined ? {} : {namespace}),
			annotations: {
				'argocd.argoproj.io/hook': 'PreSync',
				'argocd.argoproj.io/sync-wave': String(gateWave(objects)),
				'trivy-gate/summary': oneLineSummary(decision),
				'trivy-gate/report-id': decision.reportId,
				...(reportUrl === undefined ? {} : {'link.argocd.argoproj.io/external-link': reportUrl}),
				'trivy-gate/denied-images': deniedImagesJson(decision),
			},
		},
		spec: {backoffLimit: 0, ttlSecondsAfterFinished: job.ttlSecondsAfterFinished, ...form},
	};
}

/**
 * Argo CD makes the name of generateName, the revision and the second (gitops-engine: sync_context.go), so two Jobs of
 * one revision in one namespace would be the same: the sync of the one that came first would wait for ever.
 */
function ownerMark(application: string | undefined, {reportId}: GateDecision): string {
	if (application === undefined) return '';
	return `${createHash('sha256').update(`${application}\0${reportId}`).digest('hex').slice(0, 8)}-`;
}

/** Fails at once, without any pod. Its image is never pulled; the name cannot exist (RFC 6761). */
function podlessForm(): JsonObject {
	return {
		parallelism: 0,
		activeDeadlineSeconds: 0,
		template: podTemplate({name: 'denied', image: 'trivy-gate.invalid/denied:never-pulled'}),
	};
}

/** One pod that prints the report and exits with 1. The report is passed as arguments, which no shell reads as code. */
function podForm(decision: GateDecision, image: string, report: string): JsonObject {
	const name = containerName(decision);
	return {
		completions: 1,
		parallelism: 1,
		// For an image that cannot be pulled, which would keep the sync running for ever.
		activeDeadlineSeconds: 300,
		podFailurePolicy: {
			rules: [{action: 'FailJob', onExitCodes: {containerName: name, operator: 'NotIn', values: [0]}}],
		},
		template: podTemplate({
			name,
			image,
			command: ['/bin/sh', '-c', 'printf "%s\\n" "$@"; exit 1', 'trivy-gate'],
			// Kubernetes expands $(NAME) in arguments, and $$ is its $.
			args: reportLines(report, decision.reportId).map((line) => line.replaceAll('$', '$$$$')),
		}),
	};
}

/** What the restricted Pod Security Standard and the usual admission rules about Jobs want, in both forms. */
function podTemplate(container: JsonObject): JsonObject {
	return {
		spec: {
			restartPolicy: 'Never',
			automountServiceAccountToken: false,
			enableServiceLinks: false,
			securityContext: {
				runAsNonRoot: true,
				runAsUser: 65_534,
				runAsGroup: 65_534,
				seccompProfile: {type: 'RuntimeDefault'},
			},
			containers: [
				{
					...container,
					resources: {requests: {cpu: '10m', memory: '16Mi'}, limits: {cpu: '100m', memory: '64Mi'}},
					securityContext: {
						allowPrivilegeEscalation: false,
						readOnlyRootFilesystem: true,
						capabilities: {drop: ['ALL']},
					},
				},
			],
		},
	};
}

/** The verdict as a DNS label, because Argo CD shows the container's name as the hook's message. */
function containerName({images}: GateDecision): string {
	const denied = images.filter(({decision}) => decision === 'deny');
	const [worst] = denied;
	const words = [
		`denied ${denied.length} of ${images.length} images`,
		...(worst === undefined ? [] : verdictWords(worst)),
	];
	const label = words
		.join(' ')
		.toLowerCase()
		.replaceAll(/[^a-z0-9]+/g, '-');
	return label.slice(0, 63).replace(/-+$/, '');
}

function verdictWords(image: ImageDecision): readonly string[] {
	const [worst] = decisiveReasons(image);
	return [...(worst?.kind === 'finding' ? [short(worst.finding.id)] : []), ...reasonLabels(image)];
}

/**
 * The text of a YAML document that ends with a line break, in which every version of the language reads the same: only words that can be nothing else than text stay plain,
 * everything else is in quotes, and no text is folded.
 */
export function printJob(value: JsonObject): string {
	const document = new Document(value, {version: '1.1', aliasDuplicateObjects: false});
	visit(document, {
		Scalar(key, node) {
			if (key !== 'key' && typeof node.value === 'string') node.type = scalarType(node.value);
		},
	});
	return document.toString({lineWidth: 0, doubleQuotedMinMultiLineLength: Number.MAX_SAFE_INTEGER, directives: false});
}

function scalarType(text: string): Scalar.Type {
	if (/^[A-Za-z][A-Za-z/-]{2,}\d?$/.test(text)) return 'PLAIN';
	// JSON is easier to read without a backslash before each of its quotes.
	return text.includes('"') && !/['\n\t]/.test(text) ? 'QUOTE_SINGLE' : 'QUOTE_DOUBLE';
}
