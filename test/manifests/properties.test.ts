import test from 'ava';
import * as fc from 'fast-check';
import {stringify} from 'yaml';
import {prependDocument, replaceRanges} from '../../src/manifests/emit.ts';
import {readManifests} from '../../src/manifests/read.ts';
import {plain, valuesOf} from './samples.ts';

const word = fc.constantFrom(
	'a',
	'image',
	'yes',
	'on',
	'0777',
	'1_000',
	'22:30',
	'~',
	'<<',
	'-',
	'? x',
	'a: b',
	'# c',
	'',
	' ',
);
const safeText = fc
	.oneof(word, fc.string({unit: 'binary-ascii'}), fc.string({unit: 'grapheme'}))
	.filter((text) => !/[\u007F-\u009F\uFEFF\uFFFE\uFFFF\u2028\u2029\p{Cs}]/u.test(text) && text !== '<<')
	// The printer begins lines of a block text with such tabs, which go-yaml refuses.
	.filter((text) => !/^ *\t/mu.test(text));
const leaf = fc.oneof(
	safeText,
	fc.boolean(),
	fc.constant(null),
	fc.integer(),
	fc.double({noNaN: true, noDefaultInfinity: true}),
);
const {tree} = fc.letrec<{tree: unknown}>((tie) => ({
	tree: fc.oneof(
		{depthSize: 'small', withCrossShrink: true},
		leaf,
		fc.array(tie('tree'), {maxLength: 4}),
		fc.dictionary(safeText, tie('tree'), {maxKeys: 4, noNullPrototype: true}),
	),
}));
const objects = fc.record({
	apiVersion: fc.constantFrom('v1', 'apps/v1', '1', 'yes', "it's/v1"),
	kind: fc.constantFrom('Pod', 'Deployment', 'On'),
	metadata: fc.record({name: fc.constantFrom('web', '12', '1e3', ''), labels: tree}),
	spec: tree,
	'a b': tree,
});
/** How renderers print: js and Go printers, quoted or not, with LF or CR LF. */
const printers = fc.constantFrom<(value: object) => string>(
	(value) => stringify(value, {version: '1.1', aliasDuplicateObjects: false}),
	(value) => stringify(value, {version: '1.1', aliasDuplicateObjects: false, indentSeq: false, lineWidth: 0}),
	(value) =>
		stringify(value, {defaultStringType: 'QUOTE_DOUBLE', defaultKeyType: 'QUOTE_DOUBLE', aliasDuplicateObjects: false}),
	(value) => `${JSON.stringify(value)}\n`,
	(value) => `${JSON.stringify(value, null, 2)}\n`,
	(value) => `# Source: chart/templates/a.yaml\n${JSON.stringify(value, null, '\t')}`,
);
const streams = fc.array(fc.tuple(objects, printers), {minLength: 1, maxLength: 4}).map((documents) => ({
	values: documents.map(([value]) => value),
	text: documents.map(([value, print]) => `---\n${endLine(print(value))}`).join(''),
}));

test('what is printed is read back', (t) => {
	fc.assert(
		fc.property(streams, ({values, text}) => {
			t.deepEqual(asNumbers(valuesOf(text)), asNumbers(values));
		}),
		{numRuns: 300},
	);
});

test('one JSON object is what JSON.parse makes of it', (t) => {
	fc.assert(
		fc.property(objects, fc.constantFrom(0, 2, '\t'), (value, space) => {
			const text = JSON.stringify(value, null, space);
			t.deepEqual(asNumbers(valuesOf(text)), asNumbers([JSON.parse(text)]));
		}),
		{numRuns: 200},
	);
});

const endings = fc.constantFrom(
	'',
	'\n',
	'\n\n',
	'---\n',
	'# c',
	'tail: |\n  text',
	'tail: >+\n  text\n\n',
	'tail: "text"',
);

test('a document in front changes no other', (t) => {
	const gateJob = 'apiVersion: batch/v1\nkind: Job\nmetadata:\n  generateName: gate-\n';
	fc.assert(
		fc.property(streams, endings, ({text}, ending) => {
			const whole = text.endsWith('}\n') && ending.startsWith('tail') ? text : `${text}${ending}`;
			const printed = prependDocument(whole, gateJob);
			t.true(printed.endsWith(`---\n${whole}`));
			t.deepEqual(valuesOf(printed), [...valuesOf(gateJob), ...valuesOf(whole)]);
		}),
		{numRuns: 200},
	);
	t.deepEqual(valuesOf(prependDocument('{"apiVersion":"v1","kind":"A"}', gateJob)).length, 2);
});

test('replacing an apiVersion changes that value only', (t) => {
	// One with two slashes is none to Kubernetes.
	const texts = fc
		.string({unit: 'grapheme-ascii', minLength: 1, maxLength: 200})
		.filter((text) => text.split('/').length <= 2);
	fc.assert(
		fc.property(streams, texts, fc.nat(), ({text}, version, pick) => {
			const before = readManifests(text).objects;
			const chosen = before[pick % before.length];
			const edited = replaceRanges(
				text,
				chosen === undefined ? [] : [{range: chosen.apiVersionAt, text: JSON.stringify(version)}],
			);
			const expected = before.map((object) =>
				plain(object === chosen ? {...object.value, apiVersion: version} : object.value),
			);
			t.deepEqual(valuesOf(edited), expected);
		}),
		{numRuns: 200},
	);
});

function endLine(text: string): string {
	return text.endsWith('\n') ? text : `${text}\n`;
}

/** Numbers as JavaScript prints them: long integers that it wrote without an exponent are read exactly; -0 is 0. */
function asNumbers(value: unknown): unknown {
	if (Array.isArray(value)) return value.map((item: unknown) => asNumbers(item));
	if (typeof value === 'bigint' || value === 0) return Number(value) + 0;
	if (typeof value !== 'object' || value === null) return value;
	return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, asNumbers(child)]));
}
