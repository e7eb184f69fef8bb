import test from 'ava';
import * as fc from 'fast-check';
import {findValueTags, mostTags} from '../../src/images/value-tags.ts';

const digest = `sha256:${'a'.repeat(64)}`;

test('tags, digests and whole images, as charts write them', (t) => {
	const values = {
		image: {repository: 'registry.example/api', tag: '1.4', pullPolicy: 'Always'},
		web: {image: 'registry.example/web:2.0', imageTag: '2.1', sidecarImage: `registry.example/side@${digest}`},
		jobs: [{tag: 22}, {digest}],
	};
	t.deepEqual(
		findValueTags(values).map(({path, text}) => [path.join('/'), text]),
		[
			['image/tag', '1.4'],
			['web/image', 'registry.example/web:2.0'],
			['web/imageTag', '2.1'],
			['web/sidecarImage', `registry.example/side@${digest}`],
			['jobs/0/tag', '22'],
			['jobs/1/digest', digest],
		],
	);
});

test('nothing that is no tag is shown, whatever its key', (t) => {
	const values = {
		image: 'registry.example/api',
		password: 'registry.example/api:1.4',
		tag: 'two words',
		digest: 'secret',
		imageTag: '',
		stage: 'prod',
	};
	t.deepEqual(findValueTags(values), []);
});

test('hostile values: too deep, too many, of any shape', (t) => {
	let deep: object = {tag: '1'};
	for (let depth = 0; depth < 100_000; depth += 1) deep = {deeper: deep};
	t.deepEqual(findValueTags(deep), []);
	t.is(findValueTags(Array.from({length: 10_000}, () => ({tag: '1'}))).length, mostTags);
	fc.assert(
		fc.property(fc.jsonValue(), (values) => findValueTags(values).every(({text}) => /^[\w.:/@-]+$/.test(text))),
	);
});
