import test from 'ava';
import {GateError} from '../../src/errors.ts';
import {gateWave} from '../../src/gate/waves.ts';
import type {ManifestObject} from '../../src/types.ts';
import {stream} from './samples.ts';

type Annotations = Readonly<Record<string, string>>;

const hook = 'argocd.argoproj.io/hook';
const wave = 'argocd.argoproj.io/sync-wave';
const weight = 'helm.sh/hook-weight';

const comesIn = test.macro({
	exec(t, expected: number, ...objects: readonly Annotations[]) {
		t.is(gateWave(stream(...objects.map((annotations) => ({annotations}))).objects), expected);
	},
	title: (what, expected: number, ...objects: readonly Annotations[]) =>
		`wave ${expected}: ${what ?? JSON.stringify(objects)}`,
});

test('nothing runs before the sync', comesIn, -1);
test(
	'waves of the sync itself do not count',
	comesIn,
	-1,
	{[wave]: '-9'},
	{[hook]: 'PostSync', [wave]: '-9'},
	{'helm.sh/hook': 'post-install', [weight]: '-9'},
);
test(comesIn, -6, {[hook]: 'PreSync', [wave]: '-5'});
test(comesIn, -1, {[hook]: 'PreSync', [wave]: '7'});
test(comesIn, -8, {[hook]: 'PreSync', [wave]: '-5'}, {[hook]: 'Sync, PreSync', [wave]: '-7'}, {[hook]: 'PreSync'});
test(comesIn, -6, {'helm.sh/hook': 'pre-install,pre-upgrade', [weight]: '-5'});
test('Argo’s wave wins over Helm’s weight', comesIn, -3, {'helm.sh/hook': 'pre-upgrade', [weight]: '-5', [wave]: '-2'});
test('Argo’s phases win over Helm’s', comesIn, -1, {[hook]: 'PostSync', 'helm.sh/hook': 'pre-install', [weight]: '-5'});
test('an Argo hook that names no phase leaves it to Helm’s', comesIn, -6, {
	[hook]: 'PreDelete',
	'helm.sh/hook': 'pre-install',
	[weight]: '-5',
});
test('a skipped hook', comesIn, -1, {[hook]: 'Skip', 'helm.sh/hook': 'pre-install', [weight]: '-5'});
test('what cannot be parsed is ignored', comesIn, -5, {[hook]: 'PreSync', [wave]: '-5x', [weight]: '-4'});
for (const text of [
	'',
	' -5',
	'-5 ',
	'-5.0',
	'0x5',
	'-1e3',
	'-5_0',
	'--5',
	'-٥',
	'-9223372036854775809',
	'-99999999999999999999',
]) {
	test(`"${text}" is no wave`, comesIn, -1, {[hook]: 'PreSync', [wave]: text});
}
test(comesIn, -1, {[hook]: 'PreSync', [wave]: '+5'});
test(comesIn, -6, {[hook]: 'PreSync', [wave]: '-0005'});
test(comesIn, -(2 ** 31), {[hook]: 'PreSync', [wave]: '-2147483647'});
test(comesIn, -1, {[hook]: 'PreSync', [wave]: '2147483648'});

for (const text of ['-2147483648', '2147483649', '-9223372036854775808', '9223372036854775807']) {
	test(`no wave is left for the gate beside ${text}`, (t) => {
		const {objects} = stream(
			{name: 'first'},
			{kind: 'Job', name: 'migrate', annotations: {[hook]: 'PreSync', [wave]: text}},
		);
		const error = t.throws(() => gateWave(objects), {instanceOf: GateError});
		t.is(error.code, 'wave-out-of-range');
		t.regex(error.message, /Job\/shop\/migrate/);
	});
}

test('a wave that is a number without quotes counts like its text', (t) => {
	const [object] = stream({annotations: {[hook]: 'PreSync'}}).objects;
	const withWave = (annotations: ManifestObject['value']) => [
		{...(object as ManifestObject), value: {metadata: {annotations}}},
	];
	t.is(gateWave(withWave({[wave]: -5n})), -6);
	t.is(gateWave(withWave({[wave]: -5})), -6);
	t.is(gateWave(withWave({[wave]: [-5]})), -1);
});

test('metadata of another shape has no wave', (t) => {
	const [object] = stream({annotations: {[hook]: 'PreSync'}}).objects;
	for (const value of [{}, {metadata: null}, {metadata: {annotations: ['x']}}, {metadata: 'x'}]) {
		t.is(gateWave([{...(object as ManifestObject), value}]), -1);
	}
});
