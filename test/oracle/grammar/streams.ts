import * as fc from 'fast-check';
import {aliasStreams} from './aliases.ts';
import {decoration} from './decorate.ts';
import {documents} from './documents.ts';
import {mutated} from './mutate.ts';
import {type Oddness, rarely} from './nodes.ts';
import {shrinkingAsText} from './shrink.ts';
import {filledSkeletons, smallStreams} from './skeletons.ts';
import {longKeyStreams, textStreams} from './texts.ts';

/**
 * Streams of all kinds, short ones: whole documents in all spellings, tokens thrown together, and documents and the texts
 * changed a little.
 */
export function streams(texts: readonly string[]): fc.Arbitrary<string> {
	const ordinary = wholeStreams(0);
	const odd = fc.oneof(wholeStreams(2), wholeStreams(12));
	const any = fc.oneof(
		{weight: 30, arbitrary: ordinary},
		{weight: 70, arbitrary: odd},
		{weight: 50, arbitrary: filledSkeletons},
		{weight: 20, arbitrary: smallStreams},
		{weight: 30, arbitrary: mutated(fc.oneof(ordinary, odd))},
		{weight: 30, arbitrary: mutated(fc.constantFrom(...texts))},
		{weight: 25, arbitrary: textStreams},
		{weight: 2, arbitrary: longKeyStreams},
		{weight: 1, arbitrary: aliasStreams},
	);
	// What is put into the middle of a character cuts it in two.
	return shrinkingAsText(any.map((text) => text.toWellFormed()));
}

const usualSeparators = ['---\n', '---\n', '--- \n', '--- # c\n', '\n---\n', '---\r\n'];
const oddSeparators = [
	['', '\n', ' ', '---#c\n', '---\t\n', '---\u00a0\n', '---\u2028\n', '---\u3000# c\n', '--- # c\u2028image: evil:1\n'],
	['--- x\n', '----\n', '...\n---\n', '...\n', '... # c\n', '%YAML 1.1\n---\n', ' ---\n', '\r---\r'],
].flat();
const usualStarts = ['---\n', '# c\n', '\n', '--- # c\n', '# Source: a/b.yaml\n---\n'];
const oddStarts = [
	['\ufeff', '---#c\n', ' \n', '%YAML 1.1\n---\n', '%YAML 1.1\r---\r', '\u000b', '\u0085', '\ufeff\ufeff', '\t\n'],
	['\ufeff---\n', `${' '.repeat(4094)}\n`, '\n'.repeat(4097)],
].flat();
const usualEnds = ['\n', '\n\n', '---\n', '---', '# end'];
const oddEnds = [
	'...\n',
	'...\n]: [\n',
	'...',
	' ',
	'\t',
	'\r',
	'\u0000',
	'}',
	'\n...\n---\nkind: Pod',
	'\r---\rkind: Pod',
];

/** Streams of documents as renderers print them, with so many oddities. */
function wholeStreams(oddness: Oddness): fc.Arbitrary<string> {
	const among = (usual: readonly string[], odd: readonly string[]) =>
		rarely(2 * oddness, fc.constantFrom(...odd), fc.constantFrom(...usual));
	return fc
		.record({
			start: rarely(30, among(usualStarts, oddStarts), fc.constant('')),
			first: documents(oddness),
			others: fc.array(fc.tuple(among(usualSeparators, oddSeparators), documents(oddness)), {maxLength: 1}),
			end: rarely(20, among(usualEnds, oddEnds), fc.constant('')),
			decorations: fc.array(decoration(oddness), {maxLength: 2}),
			lineBreak: rarely(
				6,
				fc.constantFrom('\r\n', ...(oddness < 5 ? [] : ['\r', '\u0085', '\u2028'])),
				fc.constant('\n'),
			),
		})
		.map(({start, first, others, end, decorations, lineBreak}) => {
			const documentsText = first + others.flat().join('');
			const whole = start + decorations.reduce((text, change) => change(text), documentsText) + end;
			return lineBreak === '\n' ? whole : whole.replaceAll(/(?<!\r)\n/gu, lineBreak);
		});
}
