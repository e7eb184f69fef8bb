import {mkdir, mkdtemp, rm, symlink, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import type {ExecutionContext} from 'ava';
import {GateError} from '../src/errors.ts';
import {readSourceCredentials} from '../src/source-credentials.ts';

type Files = Readonly<Record<string, string>>;
const git = {url: 'https://git.example/shop\n', username: 'reader\n', password: 'p@ss: w\n'};

async function mounted(t: ExecutionContext, sources: Readonly<Record<string, Files>>): Promise<string> {
	const directory = await mkdtemp(join(tmpdir(), 'credentials-'));
	t.teardown(() => rm(directory, {recursive: true}));
	for (const [name, files] of Object.entries(sources)) {
		await mkdir(join(directory, name));
		for (const [file, content] of Object.entries(files)) await writeFile(join(directory, name, file), content);
	}
	return directory;
}

const read = (sourceCredentials: string | undefined, project?: string) =>
	readSourceCredentials({sourceCredentials, build: project === undefined ? {} : {ARGOCD_APP_PROJECT_NAME: project}});

test('without a directory there are none', async (t) => {
	t.deepEqual(await read(undefined), []);
});

test('a directory for each source, with the keys of Argo CD’s repository Secrets', async (t) => {
	const directory = await mounted(t, {
		git: {...git, name: 'shop'},
		registry: {url: 'registry.example:5000/charts', type: 'helm', enableOCI: 'true', username: 'robot', password: 'x'},
	});
	t.deepEqual(await read(directory), [
		{
			scheme: 'https',
			host: 'git.example',
			path: ['shop'],
			name: 'shop',
			username: 'reader',
			password: 'p@ss: w',
			passCredentials: false,
		},
		{
			scheme: 'oci',
			host: 'registry.example:5000',
			path: ['charts'],
			name: undefined,
			username: 'robot',
			password: 'x',
			passCredentials: false,
		},
	]);
});

test('as Kubernetes mounts them: links to a directory that it changes', async (t) => {
	const directory = await mounted(t, {'..2026_11_27': {}});
	await mkdir(join(directory, '..2026_11_27', 'git'));
	for (const [file, content] of Object.entries(git))
		await writeFile(join(directory, '..2026_11_27', 'git', file), content);
	await symlink('..2026_11_27', join(directory, '..data'));
	await symlink('..data/git', join(directory, 'git'));
	t.is((await read(directory)).length, 1);
});

test('those of an AppProject are for its applications alone', async (t) => {
	const directory = await mounted(t, {git: {...git, project: 'shop'}, all: {...git, url: 'https://git.example'}});
	t.is((await read(directory, 'shop')).length, 2);
	for (const other of ['default', '', undefined]) t.is((await read(directory, other)).length, 1);
});

test('every mistake at once, and no content', async (t) => {
	const directory = await mounted(t, {
		a: {url: 'https://user:secret@git.example', username: 'reader'},
		b: {...git, url: 'ssh://git.example'},
		c: {...git, password: 'secret\nsecret'},
		d: {...git, passCredentials: 'secret'},
		e: {...git, username: 'secret:x'},
	});
	const error = await t.throwsAsync(read(directory), {instanceOf: GateError});
	t.is(error.code, 'settings-invalid');
	t.deepEqual(error.output?.split('\n'), [
		'a/password is missing or empty',
		'a/url must be https://HOST[/PATH], http://HOST[/PATH] or oci://HOST[/PATH], plainly written',
		'b/url must be https://HOST[/PATH], http://HOST[/PATH] or oci://HOST[/PATH], plainly written',
		'c/password has control characters or several lines',
		'd/passCredentials must be true or false',
		'e/username has a colon',
	]);
	t.false(`${error.message}${error.output}`.includes('secret'));
});

test('a directory that is not there is a mistake', async (t) => {
	await t.throwsAsync(read('/nonexistent'), {
		instanceOf: GateError,
		message: /credentials of private sources cannot be used/,
	});
});
