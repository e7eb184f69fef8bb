import type {JsonValue} from '../../src/types.ts';

const minimumInt64 = -(2n ** 63n);
const maximumInt64 = 2n ** 63n - 1n;

/** JSON that Go has printed; whole numbers that a double cannot hold come as bigint. */
export function parseGoJson(text: string): JsonValue {
	return JSON.parse(text, /\d{16}/u.test(text) ? keepWhole : undefined) as JsonValue;
}

function keepWhole(_key: string, value: unknown, context?: {readonly source?: string}): unknown {
	const source = context?.source ?? '';
	const cut = typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/u.test(source);
	return cut ? goNumber(BigInt(source)) : value;
}

/**
 * A value as text, so that two are the same for Argo CD exactly when their texts are: keys sorted, numbers as the
 * Kubernetes libraries hold them (an int64 where it is one, else a float64).
 */
export function canonicalJson(value: JsonValue): string {
	if (typeof value === 'number' || typeof value === 'bigint') return String(goNumber(value));
	if (typeof value !== 'object' || value === null) return JSON.stringify(value);
	if (isList(value)) return `[${value.map(canonicalJson).join(',')}]`;
	const entries = Object.keys(value)
		.toSorted()
		.map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key] ?? null)}`);
	return `{${entries.join(',')}}`;
}

function goNumber(value: number | bigint): number | bigint {
	if (typeof value === 'number' && !Number.isInteger(value)) return value;
	const whole = BigInt(value);
	return whole < minimumInt64 || whole > maximumInt64 ? Number(value) : whole;
}

function isList(value: JsonValue): value is readonly JsonValue[] {
	return Array.isArray(value);
}
