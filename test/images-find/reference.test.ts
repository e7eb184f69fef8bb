import test from 'ava';
import * as fc from 'fast-check';
import {canonicalName, parseReference, registryHost, sameImage} from '../../src/images/reference.ts';

const sha256 = `sha256:${'f'.repeat(64)}`;
const sha512 = `sha512:${'f'.repeat(128)}`;

/** Inputs from distribution/reference v0.6.0: reference_test.go, normalize_test.go, regexp_test.go. */
const isImage = test.macro({
	exec(t, text: string, canonical: string) {
		const parsed = parseReference(text);
		t.is(parsed.kind, 'image');
		if (parsed.kind !== 'image') return;
		t.is<string, string>(parsed.name, text);
		t.is(canonicalName(parsed.name), canonical);
		t.is(registryHost(parsed.name), canonical.slice(0, canonical.indexOf('/')));
		t.is(`${parsed.domain}/${parsed.path}`, canonical.replace(/(?:@.*|:[^/:]+)$/u, ''));
	},
	title: (_, text: string) => `an image: ${text.slice(0, 80)}`,
});

test(isImage, 'nginx', 'docker.io/library/nginx:latest');
test(isImage, 'nginx:1.25-alpine', 'docker.io/library/nginx:1.25-alpine');
test(isImage, 'test_com', 'docker.io/library/test_com:latest');
test(isImage, 'test.com:tag', 'docker.io/library/test.com:tag');
test(isImage, 'test.com:5000', 'docker.io/library/test.com:5000');
test(isImage, 'foo_bar.com:8080', 'docker.io/library/foo_bar.com:8080');
test(isImage, '192.168.1.1', 'docker.io/library/192.168.1.1:latest');
test(isImage, '192.168.0.1:80', 'docker.io/library/192.168.0.1:80');
test(isImage, 'localhost', 'docker.io/library/localhost:latest');
test(isImage, `localhost:8080@${sha256}`, `docker.io/library/localhost@${sha256}`);
test(isImage, 'lowercase:Uppercase', 'docker.io/library/lowercase:Uppercase');
test(isImage, 'docker/docker', 'docker.io/docker/docker:latest');
test(isImage, 'library/debian', 'docker.io/library/debian:latest');
test(isImage, 'library/a', 'docker.io/library/a:latest');
test(isImage, 'docker.io/debian', 'docker.io/library/debian:latest');
test(isImage, 'docker.io/docker/docker', 'docker.io/docker/docker:latest');
test(isImage, 'docker.io/library/foo/bar', 'docker.io/library/foo/bar:latest');
test(isImage, 'index.docker.io/debian', 'docker.io/library/debian:latest');
test(isImage, 'index.docker.io/library/debian', 'docker.io/library/debian:latest');
test(isImage, 'docker---rules/docker', 'docker.io/docker---rules/docker:latest');
test(isImage, 'dock__er/docker', 'docker.io/dock__er/docker:latest');
test(isImage, 'jess/t', 'docker.io/jess/t:latest');
test(isImage, 'foo/foo_bar.com:8080', 'docker.io/foo/foo_bar.com:8080');
test(isImage, 'test.com/repo:tag', 'test.com/repo:tag');
test(isImage, 'test:5000/repo', 'test:5000/repo:latest');
test(isImage, 'test:5000/repo:tag', 'test:5000/repo:tag');
test(isImage, `test:5000/repo@${sha256}`, `test:5000/repo@${sha256}`);
test(isImage, `test:5000/repo:tag@${sha256}`, `test:5000/repo@${sha256}`);
test(isImage, '127.0.0.1:5000/library/debian', '127.0.0.1:5000/library/debian:latest');
test(isImage, 'localhost/bar', 'localhost/bar:latest');
test(isImage, 'localhost:8080/bar', 'localhost:8080/bar:latest');
test(isImage, 'sub-dom1.foo.com/bar/baz/quux:some-long-tag', 'sub-dom1.foo.com/bar/baz/quux:some-long-tag');
test(isImage, 'b.gcr.io/test.example.com/my-app:test.example.com', 'b.gcr.io/test.example.com/my-app:test.example.com');
test(isImage, 'xn--n3h.com/myimage:xn--n3h.com', 'xn--n3h.com/myimage:xn--n3h.com');
test(isImage, 'Asdf.com/foo/bar', 'Asdf.com/foo/bar:latest');
test(isImage, '[2001:db8::1]/repo', '[2001:db8::1]/repo:latest');
test(isImage, '[2001:db8:1:2:3:4:5:6]/repo:tag', '[2001:db8:1:2:3:4:5:6]/repo:tag');
test(isImage, `[2001:db8::]:5000/repo@${sha256}`, `[2001:db8::]:5000/repo@${sha256}`);
test(isImage, '[::1]:5000/repo', '[::1]:5000/repo:latest');
test(isImage, `docker.io/${'1a3f'.repeat(16)}`, `docker.io/library/${'1a3f'.repeat(16)}:latest`);
test(isImage, 'dbcc1', 'docker.io/library/dbcc1:latest');
test(
	isImage,
	'registry.io/foo/project--id.module--name.ver---sion--name',
	'registry.io/foo/project--id.module--name.ver---sion--name:latest',
);
test(isImage, `a.b/${'a/'.repeat(127)}a:${'t'.repeat(128)}`, `a.b/${'a/'.repeat(127)}a:${'t'.repeat(128)}`);
test(isImage, 'auto', 'docker.io/library/auto:latest');

