import {createHash} from 'node:crypto';
import {Readable} from 'node:stream';
import test from 'ava';
import {chooseDigests, resolveImage} from '../../src/scan/resolve.ts';
import type {RegistryClient} from '../../src/scan/registry-client.ts';
import type {ImageName, Platform} from '../../src/types.ts';

const amd64 = 'linux/amd64' as Platform;
const arm64 = 'linux/arm64' as Platform;
const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
const encode = (value: unknown) => new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value));
const linux = (architecture: string, variant?: string) => ({
	os: 'linux',
	architecture,
	...(variant === undefined ? {} : {variant}),
});
const index = {
	manifests: [
		{digest: digest('a'), platform: linux('amd64')},
		{digest: digest('b'), platform: linux('arm64', 'v8')},
		{digest: digest('c'), platform: {os: 'unknown', architecture: 'unknown'}},
	],
};

test('an image that is no index is what every platform gets, under the digest of its manifest', (t) => {
	const manifest = encode({config: {}, layers: []});
	const own = `sha256:${createHash('sha256').update(manifest).digest('hex')}`;
	t.deepEqual(chooseDigests(manifest, [amd64, arm64]), {
		kind: 'resolved',
		digests: new Map([
			[amd64, [own]],
			[arm64, [own]],
		]),
		missing: [],
	});
});

test('of an index each platform gets its own, a variant included', (t) => {
	t.deepEqual(chooseDigests(encode(index), [amd64, arm64]), {
		kind: 'resolved',
		digests: new Map([
			[amd64, [digest('a')]],
			[arm64, [digest('b')]],
		]),
		missing: [],
	});
	t.like(chooseDigests(encode(index), ['linux/arm64/v8' as Platform, 'linux/s390x' as Platform]), {
		missing: ['linux/s390x'],
	});
});

test('every child that a runtime might choose has to pass: other variants, and children without a platform', (t) => {
	const manifests = [
		{digest: digest('d'), platform: linux('amd64', 'v4')},
		{digest: digest('a'), platform: linux('amd64')},
		{digest: digest('e')},
	];
	const resolution = chooseDigests(encode({manifests}), [amd64]);
	t.deepEqual(resolution.kind === 'resolved' && resolution.digests.get(amd64), [digest('a'), digest('d'), digest('e')]);
});

const refused = test.macro<[answer: unknown]>({
	exec(t, answer) {
		t.like(chooseDigests(encode(answer), [amd64]), {kind: 'failed', reason: 'registry-error'});
	},
	title: (title) => `refused: ${title}`,
});
test('what is no manifest', refused, '<html>');
test('a list', refused, []);
test('manifests that are no list', refused, {manifests: 1});
test('a digest that is none', refused, {manifests: [{digest: 'sha256:a', platform: linux('amd64')}]});
test('an index in an index', refused, {
	manifests: [{digest: digest('a'), mediaType: 'application/vnd.oci.image.index.v1+json', platform: linux('amd64')}],
});
test('a key that Go reads as another', refused, {
	manifests: [{digest: digest('a'), Digest: digest('b'), platform: linux('amd64')}],
});
test('a list that Go reads as another', refused, {
	layers: [],
	Manifests: [{digest: digest('b'), platform: linux('amd64')}],
});
test('a key that Go folds by Unicode', refused, {
	manifests: [{'dige\u017Ft': digest('b'), digest: digest('a'), platform: linux('amd64')}],
});

test('an index that is an image as well', refused, {...index, config: {digest: digest('c')}});
test('an index that has layers', refused, {...index, layers: []});
test('an image that is one of the oldest format as well', refused, {config: {}, layers: [], fsLayers: []});
test('an index that is an image of the oldest format as well', refused, {...index, FSLayers: []});
test('a list within lists without an end', refused, `{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}`);
test('more keys than an image needs', refused, Object.fromEntries(Array.from({length: 200_000}, (_, key) => [key, 0])));

test('mirrors are asked first, in order, and the registry itself last', async (t) => {
	const asked: string[] = [];
	const client: RegistryClient = {
		ask: async ({server, repository, about, read}) => {
			asked.push(`${server}/${repository}${about.kind === 'manifest' ? about.version : about.kind}`);
			if (asked.length < 3)
				return {kind: 'failed', reason: 'unreachable', transient: true, detail: 'connection refused'};
			return {kind: 'answered', value: await read(Readable.from([encode(index)])), date: undefined};
		},
		close: async () => {},
	};
	const target = {image: 'nginx' as ImageName, host: 'docker.io', repository: 'library/nginx', version: ':latest'};
	const mirrors = {'docker.io': ['one.example', 'two.example']};
	const resolution = await resolveImage(target, [amd64], {client, mirrors, timeoutMs: 1000});
	t.is(resolution.kind, 'resolved');
	t.deepEqual(
		asked,
		['one.example', 'two.example', 'docker.io'].map((host) => `${host}/library/nginx:latest`),
	);
});
