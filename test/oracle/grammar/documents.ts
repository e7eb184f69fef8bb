import * as fc from 'fast-check';
import {
	alias,
	entry,
	type Entry,
	key,
	list,
	mapping,
	type Node,
	type Oddness,
	perhaps,
	rarely,
	scalar,
} from './nodes.ts';
import {printDocument} from './print.ts';
import {scalars, unspeakable} from './tokens.ts';

const images = ['seen:1', 'evil:1', 'registry.example/team/app:1.4', 'busybox'];
const words = [
	'a',
	'two words',
	'x: y',
	'# no comment',
	'',
	' blank ',
	"it's",
	'line\nbreak',
	'tail\n',
	'- dash',
	'ä',
	'a\tb',
];
const keys = 'image kind items name spec on true y 1 1.0 0x1 null ~ << ='.split(' ');

/** A document that mostly is one or more objects with images, in any spelling. */
export function documents(oddness: Oddness): fc.Arbitrary<string> {
	return fc.oneof(
		{weight: 6, arbitrary: yamlDocument(oddness)},
		{weight: 1, arbitrary: jsonDocument(oddness)},
		{weight: 1, arbitrary: fc.constantFrom(...(oddness === 0 ? quiet : [...quiet, ...strange]))},
	);
}

const quiet = ['', '# nothing\n', 'null\n', '\n\n'];
const strange = [
	'~\n',
	'text\n',
	'[]\n',
	'- kind: Pod\n',
	'{}\n',
	'{"kind":null}\n',
	'kind: ""\n',
	'kind: 1\n',
	'"x"\n',
	'kind: Pod\n',
	'kind: List\nitems: null\n',
	'kind: List\nitems: {}\n',
	'kind: Thing\nitems:\nspec: {image: evil:1}\n',
];

function yamlDocument(oddness: Oddness): fc.Arbitrary<string> {
	const {pod, deployment, resource, configMap, podList} = kinds(oddness);
	return fc
		.oneof(
			{weight: 4, arbitrary: pod},
			{weight: 2, arbitrary: deployment},
			{weight: 3, arbitrary: resource},
			{weight: 1, arbitrary: configMap},
			{weight: 2, arbitrary: podList},
		)
		.map(printDocument);
}

function kinds(oddness: Oddness) {
	const more = extraEntry(oddness);
	const text = (...texts: readonly string[]) => scalar(oddness, ...texts);
	const field = (name: string, inner: fc.Arbitrary<Node>) => entry(oddness, name, inner);
	const object = (...entries: readonly fc.Arbitrary<Entry | undefined>[]) => mapping(oddness, entries, more);
	const name = rarely(oddness / 2, text('1', 'yes'), text('web', 'a'));
	const image = rarely(oddness, text('1.10', '22:30', '0'), text(...images));
	const metadata = object(field('name', name), perhaps(field('annotations', annotations(oddness, object))));
	const container = object(
		field('image', image),
		perhaps(field('name', text('c', '1'))),
		perhaps(field('args', list(oddness, value(oddness)))),
	);
	const podSpec = object(
		field('containers', list(oddness, container)),
		perhaps(field('initContainers', list(oddness, container, {maxLength: 1}))),
	);
	const header = (apiVersion: string, kind: string) => [
		field('apiVersion', text(apiVersion)),
		field('kind', text(kind)),
		perhaps(field('metadata', metadata)),
	];
	const pod = object(...header('v1', 'Pod'), field('spec', podSpec));
	const deployment = object(
		...header('apps/v1', 'Deployment'),
		field('spec', object(field('template', object(field('spec', podSpec))))),
	);
	const resource = object(
		...header('example.com/v1', 'Thing'),
		field(
			'spec',
			object(field('image', image), perhaps(field('value', value(oddness))), perhaps(field('more', value(oddness)))),
		),
	);
	const configMap = object(
		...header('v1', 'ConfigMap'),
		field('data', object(field('a', text(...words)), perhaps(field('b', text(...words))))),
	);
	const item = fc.oneof(
		{weight: 50, arbitrary: pod},
		{weight: 50, arbitrary: resource},
		{weight: Math.ceil(oddness / 2), arbitrary: value(oddness)},
		{
			weight: oddness,
			arbitrary: object(field('kind', text('List')), field('items', list(oddness, pod, {minLength: 0}))),
		},
	);
	const podList = object(
		perhaps(field('apiVersion', text('v1'))),
		field('kind', text('List', 'Thing')),
		perhaps(field('spec', object(field('image', image)))),
		field('items', rarely(oddness, value(oddness), list(oddness, item, {minLength: 0}))),
	);
	return {pod, deployment, resource, configMap, podList};
}

