import test from 'ava';
import * as fc from 'fast-check';
import {createFairLimit} from '../../src/scan/fair-limit.ts';

test('property: all work is done, and no more at once than there are slots', async (t) => {
	await fc.assert(
		fc.asyncProperty(
			fc.integer({min: 1, max: 5}),
			fc.array(fc.constantFrom('a', 'b', 'c'), {minLength: 1, maxLength: 40}),
			async (slots, askers) => {
				const limit = createFairLimit(slots);
				const order: string[] = [];
				let now = 0;
				await Promise.all(
					askers.map((who, index) =>
						limit(who, async () => {
							now += 1;
							if (now > slots) throw new Error('too much at once');
							order.push(who);
							await Promise.resolve();
							now -= 1;
							return index;
						}),
					),
				);
				return order.length === askers.length;
			},
		),
	);
	t.pass();
});

test('who has one question is not behind who has hundreds', async (t) => {
	const limit = createFairLimit(2);
	const order: string[] = [];
	const ask = (who: string) =>
		limit(who, async () => {
			order.push(who);
			await new Promise(setImmediate);
		});
	const all = [...Array.from({length: 300}, () => ask('many')), ask('one')];
	await Promise.all(all);
	t.true(order.indexOf('one') <= 4);
});

test('work that fails frees its slot', async (t) => {
	const limit = createFairLimit(1);
	await t.throwsAsync(
		limit('a', () => Promise.reject(new Error('no'))),
		{message: 'no'},
	);
	t.is(await limit('a', () => Promise.resolve(1)), 1);
});
