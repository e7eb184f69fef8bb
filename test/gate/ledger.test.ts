import test from 'ava';
import * as fc from 'fast-check';
import {decide} from '../../src/gate/decide.ts';
import {ledgerOf, parseLedger, withAllowed, type Ledger} from '../../src/gate/ledger.ts';
import type {Policy} from '../../src/gate/policy.ts';
import {reasonText} from '../../src/gate/reasons.ts';
import {tighten} from '../../src/gate/tighten.ts';
import {decisions, type Finding, type GateDecision} from '../../src/types.ts';
import {policies, scans} from './arbitraries.ts';
import {canonical, finding, now, policy, reference, scanned, unscanned} from './samples.ts';

const image = 'registry.example/api:1.4';
const digest = `sha256:${'a'.repeat(64)}`;
const fortnight = {readmit: {within: 336, exceptSeverities: []}} as const;
const allowedOn = (day: string): Ledger => ({
	evidence: 'allowed',
	since: (one) => (one === digest ? day : undefined),
	allowedAt: () => undefined,
});

function judged(
	found: Partial<Finding>,
	change: Partial<Policy>,
	ledger: Ledger | undefined,
	own = digest,
): GateDecision {
	const verdicts = [scanned(image, {digest: own, findings: [finding(found)]})];
	return decide({references: [reference(image)], verdicts, policy: policy(change), canonical, now, ledger});
}

const readmits = test.macro({
	exec(t, publishedDate: string | undefined, since: string, until: string | undefined) {
		const {decision, images, ahead} = judged({publishedDate}, fortnight, allowedOn(since));
		t.is(decision, until === undefined ? 'deny' : 'warn');
		const [reason] = images[0]?.reasons ?? [];
		if (until === undefined) {
			t.is(reason?.pass, undefined);
			return;
		}
		t.deepEqual(reason?.pass, {kind: 'readmitted', deployed: since, until, evidence: 'allowed'});
		t.like(ahead, [{kind: 'readmission', image, until, ids: ['CVE-2021-44906']}]);
		t.regex(
			reason === undefined ? '' : reasonText(reason),
			new RegExp(`; disclosed since the image was allowed on ${since}, readmitted until ${until}$`),
		);
	},
	title: (_what, published: string | undefined, since: string, until: string | undefined) =>
		`published ${published}, allowed since ${since}: ${until === undefined ? 'denied' : `readmitted until ${until}`}`,
});

test(readmits, '2026-11-15T08:00:00Z', '2026-11-02', '2026-11-29');
test(readmits, '2026-11-15T08:00:00Z', '2026-11-15', '2026-11-29');
test(readmits, '2026-11-15T08:00:00Z', '2026-11-16', undefined);
test(readmits, '2026-11-07T23:00:00Z', '2026-01-01', '2026-11-21');
test(readmits, '2026-11-06T23:00:00Z', '2026-01-01', undefined);
test(readmits, '2026-11-22T00:00:00Z', '2026-01-01', undefined);
test(readmits, undefined, '2026-01-01', undefined);
test(readmits, 'lately', '2026-01-01', undefined);

const lately = {publishedDate: '2026-11-20T08:00:00Z'};
const known = allowedOn('2026-11-01');

test('another digest, no ledger and a policy without readmission admit nothing', (t) => {
	t.is(judged(lately, fortnight, known).decision, 'warn');
	t.is(judged(lately, fortnight, known, `sha256:${'b'.repeat(64)}`).decision, 'deny');
	t.is(judged(lately, fortnight, undefined).decision, 'deny');
	t.is(judged(lately, {}, known).decision, 'deny');
	t.is(judged(lately, tighten(policy(fortnight), {readmit: false}), known).decision, 'deny');
});

test('severities that the policy excepts, and what is known to be exploited, are not readmitted', (t) => {
	const except = {readmit: {within: 336, exceptSeverities: ['CRITICAL']}} as const;
	t.is(judged(lately, except, known).decision, 'deny');
	t.is(judged({...lately, severity: 'HIGH'}, except, known).decision, 'warn');
	t.is(judged(lately, {...fortnight, knownExploited: 'deny'}, known).decision, 'deny');
});

