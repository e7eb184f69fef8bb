import test from 'ava';
import * as fc from 'fast-check';
import {GateError} from '../../src/errors.ts';
import {decide} from '../../src/gate/decide.ts';
import {noExceptions, parseExceptions, type Exceptions} from '../../src/gate/exceptions.ts';
import type {ApplicationScope} from '../../src/gate/grants.ts';
import type {Policy} from '../../src/gate/policy.ts';
import {oneLineSummary} from '../../src/gate/words.ts';
import {reasonText} from '../../src/gate/reasons.ts';
import {decisions, type Finding, type GateDecision} from '../../src/types.ts';
import {exceptionLists, policies, scans, scopes} from './arbitraries.ts';
import {canonical, finding, now, policy, reference, scanned, unscanned} from './samples.ts';

const head = 'apiVersion: trivy-gate/v1alpha1\nkind: Exceptions\n';
const one = `id: CVE-2021-44906, project: shop, owner: team-shop, reason: not reachable, expires: 2026-12-31`;
const glass = `project: shop, application: api, approver: jane, reason: hotfix, from: 2026-11-21T10:00:00Z, hours: 4`;
const image = 'registry.example/shop/api:1.4';
const shop: ApplicationScope = {application: 'api', project: 'shop', revision: 'b9e1cb0f'};

function read(entries: string, kind: 'exceptions' | 'breakGlass' = 'exceptions'): Exceptions {
	return parseExceptions(`${head}spec: {${kind}: [${entries}]}\n`, {path: '/exceptions/shop.yaml', name: 'shop.yaml'});
}

function judged(
	exceptions: Exceptions,
	{
		scope = shop,
		found = finding(),
		at = now,
		own = policy(),
	}: {scope?: ApplicationScope; found?: Finding; at?: Date; own?: Policy} = {},
): GateDecision {
	const verdicts = [scanned(image, {findings: [found]})];
	return decide({references: [reference(image)], verdicts, policy: own, canonical, now: at, scope, exceptions});
}

const covers = test.macro({
	exec(t, entry: string, options: Parameters<typeof judged>[1], passes: boolean) {
		const {decision, images, exceptions} = judged(read(`{${one}${entry}}`), options);
		t.is(decision, passes ? 'allow' : 'deny');
		t.is(images[0]?.excepted.length, passes ? 1 : 0);
		t.is(exceptions.length, passes ? 1 : 0);
	},
	title: (_what, entry: string, options: object | undefined, passes: boolean) =>
		`${one}${entry} ${passes ? 'covers' : 'does not cover'} ${JSON.stringify(options)}`,
});

test(covers, '', {}, true);
test(covers, '', {found: finding({id: 'CVE-2020-7598'})}, false);
test(covers, ', package: "pkg:npm/minimist"', {}, true);
test(covers, ', package: "pkg:npm/minimist@0.0.8"', {}, true);
test(covers, ', package: "pkg:npm/minimist@0.0.9"', {}, false);
test(covers, ', package: "pkg:npm/*"', {}, true);
test(covers, ', package: "pkg:npm/mini"', {}, false);
test(covers, ', package: "pkg:npm/minimist"', {found: finding({purl: undefined})}, false);
test(covers, ', package: "pkg:npm/%40a/b"', {found: finding({purl: 'pkg:npm/%40a/b@1?vcs=x#y'})}, true);
test(covers, ', image: registry.example/shop/*', {}, true);
test(covers, ', image: registry.example/shop/web', {}, false);
test(covers, ', image: registry.example', {}, true);
test(covers, ', application: api', {}, true);
test(covers, ', application: web', {}, false);
test(covers, '', {scope: {...shop, project: 'bank'}}, false);
test(covers, '', {scope: {...shop, project: undefined}}, false);
test(covers, '', {at: new Date('2026-12-31T23:59:59.999Z')}, true);
test(covers, '', {at: new Date('2027-01-01T00:00:00Z')}, false);

test('every use says who answers for it, and is counted once an image and package', (t) => {
	const twice = [finding(), finding({packagePath: 'elsewhere/package.json'})];
	const decision = decide({
		references: [reference(image), reference('registry.example/web:1')],
		verdicts: [scanned(image, {findings: twice}), scanned('registry.example/web:1', {findings: twice})],
		policy: policy(),
		canonical,
		now,
		scope: shop,
		exceptions: read(`{${one}, ticket: SHOP-1}`),
	});
	const {source, owner, reason, expires, ticket} = decision.exceptions[0]?.exception ?? {};
	t.deepEqual(
		{source, owner, reason, expires, ticket},
		{source: 'shop.yaml#1', owner: 'team-shop', reason: 'not reachable', expires: '2026-12-31', ticket: 'SHOP-1'},
	);
	t.is(decision.exceptions[0]?.findings, 2);
	t.is(oneLineSummary(decision), 'allowed — 2 images. 2 findings are excepted by team-shop.');
});

