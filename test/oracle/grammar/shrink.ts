import * as fc from 'fast-check';

/**
 * The same texts, which shrink by losing lines and then characters: that leads to shorter ones than shrinking what a
 * text was made of.
 */
export function shrinkingAsText(texts: fc.Arbitrary<string>): fc.Arbitrary<string> {
	return new ShrinkingText(texts);
}

class ShrinkingText extends fc.Arbitrary<string> {
	readonly #texts: fc.Arbitrary<string>;

	constructor(texts: fc.Arbitrary<string>) {
		super();
		this.#texts = texts;
	}

	override generate(random: fc.Random, biasFactor: number | undefined): fc.Value<string> {
		return new fc.Value(this.#texts.generate(random, biasFactor).value, undefined);
	}

	override canShrinkWithoutContext(value: unknown): value is string {
		return typeof value === 'string';
	}

	override shrink(text: string): fc.Stream<fc.Value<string>> {
		return fc.stream(shorter(text)).map((value) => new fc.Value(value, undefined));
	}
}

/** Everything that is left when some of the text goes; the largest losses first. */
function* shorter(text: string): IterableIterator<string> {
	yield* without(text.split(/(?<=\n)/u));
	yield* without(Array.from(text));
}

function* without(parts: readonly string[]): IterableIterator<string> {
	for (let size = parts.length; size >= 1; size = Math.floor(size / 2)) {
		for (let start = 0; start < parts.length; start += size) {
			yield parts.toSpliced(start, size).join('');
		}
	}
}
