import {isAlias, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, visit, type Document} from 'yaml';
import type {z} from 'zod';
import {GateError} from '../errors.ts';
import {nearestName} from '../nearest.ts';
import {oneLine} from './line.ts';

/** A mistake in a file, where a person can find it; lines and columns from 1. */
export interface Problem {
	readonly line: number;
	readonly column: number;
	readonly message: string;
}

type Path = readonly PropertyKey[];
/** Where the value at a path stands, or its key; the nearest parent that exists when there is none. */
type Place = (path: Path, part: 'key' | 'value') => Pick<Problem, 'line' | 'column'>;

/**
 * Reads one strict YAML 1.2 document: its value (undefined when it has none that can be trusted to be what the author
 * meant), what is wrong with it as YAML, and where everything stands. Duplicate keys leave the value readable, so that
 * they are told together with what is wrong in the values.
 */
export function readDocument(text: string): {value: unknown; problems: readonly Problem[]; place: Place} {
	const lines = new LineCounter();
	// Not logLevel silent, with which a second document goes unseen.
	const document = parseDocument(text, {lineCounter: lines, prettyErrors: false, stringKeys: true, logLevel: 'error'});
	const at = (offset: number) => {
		const {line, col} = lines.linePos(offset);
		return {line, column: col};
	};
	const problems = [...document.errors, ...document.warnings].map(({code, message, pos: [offset]}) => ({
		...at(offset),
		message:
			code === 'DUPLICATE_KEY'
				? `${keyText(document, offset)} is there twice`
				: `is not valid YAML: ${oneLine(message, 200)}`,
	}));
	const place: Place = (path, part) => at(offsetOf(document, path, part));
	// In YAML 1.1 "no" is false, 010 is eight, and "<<" brings the keys of another map.
	if (document.directives?.yaml.explicit === true && document.directives.yaml.version !== '1.2')
		problems.unshift({line: 1, column: 1, message: 'must be YAML 1.2; remove the directive %YAML'});
	if (document.errors.some(({code}) => code !== 'DUPLICATE_KEY')) return {value: undefined, problems, place};
	if (document.contents === null)
		return {value: undefined, problems: [{line: 1, column: 1, message: 'the file is empty'}], place};
	try {
		return {value: document.toJS(), problems, place};
	} catch (error) {
		// Aliases are all that a document without errors can still fail on.
		const broken = {
			...at(firstAlias(document)),
			message: `is not valid YAML: ${oneLine(String(error).replace(/^\w*Error: /, ''), 200)}`,
		};
		return {value: undefined, problems: [...problems, broken], place};
	}
}

/**
 * Reads a file that a person wrote: one strict YAML document that satisfies a schema.
 * @param knownKeys the keys that each map may have, by the path of the map.
 * @param file.name for messages, as `what`: `the policy`.
 * @throws GateError policy-invalid, or another code that `file` gives, that names every mistake with line and column, one a line, in `output`.
 */
export function readFileOf<Schema extends z.ZodType>(
	schema: Schema,
	knownKeys: ReadonlyMap<string, readonly string[]>,
	text: string,
	file: {
		readonly name: string;
		readonly what: string;
		readonly code?: 'policy-invalid' | 'parameters-invalid' | undefined;
	},
): z.output<Schema> {
	const {value, problems, place} = readDocument(text);
	const parsed = value === undefined ? undefined : schema.safeParse(value, {reportInput: true});
	if (parsed?.success === true && problems.length === 0) return parsed.data;
	const all = [...problems, ...problemsOf(parsed?.error?.issues ?? [], knownKeys, place)]
		.toSorted((one, other) => one.line - other.line || one.column - other.column)
		.map(({line, column, message}) => `line ${line}, column ${column}: ${message}`);
	throw new GateError({
		stage: 'gate',
		code: file.code ?? 'policy-invalid',
		what: `${file.what} has ${all.length === 1 ? 'a mistake' : `${all.length} mistakes`}`,
		where: file.name,
		hint: `Correct ${all.length === 1 ? 'it' : 'all of them'}; nothing is allowed until the file can be read.`,
		output: all.join('\n'),
	});
}

/**
 * Says what a schema found, one problem for each mistake, with the word that was probably meant.
 * @param knownKeys the keys that each map may have, by the path of the map.
 */
export function problemsOf(
	issues: readonly z.core.$ZodIssue[],
	knownKeys: ReadonlyMap<string, readonly string[]>,
	place: Place,
): Problem[] {
	return issues.flatMap((issue) => {
		if (issue.code !== 'unrecognized_keys') {
			const part = issue.code === 'invalid_key' ? 'key' : 'value';
			return [{...place(issue.path, part), message: `${pathText(issue.path)}: ${explain(issue)}`}];
		}
		const path = pathText(issue.path);
		return issue.keys.map((key) => ({
			...place([...issue.path, key], 'key'),
			message: unknownKey(key, path === 'the file' ? '' : path, knownKeys),
		}));
	});
}

