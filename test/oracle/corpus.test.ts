import {isUtf8} from 'node:buffer';
import test from 'ava';
import {readManifests} from '../../src/manifests/read.ts';
import {compareReadings} from './compare.ts';
import {corpus} from './corpus.ts';
import type {CorpusEntry} from './corpus/entry.ts';
import {startOracle, type Oracle} from './oracle.ts';

let oracle: Oracle;

test.before(async () => {
	oracle = await startOracle();
});
test.after.always(() => oracle.stop());

const agrees = test.macro({
	async exec(t, {kind, stream}: CorpusEntry) {
		if (typeof stream !== 'string') {
			// Refused before anything is read: see decode in src/render/render.ts.
			t.false(isUtf8(stream));
			t.is(kind, 'unreadable');
			return;
		}
		// No object is sealed, each of them alone, and all of them.
		for (const chosen of [0, 1, 2, 2 ** 31 - 1]) {
			const agreement = await compareReadings(stream, {oracle, read: readManifests, chosen});
			if (kind === 'accepted') t.not(agreement.kind, 'unreadable');
			else t.is(agreement.kind, kind);
		}
	},
	title: (_, {name, why}: CorpusEntry) => `${name}: ${why}`,
});

for (const entry of corpus) test(agrees, entry);
