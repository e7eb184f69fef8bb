import test from 'ava';
import * as fc from 'fast-check';
import {decide} from '../../src/gate/decide.ts';
import {parseExploitProbability, parseKnownExploited, type Feeds} from '../../src/gate/feeds.ts';
import {countingRule} from '../../src/gate/findings.ts';
import type {Policy} from '../../src/gate/policy.ts';
import {reasonText} from '../../src/gate/reasons.ts';
import type {Finding, FindingRule} from '../../src/types.ts';
import {policies} from './arbitraries.ts';
import {canonical, decided, finding, now, policy, reference, scanned} from './samples.ts';

const image = 'registry.example/api:1.4';
const feeds: Feeds = {
	exploited: new Set(['CVE-2021-44228']),
	probability: new Map([
		['CVE-2021-44228', 0.94],
		['CVE-2020-1', 0.2],
	]),
};

const counts = test.macro({
	exec(t, found: Partial<Finding>, change: Partial<Policy>, rule: FindingRule | undefined) {
		t.is(countingRule(finding(found), {policy: policy(change), feeds, abandoned: false}), rule);
	},
	title: (_what, found: object, change: object, rule: string | undefined) =>
		`${JSON.stringify(found)} under ${JSON.stringify(change)} ${rule === undefined ? 'does not count' : `counts by ${rule}`}`,
});

const unfixed = {fixedVersion: undefined, status: 'affected'} as const;
test(counts, {}, {}, 'severities');
test(counts, {severity: 'LOW'}, {}, undefined);
test(counts, unfixed, {unfixedSeverities: ['CRITICAL']}, 'severities');
test(counts, {...unfixed, severity: 'HIGH'}, {unfixedSeverities: ['CRITICAL']}, undefined);
test(counts, {severity: 'HIGH'}, {unfixedSeverities: ['CRITICAL']}, 'severities');
test(counts, {status: 'will_not_fix'}, {ignoreStatuses: ['will_not_fix']}, undefined);
test(counts, {status: 'affected'}, {ignoreStatuses: ['will_not_fix']}, 'severities');
test(counts, {severity: 'LOW', score: 7.5}, {score: 7.5}, 'score');
test(counts, {severity: 'LOW', score: 7.4}, {score: 7.5}, undefined);
test(counts, {severity: 'LOW', score: undefined}, {score: 7.5}, undefined);
test(counts, {...unfixed, severity: 'LOW', score: 9}, {score: 7.5, ignoreUnfixed: true}, undefined);
const libraries = {packages: {types: ['library'], deny: []}} as const;
test(counts, {type: 'os'}, libraries, undefined);
test(counts, {type: 'library'}, libraries, 'severities');
test(counts, {type: undefined}, libraries, 'severities');
const denies = (pattern: string) => ({packages: {types: ['os'], deny: [pattern]}}) as const;
const minimist = {packages: {types: ['os'], deny: ['pkg:npm/mini*']}} as const;
test(counts, {severity: 'LOW', type: 'library'}, minimist, 'packages');
test(counts, {severity: 'LOW', purl: 'pkg:npm/lodash@4'}, minimist, undefined);
test(counts, {severity: 'LOW', purl: 'pkg:npm/%40angular/core@1.0.0'}, denies('pkg:npm/@angular/core'), 'packages');
test(
	counts,
	{severity: 'LOW', purl: 'pkg:npm/%40angular/core@1.0.0'},
	denies('pkg:npm/%40angular/core@1*'),
	'packages',
);
test(
	counts,
	{severity: 'LOW', purl: 'pkg:deb/debian/libc6@2.36-9%2Bdeb12u1?arch=amd64'},
	denies('pkg:deb/debian/libc6@2.36-9+deb12u1'),
	'packages',
);
test(counts, {severity: 'LOW', purl: 'pkg:npm/mini%40angular@1'}, denies('pkg:npm/mini'), undefined);
test(counts, {severity: 'LOW', purl: 'pkg:npm/a%2Fb@1'}, denies('pkg:npm/a/b'), undefined);
const exploited = {id: 'CVE-2021-44228', severity: 'LOW', type: 'os', ...unfixed} as const;
test(counts, exploited, {knownExploited: 'deny', ignoreUnfixed: true, ...libraries}, 'knownExploited');
test(counts, exploited, {}, undefined);
test(counts, exploited, {exploitProbability: 0.5, ignoreUnfixed: true}, 'exploitProbability');
test(counts, {...exploited, id: 'CVE-2020-1'}, {exploitProbability: 0.5}, undefined);
test(counts, {...exploited, id: 'CVE-2020-2'}, {exploitProbability: 0.5, knownExploited: 'deny'}, undefined);

test('on an abandoned distribution findings count without a fix and with any status', (t) => {
	const loose = policy({ignoreUnfixed: true, ignoreStatuses: ['affected']});
	t.is(countingRule(finding(unfixed), {policy: loose, feeds, abandoned: true}), 'severities');
});

test('a rule whose feed is not there holds for every finding', (t) => {
	const blind = {feeds: {}, abandoned: false};
	const harmless = finding({severity: 'LOW'});
	t.is(countingRule(harmless, {...blind, policy: policy({knownExploited: 'deny'})}), 'knownExploited');
	t.is(countingRule(harmless, {...blind, policy: policy({exploitProbability: 0.9})}), 'exploitProbability');
});

