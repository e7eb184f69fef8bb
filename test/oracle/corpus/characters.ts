import {accepted, type CorpusEntry, odd, plain, podWith, thingWith, unreadable} from './entry.ts';

const pod = podWith('containers: [{image: evil:1}]');
const carriage = (text: string) => text.replaceAll('\n', '\r');
const bytes = (...parts: readonly (string | Uint8Array | readonly number[])[]) =>
	Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Uint8Array.from(part))));
const utf16 = (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le').swap16();

/** Line breaks that only YAML 1.1 knows, marks, blanks that are none, and characters that may not be there. */
export const characters: readonly CorpusEntry[] = [
	odd(
		'comment-ends-at-ls',
		'A line separator ends the comment.',
		podWith('containers:', '- image: seen:1 # c\u2028    image: evil:1'),
	),
	odd(
		'comment-ends-at-ps',
		'A paragraph separator ends the comment.',
		podWith('containers:', '- image: seen:1 # c\u2029    image: evil:1'),
	),
	odd(
		'comment-ends-at-nel',
		'A next-line character ends the comment.',
		podWith('containers:', '- image: seen:1 # c\u0085    image: evil:1'),
	),
	odd(
		'comment-ends-at-cr',
		'A carriage return ends the comment.',
		podWith('containers:', '- image: seen:1 # c\r    image: evil:1'),
	),
	odd('comment-line-ends-at-ls', 'A line that is a comment holds a field.', `# Source: a.yaml\u2028${pod}`),
	odd('nel-as-break', 'Next-line characters end the lines.', pod.replaceAll('\n', '\u0085')),
	odd('cr-as-break', 'Carriage returns end the lines.', carriage(pod)),
	odd('ls-as-break', 'Line separators end the lines.', pod.replaceAll('\n', '\u2028')),
	odd(
		'ls-in-plain',
		'A line separator in a plain text begins the next field.',
		podWith('containers:', '- name: a\u2028    image: evil:1'),
	),
	odd(
		'ls-in-double-quoted',
		'A line separator in a quoted text is a line break, and stays.',
		thingWith('a: "b\u2028c"', 'image: evil:1'),
	),
	odd(
		'nel-in-single-quoted',
		'A next-line character in a quoted text becomes a blank.',
		thingWith("a: 'b\u0085c'", 'image: evil:1'),
	),
	odd(
		'nel-in-literal',
		'A next-line character in a literal text ends its line, and the text.',
		thingWith('a: |', '  b\u0085  image: evil:1'),
	),
	odd(
		'ps-in-folded',
		'A paragraph separator in a folded text is no line feed.',
		thingWith('a: >', '  b\u2029    c', 'image: evil:1'),
	),
	odd('cr-in-literal', 'A carriage return in a literal text ends the text.', thingWith('a: |', '  b\r  image: evil:1')),
	odd('cr-in-quoted', 'A carriage return in a quoted text becomes a blank.', thingWith('a: "b\rc"', 'image: evil:1')),
	accepted(
		'cr-before-crlf',
		'Two carriage returns in front of a line feed are two line breaks.',
		thingWith('a: |', '  b\r\r', '  c', 'image: evil:1'),
	),
	odd(
		'crlf-mixed-with-cr',
		'A comment between CR LF ends at a carriage return.',
		pod.replaceAll('\n', '\r\n').replace('metadata:', '# c\rmetadata:'),
	),
	odd(
		'separator-behind-cr',
		'A separator behind a carriage return splits for nobody, but ends the document.',
		`${carriage(pod)}---\r${carriage(podWith('containers: [{image: seen:1}]'))}`,
	),
	odd(
		'separator-behind-ls',
		'A separator behind a line separator ends the document.',
		`${pod.trimEnd()}\u2028---\u2028kind: Dropped`,
	),
	odd(
		'directive-before-cr',
		'A directive is possible when the splitter does not see the separator.',
		`%YAML 1.1\r---\r${pod}`,
	),
	odd(
		'tag-directive-before-cr',
		'A tag directive renames the tag of encoded texts.',
		`%TAG !e! tag:yaml.org,2002:\r---\r${podWith('containers:', '- image: !e!binary ZXZpbDox')}`,
	),
	odd(
		'tag-directive-redefines',
		'A tag directive makes the tag of texts that of encoded texts.',
		`%TAG !! tag:yaml.org,2002:bin\u2028---\u2028${podWith('containers:', '- image: !!ary ZXZpbDox')}`,
	),
	odd(
		'tag-directive-local',
		'A tag directive gives local tags a meaning.',
		`%TAG ! tag:yaml.org,2002:\r---\r${podWith('containers:', '- image: !binary ZXZpbDox')}`,
	),
	accepted('mark-at-start', 'A byte order mark in front of the stream.', `\ufeff${pod}`),
	accepted('mark-before-separator', 'A byte order mark in front of the first separator.', `\ufeff---\n${pod}`),
	accepted(
		'mark-at-document',
		'A byte order mark in front of the second document.',
		`${podWith('containers: [{image: seen:1}]')}---\n\ufeff${pod}`,
	),
	accepted('mark-in-text', 'A byte order mark inside of a text.', thingWith('a: b\ufeffc', 'image: evil:1')),
	accepted(
		'mark-in-key',
		'A byte order mark inside of a key makes another key.',
		podWith('containers:', '- image: evil:1', '  im\ufeffage: seen:1', '  args: [some, more, texts]'),
	),
	odd(
		'mark-before-json',
		'A byte order mark in front of JSON makes it YAML, which ends with the first object.',
		'\ufeff{"apiVersion":"example.com/v1","kind":"Thing","image":"evil:1"}\n{"apiVersion":"v1","kind":"Pod"}\n',
	),
	unreadable(
		'mark-twice',
		'Behind two byte order marks go-yaml skips the first character of every line, be it that of a comment.',
		'\ufeff\ufeffapiVersion: example.com/v1\n kind: Thing\n#image: evil:1\n',
	),
	accepted('no-break-space-value', 'A no-break space belongs to the text.', thingWith('a: \u00a0b', 'image: evil:1')),
	accepted('zero-width-space', 'A space without width belongs to the text.', thingWith('a: \u200bb', 'image: evil:1')),
	accepted('tab-behind-colon', 'A tab stands behind the colon.', thingWith('image:\tevil:1')),
	accepted('tab-before-comment', 'A tab stands in front of a comment.', thingWith('image: evil:1\t# c')),
	accepted('tab-behind-value', 'A tab stands behind a value.', thingWith('image: evil:1\t')),
	accepted('tab-in-braces', 'Tabs indent what stands in braces.', thingWith('a: {', '\tb: c,', '\t}', 'image: evil:1')),
	accepted(
		'escaped-line-separator',
		'An escaped line separator is a character like any other.',
		thingWith('a: "b\\u2028c\\Pd"', 'image: evil:1'),
	),
	accepted(
		'escaped-next-line',
		'An escaped next-line character is read back as a line break.',
		thingWith('a: "b\\Nc"', 'd: "\\x85 e"', 'image: evil:1'),
	),
	unreadable(
		'escaped-next-line-separator',
		'Read the second time, a separator stands at the start of a line in a quoted text.',
		thingWith('a: "b\\N--- c"'),
	),
	unreadable('escaped-next-line-key', 'Read the second time, the key goes over two lines.', thingWith('"a\\Nb": c')),
	odd(
		'escaped-next-line-blanks',
		'Read the second time, the blanks around the line break are gone.',
		thingWith('a: "b  \\N  \\N  c"', 'image: evil:1'),
	),
	accepted(
		'escaped-controls',
		'Escaped control characters that JSON escapes, too.',
		thingWith('a: "\\0\\a\\b\\e\\f\\v"', 'image: evil:1'),
	),
	accepted('escaped-mark', 'An escaped byte order mark.', thingWith('a: "\\ufeffb"', 'image: evil:1')),
	accepted('escaped-blanks', 'Escapes for blanks.', thingWith('a: "\\_\\ \\\t\\t"', 'image: evil:1')),
	accepted('escaped-astral', 'An escape of eight digits.', thingWith('a: "\\U0001F600"', 'image: evil:1')),
	accepted(
		'escaped-apostrophe',
		'go-yaml knows an escape for the apostrophe.',
		thingWith('a: "\\\'"', 'image: evil:1'),
	),
	accepted('private-use', 'Characters for private use.', thingWith('a: \ue000\u{10fffd}', 'image: evil:1')),
	accepted('replacement', 'The character that stands for unknown ones.', thingWith('a: \ufffd', 'image: evil:1')),
	accepted(
		'astral-end',
		'The last character of the second plane, which is no character.',
		thingWith('a: "\u{1ffff}"', 'image: evil:1'),
	),
	plain(
		'crlf-in-literal',
		'A literal text with CR LF.',
		thingWith('a: |', '  b', '  c', 'image: seen:1').replaceAll('\n', '\r\n'),
	),
	unreadable(
		'tab-indentation',
		'A tab indents a key.',
		'apiVersion: v1\nkind: Pod\nspec:\n\tcontainers: [{image: evil:1}]\n',
	),
	unreadable('tab-line', 'A tab stands on a line of its own.', thingWith('a: b').replace('spec:', '\t\nspec:')),
	unreadable(
		'tab-behind-dash',
		'A tab stands behind the dash of a mapping.',
		podWith('containers:', '-\timage: evil:1'),
	),
	unreadable('nul', 'A NUL in a comment.', `# \u0000\n${pod}`),
	unreadable('nul-at-end', 'A NUL behind the last line.', `${pod}\u0000`),
	unreadable('escape-character', 'An escape character in a text.', thingWith('a: \u001b[31m')),
	unreadable('delete', 'A delete character in a text.', thingWith('a: b\u007f')),
	unreadable('c1-control', 'A control character beyond ASCII.', thingWith('a: b\u0080')),
	unreadable('form-feed', 'A form feed on a line of its own.', `\f\n${pod}`),
	unreadable('vertical-tab', 'A vertical tab in front of a key.', `\v${pod}`),
	unreadable('not-a-character', 'A code point that is no character.', thingWith('a: \ufffe')),
	unreadable('escaped-delete', 'An escaped delete character is not read the second time.', thingWith('a: "\\x7f"')),
	unreadable(
		'escaped-c1',
		'An escaped control character beyond ASCII is not read the second time.',
		thingWith('a: "\\x9f"'),
	),
	unreadable(
		'escaped-not-a-character',
		'An escaped code point that is no character is not read the second time.',
		thingWith('a: "\\uffff"'),
	),
	unreadable('escaped-surrogates', 'Escapes for halves of a character.', thingWith('a: "\\ud83d\\ude00"')),
	unreadable('escaped-slash', 'JSON’s escape for a slash.', thingWith('a: "\\/"')),
	unreadable('unknown-escape', 'An escape that nobody knows.', thingWith('a: "\\q"')),
	unreadable('short-escape', 'An escape with a digit too few.', thingWith('a: "\\x1"')),
	unreadable(
		'utf-16',
		'The stream is UTF-16, and Argo CD reads it, because its line feeds end in the byte of a line feed.',
		utf16(pod),
	),
	unreadable(
		'utf-16-document',
		'One document of the stream is UTF-16, and Argo CD reads it.',
		bytes(podWith('containers: [{image: seen:1}]'), '---\n', utf16(pod)),
	),
	unreadable(
		'utf-16-little',
		'The other byte order has line feeds that the splitter cuts in two.',
		Buffer.from(`\ufeff${pod}`, 'utf16le'),
	),
	unreadable('not-utf-8', 'A byte that is no UTF-8.', bytes(pod, '# ', [0xff], '\n')),
	unreadable('overlong', 'A slash in two bytes.', bytes(pod, '# ', [0xc0, 0xaf], '\n')),
	unreadable('encoded-surrogate', 'Half a character in three bytes.', bytes(pod, '# ', [0xed, 0xa0, 0x80], '\n')),
	unreadable('cut-character', 'The stream ends inside of a character.', bytes(pod, '# ', [0xe2, 0x80])),
];
