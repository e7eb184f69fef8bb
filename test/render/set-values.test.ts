import {writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import test from 'ava';
import * as fc from 'fast-check';
import {GateError} from '../../src/errors.ts';
import {runProgram} from '../../src/exec.ts';
import {buildSetValues} from '../../src/render/set-values.ts';
import {makeLab, parameters, renderLab, tools} from './lab.ts';
import type {ExecutionContext} from 'ava';
import type {Lab} from './lab.ts';

// Prints every value with its Go type, so that 5, 5.0 and "5" differ.
const typed = `{{- define "typed" -}}
{{- if kindIs "map" . }}{ {{- range $key, $value := . }}{{ $key | quote }}: {{ include "typed" $value }}, {{ end -}} }
{{- else if kindIs "slice" . }}[ {{- range . }}{{ include "typed" . }}, {{ end -}} ]
{{- else }}{{ kindOf . }} {{ toString . | b64enc }}{{ end -}}
{{- end -}}
apiVersion: v1
kind: ConfigMap
data: {values: {{ include "typed" .Values | quote }}}
`;
const chart = {'Chart.yaml': 'apiVersion: v2\nname: values\nversion: 1.0.0\n', 'templates/values.yaml': typed};

/** What helm makes of a base and `--set`, `--set-string` on its command line; undefined when it fails. */
async function byHelm(
	lab: Lab,
	values: string,
	set: Readonly<Record<string, string>>,
	setString: Readonly<Record<string, string>>,
): Promise<string | undefined> {
	const inputs = await lab.context.makeDirectory('by-hand');
	await writeFile(join(inputs, 'base.yaml'), values);
	const args = [
		'template',
		'.',
		'--name-template',
		'app',
		...flags('--set', set),
		...flags('--set-string', setString),
		'--values',
		join(inputs, 'base.yaml'),
	];
	const result = await runProgram(tools.helm, args, {
		environment: {...lab.context.environment, HOME: inputs},
		directory: lab.root,
		timeoutMs: 60_000,
	});
	return result.kind === 'exited' && result.exitCode === 0 ? Buffer.from(result.stdout).toString('utf8') : undefined;
}

function flags(flag: string, record: Readonly<Record<string, string>>): readonly string[] {
	return Object.entries(record).flatMap(([key, text]) => [flag, `${key}=${comma(text)}`]);
}

function comma(value: string): string {
	return value.startsWith('{') && value.endsWith('}') ? value : value.replaceAll(/(?<!\\),/g, String.raw`\,`);
}

async function byGate(
	lab: Lab,
	values: string,
	set: Readonly<Record<string, string>>,
	setString: Readonly<Record<string, string>>,
): Promise<string | undefined> {
	const rendered = renderLab(lab, {
		parameters: parameters({helm: {values, parameters: set, stringParameters: setString, skipCrds: true}}),
	});
	return rendered.then(
		({text}) => text,
		(error: unknown) => {
			if (error instanceof GateError && error.code === 'parameters-invalid') return undefined;
			throw error;
		},
	);
}

const base =
	'map: {a: 1, b: {c: x}}\nlist: [1, 2.5, {name: one, port: 80}, null, [1, 2]]\nscalar: text\nempty: null\n"": {odd: 1}\nnumber: 1e3\n';

interface Case {
	readonly set?: Readonly<Record<string, string>>;
	readonly setString?: Readonly<Record<string, string>>;
	readonly values?: string;
}

const same = test.macro({
	async exec(t: ExecutionContext, {set = {}, setString = {}, values = base}: Case, works: boolean) {
		const lab = await makeLab(t, chart);
		const [helm, gate] = [await byHelm(lab, values, set, setString), await byGate(lab, values, set, setString)];
		t.is(helm !== undefined, works);
		t.is(gate, helm);
	},
	title: (_title, {set, setString, values}: Case, works) =>
		`${JSON.stringify({set, setString, values}).slice(0, 150)} ${works ? 'is as in helm' : 'fails as in helm'}`,
});

// Types.
test(
	same,
	{
		set: {
			a: '1',
			b: '-5',
			c: '+5',
			d: '05',
			e: '0',
			f: '-0',
			g: '1.5',
			h: '10000000',
			i: '9223372036854775807',
			j: '9223372036854775808',
			k: '-010',
		},
	},
	true,
);
test(
	same,
	{set: {a: 'true', b: 'FALSE', c: 'falſe', d: 'null', e: 'Null', f: '', g: ' ', h: 'yes', i: '~', j: 'nil'}},
	true,
);
test(same, {setString: {a: '1', b: 'true', c: 'null', d: '{1,2}', e: ''}}, true);
// Commas, lists, escapes.
test(
	same,
	{
		set: {
			a: 'x,y',
			b: String.raw`x\,y`,
			c: '{x,y}',
			d: '{}',
			e: '{1,true,null,x}',
			f: '{a\\,b,c}',
			g: String.raw`a\b\\c`,
			h: 'x\\',
		},
	},
	true,
);
test(same, {set: {a: '{x}y', b: '{x', c: 'x}'}}, false);
test(same, {set: {a: '{x},b={y}'}}, true);
test(same, {set: {a: '{x},map.b={y}'}}, true);
test(same, {set: {a: '{x},{y}'}}, false);
// Names.
test(same, {set: {'a.b.c': '1', 'a.b.d': 'x', 'map.a': '2', 'map.b.c': 'y', 'map.b.n': '7'}}, true);
test(
	same,
	{
		set: {
			[String.raw`nodeSelector.kubernetes\.io/role`]: 'master',
			[String.raw`a\=b`]: '1',
			[String.raw`c\[0]`]: '1',
			[String.raw`d\,e`]: '1',
			[String.raw`f\\g`]: '1',
		},
	},
	true,
);
test(
	same,
	{
		set: {
			'a b': '1',
			'ключ.ß😀': '2',
			'<<': '3',
			'x.<<.y': 'z',
			'"q"': 'r',
			"'": 's',
			yes: 't',
			'1': 'u',
			'#': 'v',
			'__proto__.x': 'w',
		},
	},
	true,
);
test(same, {set: {'': 'x', '.a': '1', '.odd': '2'}}, true);
test(same, {set: {'[0]': 'y'}}, false);
test(same, {set: {'a=b': 'c', 'd,e': 'f'}}, false);
test(same, {set: {'a=b,c': 'd'}}, true);
test(same, {set: {'e.': 'f'}}, false);
test(same, {set: {['k'.repeat(3000)]: '1', [`${'deep.'.repeat(30)}x`]: '1'}}, true);
test(same, {set: {[`${'deep.'.repeat(31)}x`]: '1'}}, false);
// Values that YAML would read in its own way.
test(
	same,
	{
		set: {
			a: 'x: y',
			b: '- z',
			c: '*alias',
			d: '!!int 5',
			e: 'a\nb',
			f: '\u{FEFF}\u{7F}\u{85}\u{2028}\u{FFFE}',
			g: '😀',
			h: '"\\"',
			i: '---',
			j: '%YAML',
		},
	},
	true,
);
// Lists, alone and over the lists of value files.
test(
	same,
	{
		set: {
			'list[0]': 'x',
			'list[1]': '7',
			'list[3]': 'y',
			'list[6]': 'z',
			'list[2].port': '81',
			'list[2].new.deep': 'v',
			'list[4][0]': '9',
			'list[4][3]': 'w',
		},
	},
	true,
);
test(same, {set: {'new[2]': 'x', 'new[0].a': '1', 'new[0].b': 'y', 'other[1][1]': '1', 'other[0].z': ''}}, true);
test(same, {set: {'list[0].a': 'x', 'list[3].b': 'y', 'list[1].c': '3'}}, true);
test(same, {set: {'list[0][0]': 'x'}}, false);
test(same, {set: {'list[3][0]': 'x'}}, true);
test(same, {set: {'list[-1]': 'x'}}, false);
test(same, {set: {'list[x]': 'x'}}, false);
test(same, {set: {'list[0]x': 'x'}}, false);
test(same, {set: {'list[70000]': 'x'}}, false);
test(same, {set: {'list[+1]': 'x', 'list[00]': 'y'}}, true);
// What is there already.
test(same, {set: {'scalar.a': 'x'}}, false);
test(same, {set: {'empty.a': 'x'}}, false);
test(same, {set: {'empty[0]': 'x'}}, false);
test(same, {set: {'map[0]': 'x'}}, false);
test(same, {set: {'list.a': 'x'}}, false);
test(same, {set: {map: 'null', list: 'x', scalar: '{a}', number: '1000'}}, true);
test(same, {set: {'map.b': 'null', 'list[2]': 'null'}}, true);
// --set-string after --set.
test(same, {set: {a: '1', 'b.c': '2', 'l[1]': '5'}, setString: {a: '3', 'b.d': '4', 'l[0]': '6', 'map.a': '8'}}, true);
test(same, {set: {a: 'x'}, setString: {'a.b': 'y'}}, false);
// Value files that YAML 1.1 reads in its own way.
test(
	same,
	{
		values: 'list: [010, 1_000, yes, 2001-01-01, 0x1F, 12345678901234567890, -0.0]\nm: &m {a: [1]}\nn: {<<: *m}\n',
		set: {'list[9]': 'x', 'n.a[0]': '5'},
	},
	true,
);
test(same, {values: 'list: [1]\n---\nlist: [2, 3]\n', set: {'list[0]': 'x'}}, true);

const word = fc.constantFrom('a', 'b', 'c', String.raw`d\.e`, 'ü', 'k e');
const index = fc.nat({max: 3}).map((number) => `[${number}]`);
const name = fc
	.tuple(
		word,
		fc.array(fc.oneof({weight: 2, arbitrary: word.map((key) => `.${key}`)}, {weight: 1, arbitrary: index}), {
			maxLength: 3,
		}),
	)
	.map(([first, rest]) => first + rest.join(''));
const value = fc.oneof(
	fc.constantFrom(
		'1',
		'-7',
		'10000000',
		'0',
		'true',
		'null',
		'',
		'{x,1}',
		'{a}',
		'x,y',
		'007',
		'1.5',
		String.raw`\n`,
		'é😀',
		'"',
		': ',
	),
	fc.string({unit: 'grapheme', maxLength: 8}).filter((text) => !/[\0{}]/.test(text)),
);

test('any parameters come out as in helm', async (t) => {
	const lab = await makeLab(t, chart);
	// Each case has a corner of the values for itself, so that one run of helm tries many; those that fail alone are tried alone above.
	const cases = fc.sample(
		fc.record({set: fc.dictionary(name, value, {maxKeys: 5}), setString: fc.dictionary(name, value, {maxKeys: 2})}),
		300,
	);
	const set: Record<string, string> = {};
	const setString: Record<string, string> = {};
	let kept = 0;
	for (const [number, one] of cases.entries()) {
		try {
			buildSetValues({parameters: one.set, stringParameters: one.setString, build: {}, base: new Map()});
		} catch {
			continue;
		}
		kept += 1;
		for (const [key, text] of Object.entries(one.set)) set[`case${number}.${key}`] = text.replaceAll('$', '');
		for (const [key, text] of Object.entries(one.setString))
			setString[`case${number}.${key}`] = text.replaceAll('$', '');
	}
	t.true(kept > 100);
	const helm = await byHelm(lab, base, set, setString);
	t.truthy(helm);
	t.is(await byGate(lab, base, set, setString), helm);
});

test('parameters that helm refuses are refused, one by one', async (t) => {
	const lab = await makeLab(t, chart);
	await fc.assert(
		fc.asyncProperty(fc.dictionary(name, value, {minKeys: 2, maxKeys: 6}), async (set) => {
			const plain = Object.fromEntries(Object.entries(set).map(([key, text]) => [key, text.replaceAll('$', '')]));
			t.is(await byGate(lab, base, plain, {}), await byHelm(lab, base, plain, {}));
		}),
		{numRuns: 15},
	);
});