const isInvalid = test.macro({
	exec(t, text: string, reason: RegExp) {
		const parsed = parseReference(text);
		t.is(parsed.kind, 'invalid');
		t.regex(parsed.kind === 'invalid' ? parsed.reason : '', reason);
	},
	title: (_, text: string) => `invalid: ${JSON.stringify(text.slice(0, 80))}`,
});
const repository = /is not a repository/u;
const host = /is not a registry's host/u;
const upperCase = /has upper-case letters/u;
const badDigest = /digest is not sha256/u;
const badTag = /is not a tag/u;

test(isInvalid, ':justtag', repository);
test(isInvalid, `@${sha256}`, repository);
test(isInvalid, 'repo@sha256:ffffffffffffffffffffffffffffffffff', badDigest);
test(isInvalid, `validname@invaliddigest:${'f'.repeat(64)}`, badDigest);
test(isInvalid, `repo@${sha256.toUpperCase()}`, badDigest);
test(isInvalid, `repo@sha256:${'F'.repeat(64)}`, badDigest);
test(isInvalid, `repo@${sha256}0`, badDigest);
test(isInvalid, `repo@${sha256}@${sha256}`, badDigest);
test(isInvalid, 'repo@', badDigest);
test(isInvalid, 'Uppercase:tag', upperCase);
test(isInvalid, 'test:5000/Uppercase/lowercase:tag', upperCase);
test(isInvalid, 'docker/Docker', upperCase);
test(isInvalid, `${'a/'.repeat(128)}a:tag`, /longer than 255/u);
test(isInvalid, `docker.io/${'a'.repeat(250)}`, /longer than 255/u);
test(isInvalid, 'a'.repeat(1_000_000), /longer than 520/u);
test(isInvalid, `foo:${'t'.repeat(129)}`, badTag);
test(isInvalid, 'aa/asdf$$^/aa', repository);
test(isInvalid, 'foo:', badTag);
test(isInvalid, 'foo:-bar', badTag);
test(isInvalid, 'quay.io/foo:v1+k0s.0', badTag);
test(isInvalid, 'registry.com:8080/myapp:invalid~tag', badTag);
test(isInvalid, '[2001:db8::1]', badTag);
test(isInvalid, '[fe80::1%eth0]:5000/repo', host);
test(isInvalid, '[2001:db8:3:4::192.0.2.33]:5000/debian', host);
test(isInvalid, '[fd00123123123]:75050/repo', /is not an IPv6 address/u);
test(isInvalid, 'fc00::1:5000/debian', host);
test(isInvalid, 'https://github.com/docker/docker', host);
test(isInvalid, 'docker://nginx', host);
test(isInvalid, 'bad_hostname.com:8080/myapp:tag', host);
test(isInvalid, 'localhost:http/name', host);
test(isInvalid, 'docker./docker', host);
test(isInvalid, '.docker/docker', host);
test(isInvalid, '-docker.io/docker/docker', host);
for (const text of ['-docker', '-docker/docker', 'docker///docker', 'docker-/docker', '____/____', '_docker/_docker']) {
	test(isInvalid, text, repository);
}
for (const text of [
	'docker.io//nginx',
	'docker.io/docker///docker',
	'docker/',
	'/docker',
	'foo/-bar',
	'a___b',
	'a-_b',
]) {
	test(isInvalid, text, repository);
}
for (const text of [
	'dock..er',
	'dock_.er',
	'example.com/__underscore/x',
	'example.com/.dots/x',
	'-h',
	'--input=/etc/passwd',
]) {
	test(isInvalid, text, repository);
}
for (const text of ['dock..er/docker', 'dock_.er/docker', 'dock-.er/docker']) test(isInvalid, text, host);
for (const text of [' nginx', 'nginx ', 'ngi nx', 'nginx\n', '\u00A0nginx:1'])
	test(isInvalid, text, /contains a blank/u);

