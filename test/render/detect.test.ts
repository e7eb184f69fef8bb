import test from 'ava';
import {GateError} from '../../src/errors.ts';
import {detectSource} from '../../src/render/detect.ts';
import {makeLab} from './lab.ts';
import type {ErrorCode} from '../../src/errors.ts';
import type {RenderParameters} from '../../src/types.ts';
import type {File} from './lab.ts';

type Type = RenderParameters['type'];
interface Wanted {
	readonly type?: Type;
	readonly directory?: string;
	readonly plain?: Partial<RenderParameters['plain']>;
}

async function detect(
	t: Parameters<typeof makeLab>[0],
	files: Readonly<Record<string, File>>,
	{type, directory = '.', plain}: Wanted,
) {
	const lab = await makeLab(t, files);
	return detectSource({
		directory: lab.path(directory),
		root: lab.root,
		type,
		plain: {recurse: false, include: undefined, exclude: undefined, ...plain},
	});
}

const is = test.macro({
	async exec(t, files: Readonly<Record<string, File>>, wanted: Wanted, ...found: readonly string[]) {
		const source = await detect(t, files, wanted);
		switch (source.kind) {
			case 'plain':
				return t.deepEqual(['plain', ...source.files], [...found]);
			case 'kustomize':
				return t.deepEqual(['kustomize', source.file], [...found]);
			case 'helm':
			case 'stdin':
				return t.deepEqual([source.kind], [...found]);
		}
	},
	title: (_title, files, wanted, ...found) =>
		`${JSON.stringify(files)} ${JSON.stringify(wanted)} is ${found.map(String).join(' ')}`,
});

const fails = test.macro({
	async exec(t, files: Readonly<Record<string, File>>, wanted: Wanted, code: ErrorCode) {
		const error = await t.throwsAsync(detect(t, files, wanted), {instanceOf: GateError});
		t.is(error.code, code);
	},
	title: (_title, files, wanted, code) => `${JSON.stringify(files)} ${JSON.stringify(wanted)} is ${String(code)}`,
});

test(is, {}, {}, 'plain');
test(is, {'Chart.yaml': ''}, {}, 'helm');
test(is, {'kustomization.yaml': ''}, {}, 'kustomize', 'kustomization.yaml');
test(is, {'kustomization.yml': ''}, {}, 'kustomize', 'kustomization.yml');
test(is, {Kustomization: ''}, {}, 'kustomize', 'Kustomization');
test(is, {'kustomization.yaml': '', 'Chart.yaml': ''}, {}, 'kustomize', 'kustomization.yaml');
test(is, {'kustomization.yaml': '', 'Chart.yaml': ''}, {type: 'helm'}, 'helm');
test(is, {'kustomization.yaml': '', 'Chart.yaml': ''}, {type: 'plain'}, 'plain', 'Chart.yaml', 'kustomization.yaml');
test(is, {'sub/Chart.yaml': '', 'a.yaml': ''}, {}, 'plain', 'a.yaml');
test(is, {'sub/kustomization.yaml': '', 'Chart.yaml': ''}, {}, 'helm');
test(is, {'kustomization.YAML': '', 'chart.yaml': ''}, {}, 'plain', 'chart.yaml');
test(is, {'myChart.yaml': ''}, {type: 'plain'}, 'plain', 'myChart.yaml');
test(is, {'myChart.yaml': '', 'Chart.yaml': ''}, {}, 'helm');
test(fails, {'myChart.yaml': ''}, {}, 'source-not-found');
test(fails, {'Chart.yaml/x': ''}, {}, 'source-not-found');
test(fails, {'a.yaml': ''}, {type: 'helm'}, 'source-not-found');
test(fails, {'Chart.yaml': ''}, {type: 'kustomize'}, 'source-not-found');
test(fails, {}, {directory: 'missing'}, 'source-not-found');
test(fails, {file: ''}, {directory: 'file'}, 'source-not-found');
test(fails, {}, {directory: '..'}, 'path-outside');

const many = {
	'b.yml': '',
	'a.yaml': '',
	'c.json': '{}',
	'd.txt': '',
	'README.md': '',
	'.argocd-source.yaml': '',
	'.argocd-source-app.yaml': 'helm: {}',
	'sub/e.yaml': '',
	'sub/deep/f.yaml': '',
};
test(is, many, {}, 'plain', 'a.yaml', 'b.yml', 'c.json');
test(is, many, {plain: {recurse: true}}, 'plain', 'a.yaml', 'b.yml', 'c.json', 'sub/deep/f.yaml', 'sub/e.yaml');
test(is, many, {plain: {recurse: true, include: 'sub/*'}}, 'plain', 'sub/deep/f.yaml', 'sub/e.yaml');
test(is, many, {plain: {recurse: true, exclude: '{a,sub/deep/*}*'}}, 'plain', 'b.yml', 'c.json', 'sub/e.yaml');
test(is, many, {plain: {include: '*.{yml,json}', exclude: '[c-d]*'}}, 'plain', 'b.yml');
test(fails, many, {plain: {include: '[a'}}, 'parameters-invalid');
test(is, {'a.yaml': '# +argocd:skip-file-rendering\nkind: A', 'b.yaml': ''}, {}, 'plain', 'b.yaml');
test(
	is,
	{'a.yaml': {link: 'd/a.txt'}, 'd/a.txt': '', 'gone.yaml': {link: 'missing'}, 'd.yaml': {link: 'd'}},
	{},
	'plain',
	'a.yaml',
);
test(fails, {'a.jsonnet': '{}'}, {}, 'source-refused');
test(is, {'a.jsonnet': '{}', 'b.yaml': ''}, {plain: {exclude: '*.jsonnet'}}, 'plain', 'b.yaml');
test(fails, {'a\nkind: x.yaml': ''}, {}, 'source-refused');

test(fails, {'.argocd-source.yaml': 'plugin: {name: other}'}, {}, 'source-refused');
test(fails, {'.argocd-source.yaml': 'plugin: null', 'Chart.yaml': ''}, {}, 'source-refused');
test(
	fails,
	{'.argocd-source-some-app.yaml': '{"PLUGIN": {"env": []}}', 'kustomization.yaml': ''},
	{},
	'source-refused',
);
test(fails, {'.argocd-source.yaml': '<<: {plugin: {}}'}, {}, 'source-refused');
test(fails, {'.argocd-source.yaml': 'helm: {'}, {}, 'source-refused');
test(fails, {'.argocd-source.yaml': 'helm: {}\nhelm: {}'}, {}, 'source-refused');
test(is, {'.argocd-source.yaml': 'kustomize: {images: [a:1]}', 'sub/.argocd-source.yaml': 'plugin: {}'}, {}, 'plain');

test('more than 10 MiB of manifests are refused, together or alone', async (t) => {
	const big = '#'.repeat(6 * 1024 * 1024);
	for (const files of [{'a.yaml': big, 'b.yaml': big}, {'a.yaml': big + big}]) {
		const error = await t.throwsAsync(detect(t, files, {}), {instanceOf: GateError});
		t.is(error.code, 'limit-exceeded');
	}
});
