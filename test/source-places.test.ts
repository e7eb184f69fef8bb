import {mkdir, mkdtemp, rm, symlink, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import test from 'ava';
import type {ExecutionContext} from 'ava';
import {placesOf} from '../src/source-places.ts';
import {origin, reference} from './gate/samples.ts';

const demo = join(import.meta.dirname, 'demo');

async function repository(t: ExecutionContext, files: Readonly<Record<string, string>>): Promise<string> {
	const root = await mkdtemp(join(tmpdir(), 'places-'));
	t.teardown(() => rm(root, {recursive: true, force: true}));
	for (const [name, content] of Object.entries(files)) {
		await mkdir(dirname(join(root, name)), {recursive: true});
		await writeFile(join(root, name), content);
	}
	return root;
}

test('in a chart it is the field of the template, in the container’s list', async (t) => {
	const image = 'registry.example/shop/api:1.4';
	const inTemplate = origin({file: 'shop/templates/api.yaml'});
	const init = origin({...inTemplate, path: 'spec.template.spec.initContainers[0].image'});
	const packed = origin({file: 'shop/charts/redis/templates/redis.yaml'});
	const placeOf = await placesOf([reference(image, {origins: [inTemplate, init, packed]})], {
		kind: 'helm',
		directory: join(demo, 'chart'),
		root: demo,
	});
	t.deepEqual(placeOf(image, inTemplate), {file: 'chart/templates/api.yaml', line: 19});
	t.deepEqual(placeOf(image, init), {file: 'chart/templates/api.yaml', line: 16});
	t.deepEqual(placeOf(image, packed), {file: 'chart/Chart.yaml', line: 1});
});

test('of manifests it is the line that names the image', async (t) => {
	const root = await repository(t, {'apps/api.yaml': 'kind: Pod\nspec:\n  containers:\n    - image: shop/api:1\n'});
	const inFile = origin({file: 'api.yaml', path: 'spec.containers[0].image'});
	const source = {kind: 'plain', directory: join(root, 'apps'), root, files: ['api.yaml']} as const;
	const placeOf = await placesOf([reference('shop/api:1', {origins: [inFile]})], source);
	t.deepEqual(placeOf('shop/api:1', inFile), {file: 'apps/api.yaml', line: 4});
});

test('in an overlay it is the entry of images, a file of a base, or the object', async (t) => {
	const directory = join(demo, 'overlay');
	const source = {kind: 'kustomize', directory, root: demo, file: 'kustomization.yaml'} as const;
	const placeOf = await placesOf([], source);
	t.deepEqual(placeOf('registry.example/shop/api:1.5', origin()), {file: 'overlay/kustomization.yaml', line: 8});
	const placed = placeOf('made/elsewhere:1', origin({object: 'Deployment/shop/api'}));
	t.is(placed?.file, 'overlay/base/deployment.yaml');
});

test('nothing outside of the repository is read, and what is not there is no error', async (t) => {
	const root = await repository(t, {'repo/a.yaml': 'image: x\n', 'secret.yaml': 'image: shop/api:1\n'});
	await symlink(join(root, 'secret.yaml'), join(root, 'repo', 'link.yaml'));
	const files = ['../secret.yaml', 'link.yaml', 'missing.yaml', 'a.yaml\0'];
	const origins = files.map((file) => origin({file}));
	const [first, ...others] = origins;
	if (first === undefined) throw new Error('no origin');
	const source = {kind: 'plain', directory: join(root, 'repo'), root: join(root, 'repo'), files: []} as const;
	const placeOf = await placesOf([reference('shop/api:1', {origins: [first, ...others]})], source);
	for (const one of origins) t.is(placeOf('shop/api:1', one), undefined, one.file);
	t.is((await placesOf([], {kind: 'stdin'}))('shop/api:1', first), undefined);
});
