import * as z from 'zod';
import {apiVersion} from '../src/gate/fields.ts';
import {policySchema} from '../src/gate/policy-schema.ts';

interface Schema {
	readonly type?: string | undefined;
	readonly description?: string | undefined;
	readonly const?: unknown;
	readonly enum?: readonly unknown[] | undefined;
	readonly default?: unknown;
	readonly required?: readonly string[] | undefined;
	readonly properties?: Readonly<Record<string, Schema>> | undefined;
	readonly additionalProperties?: Schema | boolean | undefined;
	readonly items?: Schema | undefined;
	readonly anyOf?: readonly Schema[] | undefined;
}

const schema: z.ZodType<Schema> = z.lazy(() =>
	z.object({
		type: z.string().optional(),
		description: z.string().optional(),
		const: z.unknown().optional(),
		enum: z.array(z.unknown()).optional(),
		default: z.unknown().optional(),
		required: z.array(z.string()).optional(),
		properties: z.record(z.string(), schema).optional(),
		additionalProperties: z.union([schema, z.boolean()]).optional(),
		items: schema.optional(),
		anyOf: z.array(schema).optional(),
	}),
);

const kinds = z.object({$defs: z.record(z.string(), schema)});

/** The text of docs/policy.md: every field of the schema, with its type, its default and its meaning. */
export function policyReference(): string {
	return [
		'# The policy and the exceptions, field by field',
		'',
		'Made from the schema by `node plugin/write-policy-reference.ts`. [plugin/policy.yaml](../plugin/policy.yaml) is the recommended policy, with comments. `trivy-gate policy schema` prints the same as a JSON schema for editors; `trivy-gate policy check FILE` tells every mistake in a file with line and column, and what can be right and still not meant.',
		'',
		'Durations are written in hours or days: `72h`, `7d`.',
		...Object.entries(kinds.parse(policySchema()).$defs).flatMap(([kind, file]) => fileSections(kind, file)),
		'',
	].join('\n');
}

function fileSections(kind: string, file: Schema): string[] {
	const {spec} = file.properties ?? {};
	const head = [
		'',
		`## ${kind}`,
		'',
		`A file with \`apiVersion: ${apiVersion}\`, \`kind: ${kind}\` and \`spec\`; \`metadata.name\` is for people.`,
	];
	return spec === undefined ? head : [...head, ...sections('spec', spec)];
}

function sections(path: string, {properties, required = [], description = ''}: Schema): string[] {
	if (properties === undefined) return [];
	const fields = Object.entries(properties);
	const rows = fields.map(([name, field]) => {
		const value = field.default === undefined ? (required.includes(name) ? 'required' : '') : code(field.default);
		return `| \`${name}\` | ${typeText(field)} | ${value} | ${cell(field.description ?? '')} |`;
	});
	const inner = fields.flatMap(([name, field]) => {
		const inside = `${path}.${name}`;
		const item = field.items;
		if (item?.properties !== undefined) return sections(`${inside}[]`, {...item, description: field.description});
		return sections(inside, field);
	});
	const table = ['| field | type | default | meaning |', '| --- | --- | --- | --- |', ...rows];
	return ['', `### \`${path}\``, '', ...(description === '' ? [] : [description, '']), ...table, ...inner];
}

function typeText({type = '', enum: choices, const: only, items, additionalProperties, anyOf}: Schema): string {
	if (only !== undefined) return code(only);
	if (choices !== undefined) return choices.map(code).join(', ');
	if (anyOf !== undefined) return anyOf.map(typeText).join(' or ');
	if (type === 'array') return items?.properties === undefined ? `list of ${typeText(items ?? {})}` : 'list';
	if (typeof additionalProperties === 'object') return `map to ${typeText(additionalProperties)}`;
	return {object: 'map', string: 'text', boolean: '`true`, `false`', integer: 'whole number'}[type] ?? type;
}

function code(value: unknown): string {
	return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
}

function cell(text: string): string {
	return text.replaceAll('|', '\\|');
}
