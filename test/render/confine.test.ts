import {mkdir, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import test from 'ava';
import {GateError} from '../../src/errors.ts';
import {confineTree, resolveInside} from '../../src/render/confine.ts';
import {below, chart, fingerprint, makeLab, parameters, renderLab, secret, writeFiles} from './lab.ts';
import type {ErrorCode} from '../../src/errors.ts';
import type {File} from './lab.ts';

// `outside/credentials` lies next to the repository, as a mounted secret lies next to a checkout.
interface Attack {
	readonly files: Readonly<Record<string, File>>;
	readonly outside?: Readonly<Record<string, File>>;
	readonly directory?: string;
	readonly parameters?: Parameters<typeof parameters>[0];
	readonly options?: readonly string[];
	readonly code?: ErrorCode;
}

const refused = test.macro(async (t, attack: Attack | ((outside: string) => Attack)) => {
	const lab = await makeLab(t, {});
	const {
		files,
		outside = {},
		directory = '.',
		parameters: wanted,
		options = [],
		code = 'path-outside',
	} = typeof attack === 'function' ? attack(lab.outside) : attack;
	await writeFiles(lab.root, files);
	await writeFiles(lab.outside, outside);
	const before = await fingerprint(lab.root);
	const error = await t.throwsAsync(
		renderLab(lab, {directory, parameters: parameters(wanted), kustomizeBuildOptions: options}),
		{instanceOf: GateError},
	);
	t.is(error.code, code, error.message);
	t.false(`${error.message}${error.output}${lab.details.join()}`.includes(secret));
	t.is(await fingerprint(lab.root), before);
});

const api = below('charts/api', chart);
const at = 'charts/api';

for (const path of ['../../../outside/credentials', 'templates/../../../../outside/credentials']) {
	test(`helm: value file ${path}`, refused, {files: api, directory: at, parameters: {helm: {valueFiles: [path]}}});
	test(`helm: file parameter ${path}`, refused, {
		files: api,
		directory: at,
		parameters: {helm: {fileParameters: {a: path}}},
	});
}
test('helm: value file by an absolute path, which starts at the repository', refused, (outside) => ({
	files: chart,
	parameters: {helm: {valueFiles: [join(outside, 'credentials')]}},
	code: 'source-not-found',
}));
test('helm: file parameter by an absolute path', refused, (outside) => ({
	files: chart,
	parameters: {helm: {fileParameters: {a: join(outside, 'credentials')}}},
	code: 'source-not-found',
}));
test('helm: value file through a symlinked file', refused, (outside) => ({
	files: {...api, 'values/v.yaml': {link: join(outside, 'credentials')}},
	directory: at,
	parameters: {helm: {valueFiles: ['../../values/v.yaml']}},
}));
test('helm: value file through a symlinked directory', refused, (outside) => ({
	files: {...api, values: {link: outside}},
	directory: at,
	parameters: {helm: {valueFiles: ['/values/credentials']}},
}));
test('helm: value files by a glob through a symlink', refused, (outside) => ({
	files: {...api, 'values/v.yaml': {link: join(outside, 'credentials')}},
	directory: at,
	parameters: {helm: {valueFiles: ['/values/*.yaml']}},
}));
test('helm: value files by a glob that climbs', refused, {
	files: api,
	directory: at,
	parameters: {helm: {valueFiles: ['../../../outs*/*']}},
});
test('helm: file parameter through a chain of symlinks', refused, {
	files: {...api, a: {link: 'b'}, b: {link: '../outside/credentials'}},
	directory: at,
	parameters: {helm: {fileParameters: {x: '../../a'}}},
});
test('helm: a name of a file parameter that sets a second one', refused, (outside) => ({
	files: {...chart, 'v.txt': 'x'},
	parameters: {helm: {fileParameters: {[`a=${outside}/credentials,b`]: 'v.txt'}}},
	code: 'parameters-invalid',
}));
test('helm: a symlinked template', refused, {
	files: {...api, 'charts/api/templates/x.yaml': {link: '../../../../outside/credentials'}},
	directory: at,
});
test('helm: a symlinked file for .Files.Get', refused, {
	files: {
		...api,
		'charts/api/files/x': {link: '../../../../outside/credentials'},
		'charts/api/templates/x.yaml': 'x: {{ .Files.Get "files/x" | quote }}',
	},
	directory: at,
});
test('helm: a symlinked directory of templates', refused, (outside) => ({
	files: {...chart, 'templates/more': {link: outside}},
}));
test('helm: a link to a directory of the repository that holds a link out', refused, {
	files: {...api, 'shared/x': {link: '../../outside/credentials'}, 'charts/api/shared': {link: '../../shared'}},
	directory: at,
});
test('helm: a dependency outside', refused, {
	files: {
		...chart,
		'Chart.yaml': `${chart['Chart.yaml']}dependencies: [{name: dep, version: 1.0.0, repository: "file://../outside/dep"}]\n`,
	},
	outside: below('dep', {...chart, 'Chart.yaml': 'apiVersion: v2\nname: dep\nversion: 1.0.0\n'}),
});
test('helm: a dependency by an absolute path', refused, (outside) => ({
	files: {
		...chart,
		'Chart.yaml': `${chart['Chart.yaml']}Dependencies: [{name: dep, version: 1.0.0, Repository: "\\x66ile://${outside}/dep"}]\n`,
	},
	outside: below('dep', {...chart, 'Chart.yaml': 'apiVersion: v2\nname: dep\nversion: 1.0.0\n'}),
}));
test('helm: the directory itself is a link out', refused, (outside) => ({
	files: {app: {link: outside}},
	outside: chart,
	directory: 'app',
}));

const config = 'resources: [cm.yaml]\n';
const kustomization = (text: string) => ({
	'app/kustomization.yaml': text,
	'app/cm.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: cm}\n',
});
const outer = '../../outside/credentials';
for (const [field, text] of Object.entries({
	resources: `resources: [${outer}]`,
	bases: 'bases: [../../outside]',
	components: 'components: [../../outside]',
	'patches[].path': `${config}patches: [{path: ${outer}}]`,
	'Patches[].PATH': `${config}Patches: [{PATH: ${outer}}]`,
	patchesStrategicMerge: `${config}patchesStrategicMerge: [${outer}]`,
	patchesJson6902: `${config}patchesJson6902: [{target: {version: v1, kind: ConfigMap, name: cm}, path: ${outer}}]`,
	'configMapGenerator files': `configMapGenerator: [{name: a, files: [${outer}]}]`,
	'configMapGenerator named files': `configMapGenerator: [{name: a, files: [key=${outer}]}]`,
	'configMapGenerator envs': `configMapGenerator: [{name: a, envs: [${outer}]}]`,
	'secretGenerator env': `secretGenerator: [{name: a, env: ${outer}}]`,
	generators: `generators: [${outer}]`,
	'an inline generator': `generators:\n- |\n  apiVersion: builtin\n  kind: ConfigMapGenerator\n  metadata: {name: a}\n  files: [${outer}]\n`,
	'an inline generator on one line': `generators: ["{apiVersion: builtin, kind: ConfigMapGenerator, metadata: {name: a}, files: [${outer}]}"]`,
	'a path with a line break': `${config}patches: [{path: "x\\n/../${outer}"}]`,
	transformers: `${config}transformers: [${outer}]`,
	validators: `${config}validators: [${outer}]`,
	crds: `${config}crds: [${outer}]`,
	configurations: `${config}configurations: [${outer}]`,
	openapi: `${config}openapi: {path: ${outer}}`,
	replacements: `${config}replacements: [{path: ${outer}}]`,
	'helmCharts valuesFile': `helmCharts: [{name: a, valuesFile: ${outer}}]`,
	'helmGlobals chartHome': `${config}helmGlobals: {chartHome: ../../outside}`,
	'a merged field': `x: &x {path: ${outer}}\n${config}patches: [{<<: *x}]`,
})) {
	// The operator's LoadRestrictionsNone would let kustomize read it.
	test(`kustomize: ${field}`, refused, {
		files: kustomization(text),
		directory: 'app',
		options: ['--load-restrictor=LoadRestrictionsNone'],
	});
}
test('kustomize: an absolute path', refused, (outside) => ({
	files: kustomization(`configMapGenerator: [{name: a, files: [${outside}/credentials]}]`),
	directory: 'app',
	options: ['--load-restrictor', 'LoadRestrictionsNone'],
}));
test('kustomize: a symlink', refused, {
	files: {...kustomization('configMapGenerator: [{name: a, files: [x]}]'), 'app/x': {link: outer}},
	directory: 'app',
});
test('kustomize: a base in a base', refused, {
	files: {...kustomization('resources: [../base]'), 'base/kustomization.yml': 'resources: [../../outside]'},
	directory: 'app',
});
test('kustomize: a base outside, a kustomization itself', refused, {
	files: kustomization('resources: [../../outside]'),
	outside: {'kustomization.yaml': 'configMapGenerator: [{name: a, files: [credentials]}]'},
	directory: 'app',
});
test('kustomize: a base through a link', refused, (outside) => ({
	files: {...kustomization('resources: [../base]'), base: {link: outside}},
	outside: {'kustomization.yaml': 'configMapGenerator: [{name: a, files: [credentials]}]'},
	directory: 'app',
}));
test('kustomize: a generator’s file', refused, {
	files: {
		...kustomization('generators: [g.yaml]'),
		'app/g.yaml': `apiVersion: builtin\nkind: SecretGenerator\nmetadata: {name: a}\nfiles: [k=${outer}]\n`,
	},
	directory: 'app',
	options: ['--load-restrictor=LoadRestrictionsNone'],
});
test('kustomize: a generator’s file in a directory below, whose paths start at the kustomization', refused, {
	files: {
		...kustomization('generators: [deep/g.yaml]'),
		'app/deep/g.yaml': `apiVersion: builtin\nkind: SecretGenerator\nmetadata: {name: a}\nfiles: [k=${outer}]\n`,
	},
	directory: 'app',
	options: ['--load-restrictor=LoadRestrictionsNone'],
});
test('kustomize: a directory of generators, which can be patched', refused, {
	files: {...kustomization('generators: [deep]'), 'app/deep/kustomization.yaml': 'resources: []'},
	directory: 'app',
	options: ['--load-restrictor=LoadRestrictionsNone'],
	code: 'source-refused',
});
test('kustomize: a path with an equals sign', refused, {
	files: {...kustomization(`${config}patches: [{path: "../../outside/x=y/../credentials"}]`)},
	directory: 'app',
	options: ['--load-restrictor=LoadRestrictionsNone'],
});
test('kustomize: a base at file://', refused, (outside) => ({
	files: kustomization(`resources: ["file://${outside}//x?ref=main"]`),
	directory: 'app',
	code: 'source-refused',
}));
test('kustomize: a component of the parameters', refused, {
	files: kustomization(config),
	directory: 'app',
	parameters: {kustomize: {components: ['../../outside']}},
});
test('kustomize: a missing component that climbs', refused, {
	files: kustomization(config),
	directory: 'app',
	parameters: {kustomize: {components: ['../../outs*'], ignoreMissingComponents: true}},
});
test('kustomize: a patch of the parameters', refused, {
	files: kustomization(config),
	directory: 'app',
	parameters: {kustomize: {patches: `- path: ${outer}\n`}},
});
test('kustomize: YAML that can be read in two ways', refused, {
	files: kustomization(`${config}patches: []\npatches: [{path: ${outer}}]`),
	directory: 'app',
	code: 'source-refused',
});

const helmful = (entry: string) => ({...kustomization(`helmCharts: [${entry}]`), ...below('app/charts/api', chart)});
for (const [what, entry, code] of [
	['an option as the release name', '{name: api, releaseName: "--set-file=a=/etc/passwd"}', 'source-refused'],
	[
		'a name template that reads the environment',
		`{name: api, nameTemplate: '{{ env "PATH" | sha256sum }}'}`,
		'source-refused',
	],
	['value files that are two to helm', '{name: api, additionalValuesFiles: ["x,/etc/passwd"]}', 'source-refused'],
	['a chart that climbs', '{name: ../../../outside}', 'source-refused'],
] as const) {
	test(`kustomize with helm: ${what}`, refused, {
		files: helmful(entry),
		directory: 'app',
		options: ['--enable-helm'],
		code,
	});
}
test('kustomize with helm: a remote base', refused, {
	files: kustomization('resources: ["https://git.example/a/b//c"]'),
	directory: 'app',
	options: ['--enable-helm'],
	code: 'source-refused',
});
test('kustomize with helm: a link in a chart', refused, {
	files: {...helmful('{name: api}'), 'app/charts/api/templates/x.yaml': {link: '../../../../../outside/credentials'}},
	directory: 'app',
	options: ['--enable-helm'],
});

test('plain: a symlinked file', refused, {files: {'a.yaml': {link: '../outside/credentials'}}});

test('a comma in the name of a value file does not make two of it', async (t) => {
	const lab = await makeLab(t, chart);
	const name = `x,${lab.outside}/credentials`;
	await mkdir(lab.path(`x,${lab.outside}`), {recursive: true});
	await writeFile(lab.path(name), 'mine: true');
	const {text} = await renderLab(lab, {parameters: parameters({helm: {valueFiles: [name]}})});
	t.true(text.includes('mine'));
	t.false(text.includes(secret));
});

test('what a schema can read of a file is not shown', async (t) => {
	const lab = await makeLab(t, chart);
	await writeFile(lab.path('values.schema.json'), JSON.stringify({$ref: `file://${lab.outside}/credentials`}));
	const error = await t.throwsAsync(renderLab(lab), {instanceOf: GateError});
	t.is(error.code, 'render-failed');
	t.regex(error.output ?? '', /withheld/);
});

test('links that stay inside are followed', async (t) => {
	const lab = await makeLab(t, {
		...api,
		'shared/x.yaml': 'kind: Shared',
		'charts/api/templates/x.yaml': {link: '../../../shared/x.yaml'},
		'charts/api/shared': {link: '../../shared'},
	});
	const {text} = await renderLab(lab, {directory: at});
	t.regex(text, /kind: Shared/);
});

test('resolveInside: relative to the base, absolute to the root, real paths', async (t) => {
	const lab = await makeLab(t, {'a/b.txt': '', link: {link: 'a'}});
	t.is(await resolveInside(lab.root, lab.path('a'), 'b.txt', 'file'), lab.path('a/b.txt'));
	t.is(await resolveInside(lab.root, lab.path('a'), '/link/b.txt', 'file'), lab.path('a/b.txt'));
	t.is(await resolveInside(lab.root, lab.path('a'), '..', 'file'), lab.root);
	t.is(
		await resolveInside(lab.root, lab.path('a'), '/../../link/b.txt', 'file').catch(
			(error: unknown) => error instanceof GateError && error.code,
		),
		'path-outside',
	);
	await t.throwsAsync(resolveInside(lab.root, lab.root, '../repository-too', 'file'), {
		message: /the file leads out of the repository — \.\.\/repository-too/,
	});
	await t.throwsAsync(resolveInside(lab.root, lab.root, 'nothing', 'file'), {message: /does not exist — nothing/});
	await t.throwsAsync(resolveInside(lab.root, lab.root, 'a\0b', 'file'), {message: /leads out/});
});

test('confineTree: dangling links count by where they point, loops end', async (t) => {
	const lab = await makeLab(t, {'a/loop': {link: '..'}, 'a/self': {link: 'self'}, 'a/nowhere': {link: 'missing'}});
	await t.notThrowsAsync(confineTree(lab.root, lab.root));
	await writeFiles(lab.root, {'a/out': {link: '../../missing'}});
	await t.throwsAsync(confineTree(lab.root, lab.root), {message: /the symlink leads out of the repository — a\/out/});
});
