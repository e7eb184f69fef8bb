import * as z from 'zod';
import {exceptionsDocument} from './exceptions.ts';
import {policyDocument} from './policy.ts';
import {tighteningDocument} from './repository-wish.ts';

/** JSON Schema (draft 2020-12) of the files that operators and authors write, for editors: what they may hold before it is read. */
export function policySchema(): object {
	return {
		$schema: 'https://json-schema.org/draft/2020-12/schema',
		title: 'Files of argocd-trivy-gate',
		oneOf: [{$ref: '#/$defs/Policy'}, {$ref: '#/$defs/Exceptions'}, {$ref: '#/$defs/Tightening'}],
		$defs: {
			Policy: schemaOf(policyDocument),
			Exceptions: schemaOf(exceptionsDocument),
			Tightening: schemaOf(tighteningDocument),
		},
	};
}

function schemaOf(document: z.ZodType): object {
	const {$schema: _, ...schema} = z.toJSONSchema(document, {
		io: 'input',
		// That a value is never changed by the gate is nothing to an editor.
		override: ({jsonSchema}) => delete jsonSchema.readOnly,
	});
	return schema;
}
