import * as z from 'zod';
import {apiVersion, metadata} from './fields.ts';
import {layerKeys, tighterFields, tighterForAll} from './policy-layers.ts';
import {readFileOf} from './problems.ts';
import type {TighteningParameters} from './tighten.ts';

/** The name of the file in an application's directory in which its author asks for a stricter policy. */
export const wishFile = '.trivy-gate.yaml';

const spec = {...tighterFields, ...tighterForAll};

/** The whole file; from it come the checks, the JSON schema and the reference page. */
export const tighteningDocument = z.strictObject({
	apiVersion: z.literal(apiVersion).describe('The version of this format.'),
	kind: z.literal('Tightening').describe('What the file is.'),
	metadata: z.strictObject(metadata).optional().describe('About the file.'),
	spec: z
		.strictObject(spec)
		.readonly()
		.describe(
			'What an author asks for beyond the policy, in `.trivy-gate.yaml` in the application’s directory. Looser wishes have no effect.',
		),
});

const keys: ReadonlyMap<string, readonly string[]> = new Map(
	Object.entries({
		'': tighteningDocument.shape,
		metadata,
		spec,
		'spec.packages': layerKeys['spec.layers[].tighten.packages'],
		'spec.registries': layerKeys['spec.layers[].tighten.registries'],
	}).map(([path, shape]) => [path, Object.keys(shape)]),
);

/**
 * Reads what an application's author asks for.
 * @throws GateError parameters-invalid, with every mistake of the file.
 */
export function parseWish(text: string): TighteningParameters {
	const file = {name: wishFile, what: 'the author’s file', code: 'parameters-invalid'} as const;
	const {maxDatabaseAge: maxDatabaseAgeHours, ...wish} = readFileOf(tighteningDocument, keys, text, file).spec;
	return {...wish, maxDatabaseAgeHours};
}
