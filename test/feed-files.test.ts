import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {gzipSync} from 'node:zlib';
import test from 'ava';
import {GateError} from '../src/errors.ts';
import {loadFeeds} from '../src/feed-files.ts';
import {finding, now, policy, scanned} from './gate/samples.ts';

const catalog = JSON.stringify({
	dateReleased: '2026-11-20T12:00:00.000Z',
	vulnerabilities: [{cveID: 'CVE-2021-44906'}],
});
const scores = '#model_version:v1,score_date:2026-11-21T00:00:00+0000\ncve,epss,percentile\nCVE-2021-44906,0.9,0.99\n';
const verdicts = [scanned('registry.example/api:1', {findings: [finding()]})];
let place: string;

test.before(async () => {
	place = await mkdtemp(join(tmpdir(), 'feeds-'));
	await writeFile(join(place, 'kev.json'), catalog);
	await writeFile(join(place, 'half.json'), catalog.slice(0, 50));
	await writeFile(join(place, 'epss.csv'), scores);
	await writeFile(join(place, 'epss.csv.gz'), gzipSync(scores));
	await writeFile(join(place, 'torn.csv.gz'), gzipSync(scores).subarray(0, 40));
});

test.after.always(() => rm(place, {recursive: true, force: true}));

const exploited = (file: string, maxAge = 168) =>
	policy({knownExploited: 'deny', feeds: {knownExploited: {file: join(place, file), maxAge}}});
const probable = (file: string) =>
	policy({exploitProbability: 0.5, feeds: {exploitProbability: {file: join(place, file), maxAge: 168}}});

test('a feed is read for the rule that needs it, packed or not', async (t) => {
	const kev = await loadFeeds([policy(), exploited('kev.json')], verdicts, now);
	t.deepEqual([...(kev.exploited ?? [])], ['CVE-2021-44906']);
	t.is(kev.probability, undefined);
	for (const file of ['epss.csv', 'epss.csv.gz']) {
		const epss = await loadFeeds([probable(file)], verdicts, now);
		t.is(epss.probability?.get('CVE-2021-44906'), 0.9);
	}
});

test('a feed that no rule needs may be missing', async (t) => {
	const feeds = {knownExploited: {file: '/nowhere', maxAge: 1}, exploitProbability: {file: '/nowhere', maxAge: 1}};
	t.deepEqual(await loadFeeds([policy({feeds})], verdicts, now), {exploited: undefined, probability: undefined});
});

const unusable = test.macro({
	async exec(t, own: () => ReturnType<typeof policy>, words: RegExp) {
		const error = await t.throwsAsync(loadFeeds([own()], verdicts, now), {instanceOf: GateError});
		t.is(error.code, 'feed-unusable');
		t.regex(error.message, words);
	},
	title: (what) => `unusable: ${what}`,
});

test('missing', unusable, () => exploited('nowhere.json'), /feed knownExploited cannot be read — .*nowhere\.json\./);
test('half a file', unusable, () => exploited('half.json'), /is not whole, or not in the form/);
test('another form', unusable, () => probable('kev.json'), /feed exploitProbability is not whole/);
test('torn while packed', unusable, () => probable('torn.csv.gz'), /cannot be unpacked/);
test('older than it may be', unusable, () => exploited('kev.json', 23), /is 24 hours old, and the policy allows 23/);
test('not named', unusable, () => policy({knownExploited: 'deny'}), /is not named in the policy/);
