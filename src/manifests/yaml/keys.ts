import type {JsonValue} from '../../types.ts';
import {longTagPrefix, plainInteger} from './scalar.ts';

/** A key as Argo CD's JSON has it, and the type that it has in Go before. */
export interface KeyName {
	/** Undefined when JSON cannot have it: null, or an integer beyond 64 bits with a sign. */
	readonly name: string | undefined;
	readonly type: string;
}

/**
 * The name of a key that is no text, from its value and how it was written (`convertToJSONableObject` in sigs.k8s.io/yaml
 * v1.6.0). Keys of different types are different in Go, also when JSON has one name for both.
 */
export function keyOf(value: JsonValue, text: string, tag: string): KeyName {
	if (typeof value === 'boolean') return {name: String(value), type: 'bool'};
	if (typeof value !== 'number' && typeof value !== 'bigint') return {name: undefined, type: 'null'};
	const whole = tag === `${longTagPrefix}float` ? undefined : plainInteger(text);
	if (whole === undefined) return {name: floatName(Number(value)), type: `float ${value}`};
	return {name: whole < 2n ** 63n ? String(whole) : undefined, type: 'int'};
}

/** `strconv.FormatFloat(value, 'g', -1, 32)`: the shortest digits that give the same number of 32 bits. */
function floatName(value: number): string {
	const single = Math.fround(value);
	if (Number.isNaN(single)) return '.nan';
	if (!Number.isFinite(single)) return single > 0 ? '.inf' : '-.inf';
	if (single === 0) return Object.is(single, -0) ? '-0' : '0';
	const [digits = '', exponent = ''] = shortest(single).split('e');
	const power = Number(exponent);
	if (power >= -4 && power < 6) return Number(`${digits}e${power}`).toString();
	const sign = power < 0 ? '-' : '+';
	return `${digits}e${sign}${String(Math.abs(power)).padStart(2, '0')}`;
}

function shortest(single: number): string {
	for (let precision = 0; precision < 9; precision += 1) {
		const text = single.toExponential(precision);
		if (Math.fround(Number(text)) === single) return text.replace(/\.?0+e/u, 'e');
	}
	return single.toExponential(9);
}
