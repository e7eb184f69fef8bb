import {accepted, type CorpusEntry, odd, plain, podWith, unreadable, yaml} from './entry.ts';

const item = (image: string) => `{apiVersion: v1, kind: Pod, spec: {containers: [{image: ${image}}]}}`;

/** Anything with an `items` list is taken apart, one level deep. */
export const lists: readonly CorpusEntry[] = [
	plain(
		'list',
		'A List with two items.',
		`apiVersion: v1\nkind: List\nitems:\n- ${item('seen:1')}\n- ${item('seen:2')}\n`,
	),
	plain('list-empty', 'A List without items.', 'apiVersion: v1\nkind: List\nitems: []\n'),
	plain(
		'list-blocks',
		'Items in block style, with comments between them.',
		yaml`
			apiVersion: v1
			kind: PodList
			items:
			  # first
			  - apiVersion: v1
			    kind: Pod
			    metadata: {name: a}
			    spec:
			      containers:
			      - image: seen:1
			  # second
			  - kind: Pod
			    apiVersion: v1
			    metadata: {name: b}
			    spec:
			      containers:
			      - image: seen:2
		`,
	),
	accepted(
		'list-of-any-kind',
		'Whatever has items is taken apart, and its own fields are lost.',
		`apiVersion: example.com/v1\nkind: Thing\nspec: {image: seen:1}\nitems: [${item('evil:1')}]\n`,
	),
	accepted(
		'list-of-config-map',
		'Even a ConfigMap is taken apart.',
		`apiVersion: v1\nkind: ConfigMap\ndata: {a: b}\nitems: [${item('evil:1')}]\n`,
	),
	accepted('list-without-version', 'The list itself needs no version.', `kind: List\nitems: [${item('evil:1')}]\n`),
	accepted('list-without-anything', 'A list without version and items leaves nothing.', 'kind: List\nitems: []\n'),
	accepted(
		'list-in-list',
		'A list in a list stays one object.',
		`apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: List\n  items: [${item('evil:1')}]\n`,
	),
	accepted(
		'list-null',
		'A list whose items are null is dropped.',
		`apiVersion: v1\nkind: List\nitems: null\n---\n${podWith('containers: [{image: evil:1}]')}`,
	),
	accepted(
		'list-null-any-kind',
		'Whatever has null items, and neither spec nor status, is dropped.',
		'apiVersion: v1\nkind: ConfigMap\ndata: {a: b}\nitems:\n',
	),
	accepted(
		'list-null-with-spec',
		'With a spec it is an object.',
		'apiVersion: example.com/v1\nkind: Thing\nspec: {image: evil:1}\nitems: null\n',
	),
	accepted(
		'list-null-with-status',
		'With a status it is an object, even when that is null.',
		'apiVersion: example.com/v1\nkind: Thing\nimage: evil:1\nstatus: null\nitems: null\n',
	),
	accepted(
		'list-mapping',
		'Items that are a mapping make no list.',
		'apiVersion: example.com/v1\nkind: Thing\nimage: evil:1\nitems: {a: b}\n',
	),
	accepted(
		'list-text',
		'Items that are a text make no list.',
		'apiVersion: example.com/v1\nkind: Thing\nimage: evil:1\nitems: "[]"\n',
	),
	accepted(
		'list-capital',
		'Items with a capital letter make no list.',
		`apiVersion: example.com/v1\nkind: Thing\nimage: evil:1\nItems: [${item('seen:1')}]\n`,
	),
	accepted(
		'list-json',
		'A JSON list.',
		'{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"image":"evil:1"}]}}]}\n',
	),
	accepted(
		'list-deep',
		'Items deeper in an object make no list.',
		'apiVersion: example.com/v1\nkind: Thing\nspec: {items: [{image: evil:1}]}\n',
	),
	accepted(
		'list-twice',
		'The items are there twice in one spelling: the last ones count.',
		`apiVersion: v1\nkind: List\nitems: [${item('seen:1')}]\nitems: [${item('evil:1')}]\n`,
	),
	accepted(
		'list-escaped',
		'The key of the items is escaped.',
		`apiVersion: v1\nkind: List\n"\\x69tems": [${item('evil:1')}]\n`,
	),
	accepted(
		'list-item-twice',
		'One object is in the list twice, through an alias.',
		`apiVersion: v1\nkind: List\nitems: [&a ${item('evil:1')}, *a ]\n`,
	),
	accepted(
		'list-alias',
		'The items are an alias.',
		`apiVersion: v1\nkind: List\nmetadata: &a [${item('evil:1')}]\nitems: *a\n`,
	),
	accepted(
		'list-shared-version',
		'The version of an item is used for another one, too.',
		`apiVersion: v1\nkind: List\nitems: [{apiVersion: &v v1, kind: Pod, spec: {containers: [{image: evil:1}]}}, {apiVersion: *v , kind: Service}]\n`,
	),
	odd(
		'list-item-merged',
		'An item is merged from another one.',
		`apiVersion: v1\nkind: List\nitems: [&a ${item('evil:1')}, {<<: *a , kind: Other}]\n`,
	),
	unreadable(
		'list-item-without-kind',
		'An item has no kind.',
		`apiVersion: v1\nkind: List\nitems: [${item('seen:1')}, {apiVersion: v1}]\n`,
	),
	unreadable('list-item-text', 'An item is a text.', `apiVersion: v1\nkind: List\nitems: [${item('seen:1')}, evil]\n`),
	unreadable('list-item-null', 'An item is null.', 'apiVersion: v1\nkind: List\nitems: [null]\n'),
	unreadable('list-item-list', 'An item is a list.', `apiVersion: v1\nkind: List\nitems: [[${item('seen:1')}]]\n`),
	unreadable('list-no-kind', 'A list has no kind.', `apiVersion: v1\nitems: [${item('evil:1')}]\n`),
];
