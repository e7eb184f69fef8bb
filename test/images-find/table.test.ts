import test from 'ava';
import {z} from 'zod';
import {findImages} from '../../src/images/find.ts';
import {type PathPattern, parsePattern} from '../../src/images/pattern.ts';
import {
	imageForms,
	type ImageFieldRule,
	type ImageKindRule,
	type ImageOutcome,
	type JsonObject,
	type JsonValue,
} from '../../src/types.ts';
import table from '../../src/images/crd-fields.json' with {type: 'json'};
import {isObject} from '../../src/images/place.ts';
import {object} from './samples.ts';

const text = z.string().min(1);
const path = text.refine((value) => parsePattern(value) !== undefined, 'is not a path');
const group = z.string().regex(/^$|^[a-z0-9*][a-z0-9.*-]*$/u);
const kind = z.string().regex(/^[A-Za-z0-9*]+$/u);
const keys = z.strictObject({
	image: text.optional(),
	registry: text.optional(),
	repository: text.optional(),
	name: text.optional(),
	tag: z.union([text, z.array(text).min(1)]).optional(),
	tagPrefix: text.optional(),
	tagSuffix: text.optional(),
	digest: text.optional(),
	jmx: text.optional(),
});
const field = z
	.strictObject({
		path,
		form: z.enum(imageForms),
		keys: keys.optional(),
		tagFrom: path.optional(),
		registryFrom: path.optional(),
		tagStyle: z.literal('k0s').optional(),
		default: text.optional(),
		when: z.record(text, text).optional(),
		scheme: text.optional(),
		partial: z.literal(true).optional(),
		reason: text.regex(/\.$/u).optional(),
	})
	.refine(({form, keys: parts}) => form !== 'parts' || parts !== undefined)
	.refine(({form, reason}) => form !== 'chosen' || reason !== undefined);

test('the table satisfies its schema', (t) => {
	const schema = z.strictObject({
		kinds: z.array(z.strictObject({group, kind, fields: z.array(field).min(1), source: z.string()})),
		derived: z.array(z.strictObject({group, kind, unless: z.array(path), image: text})),
		exclusions: z.array(
			z.strictObject({group, kind, path, reason: text.regex(/\.$/u), all: z.literal(true).optional()}),
		),
	});
	const parsed = schema.safeParse(table);
	t.true(parsed.success, parsed.error === undefined ? '' : z.prettifyError(parsed.error));
	const names = table.kinds.map((each) => `${each.group}/${each.kind}`);
	t.is(new Set(names).size, names.length, 'a kind is there once');
});

const kinds = table.kinds as readonly ImageKindRule[];

for (const rule of kinds) {
	test(`${rule.group || 'core'} ${rule.kind}: an image at every path is found`, (t) => {
		for (const each of rule.fields) {
			const {value, image, outcome} = sampleOf(each, rule.kind);
			const pattern = parsePattern(each.path);
			if (pattern === undefined) return t.fail(each.path);
			const root = {
				apiVersion: rule.group === '' ? 'v1' : `${rule.group}/v1`,
				kind: wordFor(rule.kind),
				...build(pattern, value, each.when),
			};
			const found = findImages([object(root, {apiVersion: root.apiVersion, kind: root.kind})]);
			const reference = found.find((one) => one.image === image);
			const what = `${each.path} (${each.form}) of ${JSON.stringify(root)}: ${JSON.stringify(found)}`;
			t.is(reference?.outcome, outcome, what);
			t.regex(reference?.origins[0].rule ?? '', /^(?:table|pod)\//u, what);
		}
	});
}

interface Sample {
	readonly value: JsonValue;
	readonly image: string;
	readonly outcome: ImageOutcome;
}

const digest = `sha256:${'0123456789abcdef'.repeat(4)}`;

/** A value of the form, and what is to be found in it. */
function sampleOf({path: where, form, keys: parts, scheme = '', tagStyle}: ImageFieldRule, ofKind: string): Sample {
	const image = 'registry.example/table/sample:1';
	const pod = {containers: [{name: 'a', image}]};
	switch (form) {
		case 'image':
			return {value: `${scheme}${image}`, image, outcome: 'scan'};
		case 'parts': {
			const sample = partsOf(parts ?? {});
			return {...sample, image: `${sample.image}${tagStyle === 'k0s' ? '-k0s.0' : ''}`, outcome: 'scan'};
		}
		case 'artifact':
			return parts === undefined
				? {value: `oci://${image}`, image, outcome: 'unresolved'}
				: {...partsOf(parts), outcome: 'unresolved'};
		case 'chosen':
			return parts === undefined && !where.endsWith(']')
				? {value: 'chosen.example/x', image: 'chosen.example/x', outcome: 'unresolved'}
				: {value: {[parts?.registry ?? 'a']: 'chosen.example'}, image: `images of ${ofKind}`, outcome: 'unresolved'};
		case 'pod':
			return {value: pod, image, outcome: 'scan'};
		case 'object':
			return {value: {apiVersion: 'v1', kind: 'Pod', metadata: {name: 'a'}, spec: pod}, image, outcome: 'scan'};
		case 'text':
			return {
				value: `apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: ${JSON.stringify(pod)}\n`,
				image,
				outcome: 'scan',
			};
	}
}

function partsOf({registry, repository, name, tag, digest: hash}: NonNullable<ImageFieldRule['keys']>): {
	value: JsonValue;
	image: string;
} {
	const value: Record<string, JsonValue> = {};
	const put = (key: string, part: JsonValue) => {
		const [first = '', second] = key.split('.');
		value[first] = second === undefined ? part : {...(value[first] as JsonObject | undefined), [second]: part};
	};
	if (registry !== undefined) put(registry, 'registry.example');
	const paths = [repository, name].flatMap((key) => key ?? []);
	const host = registry === undefined ? 'registry.example/' : '';
	const [first, second] = paths;
	if (first !== undefined) put(first, `${host}table`);
	if (second !== undefined) put(second, 'sample');
	const base = `registry.example/table${second === undefined ? '' : '/sample'}`;
	const [tagKey] = typeof tag === 'string' ? [tag] : (tag ?? []);
	if (tagKey !== undefined) put(tagKey, '1');
	else if (hash !== undefined) put(hash, digest);
	else if (first !== undefined) put(first, `${host}table:1`);
	return {value, image: tagKey === undefined && hash !== undefined ? `${base}@${digest}` : `${base}:1`};
}

/** The smallest object that has a value at a path. */
function build([step, ...rest]: PathPattern, value: JsonValue, when: ImageFieldRule['when']): JsonObject {
	const inner = (): JsonValue => (rest.length === 0 ? value : buildValue(rest, value, when));
	const beside = rest.length === 0 ? (when ?? {}) : {};
	switch (step?.kind) {
		case 'keys':
			return {...beside, [step.keys[0] ?? '']: inner()};
		case 'any-key':
			return {...beside, any: inner()};
		case 'any-depth': {
			const deep = inner();
			return {...beside, deep: {er: [deep]}};
		}
		case 'items':
		case 'items-where':
		case undefined:
			throw new Error('a path starts with a key');
	}
}

function buildValue(pattern: PathPattern, value: JsonValue, when: ImageFieldRule['when']): JsonValue {
	const [step, ...rest] = pattern;
	if (step?.kind !== 'items' && step?.kind !== 'items-where') return build(pattern, value, when);
	const item = rest.length === 0 ? value : buildValue(rest, value, when);
	if (step.kind === 'items') return [item];
	return [{...(isObject(item) ? item : {}), [step.key]: step.text}];
}

function wordFor(name: string): string {
	return name.replace('*', 'Any');
}
