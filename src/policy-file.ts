import {readFile} from 'node:fs/promises';
import {GateError} from './errors.ts';
import {loadExceptions} from './exception-files.ts';
import type {PolicyInForce} from './explain.ts';
import {effectivePolicy, type Wish} from './gate/effective.ts';
import {defaultPolicy, parsePolicy} from './gate/policy.ts';
import {wishFile} from './gate/repository-wish.ts';
import {tighteningParameters} from './parameters.ts';
import type {Command, Settings} from './settings.ts';
import {loadWish} from './wish-file.ts';

/**
 * The operator's policy as it holds for the application, tightened by what its author asks, and the operator's
 * exceptions.
 * @throws GateError policy-invalid, with every mistake of a file; parameters-invalid for the author's own.
 */
export async function loadPolicy(settings: Settings): Promise<PolicyInForce> {
	const {policyFile, application} = settings;
	const exceptions = await loadExceptions(settings.exceptions);
	const file = policyFile === undefined ? undefined : {path: policyFile, text: await readPolicy(policyFile)};
	const written = file === undefined ? defaultPolicy : parsePolicy(file.text, file.path);
	const scope = {application: application.name, project: application.project, namespace: destinationOf(settings)};
	return {...effectivePolicy(written, scope, await wishesOf(settings)), exceptions, file};
}

/** Where nothing of an author is rendered, nothing of an author is asked. */
const withoutAuthor: ReadonlySet<Command> = new Set(['serve', 'sidecar', 'status', 'doctor', 'policy']);

async function wishesOf({command, path, parameters}: Settings): Promise<readonly Wish[]> {
	const asked = {by: 'tightened by a parameter of the application', wish: tighteningParameters(parameters)};
	if (path === '-' || withoutAuthor.has(command)) return [asked];
	const inRepository = await loadWish(path);
	return inRepository === undefined ? [asked] : [asked, {by: `tightened by ${wishFile}`, wish: inRepository}];
}

function destinationOf({application, parameters, calledByArgo}: Settings): string | undefined {
	if (application.namespace !== undefined || calledByArgo) return application.namespace;
	return typeof parameters.namespace === 'string' ? parameters.namespace : undefined;
}

async function readPolicy(path: string): Promise<string> {
	return readFile(path, 'utf8').catch((error: unknown) => {
		throw new GateError({
			stage: 'settings',
			code: 'policy-invalid',
			what: 'the policy file cannot be read',
			where: path,
			hint: 'Check --policy (TRIVY_GATE_POLICY) and that the file is mounted.',
			cause: error,
		});
	});
}
