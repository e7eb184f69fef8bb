import * as z from 'zod';
import {apiVersion, lastDay, line, metadata, namePattern, purlPattern, repositoryPattern} from './fields.ts';
import {readFileOf} from './problems.ts';

const id = z.string().regex(/^[A-Za-z][A-Za-z0-9._:-]{2,99}$/, 'is not an id such as CVE-2021-44906');

const project = namePattern.describe(
	'The AppProject for which it holds; `*` stands for any characters. Needed, because an author chooses the application’s name and destination, and not its project.',
);
const ticket = line.optional().describe('Where it was agreed.');

const exception = {
	id: z
		.union([id, z.array(id).min(1).readonly()], {error: 'must be an id such as CVE-2021-44906, or a list of ids'})
		.transform((ids): readonly string[] => (typeof ids === 'string' ? [ids] : ids))
		.describe('The finding, or a list of findings, as Trivy names them.'),
	package: purlPattern
		.optional()
		.describe(
			'Only in this package: `pkg:npm/minimist`, `pkg:npm/minimist@0.0.8`, `pkg:deb/debian/*`. Without a version every version is meant.',
		),
	image: repositoryPattern
		.optional()
		.describe(
			'Only in these images: a pattern over registry and repository, in full, as in `registries` of the policy.',
		),
	project,
	application: namePattern
		.optional()
		.describe(
			'Only for this application, as Argo CD names it: `name`, or `namespace_name` outside of the control plane’s namespace. Whoever may create applications in the project can choose the name.',
		),
	owner: line.describe('Who answers for it.'),
	reason: line.describe('Why it is acceptable.'),
	expires: lastDay.describe('The last day on which it holds, in UTC.'),
	ticket,
};

const breakGlass = {
	project,
	application: z
		.string()
		.regex(/^[a-zA-Z0-9._-]{1,253}$/, 'is not the name of an application')
		.describe('The application, as Argo CD names it.'),
	revision: z
		.string()
		.regex(/^\S{1,200}$/, 'is not a revision')
		.describe('The revision that Argo CD shows, whole: of Git all 40 digits, of a chart its version.'),
	approver: line.describe('Who allows it.'),
	reason: line.describe('Why it cannot wait.'),
	from: z.iso
		.datetime({offset: true, error: 'is not a moment of the form 2026-11-27T15:00:00Z'})
		.describe('From when on it holds.'),
	hours: z.int().min(1).max(72).describe('For how many hours.'),
	ticket,
};

const spec = {
	exceptions: z
		.array(z.strictObject(exception).readonly())
		.readonly()
		.prefault([])
		.describe('Findings that do not count. Every use is written into the report and counted.'),
	breakGlass: z
		.array(z.strictObject(breakGlass).readonly())
		.readonly()
		.prefault([])
		.describe('Revisions that pass whatever is found, for some hours. Always shown and counted, also when not needed.'),
};

/** The whole file; from it come the checks, the JSON schema and the reference page. */
export const exceptionsDocument = z.strictObject({
	apiVersion: z.literal(apiVersion).describe('The version of this format.'),
	kind: z.literal('Exceptions').describe('What the file is.'),
	metadata: z.strictObject(metadata).optional().describe('About the file.'),
	spec: z.strictObject(spec).readonly().describe('What passes on purpose, who answers for it, and until when.'),
});

/** The keys that each map of the document may have, by the path of the map. */
const exceptionsKeys: ReadonlyMap<string, readonly string[]> = new Map(
	Object.entries({
		'': exceptionsDocument.shape,
		metadata,
		spec,
		'spec.exceptions[]': exception,
		'spec.breakGlass[]': breakGlass,
	}).map(([path, shape]) => [path, Object.keys(shape)]),
);

/** An entry with where it stands: `shop.yaml#2`. */
export interface Exception extends z.output<z.ZodObject<typeof exception>> {
	readonly source: string;
}
export interface BreakGlass extends z.output<z.ZodObject<typeof breakGlass>> {
	readonly source: string;
}

/** What the operator lets pass on purpose, of all files together. */
export interface Exceptions {
	readonly exceptions: readonly Exception[];
	readonly breakGlass: readonly BreakGlass[];
}

export const noExceptions: Exceptions = {exceptions: [], breakGlass: []};

/**
 * Reads a file of exceptions.
 * @param file.path for messages.
 * @param file.name for the sources of its entries: `shop.yaml#2`.
 * @throws GateError policy-invalid, with every mistake of the file.
 */
export function parseExceptions(text: string, file: {readonly path: string; readonly name: string}): Exceptions {
	const {path, name} = file;
	const {spec: read} = readFileOf(exceptionsDocument, exceptionsKeys, text, {name: path, what: 'a file of exceptions'});
	const sourced = <Entry extends object>(entry: Entry, index: number) => ({...entry, source: `${name}#${index + 1}`});
	return {exceptions: read.exceptions.map(sourced), breakGlass: read.breakGlass.map(sourced)};
}