// What distribution takes and Trivy does not.
test(isInvalid, '1a3f'.repeat(16), /image id/u);
test(isInvalid, 'UPPER/case', upperCase);
test(isInvalid, 'Docker/docker', upperCase);
test(isInvalid, `xn--7o8h.com/myimage:xn--7o8h.com@${sha512}`, badDigest);
test(isInvalid, 'a', /one character/u);
test(isInvalid, 'docker.io/a:1', /one character/u);
test(isInvalid, 'localhost:5000/a', /one character/u);

const isPlaceholder = test.macro({
	exec(t, text: string) {
		const parsed = parseReference(text);
		t.is(parsed.kind, 'placeholder');
		t.regex(parsed.kind === 'placeholder' ? parsed.reason : '', /^[A-Z].*\.$/u);
	},
	title: (_, text: string) => `a placeholder: ${JSON.stringify(text)}`,
});

for (const text of [
	'',
	' ',
	'\n',
	'${IMAGE}',
	'repo/${NAME}:1',
	'$(params.image)',
	'{{ .Values.image }}',
	'x:{{tag}}',
]) {
	test(isPlaceholder, text);
}
for (const text of [
	'repl{{ x }}',
	'<path:secret/data#image>',
	'ko://github.com/acme/api',
	'###ZARF_REGISTRY###/nginx',
	'registry.example/$NAME:1',
	'$IMAGE',
	'<image>',
	'<< inputs.image >>',
	'scratch',
	'docker.io/library/scratch:latest',
	'{username}/feast:latest',
	'[[ image ]]',
	'%%IMAGE%%',
	'registry.example/@@NAME@@:1',
	'@IMAGE@',
	'registry.example/__NAME__',
	'REPLACE_ME',
	'IMAGE:TAG',
]) {
	test(isPlaceholder, text);
}

test(isImage, 'nginx:__TAG__', 'docker.io/library/nginx:__TAG__');

const isPullable = test.macro({
	exec(t, text: string, pullable: boolean) {
		const parsed = parseReference(text);
		t.is(parsed.kind === 'invalid' && parsed.pullable, pullable);
	},
	title: (_, text: string, pullable: boolean) =>
		`${pullable ? 'pulled by a runtime' : 'pulled by nobody'}: ${text.slice(0, 80)}`,
});

// Trivy alone does not take them, so that whoever runs them runs what nobody has scanned.
test(isPullable, 'UPPER/case', true);
test(isPullable, 'localhost:5000/a', true);
test(isPullable, `nginx@${sha512}`, true);
test(isPullable, `nginx@sha384:${'f'.repeat(96)}`, true);
test(isPullable, 'UPPER/Case', false);
test(isPullable, 'UPPER/a:-', false);
test(isPullable, `nginx@sha512:${'f'.repeat(64)}`, false);
test(isPullable, 'nginx:', false);

test('distinct spellings of one name are the same image', (t) => {
	t.true(sameImage('nginx', 'docker.io/library/nginx:latest'));
	t.true(sameImage(`nginx:1@${sha256}`, `index.docker.io/library/nginx@${sha256}`));
	t.true(sameImage('UPPER/case', 'UPPER/case'));
	t.false(sameImage('nginx:1', 'nginx:2'));
	t.false(sameImage('UPPER/case', 'nginx'));
	t.false(sameImage('nginx', '${IMAGE}'));
});

test('no generated text makes it slow or throws', (t) => {
	const piece = fc.constantFrom(
		'a',
		'A',
		'0',
		'-',
		'_',
		'.',
		':',
		'/',
		'@',
		'[',
		']',
		' ',
		sha256,
		'localhost',
		'${',
		'#',
	);
	fc.assert(
		fc.property(fc.array(piece, {maxLength: 300}), (pieces) => {
			const parsed = parseReference(pieces.join(''));
			t.true(parsed.kind !== 'image' || canonicalName(parsed.name) === canonicalOf(canonicalName(parsed.name)));
		}),
		{numRuns: 2000},
	);
});

/** A canonical name is its own canonical name. */
function canonicalOf(text: string): string | undefined {
	const parsed = parseReference(text);
	return parsed.kind === 'image' ? canonicalName(parsed.name) : undefined;
}
