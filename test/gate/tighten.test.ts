import test from 'ava';
import * as fc from 'fast-check';
import {decide} from '../../src/gate/decide.ts';
import {enforcements} from '../../src/gate/fields.ts';
import type {Policy} from '../../src/gate/policy.ts';
import {tighten, type TighteningParameters} from '../../src/gate/tighten.ts';
import {decisions, type ImageDecision} from '../../src/types.ts';
import {policies, scans, wishes} from './arbitraries.ts';
import {amd64, arm64, canonical, now, policy} from './samples.ts';

const tightens = test.macro({
	exec(t, wish: TighteningParameters, from: Partial<Policy>, to: Partial<Policy>) {
		t.deepEqual(tighten(policy(from), wish), policy({...from, ...to}));
	},
	title: (_what, wish: TighteningParameters, from: Partial<Policy>, to: Partial<Policy>) =>
		`${JSON.stringify(wish)} ${Object.keys(to).length === 0 ? 'has no effect on' : `makes ${JSON.stringify(to)} of`} ${JSON.stringify(from)}`,
});

test(tightens, {}, {}, {});
test(tightens, {severities: ['LOW']}, {severities: ['CRITICAL', 'HIGH']}, {severities: ['CRITICAL', 'HIGH', 'LOW']});
test(tightens, {severities: []}, {severities: ['CRITICAL', 'HIGH']}, {});
test(tightens, {severities: ['CRITICAL']}, {severities: ['CRITICAL', 'HIGH']}, {});
test(tightens, {ignoreUnfixed: false}, {ignoreUnfixed: true}, {ignoreUnfixed: false});
test(tightens, {ignoreUnfixed: true}, {ignoreUnfixed: false}, {});
test(tightens, {ignoreUnfixed: true}, {ignoreUnfixed: true}, {});
for (const field of ['noPackages', 'endOfLife', 'staleDatabase'] as const) {
	test(tightens, {[field]: 'deny'}, {[field]: 'warn'}, {[field]: 'deny'});
	test(tightens, {[field]: 'warn'}, {[field]: 'deny'}, {});
	test(tightens, {[field]: 'warn'}, {[field]: 'warn'}, {});
}
test(tightens, {maxDatabaseAgeHours: 24}, {maxDatabaseAgeHours: 72}, {maxDatabaseAgeHours: 24});
test(tightens, {maxDatabaseAgeHours: 240}, {maxDatabaseAgeHours: 72}, {});
test(tightens, {maxDatabaseAgeHours: NaN}, {maxDatabaseAgeHours: 72}, {});
test(tightens, {platforms: [arm64, amd64]}, {platforms: [amd64]}, {platforms: [amd64, arm64]});
test(tightens, {platforms: []}, {platforms: [amd64]}, {});
test(tightens, {digestRequired: true}, {digestRequired: false}, {digestRequired: true});
test(tightens, {digestRequired: false}, {digestRequired: true}, {});
test(tightens, {enforcement: 'seal'}, {enforcement: 'job'}, {enforcement: 'seal'});
test(tightens, {enforcement: 'warn'}, {enforcement: 'job'}, {});
test(tightens, {enforcement: 'fail-render'}, {enforcement: 'warn'}, {enforcement: 'fail-render'});

test('property: what an author asks never makes an image’s decision or the enforcement less strict', (t) => {
	fc.assert(
		fc.property(policies, wishes, scans, (from, wish, scan) => {
			const before = decide({...scan, policy: from, canonical, now});
			const after = decide({...scan, policy: tighten(from, wish), canonical, now});
			const then = strictness(after.images);
			return (
				[...strictness(before.images)].every(([image, strict]) => (then.get(image) ?? -1) >= strict) &&
				enforcements.indexOf(after.enforcement) >= enforcements.indexOf(before.enforcement)
			);
		}),
	);
	t.pass();
});

test('property: asking twice is asking once, and no wish touches what only the operator sets', (t) => {
	fc.assert(
		fc.property(policies, wishes, (from, wish) => {
			const once = tighten(from, wish);
			t.deepEqual(tighten(once, wish), once);
			t.is(once.job, from.job);
			t.is(once.feeds, from.feeds);
			t.is(once.images, from.images);
			t.is(once.layers, from.layers);
			const {deny, narrowedTo: _, ...network} = once.registries;
			t.like(from.registries, network);
			t.true(from.registries.deny.every((pattern) => deny.includes(pattern)));
			if (wish.registries === undefined) t.is(once.registries, from.registries);
			if (wish.unscannable === undefined) t.is(once.unscannable, from.unscannable);
			t.true(once.maxDatabaseAgeHours <= from.maxDatabaseAgeHours);
		}),
	);
});

function strictness(images: readonly ImageDecision[]): Map<string, number> {
	return new Map(images.map(({reference, decision}) => [reference.image, decisions.indexOf(decision)]));
}
