import test from 'ava';
import * as fc from 'fast-check';
import {readManifests} from '../../src/manifests/read.ts';
import {type Agreement, compareReadings} from './compare.ts';
import {corpus} from './corpus.ts';
import {fuzzSettings} from './fuzz-settings.ts';
import {streams} from './grammar/streams.ts';
import {startOracle, type Oracle} from './oracle.ts';
import {readByUsualRecipe} from './usual-recipe.ts';
import {walkImages} from './walk-images.ts';

const {seed, streams: count} = fuzzSettings(process.env);
const texts = corpus.flatMap(({stream}) => (typeof stream === 'string' && stream.length < 2000 ? [stream] : []));
const anyStream = streams(texts);
let oracle: Oracle;

test.before(async () => {
	oracle = await startOracle();
});
test.after.always(() => oracle.stop());

test('Argo CD reads of a stream and of our output what we read of it', async (t) => {
	t.log(`${count} streams, seed ${seed}; the same again: npm run test:fuzz -- --seed=${seed} --streams=${count}`);
	const agreements: Agreement[] = [];
	const property = fc.asyncProperty(anyStream, fc.nat(), async (stream, chosen) => {
		agreements.push(await compareReadings(stream, {oracle, read: readManifests, chosen}));
	});
	await fc.assert(property, {seed, numRuns: count, includeErrorInReport: true});
	const of = (kind: Agreement['kind']) => agreements.filter((agreement) => agreement.kind === kind).length;
	const sum = (key: 'plainDocuments' | 'oddDocuments' | 'images') =>
		agreements.reduce((total, agreement) => total + agreement[key], 0);
	const early = agreements.filter((agreement) => agreement.early).length;
	t.log(`streams: ${of('plain')} plain, ${of('odd')} odd, ${of('unreadable')} unreadable (${early} of them early)`);
	t.log(`documents: ${sum('plainDocuments')} plain, ${sum('oddDocuments')} odd; ${sum('images')} images`);
	// A grammar that makes nearly nothing but errors shows nothing.
	for (const kind of ['plain', 'odd', 'unreadable'] as const) t.true(of(kind) > count / 10, `${of(kind)} are ${kind}`);
});

test('the usual recipe for YAML does not see every image in such streams', async (t) => {
	const sample = fc.sample(anyStream, {seed, numRuns: Math.min(count, 2000)});
	let hidden = 0;
	for (const stream of sample) {
		const {objects} = await oracle.ask(stream);
		const others = readByUsualRecipe(stream);
		if (objects === undefined || others === undefined) continue;
		const seen = walkImages(others);
		if ([...walkImages(objects)].some((image) => !seen.has(image))) hidden += 1;
	}
	t.log(`an image is unseen in ${hidden} of ${sample.length} streams`);
	t.true(hidden > 0);
});
