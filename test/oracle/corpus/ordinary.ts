import {type CorpusEntry, plain, podWith, thingWith, yaml} from './entry.ts';

/** What helm, kustomize, kubectl and JSON printers print. */
export const ordinary: readonly CorpusEntry[] = [
	plain(
		'helm-output',
		'Helm puts a separator and a comment in front of every template.',
		yaml`
			---
			# Source: shop/templates/service.yaml
			apiVersion: v1
			kind: Service
			metadata:
			  name: shop
			  labels: {app: shop}
			spec:
			  ports:
			  - port: 80
			    targetPort: http
			---
			# Source: shop/templates/deployment.yaml
			apiVersion: apps/v1
			kind: Deployment
			metadata:
			  name: shop
			spec:
			  template:
			    spec:
			      containers:
			        - name: shop
			          image: "registry.example/shop:1.4"
			          args: ["--port", "80"]
		`,
	),
	plain(
		'kustomize-output',
		'Kustomize sorts keys, and separates documents without a separator in front of the first.',
		yaml`
			apiVersion: v1
			data:
			  a.properties: |
			    image=evil:1
			    # no comment
			kind: ConfigMap
			metadata:
			  name: shop-2bf7k
			---
			apiVersion: v1
			kind: Pod
			metadata:
			  name: shop
			spec:
			  containers:
			  - image: seen:1
			    name: shop
		`,
	),
	plain(
		'kubectl-list',
		'kubectl prints a List, with its own empty metadata.',
		yaml`
			apiVersion: v1
			items:
			- apiVersion: v1
			  kind: Pod
			  metadata:
			    name: web
			  spec:
			    containers:
			    - image: seen:1
			      name: web
			kind: List
			metadata:
			  resourceVersion: ""
		`,
	),
	plain(
		'json-compact',
		'One JSON object on one line.',
		'{"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"image":"seen:1"}]}}\n',
	),
	plain(
		'json-indented',
		'One JSON object over many lines.',
		`${JSON.stringify({apiVersion: 'v1', kind: 'Pod', spec: {containers: [{image: 'seen:1', args: []}]}}, null, 2)}\n`,
	),
	plain(
		'json-documents',
		'JSON objects between separators.',
		'---\n{"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"image":"seen:1"}]}}\n---\n{"apiVersion":"v1","kind":"Service"}\n',
	),
	plain(
		'carriage-returns',
		'Every line ends with CR LF.',
		podWith('containers:', '- image: seen:1', '  args: [a, b]').replaceAll('\n', '\r\n'),
	),
	plain('no-final-line-feed', 'The last line has no line feed.', podWith('containers:', '- image: seen:1').trimEnd()),
	plain(
		'comments',
		'Comments stand wherever they can, and one of them looks like a field.',
		yaml`
			# a Pod
			apiVersion: v1 # core
			kind: Pod
			# image: evil:1
			metadata:
			    # deep
			  name: web
			spec:
			  containers: # all of them
			  # first
			  - image: seen:1 # evil:1
			    # last
			  # end
			# end
		`,
	),
	plain(
		'literal-block',
		'A text with what looks like fields, comments and a separator.',
		yaml`
			apiVersion: v1
			kind: ConfigMap
			metadata:
			  name: web
			data:
			  pod.yaml: |
			    ---
			    # no comment
			    image: evil:1

			      deeper
			  next: |-
			    -----BEGIN CERTIFICATE-----
			    AAAA
			    -----END CERTIFICATE-----
		`,
	),
	plain(
		'folded-block',
		'A folded text.',
		thingWith('text: >', '  one', '  line', '', '    deeper', '  last', 'image: seen:1'),
	),
	plain(
		'stripped-block',
		'A folded text whose end is stripped.',
		thingWith('text: >-', '  one', '  line', '', 'image: seen:1'),
	),
	plain(
		'kept-block',
		'A literal text whose end is kept, with something after it.',
		thingWith('text: |+', '  one', '', '', 'image: seen:1'),
	),
	plain(
		'counted-block',
		'A literal text that begins with blanks says how deep it is.',
		thingWith('text: |2', '    two', '  none', 'image: seen:1'),
	),
	plain(
		'counted-stripped-block',
		'Both indicators of a literal text.',
		thingWith('text: |2-', '    two', 'more: |-2', '    two', 'image: seen:1'),
	),
	plain(
		'list-at-key',
		'The items of a list stand at the column of its key.',
		podWith('containers:', '- image: seen:1', '- image: seen:2'),
	),
	plain(
		'list-below-key',
		'The items of a list stand deeper than its key.',
		podWith('containers:', '  - image: seen:1', '  - image: seen:2'),
	),
	plain(
		'list-on-dash',
		'Lists begin on the line of another list’s item.',
		thingWith('value:', '- - a', '  - b', '- - - c', 'image: seen:1'),
	),
	plain(
		'item-below-dash',
		'A mapping stands below its dash.',
		podWith('containers:', '-', '  image: seen:1', '  name: a'),
	),
	plain('flow-list', 'A list in brackets.', podWith('containers: [{image: seen:1, args: [a, "b, c", \'d\']}]')),
	plain(
		'flow-lines',
		'A mapping in braces over several lines, each deeper than its key.',
		podWith('containers: [', '    {', '      image: seen:1,', '      name: a', '    }', '  ]'),
	),
	plain('flow-json', 'JSON as a value.', podWith('containers: [{"image": "seen:1", "name": "a", "tty": true}]')),
	plain(
		'empty-collections',
		'Empty collections and empty values.',
		podWith('volumes: []', 'securityContext: {}', 'nodeName:', 'containers:', '- image: seen:1'),
	),
	plain(
		'anchor-and-alias',
		'A value is written once and used twice.',
		podWith('containers:', '- image: &image seen:1', '  name: a', '- image: *image', '  name: b'),
	),
	plain(
		'anchored-mapping',
		'A mapping is written once and used twice.',
		podWith(
			'containers:',
			'- image: seen:1',
			'  resources: &small',
			'    limits: {cpu: 1}',
			'- image: seen:2',
			'  resources: *small',
		),
	),
	plain(
		'double-quoted-lines',
		'A double-quoted text over several lines.',
		thingWith('text: "one', '  two', '', '  three"', 'image: seen:1'),
	),
	plain(
		'double-quoted-joined',
		'A double-quoted text whose line breaks are escaped.',
		thingWith('text: "one\\', '  \\ two"', 'image: seen:1'),
	),
	plain(
		'single-quoted-lines',
		'A single-quoted text over several lines.',
		thingWith("text: 'it''s", "  image: evil:1'", 'image: seen:1'),
	),
	plain(
		'plain-lines',
		'A plain text over several lines.',
		thingWith('text: one', '  two', '', '  three', 'image: seen:1'),
	),
	plain(
		'value-below-key',
		'A value stands on the line below its key.',
		thingWith('text:', '  "a"', 'image:', '  seen:1'),
	),
	plain(
		'escapes',
		'The escapes that JSON printers write.',
		thingWith('text: "\\"\\\\ \\n \\t \\u00e4"', 'image: "seen:1"'),
	),
	plain(
		'same-key-twice',
		'A key is there twice, in one spelling: the last one counts.',
		podWith('containers:', '- image: seen:1', '  name: a', '  image: evil:1'),
	),
	plain(
		'same-mapping-twice',
		'A whole mapping is there twice.',
		podWith('containers: [{image: seen:1}]', 'containers:', '- image: evil:1'),
	),
	plain(
		'same-quoted-key-twice',
		'A quoted key is there twice.',
		'{"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"image":"seen:1","image":"evil:1"}]}}\n',
	),
	plain(
		'numbers',
		'The numbers of ordinary manifests.',
		thingWith('replicas: 3', 'weight: 0.5', 'small: -1', 'mode: 420', 'size: 10Gi', 'cpu: 100m', 'image: seen:1'),
	),
	plain(
		'yaml-1.1-words',
		'Words and numbers that only YAML 1.1 reads as something else than texts.',
		thingWith('a: yes', 'b: off', 'c: 0644', 'd: 1_000', 'image: seen:1'),
	),
	plain('long-integer', 'An integer that a double cannot hold.', thingWith('value: 9007199254740993', 'image: seen:1')),
	plain('nulls', 'Every way to write nothing.', thingWith('a: null', 'b: ~', 'c:', 'd: ""', 'image: seen:1')),
	plain(
		'quoted-words',
		'Quoted words and numbers are texts.',
		thingWith('a: "yes"', "b: '012'", 'c: "null"', 'd: "1.10"', 'image: "1.10"'),
	),
	plain(
		'odd-looking-keys',
		'Keys with slashes, dots and quotes.',
		thingWith('app.kubernetes.io/name: a', '"b c": d', "'e': f", '$ref: g', 'image: seen:1'),
	),
	plain(
		'urls',
		'Colons and hashes inside of plain texts.',
		thingWith('url: https://example.com:80/a#b', 'image: registry.example:5000/seen:1'),
	),
	plain(
		'dashes',
		'Plain texts that begin with an indicator.',
		thingWith('a: -1x', 'b: --flag=value', 'c: :d', 'd: ?e', 'image: seen:1'),
	),
	plain('unicode', 'Texts beyond ASCII.', thingWith('text: „größer“ → 日本 \u{1F600}', 'image: seen:1')),
	plain(
		'trailing-blanks',
		'Blanks behind values, and on lines of their own.',
		thingWith('text: a  ', '', '   ', 'image: seen:1 ').replace('kind: Thing', 'kind: Thing   '),
	),
	plain(
		'wide-gaps',
		'Values stand in a column of their own.',
		thingWith('text:      a', 'longer:    b', 'image:     seen:1'),
	),
	plain('tab-in-text', 'A tab inside of a text.', thingWith('text: "a\tb"', 'more: a\tb', 'image: seen:1')),
	plain(
		'empty-documents',
		'Templates that print nothing leave separators and comments.',
		`---\n# Source: a.yaml\n---\n\n---\n${podWith('containers: [{image: seen:1}]')}---\n# Source: b.yaml\n---\n`,
	),
	plain(
		'hooks',
		'Hook annotations of Argo CD and of Helm.',
		yaml`
			apiVersion: batch/v1
			kind: Job
			metadata:
			  name: migrate
			  annotations:
			    argocd.argoproj.io/hook: PreSync
			    "helm.sh/hook": pre-install,post-delete
			    note: 'x'
			spec:
			  template: {spec: {containers: [{image: seen:1}]}}
		`,
	),
	plain(
		'many-documents',
		'Objects of several kinds in one stream.',
		[1, 2, 3, 4].map((tag) => `---\n${podWith('containers:', `- image: seen:${tag}`)}`).join(''),
	),
	plain(
		'last-separator',
		'A separator without a line feed ends the stream.',
		`${podWith('containers: [{image: seen:1}]')}---`,
	),
	plain(
		'blank-lines-first',
		'Blank lines and a comment stand in front of the first separator.',
		`\n\n# c\n---\n${podWith('containers: [{image: seen:1}]')}`,
	),
	plain(
		'status',
		'A custom resource definition as a generator prints it.',
		yaml`
			apiVersion: apiextensions.k8s.io/v1
			kind: CustomResourceDefinition
			metadata:
			  creationTimestamp: null
			  name: things.example.com
			spec:
			  group: example.com
			  versions:
			  - name: v1
			    schema:
			      openAPIV3Schema:
			        description: |-
			          A thing.
			          More info: https://example.com
			        properties:
			          image:
			            default: seen:1
			            type: string
			          "on":
			            pattern: ^[a-z]{1,3}$
			        x-kubernetes-validations:
			        - message: 'must not be: "empty"'
			          rule: "self.image != ''"
			status:
			  conditions: []
		`,
	),
];
