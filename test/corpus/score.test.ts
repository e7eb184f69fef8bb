import test from 'ava';
import {type CorpusCase, findingsOf, readCorpus} from './corpus.ts';

const cases = await readCorpus();

for (const each of cases) {
	test(each.title, (t) => {
		t.deepEqual(findingsOf(each), each.expected);
	});
}

test('the corpus is large enough to say something', (t) => {
	const kinds = new Set(
		cases.flatMap(({objects}) => objects.map(({apiVersion, kind}) => `${apiVersion.split('/')[0]}/${kind}`)),
	);
	t.true(cases.length >= 100, `${cases.length} documents`);
	t.true(kinds.size >= 60, `${kinds.size} kinds`);
	for (const {title, expected} of cases) t.is(new Set(expected).size, expected.length, title);
});

test('by carrier, every image is found and none is invented', (t) => {
	for (const [carrier, own] of Map.groupBy(cases, (each) => each.carrier)) {
		const {expected, found, missed, invented, guessed} = scoreOf(own);
		t.log(`${carrier}: ${found} of ${expected} found, ${invented.length} invented, ${guessed.length} guesses too many`);
		t.deepEqual(missed, [], `missed in ${carrier}`);
		t.deepEqual(invented, [], `invented in ${carrier}`);
		t.deepEqual(guessed, [], `guessed in ${carrier}`);
	}
});

/** Images count as found when they are scanned or told as a guess, and as invented when they would be scanned or refused. */
function scoreOf(own: readonly CorpusCase[]) {
	const found = own.map((each) => ({each, findings: findingsOf(each)}));
	const wanted = own.flatMap(({expected}) => images(expected, 'scan', 'potential'));
	const missed = found.flatMap(({each, findings}) => {
		const seen = images(findings, 'scan', 'potential');
		return images(each.expected, 'scan', 'potential').filter((image) => !seen.includes(image));
	});
	const tooMany = (...outcomes: readonly string[]) =>
		found.flatMap(({each, findings}) => {
			const known = images(each.expected, ...outcomes);
			return images(findings, ...outcomes).filter((image) => !known.includes(image));
		});
	return {
		expected: wanted.length,
		found: wanted.length - missed.length,
		missed,
		invented: tooMany('scan', 'invalid', 'placeholder'),
		guessed: tooMany('potential'),
	};
}

function images(lines: readonly string[], ...outcomes: readonly string[]): readonly string[] {
	return lines
		.filter((line) => outcomes.some((outcome) => line.startsWith(`${outcome}: `)))
		.map((line) => line.slice(line.indexOf(' ') + 1));
}