type MakeMapping = (...entries: readonly fc.Arbitrary<Entry>[]) => fc.Arbitrary<Node>;

function annotations(oddness: Oddness, object: MakeMapping): fc.Arbitrary<Node> {
	const hook = scalar(oddness, 'PreSync', 'PostDelete', 'Skip', 'pre-install', 'post-delete,pre-install');
	const argo = entry(oddness, 'argocd.argoproj.io/hook', hook);
	const helm = entry(oddness, 'helm.sh/hook', hook);
	const note = entry(oddness, 'note', scalar(oddness, 'a', 'yes and no'));
	return fc.oneof(object(note), object(argo), object(note, helm), object(helm, argo));
}

/** Any small value. */
function value(oddness: Oddness): fc.Arbitrary<Node> {
	const text = fc.oneof(
		{weight: 10, arbitrary: scalar(oddness, ...words)},
		{weight: 10, arbitrary: scalar(oddness, ...scalars)},
		{weight: 10, arbitrary: scalar(oddness, ...images)},
		{weight: Math.ceil(oddness / 10), arbitrary: scalar(oddness, ...unspeakable)},
	);
	const small = mapping(oddness, [entry(oddness, key(oddness, ...keys.slice(0, 5)), text)]);
	return fc.oneof(
		{weight: 6, arbitrary: text},
		{weight: 1, arbitrary: alias('anything')},
		{weight: 1, arbitrary: small},
		{weight: 1, arbitrary: list(oddness, fc.oneof(text, small), {minLength: 0})},
	);
}

/** An entry that a mapping would not need: a second one of the same key, a merge, a key that is no text. */
function extraEntry(oddness: Oddness): fc.Arbitrary<Entry> {
	const image = scalar(oddness, 'evil:1', 'evil:2');
	const evil = mapping(oddness, [entry(oddness, 'image', image)]);
	const merged = fc.oneof(
		{weight: 30, arbitrary: evil},
		{weight: 30, arbitrary: alias('mapping')},
		{weight: 10, arbitrary: list(oddness, fc.oneof(evil, alias('mapping')))},
		{weight: Math.ceil(oddness / 4), arbitrary: value(oddness)},
	);
	return fc.oneof(
		{weight: 20, arbitrary: entry(oddness, key(oddness, 'image', 'image', 'name', 'note'), image)},
		{weight: 2 * oddness, arbitrary: entry(oddness, key(20 * oddness, 'image', 'image', 'containers'), image)},
		{weight: 1 + 2 * oddness, arbitrary: entry(oddness, key(oddness, '<<'), merged)},
		{weight: oddness, arbitrary: entry(oddness, key(oddness, ...keys), value(oddness))},
		{weight: Math.ceil(oddness / 4), arbitrary: entry(oddness, alias('anything'), value(oddness))},
	);
}

function jsonDocument(oddness: Oddness): fc.Arbitrary<string> {
	const leaf = fc.oneof(
		fc.constantFrom(...images, ...words),
		fc.constantFrom<unknown>(1, 0.5, true, null, -0, 1e21, 9007199254740992, 1e-7),
	);
	const object = fc.record({
		apiVersion: fc.constantFrom('v1', 'example.com/v1'),
		kind: fc.constantFrom('Pod', 'Thing'),
		spec: fc.record({containers: fc.array(fc.record({name: leaf, image: fc.constantFrom(...images)}), {maxLength: 2})}),
		more: fc.dictionary(fc.constantFrom(...keys, ...words), leaf, {maxKeys: 2}),
	});
	const whole = fc.oneof(
		{weight: 4, arbitrary: object},
		{
			weight: 1,
			arbitrary: fc.record({
				apiVersion: fc.constant('v1'),
				kind: fc.constant('List'),
				items: fc.array(object, {maxLength: 2}),
			}),
		},
	);
	const spelling = rarely(
		oddness,
		fc.constantFrom<(text: string) => string>(
			(text) => text.replaceAll('/', '\\/'),
			(text) => text.replaceAll('e', '\\u0065'),
			(text) => text.replace('"kind"', '"kind":"Fake","kind"'),
			(text) => text.replace('"spec":', '"<<":{"image":"evil:1"},"spec":'),
			(text) => text.replaceAll('"', "'"),
			(text) => text.replace('}', ',}'),
			(text) => text.replace('1', '01'),
		),
		fc.constant((text: string) => text),
	);
	return fc
		.tuple(whole, fc.constantFrom<(string | number | undefined)[]>(undefined, 2, '\t'), spelling)
		.map(([content, space, respell]) => `${respell(JSON.stringify(content, null, space))}\n`);
}
