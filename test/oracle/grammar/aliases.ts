import * as fc from 'fast-check';

/** Few lines that make many values: go-yaml gives up when nearly all of more than a thousand come from aliases. */
export const aliasStreams: fc.Arbitrary<string> = fc
	.record({
		numbers: fc.array(fc.integer({min: 1, max: 12}), {minLength: 2, maxLength: 4}),
		inMappings: fc.boolean(),
		merged: fc.boolean(),
		own: fc.nat(30),
	})
	.map(({numbers, inMappings, merged, own}) => {
		const names = ['a', 'b', 'c', 'd'];
		const lines = numbers.map((number, index) => {
			const inner = index === 0 ? 'evil:1' : `*${names[index - 1]} `;
			const values = Array.from({length: number}, (_, position) => (inMappings ? `k${position}: ${inner}` : inner));
			return `${names[index]}: &${names[index]} ${inMappings ? `{${values.join(', ')}}` : `[${values.join(', ')}]`}`;
		});
		const last = names[numbers.length - 1];
		return [
			'apiVersion: example.com/v1',
			'kind: Thing',
			`own: [${'x, '.repeat(own)}]`,
			...lines,
			...(merged && inMappings ? [`<<: *${last}`] : [`z: *${last}`]),
			'',
		].join('\n');
	});
