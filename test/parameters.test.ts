import test from 'ava';
import {GateError} from '../src/errors.ts';
import {
	checkValues,
	parameters,
	parseArgoParameters,
	renderParameters,
	tighteningParameters,
} from '../src/parameters.ts';

const application = {
	name: 'team-a_shop',
	project: 'shop',
	revision: undefined,
	namespace: 'shop',
	kubeVersion: '1.36.1',
	apiVersions: ['v1', 'apps/v1'],
};

test('Argo CD’s parameters become values, with text for lists as users write it in the form', (t) => {
	const json = JSON.stringify([
		{name: 'release-name', string: 'web'},
		{name: 'value-files', array: ['a.yaml', 'b.yaml']},
		{name: 'api-versions', string: 'v1, apps/v1\nbatch/v1'},
		{name: 'helm-parameters', map: {replicas: '2'}},
	]);
	t.deepEqual(parseArgoParameters(json), {
		'release-name': 'web',
		'value-files': ['a.yaml', 'b.yaml'],
		'api-versions': ['v1', 'apps/v1', 'batch/v1'],
		'helm-parameters': {replicas: '2'},
	});
});

test('no parameters: Argo CD sends null, nothing, or an empty list', (t) => {
	for (const json of [undefined, '', 'null', '[]']) t.deepEqual(parseArgoParameters(json), {});
});

const rejected = test.macro<[json: string, words: readonly RegExp[]]>({
	exec(t, json, words) {
		const error = t.throws(() => parseArgoParameters(json), {instanceOf: GateError});
		t.is(error.code, 'parameters-invalid');
		for (const word of words) t.regex(error.output ?? '', word);
	},
	title: (title) => `rejected: ${title}`,
});
test('not JSON', rejected, '{', [/not JSON/]);
test('another shape', rejected, '{"a":1}', [/expected array/]);
test(
	'every mistake at once',
	rejected,
	JSON.stringify([
		{name: 'value-file', array: ['x']},
		{name: 'skip-crds', string: 'yes'},
		{name: 'severities', array: ['HIHG']},
	]),
	[/"value-file" is not a parameter of the gate; did you mean "value-files"/],
);
test(
	'booleans, numbers, choices and platforms',
	rejected,
	JSON.stringify([
		{name: 'skip-crds', string: 'yes'},
		{name: 'severities', array: ['HIHG']},
		{name: 'max-database-age-hours', string: 'ten'},
		{name: 'platforms', array: ['arm']},
	]),
	[
		/"skip-crds" must be true or false, not "yes"/,
		/"severities" must be one of UNKNOWN, .*, not "HIHG"/,
		/"max-database-age-hours" must be a number/,
		/"platforms" must be os\/arch/,
	],
);
test('a list for a text', rejected, JSON.stringify([{name: 'release-name', array: ['x']}]), [
	/"release-name" must be given as string/,
]);

test('what the application does not say comes from Argo CD', (t) => {
	const rendering = renderParameters({}, application);
	t.is(rendering.helm.releaseName, 'shop');
	t.is(rendering.namespace, 'shop');
	t.deepEqual(rendering.apiVersions, ['v1', 'apps/v1']);
	t.is(renderParameters({'release-name': 'web', namespace: 'other'}, application).helm.releaseName, 'web');
});

test('an author’s wishes for the policy', (t) => {
	t.deepEqual(
		tighteningParameters(
			checkValues({
				severities: ['MEDIUM'],
				'ignore-unfixed': 'false',
				'end-of-life': 'warn',
				'max-database-age-hours': '12',
				enforcement: 'seal',
			}),
		),
		{
			severities: ['MEDIUM'],
			ignoreUnfixed: false,
			noPackages: undefined,
			endOfLife: undefined,
			staleDatabase: undefined,
			maxDatabaseAgeHours: 12,
			platforms: [],
			digestRequired: undefined,
			enforcement: 'seal',
		},
	);
});

test('every parameter that changes the policy says what tighter means, and no other does', (t) => {
	const policy = parameters.filter((parameter) => 'tighter' in parameter).map(({name}) => name);
	t.deepEqual(policy, [
		'severities',
		'ignore-unfixed',
		'no-packages',
		'end-of-life',
		'stale-database',
		'max-database-age-hours',
		'platforms',
		'digest-required',
		'enforcement',
	]);
});
