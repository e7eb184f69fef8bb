import test from 'ava';
import {canonicalName, parseReference} from '../../src/images/reference.ts';
// Every input of reference_test.go, normalize_test.go, regexp_test.go and sort_test.go of distribution/reference
// (Apache-2.0, commit 0965666), by the name of its table.
import tables from './distribution-tables.json' with {type: 'json'};

/** What distribution takes and Trivy's parser does not, so that nothing could scan it. */
const stricter: ReadonlyMap<string, string> = new Map([
	...['LOCALDOMAIN/library/debian', 'LOCALDOMAIN/debian', 'LOCALDOMAIN/fooo', 'LOCALDOMAIN/fooo/bar'].map(
		(text) => [text, 'a host in upper case without a dot'] as const,
	),
	...['Docker/docker', 'DOCKER/docker', 'Foo/bar', 'FOO/bar'].map(
		(text) => [text, 'a host in upper case without a dot'] as const,
	),
	['a', 'a repository of one character'],
]);

/** What a table about names or hosts calls bad and is good as a whole reference. */
const goodAsReference: ReadonlySet<string> = new Set(['example.com/repo:tag', 'foo_bar.com:8080']);

/** What a regular expression lets pass and distribution's own parser refuses afterwards. */
const refusedAfterwards: ReadonlySet<string> = new Set([`${'a/'.repeat(128)}a`, '[fd00123123123]:75050']);

const placeholders: ReadonlySet<string> = new Set(['']);

/** Its tests do without the hash, which every program with TLS has, and so every runtime. */
function isLinkedElsewhere(input: string): boolean {
	return /^validname@sha512:f{128}$/u.test(input);
}

const isGood = test.macro({
	exec(t, _table: string, input: string, canonical?: string) {
		const parsed = parseReference(input);
		t.is(parsed.kind, stricter.has(input) ? 'invalid' : 'image');
		t.true(parsed.kind !== 'invalid' || parsed.pullable);
		if (parsed.kind === 'image' && canonical !== undefined) t.is(canonicalName(parsed.name), canonical);
	},
	title: (_, table: string, input: string, _canonical?: string) =>
		`${table}: ${JSON.stringify(input.slice(0, 80))} is good`,
});

const isBad = test.macro({
	exec(t, _table: string, input: string) {
		const parsed = parseReference(input);
		t.is(parsed.kind, placeholders.has(input) ? 'placeholder' : 'invalid');
		t.is(parsed.kind === 'invalid' && parsed.pullable, isLinkedElsewhere(input));
	},
	title: (_, table: string, input: string) => `${table}: ${JSON.stringify(input.slice(0, 80))} is bad`,
});

/** Tables repeat themselves and each other. */
const seen = new Set<string>();

function good(table: string, input: string, canonical?: string): void {
	if (once(table, input)) test(isGood, table, input, canonical);
}

function bad(table: string, input: string): void {
	if (goodAsReference.has(input)) good(table, input);
	else if (once(table, input)) test(isBad, table, input);
}

function once(table: string, input: string): boolean {
	const key = `${table} ${input}`;
	if (seen.has(key)) return false;
	seen.add(key);
	return true;
}

for (const {input, bad: refused} of tables.parse) (refused === true ? bad : good)('parse', input);
for (const input of tables.withNameFailure) bad('withNameFailure', input);
for (const table of [
	'domainAndPath',
	'serialization',
	'parseNamed',
	'validRepoNames',
	'validRepositoryNames',
	'sorting',
] as const) {
	for (const input of tables[table]) good(table, input);
}
for (const table of ['invalidRepoNames', 'invalidRepositoryNames', 'invalidComponents', 'sortingUnparsed'] as const) {
	for (const input of tables[table]) bad(table, input);
}
for (const input of [...tables.withTagAndDigest, ...tables.match]) good('normalize', input);
// These build references of parts, and do not look at the digest's length.
for (const input of [...tables.withTag, ...tables.withDigest]) (input.includes('@') ? bad : good)('with', input);
for (const {FamiliarName, FullName, AmbiguousName} of tables.repositoryInfo) {
	for (const input of [FamiliarName, FullName, AmbiguousName]) {
		if (input !== '') good('repositoryInfo', input, `${FullName}:latest`);
	}
}
for (const {input, equivalent} of tables.anyReference) {
	// An image's id has a name of its own there, and none here.
	if (/^[a-f0-9]{64}$/u.test(input)) bad('anyReference', input);
	else if (input.startsWith('sha256:')) good('anyReference', input);
	else good('anyReference', input, /[:@]/u.test(equivalent) ? equivalent : `${equivalent}:latest`);
}
for (const {input, domain, path} of tables.splitHostname) good('splitHostname', input, `${domain}/${path}:latest`);
for (const {input, expected} of tables.dockerRef) good('dockerRef', input, expected);
for (const {input, match} of tables.domainRegexp) {
	(match && !refusedAfterwards.has(input) ? good : bad)('domainRegexp', `${input}/repository`);
}
for (const table of ['fullNameRegexp', 'referenceRegexp'] as const) {
	for (const {input, match} of tables[table]) (match && !refusedAfterwards.has(input) ? good : bad)(table, input);
}
for (const {input, match} of tables.identifierRegexp) {
	(match || /[A-F]/u.test(input) ? bad : good)('identifierRegexp', input);
}

test('parts of the inputs are read as distribution reads them', (t) => {
	for (const {input, bad: refused, tag, digest, domain} of tables.parse) {
		const parsed = parseReference(input);
		if (refused === true || parsed.kind !== 'image') continue;
		t.is(parsed.tag, tag, input);
		t.is(parsed.digest, digest, input);
		// Parse leaves out what ParseNormalizedNamed adds.
		if (domain !== undefined && /[.:]/u.test(domain)) t.is(parsed.domain, domain, input);
	}
});
