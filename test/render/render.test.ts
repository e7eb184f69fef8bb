import test from 'ava';
import {GateError} from '../../src/errors.ts';
import {render} from '../../src/render/render.ts';
import {chart, fingerprint, makeLab, parameters, renderLab} from './lab.ts';
import type {ErrorCode} from '../../src/errors.ts';

test('plain: files in order, each after its name; a byte order mark goes', async (t) => {
	const lab = await makeLab(t, {
		'b.yaml': '\u{FEFF}kind: B',
		'a.json': '{"kind": "A"}\n',
		'c.yml': '---\nkind: C\n---\nkind: D\n',
		'values.yaml': 'replicas: 3\n',
	});
	const before = await fingerprint(lab.root);
	const {text, source} = await renderLab(lab);
	t.is(
		text,
		'---\n# Source: a.json\n{"kind": "A"}\n---\n# Source: b.yaml\nkind: B\n---\n# Source: c.yml\n---\nkind: C\n---\nkind: D\n',
	);
	t.is(source.kind, 'plain');
	t.deepEqual(lab.details, ['values.yaml is left out: it has neither apiVersion, kind nor metadata']);
	t.is(await fingerprint(lab.root), before);
});

async function stdin(t: Parameters<typeof makeLab>[0], input: Uint8Array, allowEmpty?: boolean) {
	const {context} = await makeLab(t, {});
	return render({
		source: {kind: 'stdin'},
		parameters: parameters(),
		build: {},
		context,
		kustomizeBuildOptions: [],
		input,
		allowEmpty,
	});
}

const passes = test.macro({
	async exec(t, input: string, allowEmpty?: boolean) {
		const manifests = await stdin(t, Buffer.from(input), allowEmpty);
		t.is(manifests.text, input);
		t.deepEqual(Buffer.from(manifests.bytes), Buffer.from(input));
	},
	title: (_title, input, allowEmpty) => `stdin ${JSON.stringify(input)}${allowEmpty ? ', empty allowed' : ''} passes`,
});

const fails = test.macro({
	async exec(t, input: string | Uint8Array, code: ErrorCode, message?: RegExp) {
		const error = await t.throwsAsync(stdin(t, Buffer.from(input)), {instanceOf: GateError});
		t.is(error.code, code);
		t.regex(error.message, message ?? /./);
	},
	title: (_title, input, code) => `stdin ${JSON.stringify(input)} is ${String(code)}`,
});

test(passes, 'kind: A');
test(passes, '\u{FEFF}kind: A\r\n');
test(passes, '---\n# only\n---\n{}\n');
test(passes, '--- {kind: A}\n');
test(passes, '  a: 1');
test(passes, '', true);
test(passes, '# nothing\n---\n', true);
test(fails, '', 'render-empty');
test(fails, '\n \t\r\n', 'render-empty');
test(fails, '---\n# Source: x\n\n--- # y\r\n...\n  # z', 'render-empty');
test(fails, '\u{FEFF}---\n', 'render-empty');
test(fails, Buffer.from([0x61, 0x3a, 0x20, 0xff, 0x0a]), 'manifests-unreadable', /byte 3/);
test(fails, Buffer.from([0xef, 0xbf, 0xbd, 0xc3, 0x28]), 'manifests-unreadable', /byte 3/);
test(fails, Buffer.from([0x61, 0xe2, 0x82]), 'manifests-unreadable', /byte 1/);

test('a chart without output is render-empty, unless that is allowed', async (t) => {
	const lab = await makeLab(t, {
		'Chart.yaml': chart['Chart.yaml'],
		'templates/none.yaml': '{{ if false }}x{{ end }}\n',
	});
	const error = await t.throwsAsync(renderLab(lab), {instanceOf: GateError});
	t.is(error.code, 'render-empty');
	t.is((await renderLab(lab, {allowEmpty: true})).text.trim(), '');
});

test('plain: a UTF-16 file and one that is not UTF-8 are unreadable', async (t) => {
	const lab = await makeLab(t, {'a.yaml': ''});
	const {writeFile} = await import('node:fs/promises');
	for (const content of [Buffer.from('\u{FEFF}kind: A', 'utf16le'), Buffer.from([0x6b, 0x69, 0x6e, 0x64, 0xff])]) {
		await writeFile(lab.path('a.yaml'), content);
		const error = await t.throwsAsync(renderLab(lab), {instanceOf: GateError});
		t.is(error.code, 'manifests-unreadable');
	}
});

test('blank lines without end are read in one pass', async (t) => {
	await t.throwsAsync(stdin(t, Buffer.from('\n'.repeat(5_000_000))), {instanceOf: GateError});
	await t.throwsAsync(stdin(t, Buffer.from(' '.repeat(5_000_000))), {instanceOf: GateError});
});
