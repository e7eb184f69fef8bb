import {readFile} from 'node:fs/promises';
import {GateError} from './errors.ts';
import type {PolicyInForce} from './explain.ts';
import {defaultPolicy, parsePolicy} from './gate/policy.ts';
import {tighten} from './gate/tighten.ts';
import {tighteningParameters} from './parameters.ts';
import type {Settings} from './settings.ts';

/**
 * The operator's policy, tightened by the application's parameters.
 * @throws GateError policy-invalid, with every mistake of the file.
 */
export async function loadPolicy({policyFile, parameters}: Settings): Promise<PolicyInForce> {
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
