import test from 'ava';
import {platformsOf} from '../../src/images/architectures.ts';
import {findImages} from '../../src/images/find.ts';
import type {JsonObject, JsonValue} from '../../src/types.ts';
import {object} from './samples.ts';

const binds = test.macro({
	exec(t, pod: JsonObject, ...expected: readonly string[]) {
		const platforms: readonly string[] | undefined = platformsOf(pod);
		t.deepEqual(platforms, expected.length === 0 ? undefined : [...expected]);
	},
	title: (_, pod: JsonObject, ...expected: readonly string[]) =>
		`${JSON.stringify(pod)} runs on ${expected.length === 0 ? 'any platform' : expected.join(', ')}`,
});

function affinity(...terms: readonly JsonValue[]): JsonObject {
	return {affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: terms}}}};
}

function arch(operator: string, ...values: readonly JsonValue[]): JsonObject {
	return {matchExpressions: [{key: 'kubernetes.io/arch', operator, values}]};
}

const selector = (value: JsonValue): JsonObject => ({nodeSelector: {'kubernetes.io/arch': value}});

test(binds, selector('arm64'), 'linux/arm64');
test(binds, {nodeSelector: {'beta.kubernetes.io/arch': 's390x'}}, 'linux/s390x');
test(binds, {nodeSelector: {'kubernetes.io/arch': 'amd64', 'beta.kubernetes.io/arch': 'amd64'}}, 'linux/amd64');
test(binds, affinity(arch('In', 'arm64', 'amd64')), 'linux/amd64', 'linux/arm64');
test(binds, affinity(arch('In', 'arm64'), arch('In', 'amd64', 'arm64')), 'linux/amd64', 'linux/arm64');
test(binds, {...selector('arm64'), ...affinity(arch('In', 'amd64', 'arm64'))}, 'linux/arm64');

// Whatever leaves a way to another node, or is not understood, binds to nothing.
test(binds, {});
test(binds, {nodeSelector: {'kubernetes.io/os': 'linux'}});
test(binds, selector(64));
test(binds, selector('../../amd64'));
test(binds, {nodeSelector: {'kubernetes.io/arch': 'amd64', 'beta.kubernetes.io/arch': 'arm64'}});
test(binds, {...selector('s390x'), ...affinity(arch('In', 'arm64'))});
test(binds, affinity());
test(binds, affinity(arch('NotIn', 'arm64')));
test(binds, affinity(arch('Exists')));
test(binds, affinity(arch('In')));
test(binds, affinity(arch('In', 5)));
test(binds, affinity({matchExpressions: [{key: 'kubernetes.io/arch', operator: 'In', values: 'arm64'}]}));
test(binds, affinity(arch('In', 'arm64'), {matchExpressions: [{key: 'pool', operator: 'In', values: ['a']}]}));
test(binds, affinity(arch('In', 'arm64'), {matchFields: [{key: 'metadata.name', operator: 'In', values: ['node']}]}));
test(binds, affinity('term'));
test(binds, {
	affinity: {
		nodeAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 1, preference: arch('In', 'arm64')}]},
	},
});

const pod = {nodeSelector: {'kubernetes.io/arch': 'arm64'}, containers: [{image: 'a1'}]};

function platformsIn(apiVersion: string, kind: string, value: JsonObject): unknown {
	const [found] = findImages([object({apiVersion, kind, ...value}, {apiVersion, kind})]);
	return found?.origins[0].platforms;
}

for (const [apiVersion, kind, value] of [
	['v1', 'Pod', {spec: pod}],
	['v1', 'PodTemplate', {template: {spec: pod}}],
	['v1', 'ReplicationController', {spec: {template: {spec: pod}}}],
	['apps/v1', 'Deployment', {spec: {template: {spec: pod}}}],
	['apps/v1', 'StatefulSet', {spec: {template: {spec: pod}}}],
	['apps/v1', 'DaemonSet', {spec: {template: {spec: pod}}}],
	['apps/v1', 'ReplicaSet', {spec: {template: {spec: pod}}}],
	['batch/v1', 'Job', {spec: {template: {spec: pod}}}],
	['batch/v1', 'CronJob', {spec: {jobTemplate: {spec: {template: {spec: pod}}}}}],
] as const) {
	test(`the selectors of a ${kind} count`, (t) => t.deepEqual(platformsIn(apiVersion, kind, value), ['linux/arm64']));
}

for (const [why, apiVersion, kind, value] of [
	['an operator may not pass them on', 'argoproj.io/v1alpha1', 'Rollout', {spec: {template: {spec: pod}}}],
	['a namesake is not the kind', 'apps.kruise.io/v1', 'StatefulSet', {spec: {template: {spec: pod}}}],
	['they are not where a Deployment has its pod', 'apps/v1', 'Deployment', {spec: pod}],
	['they are of an object inside of another', 'v1', 'Pod', {x: {apiVersion: 'v1', kind: 'Pod', spec: pod}}],
] as const) {
	test(`selectors do not count: ${why}`, (t) => t.is(platformsIn(apiVersion, kind, value), undefined));
}