function unknownKey(key: string, path: string, knownKeys: ReadonlyMap<string, readonly string[]>): string {
	const unknown = `unknown key ${quote(key)}${path === '' ? '' : ` in ${path}`}`;
	const here = knownKeys.get(path.replaceAll(/\[\d+\]/g, '[]')) ?? [];
	const meant = nearestName(key, here);
	if (meant !== undefined) return `${unknown}; did you mean ${meant}?`;
	const home = [...knownKeys].find(([, keys]) => keys.includes(key))?.[0];
	if (home !== undefined) return `${unknown}; it belongs ${home === '' ? 'at the top' : `under ${home}`}`;
	return here.length === 0 ? unknown : `${unknown}; the keys are ${here.join(', ')}`;
}

function explain(issue: Exclude<z.core.$ZodIssue, {code: 'unrecognized_keys'}>): string {
	if (issue.input === undefined && (issue.code === 'invalid_type' || issue.code === 'invalid_value')) {
		return `is missing; it must be ${issue.code === 'invalid_type' ? (typeNames[issue.expected] ?? issue.expected) : issue.values.join(' or ')}`;
	}
	switch (issue.code) {
		case 'invalid_type':
			return `must be ${typeNames[issue.expected] ?? issue.expected}, not ${quote(issue.input)}`;
		case 'invalid_value': {
			const known = issue.values.map(String);
			const meant = typeof issue.input === 'string' ? nearestName(issue.input, known) : undefined;
			const choice = known.length === 1 ? `is not ${known.join()}` : `is not one of ${known.join(', ')}`;
			return `${quote(issue.input)} ${choice}${meant === undefined ? '' : `; did you mean ${meant}?`}`;
		}
		case 'too_small':
			return issue.origin === 'array' ? 'must not be empty' : `${quote(issue.input)} is below ${issue.minimum}`;
		case 'too_big':
			return issue.origin === 'array'
				? `must not have more than ${issue.maximum}`
				: `${quote(issue.input)} is above ${issue.maximum}`;
		case 'invalid_key':
			return `${quote(issue.input)} ${issue.issues[0]?.message ?? issue.message}`;
		case 'custom':
		case 'invalid_format':
			return typeof issue.input === 'string' ? `${quote(issue.input)} ${issue.message}` : issue.message;
		case 'invalid_element':
		case 'invalid_union':
		case 'not_multiple_of':
			return issue.message;
	}
}

const typeNames: Readonly<Record<string, string>> = {
	object: 'a map',
	record: 'a map',
	array: 'a list',
	string: 'a text',
	boolean: 'true or false',
	number: 'a number',
	int: 'a whole number',
};

function quote(value: unknown): string {
	return oneLine(textOf(value) ?? 'nothing', 80);
}

/** An alias can stand inside of what it stands for. */
function textOf(value: unknown): string | undefined {
	try {
		return JSON.stringify(value);
	} catch {
		return 'something that holds itself';
	}
}

/** `spec.severities[1]`. */
function pathText(path: Path): string {
	const text = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${oneLine(String(part), 80)}`)).join('');
	return text === '' ? 'the file' : text.replace(/^\./, '');
}

function offsetOf(document: Document, path: Path, part: 'key' | 'value'): number {
	let node: unknown = document.contents;
	let offset = start(node) ?? 0;
	for (const [index, step] of path.entries()) {
		const inside = isAlias(node) ? node.resolve(document) : node;
		const pair = isMap(inside) ? inside.items.find(({key}) => isScalar(key) && key.value === step) : undefined;
		node = isSeq(inside) && typeof step === 'number' ? inside.items[step] : pair?.value;
		const key = part === 'key' && index === path.length - 1 ? start(pair?.key) : undefined;
		offset = key ?? start(node) ?? start(pair?.key) ?? offset;
	}
	return offset;
}

function start(node: unknown): number | undefined {
	return isNode(node) ? node.range?.[0] : undefined;
}

function keyText(document: Document, offset: number): string {
	let text = 'a key';
	visit(document, {
		Pair(_, {key}) {
			if (isScalar(key) && start(key) === offset) text = quote(key.value);
		},
	});
	return text;
}

function firstAlias(document: Document): number {
	let offset = 0;
	visit(document, {
		Alias(_, alias) {
			offset = start(alias) ?? offset;
			return visit.BREAK;
		},
	});
	return offset;
}
