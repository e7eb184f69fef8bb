import type {PolicyFact} from './doctor/cluster-facts.ts';
import {GateError} from './errors.ts';
import {parsePolicy} from './gate/policy.ts';

/** Reads a policy's text for the checks. */
export function judgePolicy(text: string, where: string): PolicyFact {
	try {
		return {kind: 'read', where, enforcement: parsePolicy(text, where).enforcement};
	} catch (error) {
		if (!(error instanceof GateError)) throw error;
		const [problem = error.message] = (error.output ?? '').split('\n').filter((line) => line !== '');
		return {kind: 'broken', where, problem};
	}
}
