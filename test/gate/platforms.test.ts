import test from 'ava';
import * as fc from 'fast-check';
import {platformsFor} from '../../src/gate/platforms.ts';
import type {ImageOutcome, Platform} from '../../src/types.ts';
import {decided, origin, reference, scanned} from './samples.ts';

type Names = readonly string[];

const needs = test.macro({
	exec(t, policy: Names, origins: readonly (Names | undefined)[], expected: Names) {
		t.deepEqual<Names, Names>(platformsFor(using(origins), asPlatforms(policy)), expected);
	},
	title: (_, policy: Names, origins: readonly (Names | undefined)[], expected: Names) =>
		`policy ${policy.join(', ')}; pods on ${origins.map((one) => one?.join('|') ?? 'any').join(' and ')}: ${expected.join(', ')}`,
});

function using(origins: readonly (Names | undefined)[], outcome: ImageOutcome = 'scan') {
	const [first = origin(), ...others] = origins.map((platforms) =>
		origin({outcome, ...(platforms === undefined ? {} : {platforms: asPlatforms(platforms)})}),
	);
	return reference('registry.example/a:1', {origins: [first, ...others]});
}

function asPlatforms(list: Names): readonly Platform[] {
	return list.map((name) => name as Platform);
}

const both: Names = ['linux/amd64', 'linux/arm64'];
test(needs, both, [undefined], both);
test(needs, both, [['linux/arm64']], ['linux/arm64']);
test(needs, both, [['linux/arm64'], ['linux/amd64']], both);
test(needs, both, [['linux/arm64'], undefined], both);
test(needs, ['linux/arm/v7', 'linux/amd64'], [['linux/arm']], ['linux/arm/v7']);
// What the policy does not name is added, and takes nothing away.
test(needs, ['linux/amd64'], [['linux/s390x']], ['linux/amd64', 'linux/s390x']);
test(needs, both, [['linux/arm64', 'linux/s390x']], ['linux/arm64', 'linux/s390x']);
test(needs, both, [['linux/s390x'], ['linux/arm64']], [...both, 'linux/s390x']);

test('selectors of places that are not scanned do not count', (t) => {
	const image = using([['linux/arm64']], 'potential');
	t.deepEqual<Names, Names>(platformsFor(image, asPlatforms(both)), both);
});

const names = fc.subarray(['linux/amd64', 'linux/arm64', 'linux/arm/v7', 'linux/s390x'], {minLength: 1});
const selected = fc.subarray(['linux/amd64', 'linux/arm64', 'linux/arm', 'linux/ppc64le'], {minLength: 1});

test('never nothing, and never less than what a pod can run on', (t) => {
	fc.assert(
		fc.property(
			names,
			fc.array(fc.option(selected, {nil: undefined}), {minLength: 1, maxLength: 3}),
			(policy, origins) => {
				const platforms: Names = platformsFor(using(origins), asPlatforms(policy));
				t.true(platforms.length > 0);
				if (origins.includes(undefined)) for (const platform of policy) t.true(platforms.includes(platform));
				for (const one of origins.flatMap((each) => each ?? [])) {
					t.true(platforms.some((platform) => platform === one || platform.startsWith(`${one}/`)));
				}
				t.deepEqual<Names, Names>(platformsFor(using(origins.toReversed()), asPlatforms(policy)), platforms);
			},
		),
		{numRuns: 1000},
	);
});

test('an image is not known until it is scanned where its pods run', (t) => {
	const image = using([['linux/arm64']]);
	const policy = {platforms: asPlatforms(both)};
	t.is(decided([image], [], policy).decision, 'unknown');
	t.is(decided([image], [scanned('registry.example/a:1')], policy).decision, 'unknown');
	t.is(
		decided([image], [scanned('registry.example/a:1', {platform: 'linux/arm64' as Platform})], policy).decision,
		'allow',
	);
});
