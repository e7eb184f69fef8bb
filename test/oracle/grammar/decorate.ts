import * as fc from 'fast-check';
import {type Oddness, rarely} from './nodes.ts';
import {breaks} from './tokens.ts';

type Change = (text: string) => string;

const usualEndings = [' # c', '  #', ' '];
const oddEndings = [
	['#c', '\t', '\t# c', '\r', '\ufeff', '\u00a0'],
	[' # c\u2028image: evil:1', ' # c\rimage: evil:1', ' # c\u0085  image: evil:1', ' # c\u2029  - image: evil:1'],
].flat();
const usualLines = ['', '# image: evil:1', '    # c', '  '];
const oddLines = ['\t', '\t# c', '  \t', '...', '%x', '\ufeff', '---', '#\rimage: evil:1'];
/** The sizes of go-yaml's and of Kubernetes' buffers. */
const lengths = [510, 1022, 1534, 4094];

/** What stands around a document's content: comments, blank lines, odd line breaks. */
export function decoration(oddness: Oddness): fc.Arbitrary<Change> {
	const among = (usual: readonly string[], odd: readonly string[]) =>
		rarely(4 * oddness, fc.constantFrom(...odd), fc.constantFrom(...usual));
	const line = fc.nat(60);
	return fc.oneof(
		{weight: 40, arbitrary: fc.constant((text: string) => text)},
		{
			weight: 20,
			arbitrary: fc
				.tuple(line, among(usualEndings, oddEndings))
				.map(([at, ending]) => atLine(at, (own) => [`${own}${ending}`])),
		},
		{
			weight: 20,
			arbitrary: fc
				.tuple(line, among(usualLines, oddLines))
				.map(([at, inserted]) => atLine(at, (own) => [own, inserted])),
		},
		{
			weight: 1,
			arbitrary: fc
				.tuple(line, fc.constantFrom(...lengths), fc.nat(4))
				.map(([at, length, more]) => atLine(at, (own) => [`#${'x'.repeat(length + more)}`, own])),
		},
		{
			weight: 10 * oddness,
			arbitrary: fc.tuple(line, fc.constantFrom(...breaks)).map(([at, lineBreak]) => withBreak(at, lineBreak)),
		},
	);
}

function atLine(at: number, change: (own: string) => readonly string[]): Change {
	return (text) => {
		const lines = text.split('\n');
		const index = at % lines.length;
		return lines.toSpliced(index, 1, ...change(lines[index] ?? '')).join('\n');
	};
}

function withBreak(at: number, lineBreak: string): Change {
	return (text) => {
		const lines = text.split('\n');
		const index = 1 + (at % Math.max(1, lines.length - 1));
		return lines.slice(0, index).join('\n') + (index < lines.length ? lineBreak : '') + lines.slice(index).join('\n');
	};
}
