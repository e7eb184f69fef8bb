import {accepted, type CorpusEntry, odd, podWith, thingWith, unreadable} from './entry.ts';

const long = 'k'.repeat(1025);
const escaped = (length: number) => `"${'\\x6b'.repeat(250)}${'k'.repeat(length - 1002)}"`;

/** Keys that are one key for Argo CD and two for others, or the other way round. */
export const keys: readonly CorpusEntry[] = [
	odd(
		'key-quoted-twin',
		'A key is there plain and quoted: the last one counts.',
		podWith('containers:', '- image: seen:1', '  "image": evil:1'),
	),
	odd(
		'key-single-quoted-twin',
		'A key is there plain and single-quoted.',
		podWith('containers:', "- 'image': seen:1", '  image: evil:1'),
	),
	odd(
		'key-escaped-twin',
		'An escape hides that two keys are one.',
		podWith('containers:', '- image: seen:1', '  "\\x69mage": evil:1'),
	),
	odd(
		'key-explicit-twin',
		'A question mark stands in front of the second key.',
		podWith('containers:', '- image: seen:1', '  ? image', '  : evil:1'),
	),
	odd(
		'key-tagged-twin',
		'A tag stands in front of the second key.',
		podWith('containers:', '- image: seen:1', '  !!str image: evil:1'),
	),
	odd(
		'key-binary-twin',
		'The second key is encoded.',
		podWith('containers:', '- image: seen:1', '  !!binary aW1hZ2U=: evil:1'),
	),
	odd('key-binary', 'The only key of the image is encoded.', podWith('containers:', '- !!binary aW1hZ2U=: evil:1')),
	odd(
		'key-binary-kind',
		'The key of the kind is encoded.',
		'apiVersion: v1\n!!binary a2luZA==: Pod\nspec: {containers: [{image: evil:1}]}\n',
	),
	odd(
		'key-anchored-twin',
		'An anchor stands in front of the second key.',
		podWith('containers:', '- image: seen:1', '  &k image: evil:1'),
	),
	odd(
		'key-alias-twin',
		'The second key is an alias.',
		podWith('a: &k image', 'containers:', '- image: seen:1', '  *k : evil:1'),
	),
	odd('key-alias', 'The only key of the image is an alias.', podWith('a: &k image', 'containers:', '- *k : evil:1')),
	odd(
		'key-alias-colon',
		'go-yaml ends the name of an alias at the colon.',
		podWith('a: &k image', 'containers:', '- *k: evil:1'),
	),
	odd(
		'key-kind-twin',
		'The kind is there twice, plain and quoted.',
		`"kind": Fake\n${podWith('containers: [{image: evil:1}]')}`,
	),
	odd(
		'key-version-twin',
		'The version is there twice, plain and quoted.',
		`${podWith('containers: [{image: evil:1}]')}"apiVersion": v2\n`,
	),
	odd(
		'key-items-twin',
		'The items of a list are there twice.',
		'apiVersion: v1\nkind: List\nitems: []\n"items": [{apiVersion: v1, kind: Pod, spec: {containers: [{image: evil:1}]}}]\n',
	),
	odd(
		'key-hook-twin',
		'A hook annotation is there twice.',
		'apiVersion: v1\nkind: Pod\nmetadata:\n  annotations:\n    helm.sh/hook: test\n    "helm.sh/hook": pre-install\nspec: {containers: [{image: evil:1}]}\n',
	),
	odd(
		'key-true-twins',
		'Two keys become the text true, and either may win.',
		thingWith('on: {image: seen:1}', '"true": {image: evil:1}'),
	),
	accepted(
		'key-on-and-quoted',
		'on is true and "on" is a text, so both stay.',
		thingWith('on: {image: seen:1}', '"on": {image: evil:1}'),
	),
	odd(
		'key-bool-spellings',
		'Three spellings of one boolean are one key.',
		thingWith('yes: {image: seen:1}', 'on: {image: seen:2}', 'True: {image: evil:1}'),
	),
	odd(
		'key-one-twins',
		'An integer and a text become one key, and either may win.',
		thingWith('1: {image: seen:1}', '"1": {image: evil:1}'),
	),
	odd(
		'key-float-twins',
		'An integer and a float become one key, and either may win.',
		thingWith('1: {image: seen:1}', '1.0: {image: evil:1}'),
	),
	odd(
		'key-short-floats',
		'Floats are printed with the precision of 32 bits, so two become one.',
		thingWith('1.00000000001: {image: seen:1}', '1.00000000002: {image: evil:1}'),
	),
	odd(
		'key-hexadecimal-twin',
		'Two spellings of one integer are one key.',
		thingWith('16: {image: seen:1}', '0x10: {image: evil:1}'),
	),
	odd('key-octal-twin', 'A leading zero means octal.', thingWith('8: {image: seen:1}', '010: {image: evil:1}')),
	odd(
		'key-underscore-twin',
		'Underscores in numbers do not count.',
		thingWith('1000: {image: seen:1}', '1_000: {image: evil:1}'),
	),
	odd(
		'key-nan-twins',
		'No NaN is like another, so both go through and either may win.',
		thingWith('.nan: {image: seen:1}', '.NaN: {image: evil:1}'),
	),
	odd(
		'key-date-twin',
		'A date is a text as a key, too.',
		thingWith('2001-01-01: {image: seen:1}', '"2001-01-01": {image: evil:1}'),
	),
	odd(
		'key-many-twins',
		'Three pairs of keys that Go merges in random order.',
		thingWith('1: a', '"1": b', 'on: a', '"true": b', '2: a', '2.0: b', 'image: evil:1'),
	),
	accepted('key-boolean', 'A boolean key becomes a text.', thingWith('on: {image: evil:1}')),
	accepted(
		'key-number',
		'Numbers as keys become texts, in Go’s spelling.',
		thingWith('1: a', '0x1F: b', '1.5: c', '1e30: d', '-0.0: e', '1_0: f', 'image: seen:1'),
	),
	accepted('key-infinity', 'Infinity is no value, but it is a key.', thingWith('.inf: a', '-.inf: b', 'image: seen:1')),
	accepted('key-quoted-number', 'A quoted number is a text.', thingWith('"1": a', "'2': b", 'image: seen:1')),
	accepted('key-date', 'A date is a text.', thingWith('2001-01-01: {image: evil:1}')),
	accepted(
		'key-maximum-integer',
		'The largest integer that can be a key.',
		thingWith('9223372036854775807: {image: evil:1}'),
	),
	accepted('key-with-blanks', 'Blanks stand between the key and its colon.', thingWith('image : evil:1')),
	accepted('key-with-tab', 'A tab stands between the key and its colon.', thingWith('image\t: evil:1')),
	accepted('key-below-question-mark', 'The key stands on a line of its own.', thingWith('?', '  image', ': evil:1')),
	accepted('key-block-scalar', 'The key is a block scalar.', thingWith('? |-', '  image', ': evil:1')),
	accepted('key-without-value', 'A question mark without a colon has no value.', thingWith('? a', 'image: evil:1')),
	accepted('key-quoted-lines', 'An explicit key spans two lines.', thingWith('? "im\\', '   age"', ': evil:1')),
	accepted('key-equals', 'The key = means nothing here.', thingWith('=: evil:1', 'image: seen:1')),
	accepted(
		'key-prototype',
		'Keys that mean something to JavaScript.',
		thingWith('__proto__: {image: evil:1}', 'constructor: a', 'toString: b', 'image: seen:1'),
	),
	accepted(
		'key-case',
		'Keys that differ in case are two.',
		podWith('containers:', '- image: evil:1', '  Image: seen:1', '  IMAGE: seen:2'),
	),
	accepted(
		'key-no-break-space',
		'A no-break space belongs to the key.',
		podWith('containers:', '- image: evil:1', '  image\u00a0: seen:1'),
	),
	accepted('key-wide-colon', 'A wide colon is no colon.', thingWith('a：b: c', 'image: evil:1')),
	accepted(
		'key-of-1023',
		'The longest key that the second reading takes.',
		thingWith(`${'k'.repeat(1020)}: a`, 'image: evil:1'),
	),
	accepted(
		'key-escaped-of-1024',
		'With its quotes and escapes a key has 1024 characters.',
		thingWith(`${escaped(1024)}: a`, 'image: evil:1'),
	),
	unreadable(
		'key-escaped-of-1025',
		'With its quotes and escapes a key has one character too many.',
		thingWith(`${escaped(1025)}: a`, 'image: seen:1'),
	),
	accepted(
		'key-astral-of-1022',
		'The longest key that the second reading takes, in characters beyond the first plane.',
		thingWith(`? ${'\u{1F600}'.repeat(1022)}`, ': a', 'image: evil:1'),
	),
	unreadable(
		'key-astral-of-1023',
		'One character more.',
		thingWith(`? ${'\u{1F600}'.repeat(1023)}`, ': a', 'image: seen:1'),
	),
	odd(
		'key-null-replaced',
		'A key that is null stands in a value that is replaced.',
		thingWith('a: {null: b}', '"a": c', 'image: evil:1'),
	),
	odd(
		'key-empty-pair-replaced',
		'An empty pair stands in a value that is replaced.',
		thingWith('a: [? ,, b]', 'a: c', 'image: evil:1'),
	),
	unreadable('key-empty-pair', 'An empty pair has null as its key.', thingWith('a: [? ,, b]', 'image: evil:1')),
	unreadable('key-null', 'Null is no key.', thingWith('null: a', 'image: seen:1')),
	unreadable('key-tilde', 'A tilde is null, which is no key.', thingWith('~: a', 'image: seen:1')),
	unreadable('key-empty', 'An empty key is null.', thingWith(': a', 'image: seen:1')),
	unreadable('key-mapping', 'A mapping is no key.', thingWith('? {a: b}', ': c', 'image: seen:1')),
	unreadable('key-list', 'A list is no key.', thingWith('? [a]', ': c', 'image: seen:1')),
	unreadable(
		'key-list-implicit',
		'A list is no key without a question mark either.',
		thingWith('[a]: c', 'image: seen:1'),
	),
	unreadable(
		'key-unsigned',
		'An integer of 64 bits without sign is no key.',
		thingWith('18446744073709551615: a', 'image: seen:1'),
	),
	unreadable(
		'key-too-long',
		'A key of more than 1024 characters needs a question mark.',
		thingWith(`${long}: a`, 'image: seen:1'),
	),
	unreadable(
		'key-too-long-explicit',
		'With a question mark it is read, but not a second time.',
		thingWith(`? ${long}`, ': a', 'image: seen:1'),
	),
	unreadable(
		'key-too-long-json',
		'A JSON key of more than 1024 characters is not read the second time.',
		`{"apiVersion":"v1","kind":"Pod","${long}":1}\n`,
	),
	unreadable('key-two-lines', 'A key without a question mark stands on one line.', thingWith('"im', '  age": evil:1')),
	unreadable('key-in-value', 'A value is followed by a colon.', thingWith('a: image: evil:1')),
	unreadable('key-list-in-line', 'A list cannot begin behind a key.', thingWith('a: - image: evil:1')),
];
