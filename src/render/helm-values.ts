import {mkdir, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {GateError} from '../errors.ts';
import {csvField} from './csv-field.ts';
import {runTool} from './tool.ts';
import type {Mask} from './tool.ts';
import type {HelmValue, HelmValues} from './set-line.ts';
import type {ToolContext} from '../types.ts';

interface ValuesRequest {
	readonly files: readonly Mask[];
	readonly context: ToolContext;
	readonly environment: Readonly<Record<string, string>>;
	/** A private directory, in which a chart `values-of-files` is made. */
	readonly inputs: string;
	/** Lines of `--set`. */
	readonly set?: readonly string[];
}

/**
 * What helm itself makes of value files, merged: a chart whose one template prints its values is rendered with them.
 * So the gate needs no YAML reader that agrees with helm's. Fails as helm does on files that it cannot read.
 */
export async function readHelmValues(request: ValuesRequest): Promise<HelmValues> {
	const values = toHelmValue(await readJsonValues(request));
	if (values instanceof Map) return values;
	throw noValues();
}

/** The same as plain JSON. */
export async function readJsonValues({files, context, environment, inputs, set = []}: ValuesRequest): Promise<unknown> {
	const chart = join(inputs, 'values-of-files');
	await mkdir(join(chart, 'templates'), {recursive: true, mode: 0o700});
	await writeFile(join(chart, 'Chart.yaml'), 'apiVersion: v2\nname: values-of-files\nversion: 1.0.0\n');
	await writeFile(join(chart, 'templates/values.yaml'), 'values: {{ .Values | toJson | b64enc }}\n');
	const printed = await runTool({
		tool: 'helm',
		args: [
			'template',
			'.',
			...set.flatMap((line) => ['--set', line]),
			...files.flatMap(({path}) => ['--values', csvField(path)]),
		],
		directory: chart,
		environment,
		context,
		masks: files,
		where: 'value files',
	});
	const encoded = /^values: (?<json>\S+)$/m.exec(Buffer.from(printed).toString('utf8'))?.groups?.['json'];
	if (encoded === undefined) throw noValues();
	return JSON.parse(Buffer.from(encoded, 'base64').toString('utf8'));
}

function noValues(): GateError {
	return new GateError({stage: 'render', code: 'internal', what: 'helm printed no values'});
}

/** JSON as Go holds it: every number a float64. */
function toHelmValue(value: unknown): HelmValue {
	if (value === null || typeof value === 'boolean' || typeof value === 'number' || typeof value === 'string')
		return value;
	if (Array.isArray(value)) return value.map(toHelmValue);
	const entries: [string, unknown][] = typeof value === 'object' ? Object.entries(value) : [];
	return new Map(entries.map(([key, item]) => [key, toHelmValue(item)]));
}
