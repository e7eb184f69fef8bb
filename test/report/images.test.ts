import test from 'ava';
import {findImages} from '../../src/images/find.ts';
import {formatImagesAsJson, formatImagesAsText} from '../../src/report/images.ts';
import type {ImageName, ImageOutcome, ImageReference, Platform} from '../../src/types.ts';
import {readCorpus} from '../corpus/corpus.ts';
import {origin} from '../gate/samples.ts';

function image(name: string, outcome: ImageOutcome, reason?: string): ImageReference {
	return {image: name, name: name as ImageName, outcome, origins: [origin({outcome, reason, rule: 'pod/containers'})]};
}

const references: readonly ImageReference[] = [
	image('registry.example/api:1', 'scan'),
	image('UPPER/case', 'invalid', 'It has upper-case letters.'),
	image('auto', 'placeholder', 'Istio fills it in.'),
	image('images that Kafka brings', 'unresolved', 'Its operator chooses.'),
	image('quay.io/maybe:1', 'potential', 'It reads like an image.'),
	image('docker.io*', 'ignored', 'It is a pattern.'),
];

test('the text shows what is scanned or refused, and says that there is more', (t) => {
	t.is(
		formatImagesAsText(references, {all: false}),
		`registry.example/api:1
  Deployment/shop/api
    spec.template.spec.containers[0].image  [pod/containers]

UPPER/case  invalid
  Deployment/shop/api
    spec.template.spec.containers[0].image  [pod/containers]
      It has upper-case letters.

auto  placeholder
  Deployment/shop/api
    spec.template.spec.containers[0].image  [pod/containers]
      Istio fills it in.

1 image to scan, and 3 more to know of: --all lists what is not scanned, and why
`,
	);
});

test('with all, everything is listed under what becomes of it', (t) => {
	const text = formatImagesAsText(references, {all: true});
	t.deepEqual(
		text.split('\n').filter((line) => line.startsWith('── ')),
		[
			'── scanned',
			'── refused: nothing can scan them',
			'── placeholders: something else fills them in; refused unless the policy warns',
			'── brings images that manifests do not show',
			'── may be images; never refused for themselves',
			'── ignored',
		],
	);
	for (const {image: name} of references) t.true(text.includes(`\n${name}`));
	t.true(text.endsWith('\n1 image to scan\n'));
});

test('a place tells its file, its platforms, and its own outcome where it differs', (t) => {
	const [first] = image('nginx', 'scan').origins;
	const text = formatImagesAsText([
		{
			...image('nginx', 'scan'),
			origins: [
				{...first, file: 'shop/templates/api.yaml', platforms: ['linux/arm64' as Platform]},
				origin({outcome: 'potential', rule: 'text/lines', path: 'data.a', reason: 'It reads like an image.\nReally.'}),
			],
		},
	]);
	t.is(
		text,
		`── scanned

nginx
  Deployment/shop/api  in shop/templates/api.yaml
    spec.template.spec.containers[0].image  [pod/containers]  on linux/arm64
  Deployment/shop/api
    data.a  [text/lines]  potential
      It reads like an image. Really.

1 image to scan
`,
	);
});

test('what is ignored says by what', (t) => {
	const [first] = image('nginx', 'ignored').origins;
	const text = formatImagesAsText([
		{...image('nginx', 'ignored'), origins: [{...first, ignoredBy: 'helm-test', reason: 'It is a test.'}]},
		{...image('redis', 'scan'), origins: [origin({outcome: 'scan'}), {...first, ignoredBy: 'policy'}]},
	]);
	t.true(text.includes('\nnginx  ignored(helm-test)\n'));
	t.true(text.includes('.image  [pod/containers]  ignored(policy)\n'));
});

test('no line is longer than 80 columns, but for one that cannot be broken', async (t) => {
	for (const {objects} of await readCorpus()) {
		for (const line of formatImagesAsText(findImages(objects)).split('\n')) {
			t.true(line.length <= 80 || !/\S {2}\S/u.test(line), line);
		}
	}
});

test('nothing is listed of nothing', (t) => {
	t.is(formatImagesAsText([], {all: true}), '0 images to scan\n');
});

test('JSON always has everything', (t) => {
	const {version, images} = JSON.parse(formatImagesAsJson(references)) as {version: number; images: readonly object[]};
	t.is(version, 1);
	t.is(images.length, references.length);
	t.deepEqual(images[2], {
		image: 'auto',
		outcome: 'placeholder',
		origins: [
			{
				object: 'Deployment/shop/api',
				path: 'spec.template.spec.containers[0].image',
				rule: 'pod/containers',
				outcome: 'placeholder',
				reason: 'Istio fills it in.',
			},
		],
	});
});
