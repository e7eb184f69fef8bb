import * as fc from 'fast-check';

/** A node with its spelling. */
export type Node = ScalarNode | MappingNode | ListNode | AliasNode;

export interface ScalarNode {
	readonly kind: 'scalar';
	readonly text: string;
	readonly style: ScalarStyle;
	/** Where a style with several lines breaks its text, modulo its length. */
	readonly cut: number;
	/** How many columns its further lines stand left of where they should. */
	readonly dedent: number;
	readonly properties: Properties;
}

export const scalarStyles = [
	'plain',
	'single',
	'double',
	'literal',
	'literal-strip',
	'literal-keep',
	'literal-counted',
	'folded',
	'folded-strip',
	'plain-lines',
	'single-lines',
	'double-lines',
	'double-joined',
	'double-escaped',
] as const;
export type ScalarStyle = (typeof scalarStyles)[number];

export interface MappingNode {
	readonly kind: 'mapping';
	readonly entries: readonly Entry[];
	readonly style: CollectionStyle;
	readonly dedent: number;
	readonly properties: Properties;
}

export interface Entry {
	readonly key: Node;
	readonly value: Node;
	readonly spelling: EntrySpelling;
}

export const entrySpellings = ['colon', 'colon-wide', 'colon-tab', 'below', 'explicit', 'explicit-same-line'] as const;
export type EntrySpelling = (typeof entrySpellings)[number];

export interface ListNode {
	readonly kind: 'list';
	readonly items: readonly Node[];
	readonly style: CollectionStyle;
	readonly dedent: number;
	readonly properties: Properties;
}

export const collectionStyles = ['block', 'block-indented', 'flow', 'flow-lines', 'flow-tight', 'flow-odd'] as const;
export type CollectionStyle = (typeof collectionStyles)[number];

/** Of whichever anchors stand before it, modulo their number. */
export interface AliasNode {
	readonly kind: 'alias';
	readonly of: 'anything' | 'mapping';
	readonly which: number;
}

export interface Properties {
	readonly anchor: string | undefined;
	readonly tag: string | undefined;
}

/** How many in a hundred choices are such that YAML readers may disagree. */
export type Oddness = number;

const nothing: Properties = {anchor: undefined, tag: undefined};
const scalarTags = [
	['!!str', '!', '!!binary', '!<tag:yaml.org,2002:str>', '!<tag:yaml.org,2002:binary>', '!!bin%61ry', '!local'],
	['!!str', '!!binary', '!', '!<!!str>', '!!int', '!!float', '!!bool', '!!null', '!!timestamp', '!!merge'],
].flat();
const collectionTags = ['!!map', '!!seq', '!!omap', '!!set', '!!pairs', '!!null', '!!str', '!!binary', '!local', '!'];
const anchors = ['a', 'b', 'c'];

/** A scalar of one of the texts, in any spelling. */
export function scalar(oddness: Oddness, ...texts: readonly string[]): fc.Arbitrary<Node> {
	return fc.record({
		kind: fc.constant('scalar' as const),
		text: fc.constantFrom(...texts),
		style: fc.oneof(
			{weight: 150 - oddness, arbitrary: fc.constant('plain' as const)},
			{weight: 30, arbitrary: fc.constantFrom('single' as const, 'double' as const)},
			{weight: 8, arbitrary: fc.constantFrom(...scalarStyles)},
		),
		cut: fc.nat(30),
		dedent: rarely(oddness, fc.nat(6), fc.constant(0)),
		properties: properties(oddness, scalarTags),
	});
}

/** A key of one of the texts: on one line, unless it is an explicit one. */
export function key(oddness: Oddness, ...texts: readonly string[]): fc.Arbitrary<Node> {
	return fc.record({
		kind: fc.constant('scalar' as const),
		text: fc.constantFrom(...texts),
		style: fc.oneof(
			{weight: 200, arbitrary: fc.constant('plain' as const)},
			{weight: 4, arbitrary: fc.constantFrom('single' as const, 'double' as const)},
			{weight: oddness, arbitrary: fc.constantFrom('single' as const, 'double' as const, 'double-escaped' as const)},
		),
		cut: fc.constant(0),
		dedent: fc.constant(0),
		properties: rarely(oddness / 2, properties(60, scalarTags), fc.constant(nothing)),
	});
}

