import {once} from 'node:events';
import {readFile, rm} from 'node:fs/promises';
import {createServer} from 'node:http';
import {basename, join} from 'node:path';
import test from 'ava';
import {GateError} from '../../src/errors.ts';
import type {ErrorCode} from '../../src/errors.ts';
import {below, chart, fingerprint, makeLab, parameters, renderLab, runByHand, secret, writeFiles} from './lab.ts';

test('prints byte for byte what helm template prints with the same arguments', async (t) => {
	const lab = await makeLab(t, {
		...below('chart', chart),
		'chart/prod.yaml': 'replicas: 3\n',
		'chart/crds/crd.yaml':
			'apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: a.b}\n',
	});
	const manifests = await renderLab(lab, {
		directory: 'chart',
		parameters: parameters({
			namespace: 'shop',
			kubeVersion: '1.31.2',
			apiVersions: ['v1', 'monitoring.coreos.com/v1'],
			helm: {
				releaseName: 'api',
				valueFiles: ['prod.yaml'],
				values: 'image: {tag: "2.0"}\n',
				parameters: {replicas: '5', 'image.name': 'a,b'},
				stringParameters: {build: '007'},
			},
		}),
	});
	const byHand = await runByHand(
		lab,
		'helm',
		lab.path('chart'),
		words(String.raw`template . --name-template api --namespace shop --kube-version 1.31.2 --set replicas=5 --set image.name=a\,b
			--set-string build=007 --values prod.yaml --set-string image.tag=2.0 --api-versions v1 --api-versions monitoring.coreos.com/v1 --include-crds`),
	);
	t.is(manifests.text, byHand);
	t.deepEqual(Buffer.from(manifests.bytes), Buffer.from(byHand));
	t.regex(byHand, /CustomResourceDefinition/);
});

function words(text: string): readonly string[] {
	return text.trim().split(/\s+/);
}

const recorder =
	'#!/bin/sh\nfor argument in "$@"; do printf "%s\\n" "$argument" | sed "s|/.*/|/|"; done > "$TMPDIR/../arguments"\necho "kind: Recorded"\n';

test('gives helm its arguments in Argo CD’s order', async (t) => {
	const lab = await makeLab(t, {...chart, 'a.yaml': '', 'b.yaml': '', 'file.txt': 'text', 'fake-helm': recorder}, {});
	const fake = await makeLab(
		t,
		{...chart, 'a.yaml': '', 'b.yaml': '', 'file.txt': 'text'},
		{helm: lab.path('fake-helm')},
	);
	await renderLab(fake, {
		parameters: parameters({
			namespace: 'shop',
			kubeVersion: '1.31.2',
			apiVersions: ['v1', 'apps/v1'],
			helm: {
				releaseName: 'release',
				valueFiles: ['a.yaml', 'b.yaml'],
				values: 'x: 1',
				parameters: {number: '1', text: 'one'},
				fileParameters: {file: 'file.txt'},
				skipTests: true,
				skipSchemaValidation: true,
			},
		}),
	});
	const home = fake.calls[0]?.environment['HOME'] ?? '';
	t.deepEqual(
		words(await readFile(`${home}/arguments`, 'utf8')),
		words(`template . --name-template release --namespace shop --kube-version 1.31.2 --set number=1 --set-file file=/file-0
			--values /values-0.yaml --values /values-1.yaml --values /inline.yaml --values /parameters.yaml
			--api-versions v1 --api-versions apps/v1 --include-crds --skip-schema-validation --skip-tests`),
	);
});

test('says little when little is asked for', async (t) => {
	const lab = await makeLab(t, chart);
	await renderLab(lab, {parameters: parameters({helm: {skipCrds: true}})});
	t.deepEqual(
		lab.calls.map(({args}) => args),
		[['template', '.', '--name-template', 'app']],
	);
});

test('keeps parameters out of argument lists', async (t) => {
	const lab = await makeLab(t, {...chart, 'v.yaml': 'a: {b: [1]}', 'key.pem': secret});
	const manifests = await renderLab(lab, {
		parameters: parameters({
			helm: {
				valueFiles: ['v.yaml'],
				values: `inline: ${secret}`,
				parameters: {password: secret, 'list[1]': secret, many: `{${secret},x}`, 'a.b[0]': secret},
				stringParameters: {'other.password': secret},
				fileParameters: {key: 'key.pem'},
			},
		}),
	});
	t.is(manifests.text.split(secret).length - 1, 7);
	t.false(JSON.stringify(lab.calls).includes(secret));
});

