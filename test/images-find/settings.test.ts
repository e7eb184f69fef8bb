import test from 'ava';
import {findImages} from '../../src/images/find.ts';
import type {ImageSettings, JsonObject} from '../../src/types.ts';
import {object} from './samples.ts';

const nothing: ImageSettings = {rules: [], ignore: [], extra: []};

function outcomes(value: JsonObject, settings: Partial<ImageSettings>): readonly string[] {
	const apiVersion = 'shop.example/v1';
	const root = {apiVersion, kind: 'Shop', ...value};
	return findImages([object(root, {apiVersion, kind: 'Shop'})], {...nothing, ...settings}).map(
		({image, outcome, origins}) => `${outcome} ${image} ${origins.map(({rule, path}) => `${rule} ${path}`).join()}`,
	);
}

const spec = {
	spec: {front: {picture: 'registry.example/front:1'}, back: {repo: 'registry.example/back', release: '2'}},
};

test('a rule of the operator finds what nothing else knows', (t) => {
	const rules = [
		{
			group: 'shop.example',
			kind: 'Shop',
			fields: [
				{path: 'spec.front.picture', form: 'image'},
				{path: 'spec.back', form: 'parts', keys: {repository: 'repo', tag: 'release'}},
			],
		},
	] as const;
	t.deepEqual(outcomes(spec, {}), ['potential registry.example/front:1 text/reference spec.front.picture']);
	t.deepEqual(outcomes(spec, {rules}), [
		'scan registry.example/back:2 policy/shop.example/Shop spec.back',
		'scan registry.example/front:1 policy/shop.example/Shop spec.front.picture',
	]);
	t.deepEqual(outcomes(spec, {rules: rules.map((rule) => ({...rule, group: '*.example', kind: 'Sh*'}))}).length, 2);
	t.deepEqual(outcomes(spec, {rules: rules.map((rule) => ({...rule, kind: 'Basket'}))}), outcomes(spec, {}));
});

test('a rule for a kind of the table adds to the table', (t) => {
	const rules = [{group: 'k8s.keycloak.org', kind: 'Keycloak', fields: [{path: 'spec.theme', form: 'image'}]}] as const;
	const apiVersion = 'k8s.keycloak.org/v2alpha1';
	const root = {
		apiVersion,
		kind: 'Keycloak',
		spec: {image: 'quay.io/keycloak/keycloak:26', theme: 'registry.example/theme:1'},
	};
	const found = findImages([object(root, {apiVersion, kind: 'Keycloak'})], {...nothing, rules});
	t.deepEqual(
		found.map(({image, outcome}) => [image, outcome]),
		[
			['quay.io/keycloak/keycloak:26', 'scan'],
			['registry.example/theme:1', 'scan'],
		],
	);
});

const pod = {spec: {containers: [{image: 'registry.example/a/x:1'}, {image: 'nginx'}]}};
const ignores = test.macro({
	exec(t, condition: Omit<ImageSettings['ignore'][number], 'reason'>, ...ignored: readonly string[]) {
		const found = findImages([object({...pod, apiVersion: 'v1', kind: 'Pod'})], {
			...nothing,
			ignore: [{...condition, reason: 'because'}],
		});
		t.deepEqual(
			found.filter(({outcome}) => outcome === 'ignored').map(({image}) => image),
			ignored,
		);
		for (const {outcome, origins} of found) {
			t.is(origins[0].reason, outcome === 'ignored' ? 'The policy ignores it: because' : undefined);
			t.is(origins[0].ignoredBy, outcome === 'ignored' ? 'policy' : undefined);
		}
	},
	title: (_, condition: object, ...ignored: readonly string[]) =>
		`${JSON.stringify(condition)} ignores ${ignored.join(', ') || 'nothing'}`,
});

test(ignores, {image: 'registry.example/a/*'}, 'registry.example/a/x:1');
test(ignores, {image: 'docker.io/library/nginx:latest'}, 'nginx');
test(ignores, {image: 'nginx:*'});
test(ignores, {kind: 'Pod'}, 'nginx', 'registry.example/a/x:1');
test(ignores, {kind: 'Pod', group: ''}, 'nginx', 'registry.example/a/x:1');
test(ignores, {kind: 'Pod', group: 'apps'});
test(ignores, {kind: 'Deployment'});
test(ignores, {path: 'spec.containers[]'}, 'nginx', 'registry.example/a/x:1');
test(ignores, {path: 'spec.containers[].image', image: 'nginx'}, 'nginx');
test(ignores, {path: 'spec.initContainers[]'});
test(ignores, {path: 'spec.container'});

test('extra images come with every object of a kind', (t) => {
	const extra = [{group: 'shop.example', kind: 'Shop', image: 'registry.example/theme:1', reason: 'our operator'}];
	t.deepEqual(outcomes({}, {extra}), ['scan registry.example/theme:1 policy/extra/shop.example/Shop ']);
	t.deepEqual(outcomes({}, {extra: extra.map((one) => ({...one, kind: 'Basket'}))}), []);
	t.deepEqual(outcomes({}, {extra: extra.map((one) => ({...one, image: 'UPPER/case'}))}), [
		'invalid UPPER/case policy/extra/shop.example/Shop ',
	]);
	t.deepEqual(outcomes({}, {extra, ignore: [{image: 'registry.example/*', reason: 'x'}]}), [
		'ignored registry.example/theme:1 policy/extra/shop.example/Shop ',
	]);
});
