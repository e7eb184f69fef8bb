import {mkdtemp, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import {GateError} from '../../src/errors.ts';
import {credentialsFor} from '../../src/scan/docker-config.ts';

const encoded = (text: string) => ({auth: Buffer.from(text).toString('base64')});
const password = (username: string) => ({kind: 'password', username, password: 'secret'});

async function fileWith(content: unknown): Promise<string> {
	const file = join(await mkdtemp(join(tmpdir(), 'docker-config-')), 'config.json');
	await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
	return file;
}

test('an entry for one repository goes before that for its registry; an address is its host', async (t) => {
	const file = await fileWith({
		auths: {
			'registry.example/team/api': encoded('robot:secret'),
			'https://registry.example/v2/': encoded('everybody:secret'),
			'other.example:5000': {username: 'plain', password: 'secret'},
		},
	});
	t.deepEqual(await credentialsFor(file, 'registry.example', 'team/api'), password('robot'));
	t.deepEqual(await credentialsFor(file, 'registry.example', 'team/web'), password('everybody'));
	t.deepEqual(await credentialsFor(file, 'other.example:5000', 'a'), password('plain'));
	t.is(await credentialsFor(file, 'other.example', 'a'), undefined);
	t.is(await credentialsFor(file, 'example', 'a'), undefined);
});

for (const key of ['https://index.docker.io/v1/', 'index.docker.io', 'docker.io', 'registry-1.docker.io']) {
	test(`Docker Hub is ${key}`, async (t) => {
		const file = await fileWith({auths: {[key]: encoded('hub:secret')}});
		t.deepEqual(await credentialsFor(file, 'docker.io', 'library/nginx'), password('hub'));
	});
}

test('tokens are told from passwords, and an empty entry is anonymous', async (t) => {
	const file = await fileWith({
		auths: {
			'a.example': {auth: '', identitytoken: 'refresh'},
			'b.example': {registrytoken: 'ready'},
			'c.example': {},
		},
	});
	t.deepEqual(await credentialsFor(file, 'a.example', 'x'), {kind: 'identity', token: 'refresh'});
	t.deepEqual(await credentialsFor(file, 'b.example', 'x'), {kind: 'bearer', token: 'ready'});
	t.is(await credentialsFor(file, 'c.example', 'x'), undefined);
	t.is(await credentialsFor(undefined, 'a.example', 'x'), undefined);
});

for (const content of [
	'{"auths": {"a.example": {"auth": "the-secret',
	{auths: {'a.example': 'the-secret'}},
	{auths: {'a.example': encoded('the-secret')}},
]) {
	test(`a file that cannot be used is told without what is in it: ${JSON.stringify(content).slice(0, 40)}`, async (t) => {
		const file = await fileWith(content);
		const error = await t.throwsAsync(credentialsFor(file, 'a.example', 'x'), {instanceOf: GateError});
		t.is(error.code, 'settings-invalid');
		t.false(error.message.includes('the-secret'));
	});
}