test('what a schema says of a credential does not hold it', async (t) => {
	const lab = await makeLab(t, {
		...chart,
		'values.schema.json': '{"properties": {"password": {"pattern": "^[a-z]+$"}, "name": {"pattern": "^[0-9]+$"}}}',
	});
	const helm = {stringParameters: {password: secret, name: 'not-a-number'}};
	const error = await t.throwsAsync(renderLab(lab, {parameters: parameters({helm})}), {instanceOf: GateError});
	t.is(error.code, 'render-failed');
	t.regex(error.output ?? '', /'\*\*\*' does not match/);
	t.regex(error.output ?? '', /not-a-number/);
	t.false((error.output ?? '').includes(secret));
});

test('gives helm a built environment with a home of its own', async (t) => {
	const lab = await makeLab(t, chart);
	await renderLab(lab);
	const environment = lab.calls[0]?.environment ?? {};
	t.deepEqual(
		Object.keys(environment)
			.filter((name) => !/^(?:XDG_|HELM_|GIT_)/.test(name))
			.toSorted(),
		['DOCKER_CONFIG', 'HOME', 'KUSTOMIZE_PLUGIN_HOME', 'PATH', 'TMPDIR'],
	);
	t.true(
		Object.entries(environment).every(
			([name, value]) => name === 'PATH' || name.startsWith('GIT_') || value.startsWith(environment['HOME'] ?? '-'),
		),
	);
});

test('replaces build variables in parameters and paths, not in inline values', async (t) => {
	const lab = await makeLab(t, {
		...chart,
		'values-shop.yaml': 'fromFile: yes-shop',
		'note-shop.txt': 'note of the shop',
	});
	const build = {ARGOCD_APP_NAME: 'shop'};
	const {text} = await renderLab(lab, {
		build,
		parameters: parameters({
			helm: {
				valueFiles: ['values-$ARGOCD_APP_NAME.yaml'],
				values: 'inline: $ARGOCD_APP_NAME',
				parameters: {set: '${ARGOCD_APP_NAME}-x-$UNKNOWN-$$'},
				fileParameters: {note: 'note-${ARGOCD_APP_NAME}.txt'},
			},
		}),
	});
	for (const part of [
		'yes-shop',
		String.raw`\"inline\":\"$ARGOCD_APP_NAME\"`,
		String.raw`\"set\":\"shop-x--$\"`,
		'note of the shop',
	])
		t.true(text.includes(part), part);
});