const about = {application: 'api', project: 'shop', now};

test('what was allowed is written down with its first and its last day', (t) => {
	const clean = judged({severity: 'LOW'}, {}, undefined);
	const first = withAllowed(undefined, clean, about);
	t.deepEqual(first?.digests, {[digest]: {first: '2026-11-21', last: '2026-11-21'}});
	t.deepEqual(first?.images, {[image]: '2026-11-21T12:00:00.000Z'});
	t.deepEqual(withAllowed(first, clean, about), first);
	const later = withAllowed(first, clean, {...about, now: new Date('2026-12-01T00:00:00Z')});
	t.deepEqual(later?.digests, {[digest]: {first: '2026-11-21', last: '2026-12-01'}});
	t.is(ledgerOf(parseLedger(JSON.stringify(later))).since(digest), '2026-11-21');
	t.is(ledgerOf(undefined).since(digest), undefined);
	for (const text of [
		'',
		'{',
		'[]',
		'{"version":2}',
		JSON.stringify({...first, digests: {x: {first: 'today', last: ''}}}),
	])
		t.is(parseLedger(text), undefined);
});

test('nothing of a refused or unknown application is written down, and nothing that passed by break-glass', (t) => {
	t.is(withAllowed(undefined, judged({}, {}, undefined), about), undefined);
	const beside = decide({
		references: [reference(image), reference('registry.example/web:1')],
		verdicts: [scanned(image), unscanned('registry.example/web:1')],
		policy: policy(),
		canonical,
		now,
	});
	t.is(withAllowed(undefined, beside, about), undefined);
	const entry = {
		project: 'shop',
		application: 'api',
		revision: '1',
		approver: 'jane',
		reason: 'hotfix',
		from: '2026-11-21T11:00:00Z',
		hours: 4,
		source: 'shop.yaml#1',
	};
	const broken = decide({
		references: [reference(image)],
		verdicts: [scanned(image, {findings: [finding()]})],
		policy: policy(),
		canonical,
		now,
		scope: {application: 'api', project: 'shop', revision: '1'},
		exceptions: {exceptions: [], breakGlass: [entry]},
	});
	t.is(broken.decision, 'warn');
	t.is(withAllowed(undefined, broken, about), undefined);
});

test('the ledger of an application is bounded: what was allowed longest ago goes first', (t) => {
	const old = Object.fromEntries(
		Array.from({length: 2000}, (_, index) => {
			const day = index === 7 ? '2026-01-01' : '2026-11-20';
			return [`sha256:${index}`, {first: day, last: day}];
		}),
	);
	const next = withAllowed(
		{version: 1, application: 'api', digests: old, images: {}},
		judged({severity: 'LOW'}, {}, undefined),
		about,
	);
	t.is(Object.keys(next?.digests ?? {}).length, 2000);
	t.false(Object.hasOwn(next?.digests ?? {}, 'sha256:7'));
	t.true(Object.hasOwn(next?.digests ?? {}, digest));
});

test('property: what the ledger knows never makes a decision stricter, and never allows without a warning', (t) => {
	const always: Ledger = {evidence: 'allowed', since: () => '2026-11-10', allowedAt: () => '2026-11-21T00:00:00Z'};
	fc.assert(
		fc.property(policies, scans, (own, scan) => {
			const before = decide({...scan, policy: own, canonical, now});
			const after = decide({...scan, policy: own, canonical, now, ledger: always});
			const then = new Map(after.images.map((one) => [one.reference.image, decisions.indexOf(one.decision)]));
			return before.images.every(({reference: {image: name}, decision}) => {
				const strict = then.get(name) ?? 99;
				return strict <= decisions.indexOf(decision) && (decision === 'allow' || strict > 0);
			});
		}),
	);
	t.pass();
});
