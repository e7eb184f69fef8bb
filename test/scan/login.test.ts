import * as fc from 'fast-check';
import test from 'ava';
import {createTokens, readChallenges} from '../../src/scan/login.ts';
import type {TokenAnswer, TokenQuestion} from '../../src/scan/login.ts';

const challenge = {kind: 'bearer', realm: 'https://auth.example/token', service: 'registry.example'} as const;
const token = (body: object): TokenAnswer => ({kind: 'answered', body: Buffer.from(JSON.stringify(body))});

const reads = test.macro<[header: string | readonly string[] | undefined, expected: unknown]>({
	exec: (t, header, expected) => t.deepEqual(readChallenges(header), expected as undefined),
	title: (title) => `a challenge: ${title}`,
});
test('Docker Hub’s', reads, 'Bearer realm="https://auth.docker.io/token",service="registry.docker.io"', {
	kind: 'bearer',
	realm: 'https://auth.docker.io/token',
	service: 'registry.docker.io',
});
test(
	'with a scope that has commas, and other spelling',
	reads,
	'bearer Realm="https://a/t", scope="repository:b/c:pull,push"',
	{
		kind: 'bearer',
		realm: 'https://a/t',
		service: undefined,
		scope: 'repository:b/c:pull,push',
	},
);
test('bearer goes before basic', reads, 'Basic realm="a", Bearer realm="https://a/t",service=s', {
	kind: 'bearer',
	realm: 'https://a/t',
	service: 's',
});
test('in headers of their own', reads, ['Basic realm="a"', 'Bearer realm="https://a/t"'], {
	kind: 'bearer',
	realm: 'https://a/t',
	service: undefined,
});
test('basic', reads, 'Basic realm="Registry \\"one\\""', {kind: 'basic'});
test('bearer without a realm says nothing', reads, 'Bearer service="s"', undefined);
test('another scheme says nothing', reads, 'Negotiate', undefined);
test('none', reads, undefined, undefined);

test('whatever a registry sends is read without an error', (t) => {
	fc.assert(
		fc.property(fc.string(), (text) => {
			readChallenges(`Bearer ${text}`);
			readChallenges(text);
		}),
	);
	t.pass();
});

test('those who want the same token wait for one answer, which is used until shortly before its end', async (t) => {
	let now = 0;
	const tokens = createTokens(() => now);
	const asked: TokenQuestion[] = [];
	const ask = async (question: TokenQuestion) => {
		asked.push(question);
		return token({token: `t${asked.length}`, expires_in: 100});
	};
	const authorize = (repository: string) => tokens.authorize({challenge, repository, credentials: undefined, ask});
	const given = await Promise.all([authorize('a'), authorize('a'), authorize('b')]);
	t.deepEqual(
		given.map((each) => each.kind === 'given' && each.header),
		['Bearer t1', 'Bearer t1', 'Bearer t2'],
	);
	t.is(asked[0]?.url.href, 'https://auth.example/token?service=registry.example&scope=repository%3Aa%3Apull');
	now = 94_000;
	await authorize('a');
	t.is(asked.length, 2);
	now = 96_000;
	t.deepEqual(await authorize('a'), {kind: 'given', header: 'Bearer t3'});
	tokens.forget('Bearer t3');
	await Promise.resolve();
	t.deepEqual(await authorize('a'), {kind: 'given', header: 'Bearer t4'});
});

test('a failure is not remembered', async (t) => {
	const tokens = createTokens(() => 0);
	const answers: TokenAnswer[] = [
		{kind: 'failed', reason: 'unreachable', transient: true, detail: 'no'},
		token({}),
		token({token: 'two words'}),
		token({access_token: 'good'}),
	];
	const ask = async () => answers.shift() ?? token({});
	const authorize = () => tokens.authorize({challenge, repository: 'a', credentials: undefined, ask});
	t.like(await authorize(), {kind: 'failed', reason: 'unreachable'});
	t.like(await authorize(), {kind: 'failed', reason: 'registry-error'});
	t.like(await authorize(), {kind: 'failed', reason: 'registry-error'});
	t.deepEqual(await authorize(), {kind: 'given', header: 'Bearer good'});
});

test('each kind of credentials is shown in its own way', async (t) => {
	const tokens = createTokens(() => 0);
	const asked: TokenQuestion[] = [];
	const ask = async (question: TokenQuestion) => {
		asked.push(question);
		return token({token: 'given'});
	};
	const about = {repository: 'a', ask};
	const password = {kind: 'password', username: 'robot', password: 'p:w'} as const;
	const header = `Basic ${Buffer.from('robot:p:w').toString('base64')}`;
	t.deepEqual(await tokens.authorize({...about, challenge: {kind: 'basic'}, credentials: password}), {
		kind: 'given',
		header,
	});
	await tokens.authorize({...about, challenge, credentials: password});
	t.is(asked[0]?.authorization, header);
	await tokens.authorize({...about, challenge, credentials: {kind: 'identity', token: 'refresh'}});
	t.is(asked[1]?.authorization, undefined);
	t.like(asked[1]?.form, {grant_type: 'refresh_token', refresh_token: 'refresh', scope: 'repository:a:pull'});
	const own = await tokens.authorize({...about, challenge, credentials: {kind: 'bearer', token: 'own'}});
	t.deepEqual(own, {kind: 'given', header: 'Bearer own'});
	t.is(asked.length, 2);
});
