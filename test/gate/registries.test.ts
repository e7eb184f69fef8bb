import test from 'ava';
import {patternProblem, registryRefusal} from '../../src/gate/registries.ts';

const matches = test.macro({
	exec(t, pattern: string, repository: string, expected: boolean) {
		t.is(patternProblem(pattern), undefined);
		t.is(registryRefusal(repository, {allow: [pattern], deny: []}) === undefined, expected);
		t.is(registryRefusal(repository, {allow: [], deny: [pattern]}) !== undefined, expected);
	},
	title: (_what, pattern: string, repository: string, expected: boolean) =>
		`${pattern} ${expected ? 'matches' : 'does not match'} ${repository}`,
});

test(matches, 'registry.example', 'registry.example/api', true);
test(matches, 'registry.example', 'registry.example/shop/api/web', true);
test(matches, 'registry.example', 'registry.example.evil/api', false);
test(matches, 'registry.example', 'evil-registry.example/api', false);
test(matches, 'registry.example/shop/api', 'registry.example/shop/api', true);
test(matches, 'registry.example/shop/api', 'registry.example/shop/api/evil', false);
test(matches, 'registry.example/shop', 'registry.example/shop/api', false);
test(matches, 'registry.example/shop/*', 'registry.example/shop/api', true);
test(matches, 'registry.example/shop/*', 'registry.example/shop/api/web', true);
test(matches, 'registry.example/shop/**', 'registry.example/shop/api/web', true);
test(matches, 'registry.example/shop/*', 'registry.example/shop', false);
test(matches, 'registry.example/shop/*', 'registry.example/shopping/api', false);
test(matches, 'registry.example/*/api', 'registry.example/shop/api', true);
test(matches, 'registry.example/*/api', 'registry.example/a/b/api', false);
test(matches, 'registry.example/shop-*', 'registry.example/shop-api', true);
test(matches, 'registry.example/shop-*', 'registry.example/shop-api/x', false);
test(matches, 'registry.example/*-a*b-*', 'registry.example/x-a1b-y', true);
test(matches, 'registry.example/*-a*b-*', 'registry.example/x-a1c-y', false);
test(matches, 'registry.example/ab*ba', 'registry.example/aba', false);
test(matches, '*.example', 'registry.example/api', true);
test(matches, '*.example', 'a.b.example/api', true);
test(matches, '*.example', 'registry.example.evil/api', false);
test(matches, '*', 'registry.example/api', true);
test(matches, '*/shop/api', 'registry.example/shop/api', true);
test(matches, 'localhost/api', 'localhost/api', true);

test('host names have no case', matches, 'Registry.Example', 'REGISTRY.example/api', true);

test(matches, 'docker.io/*', 'docker.io/library/nginx', true);
test(matches, 'docker.io/nginx', 'docker.io/library/nginx', true);
test(matches, 'docker.io/library/nginx', 'docker.io/library/nginx', true);
test(matches, 'docker.io/bitnami/*', 'docker.io/bitnami/redis', true);
test(matches, 'docker.io', 'registry-1.docker.io/library/nginx', true);
test(matches, 'index.docker.io', 'docker.io/library/nginx', true);
test(matches, 'docker.io', 'docker.io:443/library/nginx', true);

test(matches, 'registry.example', 'registry.example:443/api', true);
test(matches, 'registry.example:5000', 'registry.example:5000/api', true);
test(matches, 'registry.example:5000', 'registry.example/api', false);
test(matches, 'registry.example:*', 'registry.example:5000/api', true);
test(matches, '[::1]:5000', '[::1]:5000/api', true);

test('a host without a port covers every port in deny, and only the default one in allow', (t) => {
	t.is(
		registryRefusal('registry.example:5000/api', {allow: ['registry.example'], deny: []}),
		'registry.example:5000/api matches nothing of registries.allow',
	);
	t.is(
		registryRefusal('registry.example:5000/api', {allow: [], deny: ['registry.example']}),
		'registry.example:5000/api matches "registry.example" of registries.deny',
	);
});

test('deny wins, and an empty allow list means everything', (t) => {
	const lists = {allow: ['registry.example'], deny: ['registry.example/shop/*']};
	t.is(registryRefusal('registry.example/api', lists), undefined);
	t.regex(registryRefusal('registry.example/shop/api', lists) ?? '', /registries\.deny/);
	t.is(registryRefusal('any.example/api', {allow: [], deny: []}), undefined);
});

test('a pattern with many stars is quick on a long name', (t) => {
	const pattern = `registry.example/${'*a'.repeat(100)}*b`;
	t.regex(registryRefusal(`registry.example/${'a'.repeat(255)}`, {allow: [pattern], deny: []}) ?? '', /nothing/);
});

for (const pattern of [
	'',
	'nginx',
	'library/nginx',
	'https://registry.example',
	'registry.example/',
	'registry.example/api:1.4',
	'registry.example/api@sha256:0',
	'a b.c',
	'registry.example/**/api',
	'**.example/api',
	'registry.example/a**',
	'registry.example/**a',
	'registry.example/***',
]) {
	test(`"${pattern}" is no pattern`, (t) => t.is(typeof patternProblem(pattern), 'string'));
}
