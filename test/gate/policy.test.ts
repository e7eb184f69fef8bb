import table from '../../src/images/crd-fields.json' with {type: 'json'};
import {readFile} from 'node:fs/promises';
import test from 'ava';
import * as fc from 'fast-check';
import {parseDocument} from 'yaml';
import {GateError} from '../../src/errors.ts';
import {parsePattern} from '../../src/images/pattern.ts';
import {defaultPolicy, parsePolicy, type Policy} from '../../src/gate/policy.ts';
import {durationHours, isPlatform} from '../../src/gate/fields.ts';

const head = 'apiVersion: trivy-gate/v1alpha1\nkind: Policy\n';

const means = test.macro({
	exec(t, spec: string, expected: object) {
		t.like(parsePolicy(`${head}spec: ${spec}\n`, 'policy.yaml'), expected);
	},
	title: (_what, spec: string) => `spec: ${spec}`,
});

test(means, '{}', defaultPolicy);
test(means, '{severities: [LOW, CRITICAL, LOW]}', {severities: ['CRITICAL', 'LOW']});
test(means, '{ignoreUnfixed: true, digestRequired: true}', {ignoreUnfixed: true, digestRequired: true});
test(means, '{unscannable: warn, noPackages: warn, endOfLife: warn, staleDatabase: warn}', {
	unscannable: 'warn',
	noPackages: 'warn',
	endOfLife: 'warn',
	staleDatabase: 'warn',
});
test(means, '{maxDatabaseAge: 36h}', {maxDatabaseAgeHours: 36});
test(means, '{maxDatabaseAge: 7d}', {maxDatabaseAgeHours: 168});
test(means, '{platforms: [linux/arm64, linux/arm/v7, linux/arm64]}', {platforms: ['linux/arm64', 'linux/arm/v7']});
test(means, '{severities: [HIGH, CRITICAL], unfixedSeverities: [CRITICAL]}', {unfixedSeverities: ['CRITICAL']});
test(
	means,
	'{ignoreStatuses: [will_not_fix], score: 7.5, exploitProbability: 0.5, feeds: {exploitProbability: {file: e}}}',
	{
		ignoreStatuses: ['will_not_fix'],
		score: 7.5,
		exploitProbability: 0.5,
		feeds: {exploitProbability: {file: 'e', maxAge: 168}},
	},
);
test(means, '{packages: {types: [library], deny: ["pkg:npm/event-stream"]}, grace: {HIGH: 7d, LOW: 12h}}', {
	packages: {types: ['library'], deny: ['pkg:npm/event-stream']},
	grace: {HIGH: 168, LOW: 12},
});
test(means, '{knownExploited: deny, feeds: {knownExploited: {file: /feeds/kev.json, maxAge: 3d}}}', {
	knownExploited: 'deny',
	feeds: {knownExploited: {file: '/feeds/kev.json', maxAge: 72}},
});
test(means, '{tagsForbidden: [latest, "*-dev"]}', {tagsForbidden: ['latest', '*-dev']});
test(means, '{enforcement: fail-render}', {enforcement: 'fail-render'});
test(means, '{registries: {deny: [docker.io]}}', {registries: {allow: [], deny: ['docker.io']}});
test(means, '{registries: {permitAddresses: [10.0.0.0/8, "::1", "fd00::/8", 127.0.0.1]}}', {
	registries: {permitAddresses: ['10.0.0.0/8', '::1', 'fd00::/8', '127.0.0.1']},
});
test(means, '{registries: {mirrors: {docker.io: ["mirror.example:5000", "[::1]:5000"]}}}', {
	registries: {mirrors: {'docker.io': ['mirror.example:5000', '[::1]:5000']}},
});
test(means, '{job: {ttlSecondsAfterFinished: 0}}', {job: {form: 'podless', ttlSecondsAfterFinished: 0}});
test(means, '{job: {form: pod, image: "registry.example:5000/tools/busybox:1.37"}}', {
	job: {form: 'pod', image: 'registry.example:5000/tools/busybox:1.37', ttlSecondsAfterFinished: 86_400},
});
test(means, '{severities: &s [HIGH], platforms: &p [linux/amd64]}', {severities: ['HIGH']});

