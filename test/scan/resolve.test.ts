import {createHash} from 'node:crypto';
import test from 'ava';
import {chooseDigests, resolveImage} from '../../src/scan/resolve.ts';
import type {ImageName, Platform, ToolResult} from '../../src/types.ts';

const amd64 = 'linux/amd64' as Platform;
const arm64 = 'linux/arm64' as Platform;
const encode = (value: unknown) => new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value));
const index = {
	manifests: [
		{digest: 'sha256:a', platform: {os: 'linux', architecture: 'amd64'}},
		{digest: 'sha256:b', platform: {os: 'linux', architecture: 'arm64', variant: 'v8'}},
		{digest: 'sha256:c', platform: {os: 'unknown', architecture: 'unknown'}},
	],
};

test('an image that is no index is what every platform gets, under the digest of its manifest', (t) => {
	const manifest = encode({config: {}, layers: []});
	const digest = `sha256:${createHash('sha256').update(manifest).digest('hex')}`;
	t.deepEqual(chooseDigests(manifest, [amd64, arm64]), {
		kind: 'resolved',
		digests: new Map([
			[amd64, digest],
			[arm64, digest],
		]),
		missing: [],
	});
});

test('of an index each platform gets its own, a variant included', (t) => {
	t.deepEqual(chooseDigests(encode(index), [amd64, arm64]), {
		kind: 'resolved',
		digests: new Map([
			[amd64, 'sha256:a'],
			[arm64, 'sha256:b'],
		]),
		missing: [],
	});
	t.like(chooseDigests(encode(index), ['linux/arm64/v8' as Platform, 'linux/s390x' as Platform]), {
		missing: ['linux/s390x'],
	});
});

test('what is no manifest is a failure of the registry', (t) => {
	for (const text of ['<html>', '[]', '{"manifests": 1}'])
		t.like(chooseDigests(encode(text), [amd64]), {kind: 'failed', reason: 'registry-error'});
});

test('mirrors are asked first, in order, and the registry itself last', async (t) => {
	const asked: string[] = [];
	const failing: ToolResult = {
		kind: 'exited',
		exitCode: 1,
		stdout: new Uint8Array(),
		stderr: 'Error: connection refused',
		milliseconds: 1,
	};
	const crane = async (args: readonly string[]): Promise<ToolResult> => {
		asked.push(args.join(' '));
		return asked.length < 3 ? failing : {...failing, exitCode: 0, stdout: encode(index)};
	};
	const target = {image: 'nginx' as ImageName, host: 'docker.io', repository: 'library/nginx', version: ':latest'};
	const resolution = await resolveImage(target, [amd64], {
		crane,
		mirrors: {'docker.io': ['one.example', 'two.example']},
		timeoutMs: 1000,
	});
	t.is(resolution.kind, 'resolved');
	t.deepEqual(
		asked,
		['one.example', 'two.example', 'docker.io'].map((host) => `manifest -- ${host}/library/nginx:latest`),
	);
});
