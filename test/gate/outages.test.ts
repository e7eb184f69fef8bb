import test from 'ava';
import {GateError, type ErrorCode} from '../../src/errors.ts';
import {decide} from '../../src/gate/decide.ts';
import type {Ledger} from '../../src/gate/ledger.ts';
import type {OutageChoice} from '../../src/gate/outages.ts';
import type {Policy} from '../../src/gate/policy.ts';
import {reasonText} from '../../src/gate/reasons.ts';
import {tighten} from '../../src/gate/tighten.ts';
import {verdictsOfOutage} from '../../src/outage.ts';
import {targetOf} from '../../src/scan-targets.ts';
import {unscannedReasons, type Decision, type ImageName, type UnscannedReason} from '../../src/types.ts';
import {amd64, arm64, canonical, now, policy, reference, unscanned} from './samples.ts';

const image = 'registry.example/api:1.4';
const ledger = (allowedAt: string | undefined): Ledger => ({
	evidence: 'allowed',
	since: () => undefined,
	allowedAt: (one) => (one === image ? allowedAt : undefined),
});

function judged(reason: UnscannedReason, change: Partial<Policy>, allowedAt?: string) {
	const verdicts = [unscanned(image, {reason})];
	const options = {references: [reference(image)], verdicts, canonical, now, ledger: ledger(allowedAt)};
	return decide({...options, policy: policy(change)});
}

const each = {registry: 'warn', scanner: 'deny', busy: 'readmit', allowedWithin: 72} as const;
const expected: Readonly<Record<UnscannedReason, Decision>> = {
	unreachable: 'warn',
	'rate-limited': 'warn',
	'registry-error': 'warn',
	'scanner-failed': 'deny',
	'scanner-timeout': 'deny',
	'report-invalid': 'deny',
	deadline: 'unknown',
	canceled: 'unknown',
	'address-refused': 'unknown',
	unauthorized: 'unknown',
	'not-found': 'unknown',
	'platform-missing': 'unknown',
};
for (const reason of unscannedReasons) {
	test(`${reason} is ${expected[reason]} where outages have a choice each`, (t) => {
		t.is(judged(reason, {outages: each}).decision, expected[reason]);
		t.is(judged(reason, {unscannable: 'deny'}).decision, 'deny');
	});
}

const readmit = {outages: {registry: 'readmit', allowedWithin: 72}} as const;
const lately = test.macro({
	exec(t, allowedAt: string | undefined, decision: Decision) {
		const {decision: found, images} = judged('unreachable', readmit, allowedAt);
		t.is(found, decision);
		const [reason] = images[0]?.reasons ?? [];
		t.deepEqual(reason?.pass, decision === 'warn' ? {kind: 'allowed-before', allowedAt} : undefined);
		if (reason !== undefined && decision === 'warn')
			t.true(reasonText(reason).endsWith(`; it was allowed at ${allowedAt}`));
	},
	title: (_what, allowedAt: string | undefined, decision: Decision) =>
		`allowed at ${allowedAt}, with the registry down: ${decision}`,
});

test(lately, '2026-11-21T11:00:00.000Z', 'warn');
test(lately, '2026-11-18T12:00:00.000Z', 'warn');
test(lately, '2026-11-18T11:59:59.000Z', 'unknown');
test(lately, '2026-11-21T12:00:01.000Z', 'unknown');
test(lately, undefined, 'unknown');

test('what tightens unscannable tightens every outage that is told apart', (t) => {
	const own = policy({unscannable: 'warn', outages: each});
	t.deepEqual(tighten(own, {unscannable: 'unknown'}).outages, {
		registry: 'unknown',
		scanner: 'deny',
		busy: 'unknown',
		allowedWithin: 72,
	});
	t.is(tighten(own, {}).outages, own.outages);
});

const whole = test.macro({
	exec(t, code: ErrorCode, outages: Partial<Record<'registry' | 'scanner' | 'busy', OutageChoice>>, told: boolean) {
		const error = new GateError({stage: 'scan', code, what: 'it is not there'});
		const targets = [{...targetOf(image as ImageName), platforms: [amd64, arm64]}];
		const verdicts = verdictsOfOutage(error, targets, policy({outages: {...outages, allowedWithin: 72}}));
		t.is(verdicts === undefined, told);
		if (verdicts !== undefined) {
			t.deepEqual(
				verdicts.map(({platform, kind}) => [platform, kind]),
				[
					[amd64, 'unscanned'],
					[arm64, 'unscanned'],
				],
			);
		}
	},
	title: (_what, code: ErrorCode, outages: object, told: boolean) =>
		`${code} under ${JSON.stringify(outages)} ${told ? 'is an error' : 'is a verdict for each image'}`,
});

test(whole, 'service-busy', {}, true);
test(whole, 'service-busy', {busy: 'unknown'}, true);
test(whole, 'service-busy', {busy: 'readmit'}, false);
test(whole, 'service-busy', {scanner: 'readmit'}, true);
test(whole, 'service-unreachable', {scanner: 'warn'}, false);
test(whole, 'database-unavailable', {scanner: 'deny'}, false);
test(whole, 'policy-invalid', {scanner: 'warn', busy: 'warn'}, true);

test('a bug is no outage', (t) => {
	t.is(verdictsOfOutage(new Error('x'), [], policy({outages: {scanner: 'warn', allowedWithin: 1}})), undefined);
});