test(means, '{placeholders: warn}', {placeholders: 'warn'});
test(
	means,
	'{images: {rules: [{group: "", kind: Shop, fields: [{path: "spec.a[].(b|c){}.**.d[e=f].g", form: image}, {path: spec, form: parts, keys: {repository: r, tag: [t, v]}}]}]}}',
	{images: {rules: [{group: '', kind: 'Shop'}], ignore: [], extra: []}},
);
test(
	means,
	'{images: {ignore: [{image: "a.example/*", reason: r}, {kind: Job, path: spec.x, group: batch, reason: r}]}}',
	{
		images: {ignore: [{image: 'a.example/*', reason: 'r'}, {kind: 'Job'}]},
	},
);
test(means, '{images: {extra: [{group: g.example, kind: K, image: "a.example/b:1", reason: r}]}}', {
	images: {extra: [{image: 'a.example/b:1'}]},
});

test('metadata.name is for people', (t) => {
	t.deepEqual(parsePolicy(`${head}metadata: {name: mine}\nspec: {}\n`, 'policy.yaml'), defaultPolicy);
});

test('the shipped policy is the default one with the seal, and shows every field', async (t) => {
	const text = await readFile(new URL('../../plugin/policy.yaml', import.meta.url), 'utf8');
	t.deepEqual(parsePolicy(text, 'plugin/policy.yaml'), {...defaultPolicy, enforcement: 'seal'} satisfies Policy);
	const spec = parseDocument(text).toJS() as {spec: object};
	const fields = Object.keys(defaultPolicy).map((field) => field.replace(/Hours$/, ''));
	t.deepEqual(Object.keys(spec.spec).toSorted(), fields.toSorted());
	t.regex(text, /# {1,}image: /);
});

const refuses = test.macro({
	exec(t, text: string, ...problems: readonly string[]) {
		const error = t.throws(() => parsePolicy(text, 'policy.yaml'), {instanceOf: GateError});
		t.is(error.code, 'policy-invalid');
		t.is(error.stage, 'gate');
		t.true(error.message.includes('policy.yaml'));
		t.deepEqual(error.output?.split('\n'), [...problems]);
	},
	title: (what, text: string, ..._problems: readonly string[]) =>
		`refused: ${what ?? text.replace(head, '… ').replaceAll('\n', '⏎')}`,
});

test(
	'all mistakes at once, each with its place',
	refuses,
	`${head}spec:
  severitys: [CRITICAL]
  severities: [CRITICAL, HIHG]
  ignoreUnfixed: yes
  ignoreUnfixed: false
  maxDatabaseAge: 3w
  job: {form: pod, ttlSecondsAfterFinished: soon}
`,
	'line 4, column 3: unknown key "severitys" in spec; did you mean severities?',
	'line 5, column 26: spec.severities[1]: "HIHG" is not one of UNKNOWN, LOW, MEDIUM, HIGH, CRITICAL; did you mean HIGH?',
	'line 7, column 3: "ignoreUnfixed" is there twice',
	'line 8, column 19: spec.maxDatabaseAge: "3w" is not a duration in hours or days, such as 72h or 7d',
	'line 9, column 8: spec.job.image: is missing; job.form "pod" needs the image that prints the report',
	'line 9, column 45: spec.job.ttlSecondsAfterFinished: must be a number, not "soon"',
);

test(refuses, '', 'line 1, column 1: the file is empty');
test(refuses, '# only a comment\n', 'line 1, column 1: the file is empty');
test(refuses, '- a\n', 'line 1, column 1: the file: must be a map, not ["a"]');
test(
	refuses,
	'spec: {}\n',
	'line 1, column 1: apiVersion: is missing; it must be trivy-gate/v1alpha1',
	'line 1, column 1: kind: is missing; it must be Policy',
);
test(refuses, head, 'line 1, column 1: spec: is missing; it must be a map');
test(refuses, `${head}spec:\n`, 'line 3, column 6: spec: must be a map, not null');
test(
	refuses,
	'apiVersion: v1\nkind: polcy\nspec: {}\n',
	'line 1, column 13: apiVersion: "v1" is not trivy-gate/v1alpha1',
	'line 2, column 7: kind: "polcy" is not Policy; did you mean Policy?',
);
test(
	refuses,
	`${head}spec: {}\n---\nkind: Policy\n`,
	'line 4, column 1: is not valid YAML: Source contains multiple documents; please use YAML.parseAllDocuments()',
);
test(
	refuses,
	`${head}spec: {severities: [HIGH}\n`,
	'line 3, column 25: is not valid YAML: Flow sequence in block collection must be sufficiently indented and end with a ]',
	'line 3, column 26: is not valid YAML: Flow map in block collection must be sufficiently indented and end with a }',
);
test(
	refuses,
	`${head}spec: {severities: *all}\n`,
	'line 3, column 20: is not valid YAML: Unresolved alias (the anchor must be set before the alias): all',
);
test(refuses, `${head}spec: !policy {}\n`, 'line 3, column 7: is not valid YAML: Unresolved tag: !policy');
test(
	refuses,
	`${head}spec: {}\n? [a]\n: b\n`,
	'line 4, column 3: is not valid YAML: With stringKeys, all keys must be strings',
);
test(
	refuses,
	`${head}spec: {}\nseverities: [HIGH]\n`,
	'line 4, column 1: unknown key "severities"; it belongs under spec',
);
test(refuses, `${head}spec: {kind: Policy}\n`, 'line 3, column 8: unknown key "kind" in spec; it belongs at the top');
test(
	refuses,
	`${head}spec: {job: {enforcement: seal}}\n`,
	'line 3, column 14: unknown key "enforcement" in spec.job; it belongs under spec',
);
test(
	refuses,
	`${head}spec: {job: {retries: 3}}\n`,
	'line 3, column 14: unknown key "retries" in spec.job; the keys are form, image, ttlSecondsAfterFinished',
);
test(
	refuses,
	`${head}metadata: {nmae: x}\nspec: {}\n`,
	'line 3, column 12: unknown key "nmae" in metadata; did you mean name?',
);
test(
	refuses,
	`${head}spec: {layers: [{name: a, match: {projects: [Shops]}, tighten: {severities: [LOW]}}]}\n`,
	'line 3, column 46: spec.layers[0].match.projects[0]: "Shops" is not a name as Kubernetes has them, in small letters; * may stand for any characters',
);
test(
	refuses,
	`%YAML 1.1\n---\n${head}spec:\n  <<: {enforcement: warn}\n`,
	'line 1, column 1: must be YAML 1.2; remove the directive %YAML',
);
test(
	refuses,
	`${head}spec: {severities: &all [*all]}\n`,
	'line 3, column 26: spec.severities[0]: something that holds itself is not one of UNKNOWN, LOW, MEDIUM, HIGH, CRITICAL',
);
test(
	refuses,
	`${head}spec: {grace: {high: 7d}}\n`,
	'line 3, column 16: unknown key "high" in spec.grace; did you mean HIGH?',
);
test(
	refuses,
	`${head}spec: {__proto__: {enforcement: warn}}\n`,
	'line 3, column 8: unknown key "__proto__" in spec; the keys are severities, ignoreUnfixed, unfixedSeverities, ignoreStatuses, score, packages, grace, readmit, knownExploited, exploitProbability, feeds, unscannable, outages, noPackages, endOfLife, staleDatabase, maxDatabaseAge, registries, platforms, digestRequired, tagsForbidden, placeholders, images, layers, earlyWarning, enforcement, job',
);
test(
	refuses,
	`${head}spec: {ignoreUnfixed: true, unfixedSeverities: [CRITICAL], knownExploited: deny, exploitProbability: 0.5}\n`,
	'line 3, column 48: spec.unfixedSeverities: has no effect, because ignoreUnfixed is true',
	'line 3, column 76: spec.knownExploited: "deny" needs feeds.knownExploited',
	'line 3, column 102: spec.exploitProbability: needs feeds.exploitProbability',
);
test(
	refuses,
	`${head}spec: {unfixedSeverities: [LOW]}\n`,
	'line 3, column 27: spec.unfixedSeverities: has LOW, which severities has not',
);
test(
	refuses,
	`${head}spec: {score: 11, exploitProbability: 50, packages: {types: [], deny: [minimist]}, grace: {HIGH: soon}}\n`,
	'line 3, column 15: spec.score: 11 is above 10',
	'line 3, column 39: spec.exploitProbability: 50 is above 1',
	'line 3, column 61: spec.packages.types: must not be empty',
	'line 3, column 72: spec.packages.deny[0]: "minimist" is not a package URL without qualifiers, such as pkg:npm/minimist or pkg:deb/debian/*',
	'line 3, column 98: spec.grace.HIGH: "soon" is not a duration in hours or days, such as 72h or 7d',
);
test(
	refuses,
	`${head}spec: {ignoreStatuses: [fixed], tagsForbidden: ["a b"], feeds: {epss: x}}\n`,
	'line 3, column 25: spec.ignoreStatuses[0]: "fixed" is not one of affected, under_investigation, will_not_fix, fix_deferred, end_of_life, not_affected, unknown',
	'line 3, column 49: spec.tagsForbidden[0]: "a b" is not a tag; * may stand for any characters',
	'line 3, column 65: unknown key "epss" in spec.feeds; the keys are knownExploited, exploitProbability',
);
test(
	refuses,
	`${head}spec:
  layers:
    - {name: a, match: {}, tighten: {severities: [LOW]}}
    - {name: b, match: {applications: [api]}, override: {owner: o, reason: r, set: {enforcement: warn}}}
    - {name: c, match: {images: [registry.example]}, tighten: {platforms: [linux/arm64], knownExploited: deny}}
    - {name: d, match: {projects: [shop]}}
    - {name: e, match: {projects: [shop]}, tighten: {endOfLife: warn, grace: {HIGH: 0d}}, override: {set: {images: {}}}}
`,
	'line 5, column 24: spec.layers[0].match: must name projects, namespaces, applications or images',
	'line 6, column 24: spec.layers[1].match: must name projects, because override loosens',
	'line 7, column 75: spec.layers[2].tighten.platforms: holds for whole applications, and match names images',
	'line 8, column 7: spec.layers[3]: must tighten or override something',
	'line 9, column 65: spec.layers[4].tighten.endOfLife: "warn" is not deny',
	'line 9, column 85: spec.layers[4].tighten.grace.HIGH: "0d" is not a duration in hours or days, such as 72h or 7d; 0h is none',
	'line 9, column 101: spec.layers[4].override.owner: is missing; it must be a text',
	'line 9, column 101: spec.layers[4].override.reason: is missing; it must be a text',
	'line 9, column 108: unknown key "images" in spec.layers[4].override.set; it belongs under spec',
);
test(
	'a layer’s rule needs its feed',
	refuses,
	`${head}spec: {layers: [{name: a, match: {projects: [x]}, tighten: {knownExploited: deny}}]}\n`,
	'line 3, column 77: spec.layers[0].tighten.knownExploited: "deny" needs feeds.knownExploited',
);
test(refuses, `${head}spec: {severities: []}\n`, 'line 3, column 20: spec.severities: must not be empty');
test(refuses, `${head}spec: {severities: HIGH}\n`, 'line 3, column 20: spec.severities: must be a list, not "HIGH"');
test(
	refuses,
	`${head}spec: {severities: [high, 3]}\n`,
	'line 3, column 21: spec.severities[0]: "high" is not one of UNKNOWN, LOW, MEDIUM, HIGH, CRITICAL; did you mean HIGH?',
	'line 3, column 27: spec.severities[1]: 3 is not one of UNKNOWN, LOW, MEDIUM, HIGH, CRITICAL',
);
test(
	refuses,
	`${head}spec: {platforms: [amd64]}\n`,
	'line 3, column 20: spec.platforms[0]: "amd64" is not a platform of the form os/arch[/variant], such as linux/amd64',
);
test(refuses, `${head}spec: {platforms: []}\n`, 'line 3, column 19: spec.platforms: must not be empty');
test(refuses, `${head}spec: {maxDatabaseAge: 72}\n`, 'line 3, column 24: spec.maxDatabaseAge: must be a text, not 72');
test(
	refuses,
	`${head}spec: {registries: {allow: [nginx]}}\n`,
	'line 3, column 29: spec.registries.allow[0]: "nginx" must start with a registry host, such as docker.io',
);
test(
	refuses,
	`${head}spec: {registries: {permitAddresses: [10.0.0.0/33, host, "::1/129", 1.2.3.4/5/6, 1.2.3.4/x]}}\n`,
	...[
		['10.0.0.0/33', 39],
		['host', 52],
		['::1/129', 58],
		['1.2.3.4/5/6', 69],
		['1.2.3.4/x', 82],
	].map(
		([text, column], index) =>
			`line 3, column ${column}: spec.registries.permitAddresses[${index}]: "${text}" is neither an IP address nor a range such as 10.0.0.0/8`,
	),
);
test(
	refuses,
	`${head}spec: {registries: {mirrors: {"a b": [x], docker.io: [], quay.io: ["https://x"]}}}\n`,
	'line 3, column 31: spec.registries.mirrors.a b: "a b" is not a registry host of the form name[:port]',
	'line 3, column 54: spec.registries.mirrors.docker.io: must not be empty',
	'line 3, column 68: spec.registries.mirrors.quay.io[0]: "https://x" is not a registry host of the form name[:port]',
);
test(
	refuses,
	`${head}spec: {registries: {mirrors: [x]}}\n`,
	'line 3, column 30: spec.registries.mirrors: must be a map, not ["x"]',
);
test(refuses, `${head}spec: {job: pod}\n`, 'line 3, column 13: spec.job: must be a map, not "pod"');
test(
	refuses,
	`${head}spec: {job: {form: pod}}\n`,
	'line 3, column 13: spec.job.image: is missing; job.form "pod" needs the image that prints the report',
);
test(
	refuses,
	`${head}spec: {job: {form: pod, image: --privileged}}\n`,
	'line 3, column 32: spec.job.image: "--privileged" is not an image reference',
);
test(
	refuses,
	`${head}spec: {job: {image: "a b"}}\n`,
	'line 3, column 21: spec.job.image: "a b" is not an image reference',
);
test(
	refuses,
	`${head}spec: {job: {ttlSecondsAfterFinished: -1}}\n`,
	'line 3, column 39: spec.job.ttlSecondsAfterFinished: -1 is below 0',
);
test(
	refuses,
	`${head}spec: {job: {ttlSecondsAfterFinished: 3000000000}}\n`,
	'line 3, column 39: spec.job.ttlSecondsAfterFinished: 3000000000 is above 2147483647',
);
test(
	refuses,
	`${head}spec: {job: {ttlSecondsAfterFinished: 1.5}}\n`,
	'line 3, column 39: spec.job.ttlSecondsAfterFinished: must be a whole number, not 1.5',
);
test(
	'a mistake behind an alias is shown where it was written',
	refuses,
	`${head}metadata: {name: &bad [x]}\nspec: {severities: *bad}\n`,
	'line 3, column 23: metadata.name: must be a text, not ["x"]',
	'line 3, column 24: spec.severities[0]: "x" is not one of UNKNOWN, LOW, MEDIUM, HIGH, CRITICAL',
);
test(
	'a mistake inside a map that an alias repeats',
	refuses,
	`${head}metadata: &m {nmae: x}\nspec: *m\n`,
	'line 3, column 15: unknown key "nmae" in metadata; did you mean name?',
	'line 3, column 15: unknown key "nmae" in spec; the keys are severities, ignoreUnfixed, unfixedSeverities, ignoreStatuses, score, packages, grace, readmit, knownExploited, exploitProbability, feeds, unscannable, outages, noPackages, endOfLife, staleDatabase, maxDatabaseAge, registries, platforms, digestRequired, tagsForbidden, placeholders, images, layers, earlyWarning, enforcement, job',
);

test(
	refuses,
	`${head}spec:
  placeholders: allow
  images:
    rules:
      - {group: g.example, kind: K, fields: [{path: spec.**.a.**, form: imgae, keys: {repo: a}}]}
      - {kind: K, fields: [{path: spec, form: parts}]}
      - {group: g.example, kind: K, fields: []}
    ignore:
      - {reason: everything}
      - {image: a.example/b}
      - {pth: spec.a, kind: K, reason: r}
    extra:
      - {kind: K, image: a.example/b, reason: r}
`,
	'line 4, column 17: spec.placeholders: "allow" is not one of deny, warn',
	'line 7, column 53: spec.images.rules[0].fields[0].path: "spec.**.a.**" has more than one **',
	'line 7, column 53: spec.images.rules[0].fields[0].path: "spec.**.a.**" must not end in **',
	'line 7, column 73: spec.images.rules[0].fields[0].form: "imgae" is not one of image, parts, artifact, chosen, object, text, pod; did you mean image?',
	'line 7, column 87: unknown key "repo" in spec.images.rules[0].fields[0].keys; the keys are image, registry, repository, name, tag, tagPrefix, tagSuffix, digest, jmx',
	'line 8, column 9: spec.images.rules[1].group: is missing; it must be a text',
	'line 8, column 28: spec.images.rules[1].fields[0].keys: is missing; the form "parts" needs the keys that hold them',
	'line 9, column 45: spec.images.rules[2].fields: must not be empty',
	'line 11, column 9: spec.images.ignore[0]: must name an image, a kind or a path; without them it would ignore every image',
	'line 12, column 9: spec.images.ignore[1].reason: is missing; it must be a text',
	'line 13, column 10: unknown key "pth" in spec.images.ignore[2]; did you mean path?',
	'line 15, column 9: spec.images.extra[0].group: is missing; it must be a text',
);
for (const path of ['.', 'a..b', 'a[b', '**', 'a"b', 'a b.']) {
	test(
		refuses,
		`${head}spec: {images: {ignore: [{path: ${JSON.stringify(path)}, reason: r}]}}\n`,
		...(path === '**'
			? [
					`line 3, column 33: spec.images.ignore[0].path: "**" is not a path such as spec.image, spec.items[].image or spec.parts{}.image`,
					'line 3, column 33: spec.images.ignore[0].path: "**" must not end in **',
				]
			: [
					`line 3, column 33: spec.images.ignore[0].path: ${JSON.stringify(path)} is not a path such as spec.image, spec.items[].image or spec.parts{}.image`,
				]),
	);
}

test('every path that the policy takes is one that the finder reads', (t) => {
	const piece = fc.constantFrom(
		'a',
		'b c',
		'.',
		'[]',
		'{}',
		'*',
		'**',
		'(a|b)',
		'[k=v]',
		'["x.y"]',
		'(',
		']',
		'"',
		'=',
	);
	let taken = 0;
	fc.assert(
		fc.property(fc.array(piece, {minLength: 1, maxLength: 6}), (pieces) => {
			const path = pieces.join('');
			const spec = JSON.stringify({images: {ignore: [{path, reason: 'r'}]}});
			try {
				parsePolicy(`${head}spec: ${spec}\n`, 'policy.yaml');
			} catch {
				return;
			}
			taken += 1;
			t.not(parsePattern(path), undefined, path);
		}),
		{numRuns: 3000},
	);
	t.true(taken > 100);
});

const lasts = test.macro({
	exec(t, text: string, hours: number | undefined) {
		t.is(durationHours(text), hours);
	},
	title: (_what, text: string, hours: number | undefined) =>
		`"${text}" is ${hours === undefined ? 'no duration' : `${hours} h`}`,
});

test(lasts, '1h', 1);
test(lasts, '72h', 72);
test(lasts, '7d', 168);
test(lasts, '3650d', 87_600);
test(lasts, '3651d', undefined);
for (const text of ['', '0h', '72', 'h', '1.5d', '-1d', '7 d', '7D', '1d12h', '999999h']) test(lasts, text, undefined);

for (const [text, is] of [
	['linux/amd64', true],
	['linux/arm/v7', true],
	['linux', false],
	['linux/', false],
	['linux/amd64/v2/x', false],
	['--x/y', false],
	['linux/amd64\n', false],
] as const) {
	test(`${JSON.stringify(text)} is ${is ? 'a' : 'no'} platform`, (t) => t.is(isPlatform(text), is));
}

test('every entry of the table of known kinds is a rule that a policy may hold', (t) => {
	const rules = table.kinds;
	const text = JSON.stringify({apiVersion: 'trivy-gate/v1alpha1', kind: 'Policy', spec: {images: {rules}}});
	t.is(parsePolicy(text, 'policy.yaml').images.rules.length, rules.length);
});
