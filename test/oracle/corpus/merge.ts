import {accepted, type CorpusEntry, odd, podWith, thingWith, unreadable} from './entry.ts';

/** go-yaml applies a merge key where it stands, in written order; other readers let written keys win. */
export const merge: readonly CorpusEntry[] = [
	odd(
		'merge-behind-key',
		'The merged image overrides the one in front of it.',
		podWith('containers:', '- image: seen:1', '  <<: {image: evil:1}'),
	),
	odd(
		'merge-in-front-of-key',
		'The image behind the merge overrides the merged one.',
		podWith('containers:', '- <<: {image: seen:1}', '  image: evil:1'),
	),
	odd(
		'merge-of-alias',
		'The merged mapping stands elsewhere.',
		podWith('a: &a {image: evil:1}', 'containers:', '- image: seen:1', '  <<: *a'),
	),
	odd(
		'merges-last-wins',
		'Of two merges the last one wins.',
		podWith('containers:', '- <<: {image: seen:1}', '  <<: {image: evil:1}'),
	),
	odd(
		'merge-list-first-wins',
		'Of a list of mappings the first one wins.',
		podWith('containers:', '- <<: [{image: evil:1}, {image: seen:1}]'),
	),
	odd(
		'merge-list-behind-key',
		'A list of mappings overrides the key in front of it, too.',
		podWith('a: &a {image: evil:1}', 'containers:', '- image: seen:1', '  <<: [*a, {image: seen:2}]'),
	),
	odd(
		'merge-between',
		'A merge between two keys overrides one and is overridden by the other.',
		podWith('containers:', '- image: seen:1', '  <<: {image: evil:1, name: a}', '  name: b'),
	),
	odd(
		'merge-inside-merged',
		'The merged mapping merges another one.',
		podWith('a: &a {image: evil:1}', 'b: &b {name: x, <<: *a}', 'containers:', '- image: seen:1', '  <<: *b'),
	),
	odd(
		'merge-replaces-list',
		'A merge at the spec replaces the list of containers.',
		podWith('containers: [{image: seen:1}]', '<<: {containers: [{image: evil:1}]}'),
	),
	odd(
		'merge-not-deep',
		'A merge replaces whole values and does not go into them.',
		thingWith('image: {name: seen}', '<<: {image: {tag: evil}}'),
	),
	odd(
		'merge-of-kind',
		'The kind and the version of the object are merged.',
		'<<: {apiVersion: v1, kind: Pod}\nspec: {containers: [{image: evil:1}]}\n',
	),
	odd(
		'merge-changes-kind',
		'A merge changes the kind.',
		`${podWith('containers: [{image: evil:1}]')}<<: {kind: Thing, apiVersion: example.com/v1, image: evil:2}\n`,
	),
	odd(
		'merge-brings-items',
		'A merge makes a list of the object.',
		'apiVersion: v1\nkind: Thing\nspec: {image: seen:1}\n<<: {items: [{apiVersion: v1, kind: Pod, spec: {containers: [{image: evil:1}]}}]}\n',
	),
	odd(
		'merge-removes-items',
		'A merge makes an object of the list.',
		'apiVersion: example.com/v1\nkind: Thing\nimage: evil:1\nitems: [{apiVersion: v1, kind: Pod, spec: {containers: [{image: seen:1}]}}]\n<<: {items: 1}\n',
	),
	odd(
		'merge-adds-hook',
		'A merge adds a hook annotation.',
		'apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  annotations:\n    note: a\n    <<: {argocd.argoproj.io/hook: PostDelete}\nspec: {containers: [{image: evil:1}]}\n',
	),
	odd(
		'merge-in-braces',
		'A merge key in a flow mapping.',
		podWith('a: &a {image: evil:1}', 'containers: [{image: seen:1, <<: *a }]'),
	),
	odd(
		'merge-explicit-key',
		'A merge key behind a question mark.',
		podWith('containers:', '- image: seen:1', '  ? <<', '  : {image: evil:1}'),
	),
	accepted(
		'merge-quoted',
		'A quoted merge key is a key like any other.',
		thingWith('image: seen:1', '"<<": {image: evil:1}'),
	),
	accepted(
		'merge-single-quoted',
		'A single-quoted merge key is a key like any other.',
		thingWith('image: evil:1', "'<<': {image: seen:1}"),
	),
	accepted(
		'merge-escaped',
		'An escaped merge key is quoted, so it is none.',
		thingWith('image: evil:1', '"\\x3c<": {image: seen:1}'),
	),
	odd('merge-non-specific', 'A merge key with the tag ! merges.', thingWith('image: seen:1', '! <<: {image: evil:1}')),
	odd(
		'merge-non-specific-quoted',
		'A quoted merge key with the tag ! merges.',
		thingWith('image: seen:1', '! "<<": {image: evil:1}'),
	),
	odd(
		'merge-tagged',
		'A merge key with its own tag merges.',
		thingWith('image: seen:1', '!!merge <<: {image: evil:1}'),
	),
	odd(
		'merge-tagged-quoted',
		'A quoted merge key with its own tag merges or not.',
		thingWith('image: seen:1', '!!merge "<<": {image: evil:1}'),
	),
	odd(
		'merge-verbatim-tag',
		'A merge key with the tag written out.',
		thingWith('image: seen:1', '!<tag:yaml.org,2002:merge> <<: {image: evil:1}'),
	),
	odd(
		'merge-tag-on-other-key',
		'The tag alone does not make a merge key.',
		thingWith('image: seen:1', '!!merge x: {image: evil:1}'),
	),
	odd('merge-str-tag', 'A merge key with the tag of texts.', thingWith('image: seen:1', '!!str <<: {image: evil:1}')),
	odd('merge-anchored-key', 'A merge key with an anchor.', thingWith('image: seen:1', '&m <<: {image: evil:1}')),
	odd(
		'merge-alias-key',
		'An alias to << is no merge key.',
		thingWith('a: &m <<', 'image: seen:1', '*m : {image: evil:1}'),
	),
	odd(
		'merge-binary-key',
		'The decoded text << is no merge key.',
		thingWith('image: seen:1', '!!binary PDw=: {image: evil:1}'),
	),
	odd(
		'merge-tagged-mapping',
		'The tag of a merged mapping does not matter.',
		thingWith('image: seen:1', '<<: !!set {image: evil:1}'),
	),
	odd(
		'merge-anchored-value',
		'The merged mapping has an anchor that is used later.',
		thingWith('image: seen:1', '<<: &a {image: evil:1}', 'more: *a'),
	),
	odd(
		'merge-block',
		'The merged mapping is written in block style.',
		podWith('containers:', '- image: seen:1', '  <<:', '    image: evil:1'),
	),
	odd(
		'merge-redefined-anchor',
		'An anchor counts as it was when the alias was read.',
		thingWith('a: &a {image: evil:1}', 'image: seen:1', '<<: *a', 'b: &a {image: seen:2}'),
	),
	accepted(
		'merge-without-overlap',
		'Nothing that is merged is there already.',
		podWith('a: &a {name: x}', 'containers:', '- image: seen:1', '  <<: *a'),
	),
	accepted('merge-of-nothing', 'An empty mapping is merged.', thingWith('image: seen:1', '<<: {}')),
	accepted('merge-empty-list', 'An empty list is merged.', thingWith('image: seen:1', '<<: []')),
	accepted('merge-as-value', 'The text << is no key here.', thingWith('image: seen:1', 'a: <<', 'b: [<<, c]')),
	accepted(
		'merge-in-json',
		'In JSON it is a key like any other.',
		'{"apiVersion":"example.com/v1","kind":"Thing","image":"evil:1","<<":{"image":"seen:1"}}\n',
	),
	unreadable('merge-null', 'Nothing can be merged from null.', thingWith('image: seen:1', '<<:')),
	unreadable('merge-text', 'Nothing can be merged from a text.', thingWith('image: seen:1', '<<: image')),
	unreadable(
		'merge-text-in-list',
		'Nothing can be merged from a text in a list.',
		thingWith('image: seen:1', '<<: [{image: evil:1}, image]'),
	),
	unreadable(
		'merge-list-in-list',
		'Nothing can be merged from a list in a list.',
		thingWith('image: seen:1', '<<: [[{image: evil:1}]]'),
	),
	unreadable(
		'merge-alias-of-list',
		'An alias to a list of mappings is not merged.',
		thingWith('a: &a [{image: evil:1}]', '<<: *a'),
	),
	unreadable('merge-undefined', 'The alias has no anchor.', thingWith('image: seen:1', '<<: *a')),
	unreadable(
		'merge-itself',
		'A mapping cannot be merged into itself.',
		thingWith('a: &a', '  image: evil:1', '  <<: *a'),
	),
];
