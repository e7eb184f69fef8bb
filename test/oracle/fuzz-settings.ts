import {z} from 'zod';

export interface FuzzSettings {
	readonly seed: number;
	readonly streams: number;
}

const schema = z.object({
	FUZZ_SEED: z.coerce.number().int().optional(),
	FUZZ_STREAMS: z.coerce.number().int().positive().default(20_000),
});

/** How many streams, and which: a new seed every time unless `FUZZ_SEED` says it. @throws ZodError. */
export function fuzzSettings(environment: NodeJS.ProcessEnv): FuzzSettings {
	const {FUZZ_SEED, FUZZ_STREAMS} = schema.parse(environment);
	return {seed: FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 31), streams: FUZZ_STREAMS};
}
