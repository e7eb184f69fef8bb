import {tmpdir} from 'node:os';
import type {Surroundings} from './cli.ts';
import {clusterChecks} from './doctor/cluster-checks.ts';
import {diagnose, exitCodeOf} from './doctor/finding.ts';
import type {Diagnosis} from './doctor/finding.ts';
import {formatDiagnosis, formatDiagnosisAsJson} from './doctor/print.ts';
import {sidecarChecks} from './doctor/sidecar-checks.ts';
import {GateError} from './errors.ts';
import {createRunTool} from './exec.ts';
import {openKubernetes} from './kubernetes.ts';
import {lookAtCluster} from './look-at-cluster.ts';
import {lookAtSidecar} from './look-at-sidecar.ts';
import {toolEnvironment} from './settings.ts';
import type {Settings} from './settings.ts';
import {locateTools} from './tools.ts';
import type {Log} from './types.ts';
import {openWorkspace} from './workspace.ts';

export interface DoctorRequest {
	readonly settings: Settings;
	readonly surroundings: Surroundings;
	readonly log: Log;
	/** Images that the registries are asked about. */
	readonly images: readonly string[];
}

/**
 * Facts → findings → text. With a kubeconfig the facts are a cluster's, otherwise those of this place.
 * @returns 0: no error; 1: errors; 2: not everything could be checked, and nothing else is wrong.
 * @throws GateError cluster-unavailable when nothing can be asked.
 */
export async function doctor(request: DoctorRequest): Promise<{readonly stdout: string; readonly exitCode: 0 | 1 | 2}> {
	const {settings, surroundings} = request;
	const inCluster = !settings.doctor.here && settings.doctor.kubeconfigs.length > 0;
	refuseWhatIsIgnored(inCluster, request);
	const diagnosis = inCluster ? await examineCluster(request) : await examineSidecar(request);
	const colour = surroundings.stdout.isTTY && (surroundings.environment['NO_COLOR'] ?? '') === '';
	return {
		stdout: settings.format === 'json' ? formatDiagnosisAsJson(diagnosis) : formatDiagnosis(diagnosis, {colour}),
		exitCode: exitCodeOf(diagnosis),
	};
}

function refuseWhatIsIgnored(inCluster: boolean, {settings, images}: DoctorRequest): void {
	const problem =
		inCluster && images.length > 0
			? 'images are asked about from the sidecar, not from the cluster; add --here to ask from this machine'
			: !inCluster && settings.doctor.context !== undefined
				? '--context needs a kubeconfig'
				: undefined;
	if (problem === undefined) return;
	throw new GateError({
		stage: 'settings',
		code: 'usage',
		what: 'the command line cannot be used',
		hint: 'See "trivy-gate --help".',
		output: problem,
	});
}

async function examineCluster({settings, surroundings}: DoctorRequest): Promise<Diagnosis> {
	const {kubeconfigs, context, namespace, plugins} = settings.doctor;
	const reader = await openKubernetes({files: kubeconfigs, context, signal: surroundings.signal});
	const facts = await lookAtCluster({reader, namespace, plugins});
	return diagnose(`cluster ${reader.context}, namespace ${namespace}`, clusterChecks, facts);
}

async function examineSidecar({settings, surroundings, log, images}: DoctorRequest): Promise<Diagnosis> {
	const {environment, signal} = surroundings;
	const paths = await locateTools(settings.tools, environment);
	const workspace = await openWorkspace(tmpdir());
	try {
		const context = {
			run: createRunTool(paths, {ownGroup: process.platform !== 'win32'}),
			environment: toolEnvironment(environment, settings.caFile),
			makeDirectory: workspace.makeDirectory,
			signal,
			timeoutMs: settings.deadlineMs,
			log,
		};
		const facts = await lookAtSidecar({settings, images, environment, paths, context});
		return diagnose('here', sidecarChecks, facts);
	} finally {
		await workspace.remove();
	}
}
