import {readFile} from 'node:fs/promises';
import {GateError} from './errors.ts';
import type {PolicyInForce} from './explain.ts';
import {loadExceptions} from './exception-files.ts';
import {defaultPolicy, parsePolicy} from './gate/policy.ts';
import {tighten} from './gate/tighten.ts';
import {tighteningParameters} from './parameters.ts';
import type {Settings} from './settings.ts';

/**
 * The operator's policy, tightened by the application's parameters, and the operator's exceptions.
 * @throws GateError policy-invalid, with every mistake of a file.
 */
export async function loadPolicy({policyFile, exceptions: directory, parameters}: Settings): Promise<PolicyInForce> {
	const wish = tighteningParameters(parameters);
	const exceptions = await loadExceptions(directory);
	if (policyFile === undefined) return {policy: tighten(defaultPolicy, wish), exceptions, file: undefined};
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
	return {policy, exceptions, file: {path: policyFile, text: content}};
}
