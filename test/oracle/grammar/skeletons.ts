import * as fc from 'fast-check';
import {crumbs, soup} from './tokens.ts';

/** What mostly stays valid when tokens are put into it. */
const skeletons = [
	'apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: seen:1\n    name: \n    tty: true\n',
	'apiVersion: v1\nkind: Pod\nspec: {containers: [{image: seen:1, name: }]}\n',
	'apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: \n    name: a\n',
	'apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - name: a\n    image: seen:1\n\n  hostNetwork: true\n',
	'apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - \n    image: seen:1\n',
	'apiVersion: example.com/v1\nkind: Thing\n\nimage: seen:1\n',
	'apiVersion: example.com/v1\nkind: Thing\nspec: {a: &a {image: evil:1}, }\n',
	'apiVersion: example.com/v1\nkind: Thing\nspec: [&a evil:1, ]\n',
	'apiVersion: example.com/v1\nkind: Thing\nspec:\n  text: |\n    \n  image: seen:1\n',
	'apiVersion: example.com/v1\nkind: Thing\nspec:\n  text: "\n    "\n  image: seen:1\n',
	"apiVersion: example.com/v1\nkind: Thing\nspec:\n  text: '\n    '\n  image: seen:1\n",
	'apiVersion: example.com/v1\nkind: Thing\nspec:\n  - a\n  - \n',
	'apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n  spec: {containers: [{image: seen:1}]}\n- \n',
	'apiVersion: v1\nkind: Pod\n---\nkind: Pod\napiVersion: v1\nspec: {containers: [{image: evil:1}]}\n',
	'{"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"image": "seen:1"}]}}\nkind: Pod\napiVersion: v1\n',
	'{"apiVersion": "v1", "kind": "Pod"}\n{"apiVersion": "example.com/v1", "kind": "Thing", "image": "evil:1"}\n',
	'{"apiVersion": "example.com/v1", "kind": "Thing", "spec": {"image": "evil:1"}}',
	'{apiVersion: v1, kind: Pod, spec: {containers: [{image: evil:1}]}}\n\nimage: seen:1\n',
	'%TAG !e! tag:yaml.org,2002:\r---\rapiVersion: example.com/v1\rkind: Thing\rimage: !e!binary ZXZpbDox\ra: \r',
	'apiVersion: v1\nkind: Pod\nmetadata:\n  annotations:\n    argocd.argoproj.io/hook: \n    helm.sh/hook: a\n',
	// What is replaced may be anything.
	'apiVersion: example.com/v1\nkind: Thing\nspec: {a: , a: b, image: evil:1}\n',
	'apiVersion: example.com/v1\nkind: Thing\nspec:\n  image: \n  image: evil:1\n',
	'apiVersion: \nkind: Pod\nspec: {containers: [{image: evil:1}]}\n',
	'kind: Pod\napiVersion: v1\n',
];

/** Tokens inside of something that mostly stays valid. */
export const filledSkeletons: fc.Arbitrary<string> = fc
	.tuple(fc.constantFrom(...skeletons), fc.array(fc.tuple(fc.nat(200), soup(3)), {minLength: 1, maxLength: 2}))
	.map(([text, holes]) => holes.reduce((whole, [at, tokens]) => fillHole(whole, at, tokens), text));

/** The smallest streams, in which all kinds of tokens meet. */
export const smallStreams: fc.Arbitrary<string> = fc
	.tuple(
		fc.constantFrom(
			...[
				['kind: P\napiVersion: v\n', 'kind: P\napiVersion: v\nx: ', 'kind: P\napiVersion: v\nx:\n  '],
				['kind: P\napiVersion: v\nx:\n- ', 'kind: P\napiVersion: v\nx: [', 'kind: P\napiVersion: v\nx: {'],
				['kind: P\napiVersion: v\nx: "', "kind: P\napiVersion: v\nx: '", 'kind: P\napiVersion: v\nx: |\n'],
				['{kind: P,apiVersion: v,x: ', '{"kind":"P","apiVersion":"v"}', '? ', ''],
			].flat(),
		),
		crumbs,
		fc.constantFrom(
			...[
				['', '\n', '\ny: z\n', '\n  y: z\n', ']\n', '}\n', '"\n', "'\n", ']', '}', '"'],
				['kind: P\napiVersion: v\n', '\nkind: P\napiVersion: v\n'],
			].flat(),
		),
	)
	.map((parts) => parts.join(''));

/** At places where something is missing, most of the time. */
function fillHole(text: string, at: number, tokens: string): string {
	const gaps = [...text.matchAll(/(?<=: |, |- |\n {4})(?=[\n\r}\]"'])|(?<=\n)(?=\n)|$|^/gu)].map(({index}) => index);
	const index = at < 150 ? (gaps[at % gaps.length] ?? 0) : at % (text.length + 1);
	return `${text.slice(0, index)}${tokens}${text.slice(index)}`;
}
