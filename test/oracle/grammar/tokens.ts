import * as fc from 'fast-check';

export const breaks = ['\n', '\r\n', '\r', '\u0085', '\u2028', '\u2029', '\n\n', '\r\r\n'];
const blanks = [' ', '  ', '\t', '\n  ', '\n    ', '\n ', '\n\t', '\u00a0', '\u3000'];
const indicators = [
	'- ',
	'? ',
	': ',
	', ',
	' #',
	' # c',
	'[]',
	'{}',
	"''",
	...words('- ? : , [ ] { } # | > % @ ` " \' \\ = ~ .'),
];
const headers = ['|', '>', '|-', '|+', '|2', '|02', '|1-', '|2+', '>-', '>+2', '>9', '|0', '|-0', '| # c', '|x'];
const separators = [
	['\n---\n', '---', '--- ', '\n---#c\n', '\n--- # c\n', '\n...\n', '...', '\n%YAML 1.1\n', '%YAML 1.2\n---\n'],
	// Behind these breaks the splitter does not look.
	['\r---\r', '\u2028---\u2028', '\r...\r', '\r%YAML 1.1\r---\r', '%YAML 1.1 # c\r%YAML 1.1\r---\r', '%X\r---\r'],
	['%TAG !e! tag:yaml.org,2002:\r---\r', '%TAG ! tag:yaml.org,2002:\r---\r', '%YAML 1\r', '%TAG !e! a x\r'],
].flat();
const names = [
	['&a ', '&b ', '*a', '*b', '*a ', '&a', '&ä ', '*a: ', '*a,', '&a]', '&1-_ '],
	['<<', '<<: ', '<<: *a', '"<<": ', '! <<: ', '<<: {image: evil:1}'],
].flat();
const tags = [
	...words('! !! !a !a!b !e!binary !e!str !%41 !%zz !%C3%A4 !%FF !<!> !<a'),
	...words('str int float bool null binary bin%61ry merge timestamp map set omap').flatMap((tag) => [
		`!!${tag}`,
		`!<tag:yaml.org,2002:${tag}>`,
	]),
].map((tag) => `${tag} `);

/** Plain texts of all the types that YAML 1.1 knows, and of some that it nearly knows. */
export const scalars = [
	...words(
		'0 -0 1 +1 0x1F -0x1f 0o17 0777 08 0o8 1_000 0b11 -0b1 0b-1 0b+1 -0b-1 0x_f 1__2 0_7 _1 0x 0b + 1,000 0x1p3',
	),
	...words('9007199254740993 9223372036854775808 -9223372036854775808 18446744073709551616 0xffffffffffffffff'),
	...words('1.0 1. .5 -.5 ._1 . .1_0 .1_ .1__0 .1_0e1_0 .5e1_0 .0x1 1_0.5 1e1_0 1e3 1e e3 .e5 1e400 0.1e-7 1e21 12e03'),
	...words('123456789012345680000 NaN Infinity 2001-01-01 2001-01-01T00:00:00Z 2001-1-1t1:1:1.5-1:00 2001-13-01 22:30'),
	...words('1:2:3 yes No on OFF y N true False tRUE null Null ~ image seen:1 evil:1 a:b a#b -a ?a :a a\\b ä ='),
	...words(`0b${'1'.repeat(64)} it's \u{1F600} \u00a0`),
	'',
	'a b',
	'a  b',
	'a: b',
	'2001-1-1 1:1:1',
];

/** Plain texts that no JSON can hold. */
export const unspeakable = ['.inf', '-.INF', '+.Inf', '.nan', '.NaN'];

const characters = '\ufeff\ufffd\u200b\ue000\u0000\u0001\u000b\u000c\u001b\u007f\u0080\u009f\ufffe'.split('');
const escapes = [
	...words('0 a b t n v f r e " \' \\ / N _ L P q x41 x7f x9 u0069 ud83d ufeff U0001F600'),
	' ',
	'\n',
	'\r\n',
];
const quoted = [
	['"evil:1"', "'evil:1'", '"a\\\n  b"', '"a\n  b"', "'a\n  b'", '""', "''", '"\t"', '"a \\\n"', '"a\u2028b"'],
	escapes.map((escape) => `"a\\${escape}b"`),
].flat();
const pieces = [
	['image: evil:1', 'image: ', '"image": evil:1', 'image: evil:1\n', '? image\n: evil:1', '"image":evil:1', 'image'],
	['{image: evil:1}', '[evil:1]', 'kind: Pod\n', 'items: []\n', '{"kind":"Pod"}', '- image: evil:1\n', '\n  image: a'],
	['[? a]', '[? : a]', '[? , , a]', '[a: b]', '{a, b: c}', '{? a : b}', '[a:]', '[[]]'],
].flat();

/** One piece of text that means something in YAML. */
export const token: fc.Arbitrary<string> = fc.oneof(
	{weight: 6, arbitrary: fc.constantFrom(...blanks)},
	{weight: 6, arbitrary: fc.constantFrom(...indicators)},
	{weight: 4, arbitrary: fc.constantFrom(...breaks)},
	{weight: 6, arbitrary: fc.constantFrom(...scalars)},
	{weight: 4, arbitrary: fc.constantFrom(...pieces)},
	{weight: 3, arbitrary: fc.constantFrom(...quoted)},
	{weight: 2, arbitrary: fc.constantFrom(...names)},
	{weight: 2, arbitrary: fc.constantFrom(...tags)},
	{weight: 1, arbitrary: fc.constantFrom(...headers)},
	{weight: 1, arbitrary: fc.constantFrom(...separators)},
	{weight: 1, arbitrary: fc.constantFrom(...characters, ...unspeakable)},
);

export function soup(maxLength: number): fc.Arbitrary<string> {
	return fc.array(token, {maxLength}).map((tokens) => tokens.join(''));
}

/** The smallest pieces that mean something, so that they meet in every way. */
export const crumbs: fc.Arbitrary<string> = fc
	.array(
		fc.oneof(
			{weight: 10, arbitrary: fc.constantFrom('a', 'b', '1')},
			{weight: 6, arbitrary: fc.constantFrom(': ', ':', ' ')},
			{weight: 8, arbitrary: fc.constantFrom('\n', '\n ', '\n  ')},
			{weight: 4, arbitrary: fc.constantFrom('- ', '-', '? ', '?', '[', ']', '{', '}', ', ', ',')},
			{weight: 4, arbitrary: fc.constantFrom('"', "'", '\\', '#', ' #', '|', '>', '|\n', '%', '.', '~', '@')},
			{weight: 2, arbitrary: fc.constantFrom('&a ', '*a', '!', '!a ', '<<: ', '---', '...', '\t')},
			{weight: 1, arbitrary: fc.constantFrom(...breaks)},
		),
		{minLength: 1, maxLength: 12},
	)
	.map((parts) => parts.join(''));

function words(text: string): readonly string[] {
	return text.split(' ');
}