const grace = test.macro({
	exec(t, publishedDate: string | undefined, hours: number, until: string | undefined) {
		const {decision, images, ahead} = decided(
			[reference(image)],
			[scanned(image, {findings: [finding({publishedDate})]})],
			{
				grace: {CRITICAL: hours},
			},
		);
		t.is(decision, until === undefined ? 'deny' : 'warn');
		const [reason] = images[0]?.reasons ?? [];
		t.deepEqual(reason?.pass, until === undefined ? undefined : {kind: 'grace', until});
		if (reason !== undefined && until !== undefined) {
			t.true(reasonText(reason).endsWith(`; its grace period lasts until ${until}`));
			t.like(ahead, [{kind: 'grace', image, until, ids: ['CVE-2021-44906']}]);
		}
	},
	title: (_what, published: string | undefined, hours: number, until: string | undefined) =>
		`published ${published}, with ${hours} h of grace: ${until === undefined ? 'denied' : `warned until ${until}`}`,
});

test(grace, '2026-11-20T18:00:00Z', 168, '2026-11-27');
test(grace, '2026-11-14T18:00:00Z', 168, '2026-11-21');
test(grace, '2026-11-13T18:00:00Z', 168, undefined);
test(grace, '2026-11-21T23:00:00Z', 1, '2026-11-22');
test(grace, '2026-11-22T00:00:00Z', 168, undefined);
test(grace, undefined, 168, undefined);
test(grace, 'yesterday', 168, undefined);
test(grace, '+275760-09-13T00:00:00Z', 87_600, undefined);

test('what is known to be exploited has no grace', (t) => {
	const found = finding({id: 'CVE-2021-44228', publishedDate: '2026-11-20T18:00:00Z'});
	const {decision} = decide({
		references: [reference(image)],
		verdicts: [scanned(image, {findings: [found]})],
		policy: policy({grace: {CRITICAL: 168}, knownExploited: 'deny'}),
		canonical,
		now,
		feeds,
	});
	t.is(decision, 'deny');
});

const tagged = test.macro({
	exec(t, name: string, denied: boolean) {
		const {decision, images} = decided([reference(name)], [scanned(name)], {tagsForbidden: ['latest', '*-dev']});
		t.is(decision, denied ? 'deny' : 'allow');
		t.is(
			images[0]?.reasons.some((reason) => reason.kind === 'reference' && reason.rule === 'tag-forbidden'),
			denied,
		);
	},
	title: (_what, name: string, denied: boolean) => `${name} is ${denied ? 'denied' : 'allowed'}`,
});

test(tagged, 'registry.example/api:latest', true);
test(tagged, 'registry.example/api', true);
test(tagged, 'registry.example/api:1-dev', true);
test(tagged, 'registry.example/api:1', false);
test(tagged, `registry.example/api:latest@sha256:${'a'.repeat(64)}`, false);

test('CISA’s catalog is read when it is whole', (t) => {
	const catalog = {
		title: 'CISA Catalog of Known Exploited Vulnerabilities',
		catalogVersion: '2026.11.20',
		dateReleased: '2026-11-20T17:00:55.0303Z',
		count: 1,
		vulnerabilities: [{cveID: 'CVE-2021-44228', vendorProject: 'Apache', dateAdded: '2021-12-10'}],
	};
	const read = parseKnownExploited(JSON.stringify(catalog));
	t.deepEqual([...(read?.content ?? [])], ['CVE-2021-44228']);
	t.is(read?.madeAt.toISOString(), '2026-11-20T17:00:55.030Z');
	t.is(parseKnownExploited(JSON.stringify(catalog).slice(0, -5)), undefined);
	t.is(parseKnownExploited(JSON.stringify({...catalog, vulnerabilities: []})), undefined);
	t.is(parseKnownExploited(JSON.stringify({...catalog, dateReleased: 'today'})), undefined);
	t.is(parseKnownExploited('[]'), undefined);
});

test('EPSS is read for the ids that are wanted, when it is whole', (t) => {
	const head = '#model_version:v2025.03.14,score_date:2026-11-20T00:00:00+0000\ncve,epss,percentile\n';
	const text = `${head}CVE-1999-0001,0.01025,0.76\nCVE-2021-44228,0.94358,0.99\n`;
	const wanted = new Set(['CVE-2021-44228', 'CVE-2030-1']);
	const read = parseExploitProbability(text, wanted);
	t.deepEqual([...(read?.content ?? [])], [['CVE-2021-44228', 0.94358]]);
	t.is(read?.madeAt.toISOString(), '2026-11-20T00:00:00.000Z');
	t.deepEqual(
		[...(parseExploitProbability(text.replaceAll('\n', '\r\n'), wanted)?.content.keys() ?? [])],
		['CVE-2021-44228'],
	);
	for (const broken of [
		'',
		head,
		text.slice(0, -4),
		text.replace('#model_version', 'model_version'),
		text.replace('percentile\n', 'percentile,more\n'),
		text.replace('0.94358', '94'),
		text.replace('0.94358', ''),
		text.replace('CVE-1999', '<html>'),
	]) {
		t.is(parseExploitProbability(broken, wanted), undefined, broken);
	}
});

test('property: what a looser score, status or grace lets pass, a stricter one need not, and never the other way', (t) => {
	fc.assert(
		fc.property(policies, fc.constantFrom('score', 'grace', 'ignoreStatuses', 'knownExploited'), (own, field) => {
			const loosest = {score: undefined, grace: {CRITICAL: 9000}, ignoreStatuses: ['fixed'], knownExploited: 'ignore'}[
				field
			];
			const verdicts = [scanned(image, {findings: [finding({score: 7, publishedDate: '2026-11-20T00:00:00Z'})]})];
			const judge = (one: Policy) =>
				decide({references: [reference(image)], verdicts, policy: one, canonical, now, feeds});
			const rank = ['allow', 'warn', 'unknown', 'deny'];
			return rank.indexOf(judge({...own, [field]: loosest}).decision) <= rank.indexOf(judge(own).decision);
		}),
	);
	t.pass();
});