test('of several exceptions the one that holds longest is told', (t) => {
	const {exceptions} = judged(read(`{${one}}, {${one.replace('2026-12-31', '2027-03-01')}}, {${one}}`));
	t.deepEqual(
		exceptions.map(({exception}) => exception.source),
		['shop.yaml#2'],
	);
});

test('a refusal names the exception that ran out', (t) => {
	const {images} = judged(read(`{${one.replace('2026-12-31', '2026-11-20')}}`));
	const [reason] = images[0]?.reasons ?? [];
	t.regex(reason === undefined ? '' : reasonText(reason), /, and the exception of team-shop ended on 2026-11-20$/);
});

test('an exception that ends within the days of the policy is told ahead', (t) => {
	const soon = read(`{${one.replace('2026-12-31', '2026-12-05')}}`);
	t.like(judged(soon).ahead, [{kind: 'exception', image, until: '2026-12-05', ids: ['CVE-2021-44906']}]);
	t.deepEqual(judged(read(`{${one.replace('2026-12-31', '2026-12-06')}}`)).ahead, []);
});

test('what is told ahead is the same all day long', (t) => {
	const soon = read(`{${one.replace('2026-12-31', '2026-11-23')}}`);
	const ahead = (at: string) =>
		judged(soon, {at: new Date(at), own: policy({earlyWarningHours: 36})}).ahead.map(({until}) => until);
	t.deepEqual(ahead('2026-11-21T00:00:00Z'), ahead('2026-11-21T23:59:59Z'));
	t.deepEqual(ahead('2026-11-22T00:00:00Z'), ['2026-11-23']);
});

const breaks = test.macro({
	exec(t, options: {scope?: ApplicationScope; at?: Date}, holds: boolean) {
		const {decision, breakGlass} = judged(read(`{${glass}, revision: b9e1cb0f}`, 'breakGlass'), options);
		t.is(decision, holds ? 'warn' : 'deny');
		t.deepEqual(
			breakGlass.map(({needed}) => needed),
			holds ? [true] : [],
		);
	},
	title: (_what, options: object, holds: boolean) =>
		`break-glass ${holds ? 'holds' : 'does not hold'} for ${JSON.stringify(options)}`,
});

test(breaks, {}, true);
test(breaks, {at: new Date('2026-11-21T10:00:00Z')}, true);
test(breaks, {at: new Date('2026-11-21T09:59:59Z')}, false);
test(breaks, {at: new Date('2026-11-21T14:00:00Z')}, false);
test(breaks, {scope: {...shop, revision: 'b9e1cb0'}}, false);
test(breaks, {scope: {...shop, revision: undefined}}, false);
test(breaks, {scope: {...shop, project: 'bank'}}, false);
test(breaks, {scope: {...shop, application: 'web'}}, false);

test('break-glass makes warnings of everything, and is told also when nothing needs it', (t) => {
	const exceptions = read(`{${glass}, revision: b9e1cb0f, ticket: OPS-7}`, 'breakGlass');
	const needed = decide({
		references: [reference(image), reference('registry.example/web:1')],
		verdicts: [scanned(image, {findings: [finding()]}), unscanned('registry.example/web:1')],
		policy: policy(),
		canonical,
		now,
		scope: shop,
		exceptions,
	});
	t.is(needed.decision, 'warn');
	t.regex(
		oneLineSummary(needed),
		/^allowed with a warning — 2 of 2 images: .* Break-glass: let pass by jane until 2026-11-21T14:00:00\.000Z \(hotfix, OPS-7\)\./,
	);
	const idle = judged(exceptions, {found: finding({severity: 'LOW'})});
	t.is(idle.decision, 'allow');
	t.regex(oneLineSummary(idle), /^allowed — 1 image\. Break-glass: .*, and nothing needed it\.$/);
});

const refuses = test.macro({
	exec(t, spec: string, ...problems: readonly string[]) {
		const file = {path: '/exceptions/shop.yaml', name: 'shop.yaml'};
		const error = t.throws(() => parseExceptions(`${head}spec: ${spec}\n`, file), {instanceOf: GateError});
		t.is(error.code, 'policy-invalid');
		t.true(error.message.includes('/exceptions/shop.yaml'));
		t.deepEqual(error.output?.split('\n'), [...problems]);
	},
	title: (_what, spec: string, ..._problems: readonly string[]) => `refused: ${spec}`,
});