export function entry(
	oddness: Oddness,
	name: fc.Arbitrary<Node> | string,
	value: fc.Arbitrary<Node>,
): fc.Arbitrary<Entry> {
	return fc.record({
		key: typeof name === 'string' ? key(oddness, name) : name,
		value,
		spelling: rarely(oddness, fc.constantFrom(...entrySpellings), fc.constant('colon' as const)),
	});
}

/** A mapping of the entries that are there; one of `more` is put somewhere among them, rarely. */
export function mapping(
	oddness: Oddness,
	entries: readonly fc.Arbitrary<Entry | undefined>[],
	more: fc.Arbitrary<Entry> = entry(oddness, 'more', scalar(oddness, 'none')),
): fc.Arbitrary<Node> {
	return fc
		.record({
			own: fc.tuple(...entries),
			added: rarely(
				4 + 2 * oddness,
				more.map((one) => [one]),
				fc.constant([]),
			),
			at: fc.nat(6),
			style: collectionStyle(oddness),
			dedent: rarely(oddness, fc.nat(6), fc.constant(0)),
			properties: properties(oddness, collectionTags),
		})
		.map(({own, added, at, ...rest}) => {
			const present = own.filter((one) => one !== undefined);
			return {kind: 'mapping', entries: present.toSpliced(at % (present.length + 1), 0, ...added), ...rest};
		});
}

/** Half of the time. */
export function perhaps(arbitrary: fc.Arbitrary<Entry>): fc.Arbitrary<Entry | undefined> {
	return fc.option(arbitrary, {nil: undefined, freq: 2});
}

export function list(
	oddness: Oddness,
	item: fc.Arbitrary<Node>,
	{minLength = 1, maxLength = 2}: {readonly minLength?: number; readonly maxLength?: number} = {},
): fc.Arbitrary<Node> {
	return fc.record({
		kind: fc.constant('list' as const),
		items: fc.array(item, {minLength, maxLength}),
		style: collectionStyle(oddness),
		dedent: rarely(oddness, fc.nat(6), fc.constant(0)),
		properties: properties(oddness, collectionTags),
	});
}

export function alias(of: AliasNode['of']): fc.Arbitrary<Node> {
	return fc.record({kind: fc.constant('alias' as const), of: fc.constant(of), which: fc.nat(5)});
}

/** The second in so many of a hundred choices, else the third. */
export function rarely<Rare, Usual>(
	percent: number,
	rare: fc.Arbitrary<Rare>,
	usual: fc.Arbitrary<Usual>,
): fc.Arbitrary<Rare | Usual> {
	const weight = Math.min(100, Math.ceil(percent));
	return fc.oneof({weight: 100 - weight, arbitrary: usual}, {weight, arbitrary: rare});
}

function collectionStyle(oddness: Oddness): fc.Arbitrary<CollectionStyle> {
	return fc.oneof(
		{weight: 100, arbitrary: fc.constantFrom('block' as const, 'block-indented' as const)},
		{weight: 12, arbitrary: fc.constant('flow' as const)},
		{weight: 2 + oddness, arbitrary: fc.constantFrom(...collectionStyles)},
	);
}

function properties(oddness: Oddness, tags: readonly string[]): fc.Arbitrary<Properties> {
	return fc.oneof(
		{weight: 150, arbitrary: fc.constant(nothing)},
		{weight: 2, arbitrary: fc.record({anchor: fc.constantFrom(...anchors), tag: fc.constant(undefined)})},
		{
			weight: oddness,
			arbitrary: fc.record({
				anchor: fc.constantFrom(undefined, ...anchors),
				tag: fc.constantFrom(undefined, ...tags),
			}),
		},
	);
}