test('does not write to the checkout, and renders the dependencies that it builds', async (t) => {
	const lab = await makeLab(t, {
		...below('charts/api', {
			...chart,
			'Chart.yaml': `${chart['Chart.yaml']}dependencies:\n- {name: dep, version: 1.0.0, repository: "file://../dep"}\n`,
		}),
		...below('charts/dep', {...chart, 'Chart.yaml': 'apiVersion: v2\nname: dep\nversion: 1.0.0\n'}),
	});
	const before = await fingerprint(lab.root);
	const {text} = await renderLab(lab, {directory: 'charts/api'});
	t.regex(text, /# Source: api\/charts\/dep\/templates\/deployment\.yaml/);
	t.is(await fingerprint(lab.root), before);
	t.deepEqual(
		lab.calls.map(({args}) => args[0]),
		['template', 'dependency', 'template'],
	);
});

test('a locked dependency is fetched from its repository, which helm is told of', async (t) => {
	const lab = await makeLab(t, {
		...below('dep', {...chart, 'Chart.yaml': 'apiVersion: v2\nname: dep\nversion: 1.0.0\n'}),
		...below('api', chart),
	});
	await runByHand(lab, 'helm', lab.root, ['package', 'dep', '--destination', lab.outside]);
	await runByHand(lab, 'helm', lab.outside, ['repo', 'index', '.']);
	const server = createServer((request, response) => {
		readFile(join(lab.outside, basename(request.url ?? ''))).then(
			(content) => response.end(content),
			() => response.writeHead(404).end(),
		);
	}).listen(0, '127.0.0.1');
	t.teardown(() => server.close());
	await once(server, 'listening');
	const address = server.address();
	const repository = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/charts`;
	const dependencies = `dependencies: [{name: dep, version: 1.0.0, repository: "${repository}"}]\n`;
	await writeFiles(lab.root, {'api/Chart.yaml': chart['Chart.yaml'] + dependencies});
	await runByHand(lab, 'helm', lab.path('api'), ['dependency', 'update', '.']);
	await rm(lab.path('api/charts'), {recursive: true});
	const before = await fingerprint(lab.root);
	const {text} = await renderLab(lab, {directory: 'api'});
	t.regex(text, /# Source: api\/charts\/dep\/templates\/deployment\.yaml/);
	t.is(await fingerprint(lab.root), before);
	t.true(await readFile(lab.path('api/Chart.lock'), 'utf8').then((lock) => lock.includes(repository)));
});

test('a dependency that cannot be fetched is missing, with helm’s words', async (t) => {
	const dependency = '- {name: dep, version: 1.0.0, repository: "http://127.0.0.1:1/charts"}';
	const lab = await makeLab(t, {...chart, 'Chart.yaml': `${chart['Chart.yaml']}dependencies:\n${dependency}\n`});
	const error = await t.throwsAsync(renderLab(lab), {instanceOf: GateError});
	t.is(error.code, 'dependency-missing');
	t.regex(error.output ?? '', /127\.0\.0\.1:1/);
	t.regex(error.message, /helm dependency build/);
});

test('a chart that does not render tells why, without paths of this machine', async (t) => {
	const lab = await makeLab(t, {
		...below('charts/api', chart),
		'charts/api/templates/bad.yaml': '{{ required "a name is needed" .Values.name }}',
	});
	const error = await t.throwsAsync(
		renderLab(lab, {directory: 'charts/api', parameters: parameters({helm: {values: 'x: 1'}})}),
		{instanceOf: GateError},
	);
	t.is(error.code, 'render-failed');
	t.is(error.message, 'render: helm exited with code 1 — chart charts/api.');
	t.regex(error.output ?? '', /a name is needed/);
	t.false(`${error.message}${error.output}`.includes(lab.root.slice(0, -'/repository'.length)));
});

test('value files: globs in lexical order, each file once, the named place wins', async (t) => {
	const lab = await makeLab(t, {
		...chart,
		'env/a.yaml': 'x: a',
		'env/b.yaml': 'x: b',
		'env/deep/c.yaml': 'x: c',
		'env/z.yaml': 'x: z',
	});
	const winner = async (...valueFiles: string[]) => {
		const {text} = await renderLab(lab, {parameters: parameters({helm: {valueFiles, ignoreMissingValueFiles: true}})});
		return /\\"x\\":\\"(\w)\\"/.exec(text)?.[1];
	};
	t.is(await winner('env/*.yaml'), 'z');
	t.is(await winner('env/**/*.yaml'), 'c');
	t.is(await winner('env/b.yaml', 'env/*.yaml'), 'z');
	t.is(await winner('env/*.yaml', 'env/b.yaml'), 'b');
	t.is(await winner('env/*.yaml', 'env/b.yaml', 'env/a.yaml'), 'a');
	t.is(await winner('/env/[!z].yaml'), 'b');
	t.is(await winner('env/{z,a}.y*l'), 'z');
	t.is(await winner('env/missing.yaml', 'none/*.yaml'), undefined);
});

const rejected = test.macro({
	exec: async (t, helm: NonNullable<Parameters<typeof parameters>[0]>['helm'], code: ErrorCode) => {
		const lab = await makeLab(t, chart);
		const error = await t.throwsAsync(renderLab(lab, {parameters: parameters({helm: helm ?? {}})}), {
			instanceOf: GateError,
		});
		t.is(error.code, code);
		t.false(`${error.message}${error.output}`.includes(secret));
	},
	title: (_title, helm, code) => `${JSON.stringify(helm).slice(0, 90)} is ${String(code)}`,
});
test(rejected, {valueFiles: ['missing.yaml']}, 'source-not-found');
test(rejected, {valueFiles: ['none/*.yaml']}, 'source-not-found');
test(rejected, {valueFiles: ['templates']}, 'source-not-found');
test(rejected, {valueFiles: ['https://u:p@values.example/v.yaml']}, 'source-refused');
test(rejected, {valueFiles: ['s3://bucket/v.yaml']}, 'source-refused');
test(rejected, {valueFiles: ['a[.yaml']}, 'parameters-invalid');
test(rejected, {fileParameters: {a: 'https://values.example/v.yaml'}}, 'source-refused');
test(rejected, {releaseName: '{{ env "PATH" }}'}, 'parameters-invalid');
test(rejected, {releaseName: 'NOT/a/name'}, 'render-failed');
test(rejected, {values: 'a: [unclosed'}, 'render-failed');
test(rejected, {parameters: {'db.password': '12345678'}}, 'parameters-invalid');
test(rejected, {parameters: {'a[': secret}}, 'parameters-invalid');
test(rejected, {parameters: {a: 'x', 'a.b': secret}}, 'parameters-invalid');
test(rejected, {parameters: {a: `x\0${secret}`}}, 'parameters-invalid');

test('a helm that is not there is tool-missing, one that is too slow is a deadline', async (t) => {
	const missing = await makeLab(t, chart, {helm: '/nonexistent/helm'});
	await t.throwsAsync(renderLab(missing), {instanceOf: GateError, message: /^tools: helm is not installed/});
	const slow = await makeLab(t, {...chart, 'slow-helm': '#!/bin/sh\nexec sleep 60\n'});
	const lab = await makeLab(t, chart, {helm: slow.path('slow-helm')});
	const error = await t.throwsAsync(renderLab({...lab, context: {...lab.context, timeoutMs: 200}}), {
		instanceOf: GateError,
	});
	t.is(error.code, 'deadline');
});