test(
	refuses,
	'{exceptions: [{id: CVE-2021-44906}]}',
	'line 3, column 21: spec.exceptions[0].project: is missing; it must be a text',
	'line 3, column 21: spec.exceptions[0].owner: is missing; it must be a text',
	'line 3, column 21: spec.exceptions[0].reason: is missing; it must be a text',
	'line 3, column 21: spec.exceptions[0].expires: is missing; it must be a text',
);
test(
	refuses,
	`{exceptions: [{${one.replace('2026-12-31', '2026-02-30')}, packge: x, ticket: " "}]}`,
	'line 3, column 107: spec.exceptions[0].expires: "2026-02-30" is not a date of the form 2026-12-31',
	'line 3, column 119: unknown key "packge" in spec.exceptions[0]; did you mean package?',
	'line 3, column 138: spec.exceptions[0].ticket: " " must be a line of text',
);
test(
	refuses,
	`{exceptions: [{${one.replace('CVE-2021-44906', '[]')}, package: minimist, image: nginx}]}`,
	'line 3, column 26: spec.exceptions[0].id: must not be empty',
	'line 3, column 116: spec.exceptions[0].package: "minimist" is not a package URL without qualifiers, such as pkg:npm/minimist or pkg:deb/debian/*',
	'line 3, column 133: spec.exceptions[0].image: "nginx" must start with a registry host, such as docker.io',
);
test(
	refuses,
	`{exceptions: [{${one.replace('CVE-2021-44906', '3')}}]}`,
	'line 3, column 26: spec.exceptions[0].id: must be an id such as CVE-2021-44906, or a list of ids',
);
test(
	refuses,
	`{breakGlass: [{${glass.replace('hours: 4', 'hours: 100').replace('2026-11-21T10:00:00Z', 'today')}, revision: ""}]}`,
	'line 3, column 93: spec.breakGlass[0].from: "today" is not a moment of the form 2026-11-27T15:00:00Z',
	'line 3, column 107: spec.breakGlass[0].hours: 100 is above 72',
	'line 3, column 122: spec.breakGlass[0].revision: "" is not a revision',
);

const strictness = ({images}: GateDecision) =>
	new Map(images.map(({reference: {image: name}, decision}) => [name, decisions.indexOf(decision)]));

test('property: an exception never makes a decision stricter', (t) => {
	fc.assert(
		fc.property(policies, scans, exceptionLists, exceptionLists, scopes, (own, scan, some, more, scope) => {
			const all = {...some, exceptions: [...some.exceptions, ...more.exceptions]};
			const options = {...scan, policy: own, canonical, now, scope};
			const before = strictness(decide({...options, exceptions: some}));
			const after = strictness(decide({...options, exceptions: all}));
			return [...before].every(([name, strict]) => (after.get(name) ?? 99) <= strict);
		}),
	);
	t.pass();
});

test('property: what is meant for other projects changes nothing, whatever the application calls itself', (t) => {
	fc.assert(
		fc.property(policies, scans, exceptionLists, scopes, (own, scan, list, scope) => {
			const options = {...scan, policy: own, canonical, now, scope: {...scope, project: 'own'}};
			t.deepEqual(decide({...options, exceptions: list}), decide({...options, exceptions: noExceptions}));
		}),
	);
});

test('property: with exceptions, a further finding never makes an image’s decision less strict', (t) => {
	fc.assert(
		fc.property(policies, scans, exceptionLists, scopes, fc.nat(), (own, scan, exceptions, scope, which) => {
			const options = {...scan, policy: own, canonical, now, scope, exceptions};
			const verdicts = scan.verdicts.map((verdict, index) =>
				verdict.kind === 'scanned' && index === which % scan.verdicts.length
					? {...verdict, findings: [...verdict.findings, finding()]}
					: verdict,
			);
			const before = strictness(decide(options));
			const after = strictness(decide({...options, verdicts}));
			return [...before].every(([name, strict]) => (after.get(name) ?? -1) >= strict);
		}),
	);
	t.pass();
});

test('property: break-glass leaves nothing denied and nothing unknown', (t) => {
	fc.assert(
		fc.property(policies, scans, (own, scan) => {
			const exceptions = read(`{${glass}, revision: b9e1cb0f}`, 'breakGlass');
			const {decision, images} = decide({...scan, policy: own, canonical, now, scope: shop, exceptions});
			return decision !== 'deny' && images.every((each) => each.decision !== 'unknown' && each.decision !== 'deny');
		}),
	);
	t.pass();
});
