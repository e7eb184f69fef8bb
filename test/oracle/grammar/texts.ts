import * as fc from 'fast-check';

const start = 'apiVersion: example.com/v1\nkind: Thing\nspec:\n  image: evil:1\n';
const contents = [
	'a',
	'b c',
	'',
	'# d',
	'- e',
	'f: g',
	'---',
	'...',
	'? h',
	"i''j",
	'k\\',
	'\tl',
	'm ',
	'n\t',
	'image: evil:2',
];
const breaks = ['\n', '\n', '\n', '\n', '\n', '\r\n', '\r', '\u0085', '\u2028'];
const openings = [
	['|', '>', '|-', '>-', '|+', '>+', '|1', '>2', '|3-', '>4+', '"', "'", ''],
	['!!binary |', '&a |', '!!str >', '[a, "', '{b: "', '- |', '- >', '- "'],
].flat();

/** A text over several lines at any depth, in every style, with something behind it. */
export const textStreams: fc.Arbitrary<string> = fc
	.record({
		opening: fc.constantFrom(...openings),
		lines: fc.array(
			fc.tuple(fc.constantFrom(4, 4, 4, 2, 3, 5, 6, 0, 1), fc.constantFrom(...contents), fc.constantFrom(...breaks)),
			{maxLength: 5},
		),
		end: fc.constantFrom('', '\n', '\n\n', '\n  z: y\n', '\n---\n', '\n  # c\n', '\n    # c\n  z: y\n'),
		behind: fc.boolean(),
	})
	.map(({opening, lines, end, behind}) => {
		const close = /["']$/u.exec(opening)?.[0] ?? '';
		const bracket = opening.startsWith('[') ? ']' : opening.startsWith('{') ? '}' : '';
		const text = lines.map(([indent, content, lineBreak]) => ' '.repeat(indent) + content + lineBreak).join('');
		const [before, after] = behind ? ['', start.slice(start.indexOf('  image'))] : [start, ''];
		const head = before === '' ? start.slice(0, start.indexOf('  image')) : before;
		const gap = close === '' && opening !== '' ? '\n' : '';
		return `${head}  text: ${opening}${gap}${text}${close}${bracket}${end}${after}`;
	});

/** A key about as long as go-yaml takes keys: 1024 characters, written, and then again as JSON. */
export const longKeyStreams: fc.Arbitrary<string> = fc
	.record({
		unit: fc.constantFrom('k', 'é', '\u{1F600}', '\\x6b', '\\u{006b', 'k k', '"', '\\\\'),
		length: fc.integer({min: 1017, max: 1029}),
		form: fc.constantFrom(
			(key: string) => `a: {"${key}": b}\n`,
			(key: string) => `"${key}": b\n`,
			(key: string) => `"${key}" : b\n`,
			(key: string) => `? "${key}"\n: b\n`,
			(key: string) => `a: ["${key}": b]\n`,
			(key: string) => `${key.replaceAll(/[\\"]/gu, 'q')}: b\n`,
			(key: string) => `a: {[${key.replaceAll(/[\\"]/gu, 'q')}]: b}\n`,
		),
		json: fc.boolean(),
	})
	.map(({unit, length, form, json}) => {
		const written = unit.replace('{', '').replace(/^"$/u, '\\"');
		const times = Math.floor(length / Array.from(written).length);
		const key = written.repeat(times).padEnd(length, 'k');
		return json
			? `{"apiVersion":"example.com/v1","kind":"Thing","image":"evil:1","${key}":1}\n`
			: `apiVersion: example.com/v1\nkind: Thing\nimage: evil:1\n${form(key)}`;
	});
