import test from 'ava';
import {formatImagesAsJson, formatImagesAsText} from '../../src/report/images.ts';
import type {ImageName, ImageOutcome, ImageReference, Platform} from '../../src/types.ts';
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
  Deployment/shop/api  spec.template.spec.containers[0].image  [pod/containers]

UPPER/case  (invalid)
  Deployment/shop/api  spec.template.spec.containers[0].image  [pod/containers]  — It has upper-case letters.

auto  (placeholder)
  Deployment/shop/api  spec.template.spec.containers[0].image  [pod/containers]  — Istio fills it in.

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
			'── refused: no image reference',
			'── placeholders: something else fills them in',
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
	t.deepEqual(text.split('\n').slice(3, 5), [
		'  Deployment/shop/api  spec.template.spec.containers[0].image  [pod/containers]  shop/templates/api.yaml  on linux/arm64',
		'  Deployment/shop/api  data.a  [text/lines]  (potential)  — It reads like an image. Really.',
	]);
});

test('nothing is listed of nothing', (t) => {
	t.is(formatImagesAsText([], {all: true}), '0 images to scan\n');
});

test('JSON always has everything', (t) => {
	const {images} = JSON.parse(formatImagesAsJson(references)) as {images: readonly object[]};
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
