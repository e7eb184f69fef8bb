import {imageForms, type ImageFieldRule, type ImageKindRule} from '../types.ts';
import crdFields from './crd-fields.json' with {type: 'json'};
import {matchPattern, parsePattern, type PathPattern} from './pattern.ts';
import {type Place, placeText} from './place.ts';
import type {Scope} from './search.ts';
import {matchesWildcard} from './wildcard.ts';

/** What is known about one kind, by the table or by the operator's policy. */
export interface KindFields {
	/** `table/group/kind`, or `policy/group/kind`. */
	readonly rule: string;
	readonly group: string;
	readonly kind: string;
	readonly fields: readonly ImageFieldRule[];
}

/** Everything that is known about kinds. */
export interface Table {
	/** By group and kind; those with a `*` under it. */
	readonly kinds: ReadonlyMap<string, readonly KindFields[]>;
	readonly derived: readonly DerivedRule[];
	readonly exclusions: readonly ExclusionRule[];
}

/** What an operator runs when none of the paths `unless` is there, in words. */
export interface DerivedRule {
	readonly group: string;
	readonly kind: string;
	readonly unless: readonly string[];
	readonly image: string;
}

/** A place that looks like an image's and is none; with `all` not even a pod's shape counts there. */
interface ExclusionRule {
	readonly group: string;
	readonly kind: string;
	readonly path: string;
	readonly reason: string;
	readonly all?: boolean | undefined;
}

/** What the compiler sees of the data; a test checks the file against its schema, word by word. */
interface CrdFields {
	readonly kinds: readonly {
		readonly group: string;
		readonly kind: string;
		readonly fields: readonly {readonly path: string; readonly form: string}[];
	}[];
	readonly derived: readonly DerivedRule[];
	readonly exclusions: readonly ExclusionRule[];
}

const crds: CrdFields = crdFields;
const open = '*';
let known: Table['kinds'] | undefined;
const patterns = new Map<string, PathPattern | undefined>();

/** The table with an operator's rules in front. Its index is built once a process. */
export function openTable(rules: readonly ImageKindRule[]): Table {
	known ??= indexKinds(
		crds.kinds.map(({group, kind, fields}) => ({group, kind, fields: fields.filter(isFieldRule)})),
		'table',
	);
	if (rules.length === 0) return {...crds, kinds: known};
	const kinds = new Map<string, readonly KindFields[]>(known);
	for (const [key, own] of indexKinds(rules, 'policy')) kinds.set(key, [...own, ...(kinds.get(key) ?? [])]);
	return {...crds, kinds};
}

/** What is known about an object's kind; group and kind must both agree, because kinds have namesakes. */
export function kindFields(table: Table, {group, kind}: Pick<Scope, 'group' | 'kind'>): readonly KindFields[] {
	const exact = table.kinds.get(`${group}/${kind}`) ?? [];
	return [...exact, ...(table.kinds.get(open) ?? []).filter((rule) => appliesTo(rule, {group, kind}))];
}

/** Why places of an object are no images, by their text; undefined when nothing says so. */
export function exclusionsOf(table: Table, scope: Omit<Scope, 'excluded'>): Scope['excluded'] {
	const rules = table.exclusions.filter((rule) => appliesTo(rule, scope));
	if (rules.length === 0) return undefined;
	return new Map(
		rules.flatMap(({path, reason, all = false}) =>
			placesOf(path, scope).map((place) => [placeText(place), {reason, all}] as const),
		),
	);
}

/** Whether a rule's group and kind, in which `*` stands for any characters, are an object's. */
export function appliesTo(
	rule: {readonly group: string; readonly kind: string},
	{group, kind}: {readonly group: string; readonly kind: string},
): boolean {
	return matchesWildcard(rule.group, group) && matchesWildcard(rule.kind, kind);
}

/** The places of an object that a path names. */
export function placesOf(path: string, {root, at}: Pick<Scope, 'root' | 'at'>): readonly Place[] {
	if (!patterns.has(path)) patterns.set(path, parsePattern(path));
	const pattern = patterns.get(path);
	return pattern === undefined ? [] : matchPattern(pattern, root, at);
}

function isFieldRule(field: {readonly path: string; readonly form: string}): field is ImageFieldRule {
	return imageForms.some((form) => form === field.form);
}

function indexKinds(rules: readonly ImageKindRule[], origin: 'table' | 'policy'): Map<string, readonly KindFields[]> {
	const named = rules.map(({group, kind, fields}) => ({rule: `${origin}/${group}/${kind}`, group, kind, fields}));
	return Map.groupBy(named, ({group, kind}) =>
		group.includes(open) || kind.includes(open) ? open : `${group}/${kind}`,
	);
}
