import {isDeepStrictEqual} from 'node:util';
import {GateError} from '../errors.ts';
import {applySetLine, escapeKey, SetLineError, typedValue} from './set-line.ts';
import {substitute} from './substitute.ts';
import type {HelmValue, HelmValues} from './set-line.ts';
import type {BuildEnvironment} from '../types.ts';

/** What `--set` and `--set-string` become, in the order in which helm is to take it. */
export interface SetValues {
	/** A values file that goes after all others; undefined when no parameter needs it. */
	readonly overlay: string | undefined;
	/** `a.b[0]=7` for `--set`: integers, which no values file can give helm (it reads 10000000 as the float 1e+07). */
	readonly integers: readonly string[];
}

interface Parameters {
	readonly parameters: Readonly<Record<string, string>>;
	readonly stringParameters: Readonly<Record<string, string>>;
	readonly build: BuildEnvironment;
	/** What the value files give; the maps and lists that a parameter's key goes into. Changed by this function. */
	readonly base: HelmValues;
}

/**
 * Turns parameters into a values file and a rest, so that helm ends with the same values as with `--set` and
 * `--set-string`, whose words would stand in the process list. Throws parameters-invalid where helm would fail.
 */
export function buildSetValues({parameters, stringParameters, build, base}: Parameters): SetValues {
	const before = structuredClone(base);
	for (const [key, value] of Object.entries(parameters)) setParameter(key, substitute(value, build), base, typedValue);
	for (const [key, value] of Object.entries(stringParameters))
		setParameter(key, substitute(value, build), base, (text) => text);
	const changed = changes(before, base);
	const integers = integersOf(changed);
	for (const line of integers) refuseCredential(line.slice(0, line.lastIndexOf('=')));
	return {overlay: changed.size === 0 ? undefined : `${printValue(changed)}\n`, integers};
}

/** Whether a parameter is called like something that nobody else may read. */
export function isCredential(name: string): boolean {
	return /(?:pass(?:word|wd|phrase)?|secret|token|credentials?|(?:api|access|private|secret)[-_]?key)(?:\[\d+\])*$/i.test(
		name,
	);
}

/** Whether a parameter's key goes into a map or a list, so that what is there already counts. */
export function isNested(key: string): boolean {
	return /[.[]/.test(key);
}

/** The `name=path` of a `--set-file`; throws parameters-invalid for a name that would set anything else, too. */
export function setFileLine(name: string, path: string): string {
	const line = `${name}=${path.replaceAll(/[\\,]/g, String.raw`\$&`)}`;
	const read: string[] = [];
	setLine(name, line, new Map<string, HelmValue>(), (text) => {
		read.push(text);
		return text;
	});
	if (read.length !== 1 || read[0] !== path) throw invalid(name, 'it sets more than one value');
	return line;
}

function setParameter(key: string, value: string, values: HelmValues, readValue: (text: string) => HelmValue): void {
	if (key.includes('\0') || value.includes('\0'))
		throw invalid(key.replaceAll('\0', '\\0'), 'it contains a NUL character');
	setLine(key, `${key}=${escapeCommas(value)}`, values, readValue);
}

function setLine(key: string, line: string, values: HelmValues, readValue: (text: string) => HelmValue): void {
	try {
		applySetLine(line, values, readValue);
	} catch (error) {
		if (error instanceof SetLineError) throw invalid(key, error.message);
		throw error;
	}
}

/** Commas part values in helm, but not in Argo CD, except in a `{list}` (util/helm/cmd.go, cleanSetParameters). */
function escapeCommas(value: string): string {
	if (value.startsWith('{') && value.endsWith('}')) return value;
	return value.replaceAll(/(?<!\\),/g, String.raw`\,`);
}

/** A number is a rare password, but its place is not the process list. */
function refuseCredential(name: string): void {
	if (!isCredential(name)) return;
	throw new GateError({
		stage: 'render',
		code: 'parameters-invalid',
		what: 'a credential that is an integer would stand on a command line',
		where: `parameter "${name}"`,
		hint: 'Write it as a string parameter.',
	});
}

/** What has to be merged over `before` to get `after`: helm merges maps and replaces everything else. */
function changes(before: HelmValues, after: HelmValues): HelmValues {
	const changed: HelmValues = new Map<string, HelmValue>();
	for (const [key, value] of after) {
		const old = before.get(key);
		if (old instanceof Map && value instanceof Map) {
			const inner = changes(old, value);
			if (inner.size > 0) changed.set(key, inner);
		} else if (!before.has(key) || !isDeepStrictEqual(old, value)) changed.set(key, value);
	}
	return changed;
}

/** An empty name is a name, too: `.a` goes into what stands under it. */
function integersOf(value: HelmValue, path?: string): readonly string[] {
	if (typeof value === 'bigint') return [`${path ?? ''}=${value}`];
	if (Array.isArray(value)) return value.flatMap((item, index) => integersOf(item, `${path ?? ''}[${index}]`));
	if (!(value instanceof Map)) return [];
	const prefix = path === undefined ? '' : `${path}.`;
	return [...value].flatMap(([key, item]) => integersOf(item, prefix + escapeKey(key)));
}

/** One line of YAML that every reader takes the same way: all strings quoted, all but printable ASCII escaped. */
function printValue(value: HelmValue): string {
	if (value === null || typeof value === 'boolean') return String(value);
	if (typeof value === 'bigint') return String(value);
	if (typeof value === 'number') return Object.is(value, -0) ? '-0.0' : JSON.stringify(value);
	if (typeof value === 'string') return quote(value);
	if (Array.isArray(value)) return `[${value.map(printValue).join(', ')}]`;
	// The question mark lifts YAML's limit of 1024 characters for a key.
	return `{${[...value].map(([key, item]) => `? ${quote(key)} : ${printValue(item)}`).join(', ')}}`;
}

function quote(text: string): string {
	const escaped = text.replaceAll(/[^\x20-\x7E]|["\\]/gu, (character) => {
		if (character === '"' || character === '\\') return `\\${character}`;
		return String.raw`\U${(character.codePointAt(0) ?? 0).toString(16).padStart(8, '0')}`;
	});
	return `"${escaped}"`;
}

function invalid(name: string, why: string): GateError {
	return new GateError({
		stage: 'render',
		code: 'parameters-invalid',
		what: `helm cannot read a parameter: ${why}`,
		where: `parameter "${name}"`,
		hint: 'Names are written as for helm’s --set: a.b, a[0].b; dots, commas and = in a name are escaped with a backslash.',
	});
}
