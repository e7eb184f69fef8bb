import {chmod, mkdtemp, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import {GateError} from '../src/errors.ts';
import type {ErrorCode} from '../src/errors.ts';
import {createRunTool} from '../src/exec.ts';
import {checkTool, checkToolOnce, compareVersions, locateTools} from '../src/tools.ts';
import type {ToolContext} from '../src/types.ts';

/** A tiny program that prints what a tool prints when it is asked for its version. */
async function fakeTool(name: string, prints: string): Promise<string> {
	const directory = await mkdtemp(join(tmpdir(), 'tool-'));
	const path = join(directory, name);
	await writeFile(path, `#!${process.execPath}\nconsole.log(${JSON.stringify(prints)});\n`);
	await chmod(path, 0o755);
	return path;
}

function contextFor(path: string): ToolContext {
	return {
		run: createRunTool({helm: path, kustomize: path, trivy: path}),
		environment: {},
		makeDirectory: (label) => mkdtemp(join(tmpdir(), label)),
		signal: new AbortController().signal,
		timeoutMs: 10_000,
		log: {info: () => {}, warn: () => {}, detail: () => {}},
	};
}

test('a tool comes from the setting, else from PATH, else from the cache', async (t) => {
	const path = await fakeTool('trivy', 'Version: 0.74.0');
	const environment = {PATH: `relative:${join(path, '..')}`, TRIVY_GATE_TOOL_CACHE: '/cache'};
	const paths = await locateTools({helm: '/my/helm'}, environment);
	t.deepEqual(paths, {
		helm: '/my/helm',
		kustomize: '/cache/kustomize-5.8.1/kustomize',
		trivy: path,
	});
});

test('a relative entry of PATH does not let the checkout bring a tool', async (t) => {
	const paths = await locateTools({}, {PATH: '.:bin', TRIVY_GATE_TOOL_CACHE: '/cache'});
	t.is(paths.trivy, '/cache/trivy-0.74.0/trivy');
});

const accepted = test.macro<[name: 'helm' | 'kustomize' | 'trivy', prints: string, version: string]>({
	exec: async (t, name, prints, version) => {
		const path = await fakeTool(name, prints);
		t.is(await checkTool(name, path, contextFor(path)), version);
	},
	title: (_title, name, prints) => `accepted: ${name} ${JSON.stringify(prints)}`,
});
test(accepted, 'helm', 'v4.2.1', '4.2.1');
test(accepted, 'kustomize', 'v5.8.1', '5.8.1');
test(accepted, 'trivy', 'Version: 0.74.0\nVulnerability DB:\n  Version: 2', '0.74.0');
test(accepted, 'trivy', 'Version: 0.72.0', '0.72.0');

test('a tool that has not changed since is not asked again, and one that has is', async (t) => {
	const cache = await mkdtemp(join(tmpdir(), 'tool-versions-'));
	const path = await fakeTool('helm', 'v4.2.1');
	let asked = 0;
	const context = contextFor(path);
	const counting = {
		...context,
		run: async (...call: Parameters<typeof context.run>) => {
			asked += 1;
			return context.run(...call);
		},
	};
	const check = () => checkToolOnce('helm', path, counting, cache);
	t.is(await check(), '4.2.1');
	t.is(await check(), '4.2.1');
	t.is(asked, 1);
	await writeFile(path, '#!/bin/sh\necho v1.0.0\n');
	await t.throwsAsync(check(), {instanceOf: GateError, message: /helm 1\.0\.0 is too old/});
	await t.throwsAsync(check(), {instanceOf: GateError});
	t.is(asked, 3, 'what is refused is not remembered');
	const other = await fakeTool('helm', 'v4.2.1');
	t.is(await checkToolOnce('helm', other, contextFor(other), '/dev/null/cannot'), '4.2.1');
	await t.throwsAsync(checkToolOnce('helm', '/nowhere/helm', contextFor('/nowhere/helm'), cache), {
		message: /helm is not there/,
	});
});

const refused = test.macro<[prints: string, code: ErrorCode, words: RegExp]>({
	exec: async (t, prints, code, words) => {
		const path = await fakeTool('trivy', prints);
		const error = await t.throwsAsync(checkTool('trivy', path, contextFor(path)), {instanceOf: GateError});
		t.is(error.code, code);
		t.regex(error.message, words);
	},
	title: (_title, prints) => `refused: trivy ${JSON.stringify(prints)}`,
});
test(refused, 'Version: 0.69.4', 'tool-version', /malicious/);
test(refused, 'Version: 0.69.5', 'tool-version', /malicious/);
test(refused, 'Version: 0.69.6', 'tool-version', /malicious/);
test(refused, 'Version: 0.71.2', 'tool-version', /too old.*at least 0\.72\.0/);
test(refused, 'Version: dev', 'tool-version', /does not say its version/);
test(refused, '', 'tool-version', /does not say its version/);

test('a tool that is not there is named with where to get it', async (t) => {
	const error = await t.throwsAsync(checkTool('trivy', '/nowhere/trivy', contextFor('/nowhere/trivy')), {
		instanceOf: GateError,
	});
	t.is(error.code, 'tool-missing');
	t.regex(error.message, /Install trivy 0\.74\.0/);
});

test('versions are compared number by number', (t) => {
	t.true(compareVersions('0.100.0', '0.72.0') > 0);
	t.true(compareVersions('0.9.0', '0.72.0') < 0);
	t.is(compareVersions('5.8.1', '5.8.1'), 0);
});
